import {
  assertOid,
  type HashAlgorithm,
  hashObject,
  type NewObject,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import type { PackEntry } from '@git-kv/pack';
import type {
  ObjectStore,
  Promises,
  PruneReport,
  Quarantine,
  ReadOptions,
  ReceiveOptions,
} from '../../object-store.js';
import { copyIntoShared, isGivenAway } from '../memory/object-map.js';
import type { Batch } from './batch.js';

const EMPTY: ReadonlyMap<Oid, RawObject> = new Map();

/** Objects that wait in memory, over a store that they go to together. */
export class BatchedObjectStore implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  /** Of the base, once it holds everything. */
  readonly audit?: NonNullable<ObjectStore['audit']>;
  readonly #base: ObjectStore;
  readonly #batch: Batch;
  #pending = new Map<Oid, RawObject>();
  /** They wait together, and go together. */
  #copy = copyIntoShared();
  #pendingBytes = 0;
  /** On their way into the base. */
  #leaving: ReadonlyMap<Oid, RawObject> = EMPTY;

  constructor(base: ObjectStore, batch: Batch) {
    this.algorithm = base.algorithm;
    this.#base = base;
    this.#batch = batch;
    const audit = base.audit?.bind(base);
    if (audit) {
      this.audit = async (visitor, options) => {
        await batch.sync();
        await audit(visitor, options);
      };
    }
  }

  get pendingCount(): number {
    return this.#pending.size + this.#leaving.size;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Take what waits. Until the returned work ends, it is read from memory; where it fails, it waits on. */
  takePending(): () => Promise<void> {
    const leaving = this.#pending;
    const bytes = this.#pendingBytes;
    this.#leaving = leaving;
    this.#pending = new Map();
    this.#copy = copyIntoShared();
    this.#pendingBytes = 0;
    return async () => {
      try {
        if (leaving.size === 0) return;
        await this.#base.writeMany([...leaving].map(([oid, { kind, body }]) => ({ oid, kind, body })));
      } catch (error) {
        this.#pending = new Map([...leaving, ...this.#pending]);
        this.#pendingBytes += bytes;
        throw error;
      } finally {
        this.#leaving = EMPTY;
      }
    };
  }

  async openPromises(): Promise<Promises | undefined> {
    return this.#base.openPromises?.();
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    options?.signal?.throwIfAborted();
    return this.#find(oid) ?? this.#base.read(oid, options);
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    options?.signal?.throwIfAborted();
    const rest: Oid[] = [];
    for (const oid of new Set(oids)) {
      const object = this.#find(oid);
      if (object) yield [oid, object];
      else rest.push(oid);
    }
    yield* this.#base.readMany(rest, options);
  }

  async *readEntries(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, PackEntry]> {
    if (this.#base.readEntries) yield* this.#base.readEntries(oids, options);
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    options?.signal?.throwIfAborted();
    const object = this.#find(oid);
    return object ? { kind: object.kind, size: object.body.length } : this.#base.stat(oid, options);
  }

  async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    const object = this.#find(oid);
    return object
      ? { kind: object.kind, size: object.body.length, body: whole(object.body) }
      : this.#base.open(oid, options);
  }

  async isShared(): Promise<boolean> {
    return (await this.#base.isShared?.()) ?? false;
  }

  async findByPrefix(hex: string, limit: number): Promise<Oid[]> {
    const found = new Set(await this.#base.findByPrefix(hex, limit));
    for (const oid of this.#oids()) if (oid.startsWith(hex)) found.add(oid);
    return [...found].sort().slice(0, limit);
  }

  async *oids(options?: ReadOptions): AsyncGenerator<Oid, void, undefined> {
    options?.signal?.throwIfAborted();
    const waiting = [...new Set(this.#oids())].sort();
    let at = 0;
    for await (const oid of this.#base.oids(options)) {
      for (; at < waiting.length && (waiting[at] as Oid) < oid; at++) yield waiting[at] as Oid;
      if (waiting[at] === oid) at++;
      yield oid;
    }
    yield* waiting.slice(at);
  }

  async write(object: RawObject): Promise<Oid> {
    const [oid] = await this.writeMany([object]);
    return oid as Oid;
  }

  async writeMany(objects: readonly NewObject[]): Promise<Oid[]> {
    this.#batch.assertOpen();
    const oids: Oid[] = [];
    for (const object of objects) {
      const { kind, body } = object;
      const oid = object.oid ?? hashObject(this.algorithm, kind, body);
      oids.push(oid);
      if (this.#pending.has(oid)) continue;
      // The caller's buffer may be used again.
      this.#pending.set(oid, { kind, body: isGivenAway(object) ? body : this.#copy(body) });
      this.#pendingBytes += body.length;
    }
    await this.#batch.changed();
    return oids;
  }

  async receive(pack: AsyncIterable<Uint8Array>, options?: ReceiveOptions): Promise<Quarantine> {
    // A thin pack may build upon what waits.
    await this.#batch.sync();
    return this.#base.receive(pack, options);
  }

  async prune(keep: (oid: Oid) => boolean, options?: ReadOptions): Promise<PruneReport> {
    await this.#batch.sync();
    return this.#base.prune(keep, options);
  }

  async close(): Promise<void> {
    await this.#batch.sync();
    await this.#base.close();
  }

  #find(oid: Oid): RawObject | undefined {
    assertOid(oid);
    return this.#pending.get(oid) ?? this.#leaving.get(oid);
  }

  *#oids(): Generator<Oid> {
    yield* this.#pending.keys();
    yield* this.#leaving.keys();
  }
}

async function* whole(body: Uint8Array): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body;
}
