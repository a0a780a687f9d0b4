import {
  concatBytes,
  type HashAlgorithm,
  type NewObject,
  type ObjectKind,
  type Oid,
  oidFromBytes,
  type RawObject,
} from '@git-kv/objects';
import { unpackObjects } from '@git-kv/pack';
import type {
  ObjectReader,
  ObjectStore,
  Promises,
  PruneReport,
  Quarantine,
  ReadOptions,
  ReceiveOptions,
} from '../../object-store.js';
import type { PromisorLinks } from '../../promisor/promisor-packs.js';
import { readingThrough } from '../../receive-reads.js';
import { mergeSorted } from './merge-sorted.js';
import { assertSameObject, LEAST_BLOCK, MAX_LOOSE_BYTES, MAX_LOOSE_PACK_BYTES, ObjectMap } from './object-map.js';
import type { PackedObjects } from './packed-objects.js';
import { MemoryQuarantine } from './quarantine.js';

/** Objects of a pack that is taken apart, as git's receive.unpackLimit. */
const UNPACK_LIMIT = 100;

/** Bytes of body handed out at a time. */
const CHUNK_BYTES = 65536;

/** Objects in memory: what was written as it is, what was received as the packs it came in. */
export class MemoryObjectStore implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  /** Engines that have packs give their entries. */
  readEntries?: NonNullable<ObjectReader['readEntries']>;
  private readonly loose: ObjectMap;
  /** Large packs, once there was one. */
  private packed: PackedObjects | undefined;
  private readonly unpackLimit: number;
  /** Made when it is first asked for. */
  private promisorLinks: PromisorLinks | undefined;

  constructor(algorithm: HashAlgorithm, unpackLimit: number = UNPACK_LIMIT) {
    this.algorithm = algorithm;
    this.loose = new ObjectMap(algorithm);
    this.unpackLimit = unpackLimit;
  }

  /** Whether the object is here. */
  has(oid: Oid): boolean {
    return this.loose.has(oid) || this.packed?.packOf(oid) !== undefined;
  }

  async openPromises(): Promise<Promises | undefined> {
    const promisors = this.packed?.packs.filter(({ isPromisor }) => isPromisor) ?? [];
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
    return this.loose.get(oid) ?? this.packed?.packOf(oid)?.readSync(oid);
  }

  readTransientSync(oid: Oid): RawObject | undefined {
    return this.loose.get(oid) ?? this.packed?.packOf(oid)?.readTransientSync(oid);
  }

  async *readMany(oids: Iterable<Oid>, options?: ReadOptions): AsyncGenerator<readonly [Oid, RawObject | undefined]> {
    options?.signal?.throwIfAborted();
    const rest: Oid[] = [];
    for (const oid of new Set(oids)) {
      const object = this.loose.get(oid);
      if (object === undefined && this.packed !== undefined) rest.push(oid);
      else yield [oid, object];
    }
    if (this.packed !== undefined) yield* this.packed.readMany(rest, options);
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const object = this.loose.get(oid);
    return object ? { kind: object.kind, size: object.body.length } : this.packed?.packOf(oid)?.stat(oid);
  }

  statSync(oid: Oid): { readonly kind: ObjectKind; readonly size: number } | undefined {
    const object = this.loose.get(oid);
    return object ? { kind: object.kind, size: object.body.length } : this.packed?.statSync(oid);
  }

  statBytesSync(bytes: Uint8Array, offset: number): { readonly kind: ObjectKind; readonly size: number } | undefined {
    if (this.loose.size > 0) return this.statSync(oidFromBytes(bytes, offset, this.algorithm.oidLength));
    return this.packed?.statBytesSync(bytes, offset);
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
    const packed = this.packed?.packs.map((pack) => pack.findByPrefix(hex, limit)) ?? [];
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
    return mergeSorted([[...this.loose.keys()].sort(), ...(this.packed?.packs.map((pack) => pack.oids()) ?? [])]);
  }

  async write(object: RawObject): Promise<Oid> {
    return this.loose.add(object);
  }

  async writeMany(objects: readonly NewObject[]): Promise<Oid[]> {
    if (objects.length >= LEAST_BLOCK && this.loose.block === undefined) {
      const later = await import('../../later.js').catch(() => undefined); // a page that is off line goes on without
      if (later !== undefined) this.loose.block ??= new later.ObjectBlock(this.algorithm);
    }
    return this.loose.addAll(objects);
  }

  async receive(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions = {}): Promise<Quarantine> {
    const { check, promisor, stopsAtTrailer, expectedBytes = 0, signal } = options;
    signal?.throwIfAborted();
    if (check || promisor !== undefined || stopsAtTrailer || expectedBytes > MAX_LOOSE_PACK_BYTES) {
      return this.receivePack(pack, options);
    }
    const { maxPackBytes = Infinity, maxInflatedBytes = Infinity, maxObjectBytes = Infinity } = options;
    const { freeInflatedBytes = Infinity } = options;
    const start = await readStart(pack, Math.min(MAX_LOOSE_PACK_BYTES, maxPackBytes), signal);
    if (!(start instanceof Uint8Array)) return this.receivePack(start, options);
    const objects = await unpackObjects(start, {
      algorithm: this.algorithm,
      readBase: readingThrough(this, options),
      maxObjects: this.unpackLimit,
      maxBytes: Math.min(MAX_LOOSE_BYTES, maxInflatedBytes, maxObjectBytes, freeInflatedBytes),
    });
    if (objects === undefined) return this.receivePack(chunks(start), options);
    const { size } = objects;
    options.onProgress?.({ phase: 'scan', loaded: size, total: size });
    const arrived = new MemoryObjectStore(this.algorithm);
    arrived.loose.keep(objects);
    await this.compareWith(arrived, options);
    return new MemoryQuarantine(this, arrived, size, () => this.absorb(arrived));
  }

  /** Take in a pack that may be large, is to be checked, or wrong: then this tells what is. */
  private async receivePack(pack: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<Quarantine> {
    const { PackedObjects, ReceiveCheck } = await import('../../later.js');
    const check = options.check && new ReceiveCheck(this.algorithm, options.check);
    this.packed ??= new PackedObjects(this.algorithm, this.unpackLimit);
    const arrived = new MemoryObjectStore(this.algorithm);
    arrived.packed = this.packed.beside();
    const { objectCount, isClosed } = await arrived.packed.receive(pack, options, {
      loose: arrived.loose,
      readBase: readingThrough(this, options),
      visit: check?.visit,
    });
    await this.compareWith(arrived, options);
    const quarantine = new MemoryQuarantine(this, arrived, objectCount, () => this.absorb(arrived), isClosed);
    await check?.finish({ read: readingThrough(quarantine.reader, options) }, options, options.promisor !== undefined);
    return quarantine;
  }

  async prune(keep: (oid: Oid) => boolean, options: ReadOptions = {}): Promise<PruneReport> {
    options.signal?.throwIfAborted();
    const dropped = new Set<Oid>();
    for (const oid of this.loose.keys()) if (!keep(oid)) dropped.add(oid);
    // What came from a promisor remote stays, as in files: what it names is promised by its being here.
    const packs = this.packed?.packs.filter(({ isPromisor }) => !isPromisor) ?? [];
    for (const pack of packs) for (const oid of pack.oids()) if (!keep(oid)) dropped.add(oid);
    for (const oid of dropped) {
      this.loose.delete(oid);
      for (const pack of packs) pack.hide(oid);
      if (this.has(oid)) dropped.delete(oid);
    }
    let kept = 0;
    for (const _ of this.sortedOids()) kept++;
    // From here on the dropped are gone for every reader; what follows gives their memory back.
    for (const pack of packs) await this.packed?.compact(pack, this.loose, options);
    return { removed: dropped.size, kept };
  }

  async close(): Promise<void> {
    this.packed?.clear();
    this.loose.clear();
  }

  private absorb(arrived: MemoryObjectStore): void {
    this.loose.absorb(arrived.loose);
    if (arrived.packed === undefined) return;
    const packed = (this.packed ??= arrived.packed.beside());
    packed.absorb(arrived.packed);
    this.readEntries ??= (oids, options) => packed.readEntries(this.notLoose(oids), options);
  }

  private *notLoose(oids: Iterable<Oid>): Generator<Oid> {
    for (const oid of new Set(oids)) if (!this.loose.has(oid)) yield oid;
  }

  /** @throws {GitError} HASH_MISMATCH where an object that arrived is not the one we have under its name */
  private async compareWith(arrived: MemoryObjectStore, options: ReadOptions): Promise<void> {
    if (this.loose.size === 0 && (this.packed === undefined || this.packed.packs.length === 0)) return;
    const common: Oid[] = [];
    for (const oid of arrived.sortedOids()) if (this.has(oid)) common.push(oid);
    if (common.length === 0) return;
    for await (const [oid, object] of arrived.readMany(common, options)) {
      const held = await this.read(oid, options);
      if (object !== undefined && held !== undefined) assertSameObject(oid, held, object);
    }
  }
}

/** All of `pack` where it has at most `maxBytes`; else the same pack, to be read from its beginning. */
async function readStart(
  pack: AsyncIterable<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const chunks = pack[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  try {
    for (let size = 0; size <= maxBytes; ) {
      const { done, value } = await chunks.next();
      signal?.throwIfAborted();
      if (done) return concatBytes(read);
      // A copy: whoever gives a chunk may use its memory for the next one.
      read.push(value.slice());
      size += value.length;
    }
  } catch (error) {
    await chunks.return?.();
    throw error;
  }
  return joined(read, chunks);
}

async function* joined(read: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* read;
    for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}

async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += CHUNK_BYTES) yield body.subarray(start, start + CHUNK_BYTES);
}
