import { GitError, type HashAlgorithm, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import type { ObjectStore, PruneReport, Quarantine, ReadOptions, ReceiveOptions } from '../../object-store.js';
import { ObjectMap } from './object-map.js';

/** Bytes of body handed out at a time. */
const CHUNK_BYTES = 65536;

/** Objects in memory. */
export class MemoryObjectStore implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  private readonly loose: ObjectMap;

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.loose = new ObjectMap(algorithm);
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    options?.signal?.throwIfAborted();
    return this.loose.get(oid);
  }

  async *readMany(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, RawObject | undefined]> {
    options?.signal?.throwIfAborted();
    for (const oid of new Set(oids)) yield [oid, this.loose.get(oid)];
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const object = this.loose.get(oid);
    return object && { kind: object.kind, size: object.body.length };
  }

  async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    const object = await this.read(oid, options);
    return object && { kind: object.kind, size: object.body.length, body: chunks(object.body) };
  }

  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    return [...this.loose.keys()]
      .filter((oid) => oid.startsWith(hex))
      .sort()
      .slice(0, limit);
  }

  async *oids(): AsyncGenerator<Oid> {
    yield* [...this.loose.keys()].sort();
  }

  async write(object: RawObject): Promise<Oid> {
    return this.loose.add(object);
  }

  async writeMany(objects: readonly RawObject[]): Promise<Oid[]> {
    return objects.map((object) => this.loose.add(object));
  }

  async receive(_pack: AsyncIterable<Uint8Array>, _options?: ReceiveOptions): Promise<Quarantine> {
    throw new GitError('UNSUPPORTED', 'Cannot receive a pack in memory');
  }

  async prune(keep: (oid: Oid) => boolean): Promise<PruneReport> {
    let removed = 0;
    for (const oid of [...this.loose.keys()]) if (!keep(oid) && this.loose.delete(oid)) removed++;
    return { removed, kept: this.loose.size };
  }

  async close(): Promise<void> {}
}

async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += CHUNK_BYTES) yield body.subarray(start, start + CHUNK_BYTES);
}
