import { type HashAlgorithm, type ObjectKind, type Oid, oidFromBytes, type RawObject } from '@git-kv/objects';
import {
  createDeltaBaseCache,
  type DeltaBaseCache,
  type IndexedPack,
  indexPack,
  type MemoryPackStorage,
  memoryPackStorage,
  type PackEntry,
  parsePackIndex,
} from '@git-kv/pack';
import type {
  ObjectStore,
  Promises,
  PruneReport,
  Quarantine,
  ReadOptions,
  ReceiveOptions,
} from '../../object-store.js';
import type { PromisorLinks } from '../../promisor/promisor-packs.js';
import { receiveLimits } from '../../receive-limits.js';
import { readingThrough } from '../../receive-reads.js';
import { fitted, HeldPack } from './held-pack.js';
import { mergeSorted } from './merge-sorted.js';
import { assertSameObject, ObjectMap } from './object-map.js';
import { MemoryQuarantine } from './quarantine.js';

/** A pack of so few objects (git's receive.unpackLimit) is taken apart, unless it is large: its deltas would be lost. */
const EXPLODE_OBJECTS = 100;
const EXPLODE_BYTES = 2 ** 20;

/** The same of its objects: a pack of 60 KB can hold a hundred objects of 512 MiB, each a delta of a few bytes. */
const EXPLODE_INFLATED_BYTES = 16 * 2 ** 20;

/** Bytes of body handed out at a time. */
const CHUNK_BYTES = 65536;

/** Objects in memory: what was written as it is, what was received as the packs it came in. */
export class MemoryObjectStore implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  private readonly loose: ObjectMap;
  /** Newest first. Replaced, never changed: whoever iterates goes on with the list it began with. */
  private packs: readonly HeldPack[] = [];
  /** One budget for all packs. */
  private readonly cache: DeltaBaseCache;
  /** Made when it is first asked for. */
  private promisorLinks: PromisorLinks | undefined;

  constructor(algorithm: HashAlgorithm, cache: DeltaBaseCache = createDeltaBaseCache()) {
    this.algorithm = algorithm;
    this.loose = new ObjectMap(algorithm);
    this.cache = cache;
  }

  /** Whether the object is here. */
  has(oid: Oid): boolean {
    return this.loose.has(oid) || this.packOf(oid) !== undefined;
  }

  async openPromises(): Promise<Promises | undefined> {
    const promisors = this.packs.filter(({ isPromisor }) => isPromisor);
    if (promisors.length === 0) return undefined;
    const { PackPromises, PromisorLinks } = await import('../../later.js');
    this.promisorLinks ??= new PromisorLinks(this);
    return new PackPromises(promisors, this.promisorLinks);
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    options?.signal?.throwIfAborted();
    return this.readSync(oid);
  }

  readSync(oid: Oid): RawObject | undefined {
    return this.loose.get(oid) ?? this.packOf(oid)?.readSync(oid);
  }

  async *readMany(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, RawObject | undefined]> {
    options?.signal?.throwIfAborted();
    const packed = new Map<HeldPack, Oid[]>();
    for (const oid of new Set(oids)) {
      const object = this.loose.get(oid);
      const pack = object === undefined ? this.packOf(oid) : undefined;
      if (pack === undefined) {
        yield [oid, object];
        continue;
      }
      const mine = packed.get(pack);
      if (mine === undefined) packed.set(pack, [oid]);
      else mine.push(oid);
    }
    for (const [pack, mine] of packed) yield* pack.readMany(mine, options);
  }

  async *readEntries(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, PackEntry]> {
    options?.signal?.throwIfAborted();
    const packed = new Map<HeldPack, Oid[]>();
    for (const oid of new Set(oids)) {
      const pack = this.loose.has(oid) ? undefined : this.packOf(oid);
      if (pack === undefined) continue;
      const mine = packed.get(pack);
      if (mine === undefined) packed.set(pack, [oid]);
      else mine.push(oid);
    }
    for (const [pack, mine] of packed) yield* pack.readEntries(mine, options);
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const object = this.loose.get(oid);
    return object ? { kind: object.kind, size: object.body.length } : this.packOf(oid)?.stat(oid);
  }

  statSync(oid: Oid): { readonly kind: ObjectKind; readonly size: number } | undefined {
    const object = this.loose.get(oid);
    if (object) return { kind: object.kind, size: object.body.length };
    for (const pack of this.packs) {
      const stat = pack.statSync(oid);
      if (stat) return stat;
    }
    return undefined;
  }

  statBytesSync(bytes: Uint8Array, offset: number): { readonly kind: ObjectKind; readonly size: number } | undefined {
    if (this.loose.size > 0) return this.statSync(oidFromBytes(bytes, offset, this.algorithm.oidLength));
    for (const pack of this.packs) {
      const stat = pack.statBytesSync(bytes, offset);
      if (stat) return stat;
    }
    return undefined;
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
    const loose = [...this.loose.keys()].filter((oid) => oid.startsWith(hex)).sort();
    const packed = this.packs.map((pack) => pack.findByPrefix(hex, limit));
    return [...mergeSorted([loose, ...packed])].slice(0, limit);
  }

  async *oids(options?: ReadOptions): AsyncGenerator<Oid> {
    for (const oid of this.sortedOids()) {
      options?.signal?.throwIfAborted();
      yield oid;
    }
  }

  /** The same without waiting. */
  sortedOids(): Iterable<Oid> {
    return mergeSorted([[...this.loose.keys()].sort(), ...this.packs.map((pack) => pack.oids())]);
  }

  async write(object: RawObject): Promise<Oid> {
    return this.loose.add(object);
  }

  async writeMany(objects: readonly RawObject[]): Promise<Oid[]> {
    return this.loose.addAll(objects);
  }

  async receive(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<Quarantine> {
    const check = options.check && new (await import('../../later.js')).ReceiveCheck(this.algorithm, options.check);
    const links = options.followLinks ? new (await import('../../later.js')).ReceivedLinks(this.algorithm) : undefined;
    const storage = memoryPackStorage(options.expectedBytes);
    const indexed = await indexPack(pack, {
      algorithm: this.algorithm,
      storage,
      readBase: readingThrough(this, options),
      limits: receiveLimits(options),
      ...(options.signal && { signal: options.signal }),
      ...(options.onProgress && { onProgress: options.onProgress }),
      ...((check ?? links) && {
        visit: (object) => {
          check?.visit(object);
          links?.visit(object);
        },
        visitsBlobs: false,
      }),
      ...(options.stopsAtTrailer && { stopsAtTrailer: true }),
    });
    const arrived = new MemoryObjectStore(this.algorithm, this.cache);
    await arrived.hold(storage, indexed, options.promisor !== undefined);
    await this.compareWith(arrived, options);
    const quarantine = new MemoryQuarantine(
      this,
      arrived,
      indexed.receivedCount,
      () => this.absorb(arrived),
      links &&
        ((oids, outside) =>
          links.areWithin(parsePackIndex(indexed.index, this.algorithm), indexed.entries, oids, outside)),
    );
    await check?.finish({ read: readingThrough(quarantine.reader, options) }, options, options.promisor !== undefined);
    return quarantine;
  }

  async prune(keep: (oid: Oid) => boolean, options: ReadOptions = {}): Promise<PruneReport> {
    options.signal?.throwIfAborted();
    const dropped = new Set<Oid>();
    for (const oid of this.loose.keys()) if (!keep(oid)) dropped.add(oid);
    // What came from a promisor remote stays, as in files: what it names is promised by its being here.
    const packs = this.packs.filter(({ isPromisor }) => !isPromisor);
    for (const pack of packs) for (const oid of pack.oids()) if (!keep(oid)) dropped.add(oid);
    for (const oid of dropped) {
      this.loose.delete(oid);
      for (const pack of packs) pack.hide(oid);
      if (this.has(oid)) dropped.delete(oid);
    }
    let kept = 0;
    for (const _ of this.sortedOids()) kept++;
    // From here on the dropped are gone for every reader; what follows gives their memory back.
    for (const pack of packs) await this.compact(pack, options);
    return { removed: dropped.size, kept };
  }

  async close(): Promise<void> {
    this.packs = [];
    this.loose.clear();
  }

  private packOf(oid: Oid): HeldPack | undefined {
    for (const pack of this.packs) if (pack.has(oid)) return pack;
    return undefined;
  }

  private absorb(arrived: MemoryObjectStore): void {
    this.loose.absorb(arrived.loose);
    this.packs = [...arrived.packs, ...this.packs];
  }

  /** Take in a pack that was indexed. */
  private async hold(storage: MemoryPackStorage, indexed: IndexedPack, isPromisor: boolean): Promise<void> {
    const pack = new HeldPack(this.algorithm, fitted(storage.bytes()), indexed, this.cache, isPromisor);
    if (isPromisor ? pack.objectCount === 0 : await isSmall(pack)) await this.explode(pack);
    else this.packs = [pack, ...this.packs];
  }

  /** Keep the objects of `pack` loose, as far as `origin` still has them: some may be dropped meanwhile. */
  private async explode(pack: HeldPack, origin: HeldPack = pack): Promise<void> {
    for await (const [oid, object] of pack.readMany(pack.oids())) {
      if (object !== undefined && origin.has(oid)) this.loose.put(oid, object);
    }
    pack.release();
  }

  /** Give back the memory of a pack's hidden objects, once they are the larger part of it. */
  private async compact(pack: HeldPack, options: ReadOptions): Promise<void> {
    if (pack.hiddenCount <= pack.objectCount || pack.hiddenCount < pack.compactAt) return;
    const replacement = pack.objectCount === 0 ? undefined : await this.repacked(pack, options);
    if (replacement !== undefined && replacement.size >= pack.size) {
      // Written without deltas it is larger than with its dead weight. Not tried again before the weight has doubled.
      pack.compactAt = 2 * pack.hiddenCount;
      return;
    }
    const isTakenApart = replacement !== undefined && (await isSmall(replacement));
    if (isTakenApart) await this.explode(replacement, pack);
    this.packs = this.packs.flatMap((other) => {
      if (other !== pack) return [other];
      return replacement === undefined || isTakenApart ? [] : [replacement];
    });
    // What was dropped while this waited is dropped there too.
    for (const oid of replacement?.oids() ?? []) if (!pack.has(oid)) replacement?.hide(oid);
    pack.release();
  }

  /** The objects of `pack` that are not hidden, in a pack of their own. */
  private async repacked(pack: HeldPack, options: ReadOptions): Promise<HeldPack> {
    const { repack } = await import('../../later.js');
    return await repack(pack, this.cache, options);
  }

  /** @throws {GitError} HASH_MISMATCH where an object that arrived is not the one we have under its name */
  private async compareWith(arrived: MemoryObjectStore, options: ReadOptions): Promise<void> {
    if (this.loose.size === 0 && this.packs.length === 0) return;
    const common: Oid[] = [];
    for (const oid of arrived.sortedOids()) if (this.has(oid)) common.push(oid);
    if (common.length === 0) return;
    for await (const [oid, object] of arrived.readMany(common, options)) {
      const held = await this.read(oid, options);
      if (object !== undefined && held !== undefined) assertSameObject(oid, held, object);
    }
  }
}

async function isSmall(pack: HeldPack): Promise<boolean> {
  if (pack.objectCount > EXPLODE_OBJECTS || pack.size > EXPLODE_BYTES) return false;
  let inflatedBytes = 0;
  for (const oid of pack.oids()) inflatedBytes += (await pack.stat(oid))?.size ?? 0;
  return inflatedBytes <= EXPLODE_INFLATED_BYTES;
}

async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += CHUNK_BYTES) yield body.subarray(start, start + CHUNK_BYTES);
}
