import { createDelta, deflateSoon } from '@git-kv/kernels';
import { concatBytes, type HashAlgorithm, type Oid, oidToBytes, type RawObject } from '@git-kv/objects';
import { encodeEntryHeader, encodeOfsDistance } from '../entry-encoding.js';
import { PackOutput, type PackSummary } from '../pack-output.js';
import { type PackProgress, pause } from '../progress.js';
import { kindOfTypeCode, TypeCode, typeCodeOfKind } from '../type-code.js';
import { DEFAULT_DELTA_OPTIONS, type DeltaOptions, DeltaSearch } from './delta-search.js';
import { DeltaStore } from './delta-store.js';
import { type PackItem, PackItemList } from './pack-items.js';
import { missing, NONE, PackPlan, Stored } from './pack-plan.js';
import type { PackEntry, PackSource } from './pack-source.js';
import type { Reuse } from './reuse.js';

export interface PackObjectsOptions {
  readonly algorithm: HashAlgorithm;
  /** What goes into the pack, each object once. */
  readonly objects: Iterable<PackItem> | AsyncIterable<PackItem>;
  /** Where the objects are. */
  readonly source: PackSource;
  /** Objects that the receiver has: the pack may hold deltas against them, which makes it thin. */
  readonly thinBases?: Iterable<PackItem> | AsyncIterable<PackItem>;
  /** How deltas are sought, beside those that are reused; `false` not to seek any. */
  readonly deltas?: DeltaOptions | false;
  /** Copy what lies in packs already, as far as the source tells (default true). */
  readonly reuse?: boolean;
  /** Copy deltas, too (default true): `false` seeks all of them anew, and copies full objects only. */
  readonly reuseDeltas?: boolean;
  /** Name bases by where they are in the pack (default true), which is shorter; `false` by their oids, for old readers. */
  readonly offsetDeltas?: boolean;
  /** 0 (stored) to 9 (smallest); 6 without it, as in git. What is copied stays as it is. */
  readonly level?: number;
  readonly signal?: AbortSignal;
  /** Phase `deltas`: objects compared. Phase `write`: objects written. */
  readonly onProgress?: (progress: PackProgress) => void;
}

/** What a pack written by {@link packObjects} is made of. */
export interface PackObjectsSummary extends PackSummary {
  /** Entries that are deltas. */
  readonly deltaCount: number;
  /** Entries that were copied out of other packs; among them deltas. */
  readonly reusedCount: number;
  readonly reusedDeltaCount: number;
}

/** Objects whose entries are read ahead of what is written. */
const BATCH_OBJECTS = 512;

/** Bytes of objects written between two turns of the event loop. */
const SLICE_BYTES = 4 * 2 ** 20;

/**
 * Write a pack (version 2) of objects that `source` has, with as few bytes as it knows how: entries of existing packs are
 * copied without inflating them, deltas are sought for the others. A base comes before its deltas (ofs-delta); apart from that
 * commits and tags come first, then trees, then blobs, each in the order of `objects`. Objects, and packs they lie in, being the same, so are the bytes.
 *
 * Holds about 100 bytes an object beside the items, the window, and `cacheBytes` of deltas; objects are read again when they
 * are written.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function* packObjects(
  options: PackObjectsOptions,
): AsyncGenerator<Uint8Array, PackObjectsSummary, undefined> {
  const { algorithm, source, level, signal, onProgress } = options;
  const waits = signal === undefined ? {} : { signal };
  const plan = new PackPlan(
    await collect(options.objects, algorithm, signal),
    await collect(options.thinBases ?? [], algorithm, signal),
  );
  const deltas = { ...DEFAULT_DELTA_OPTIONS, ...(options.deltas === false ? undefined : options.deltas) };
  const store = new DeltaStore(deltas.cacheBytes);
  let reuse: Reuse | undefined;
  if (options.reuse !== false && (source.readEntries ?? source.readEntryHeadSync) !== undefined) {
    const settings = { maxDepth: deltas.depth, withDeltas: options.reuseDeltas !== false, ...waits };
    reuse = await (await import('./reuse.js')).Reuse.plan(plan, source, settings);
  }
  if (options.deltas !== false) {
    const search = { deltas, level, ...waits, ...(onProgress && { onProgress }) };
    await new DeltaSearch(plan, source, search, store).run();
  }
  return yield* new PlanWriter(plan, store, reuse, options).write();
}

async function collect(
  items: Iterable<PackItem> | AsyncIterable<PackItem>,
  algorithm: HashAlgorithm,
  signal: AbortSignal | undefined,
): Promise<PackItemList> {
  if (items instanceof PackItemList) return items;
  const collected = new PackItemList(algorithm);
  for await (const item of items) {
    signal?.throwIfAborted();
    collected.push(item);
  }
  return collected;
}

class PlanWriter {
  readonly #plan: PackPlan;
  readonly #store: DeltaStore;
  readonly #reuse: Reuse | undefined;
  readonly #options: PackObjectsOptions;
  readonly #output: PackOutput;
  readonly #packOffsets: Float64Array;
  #deltaCount = 0;
  #reusedCount = 0;
  #reusedDeltaCount = 0;
  /** Bytes of objects since the last turn of the event loop. */
  #work = 0;

  constructor(plan: PackPlan, store: DeltaStore, reuse: Reuse | undefined, options: PackObjectsOptions) {
    this.#plan = plan;
    this.#store = store;
    this.#reuse = reuse;
    this.#options = options;
    this.#output = new PackOutput(options.algorithm, plan.count);
    this.#packOffsets = new Float64Array(plan.count);
  }

  async *write(): AsyncGenerator<Uint8Array, PackObjectsSummary, undefined> {
    const { signal, onProgress } = this.#options;
    const order = basesFirst(this.#plan);
    const total = order.length;
    for (let start = 0; start < total; ) {
      const whole = Math.min(total, start + BATCH_OBJECTS);
      const end = this.#reuse?.batchEnd(order, start, whole) ?? whole;
      const entries = await this.#reuse?.readEntries(order.subarray(start, end));
      for (let at = start; at < end; at++) {
        const row = order[at] as number;
        this.#packOffsets[row] = this.#output.packOffset;
        const entry = entries?.get(row);
        if (entry === undefined || !this.#copy(row, entry)) await this.#make(row);
        yield* this.#output.take();
        if (this.#work > SLICE_BYTES) {
          this.#work = 0;
          await pause();
        }
      }
      signal?.throwIfAborted();
      onProgress?.({ phase: 'write', loaded: end, total });
      start = end;
    }
    const summary = this.#output.end();
    yield* this.#output.take();
    return {
      ...summary,
      deltaCount: this.#deltaCount,
      reusedCount: this.#reusedCount,
      reusedDeltaCount: this.#reusedDeltaCount,
    };
  }

  /** Copy an entry. @returns false where it is another than was planned with: packs may have changed meanwhile */
  #copy(row: number, entry: PackEntry): boolean {
    const base = this.#plan.bases[row] as number;
    const { inflatedSize, deflated } = entry;
    const isFull = kindOfTypeCode(entry.typeCode) !== undefined;
    if (!isFull && (base === NONE || this.#plan.oidAt(base) !== entry.baseOid)) return false;
    if (isFull) this.#output.add(this.#plan.oidAt(row), encodeEntryHeader(entry.typeCode, inflatedSize), deflated);
    else this.#addDelta(row, base, inflatedSize, deflated);
    this.#reusedCount++;
    if (!isFull) this.#reusedDeltaCount++;
    this.#work += deflated.length;
    return true;
  }

  async #make(row: number): Promise<void> {
    const { bases, storedSizes, stored } = this.#plan;
    const base = bases[row] as number;
    if (base !== NONE && stored[row] !== Stored.delta) {
      const kept = this.#store.take(row);
      const deltaSize = storedSizes[row] as number;
      if (kept !== undefined) this.#addDelta(row, base, deltaSize, kept);
      else this.#addDelta(row, base, deltaSize, await this.#makeDelta(row, base, deltaSize));
      return;
    }
    const { kind, body } = await this.#read(row);
    const header = encodeEntryHeader(typeCodeOfKind(kind), body.length);
    this.#output.add(this.#plan.oidAt(row), header, await deflateSoon(body, this.#options.level));
  }

  /** The delta that the search found and had no room for, made again. */
  async #makeDelta(row: number, base: number, deltaSize: number): Promise<Uint8Array> {
    const target = (await this.#read(row)).body;
    const from = (await this.#read(base)).body;
    const delta = new Uint8Array(deltaSize);
    const size = createDelta(from, 0, from.length, target, 0, target.length, delta, 0, deltaSize);
    if (size !== deltaSize) throw new RangeError(`Cannot write pack: object ${this.#plan.oidAt(row)} has changed`);
    return await deflateSoon(delta, this.#options.level);
  }

  #addDelta(row: number, base: number, deltaSize: number, deflated: Uint8Array): void {
    const { count } = this.#plan;
    const byOid = base >= count || this.#options.offsetDeltas === false;
    const baseName = byOid
      ? oidToBytes(this.#plan.oidAt(base))
      : encodeOfsDistance(this.#output.packOffset - (this.#packOffsets[base] as number));
    const header = encodeEntryHeader(byOid ? TypeCode.refDelta : TypeCode.ofsDelta, deltaSize);
    this.#output.add(this.#plan.oidAt(row), concatBytes([header, baseName]), deflated);
    this.#deltaCount++;
  }

  async #read(row: number): Promise<RawObject> {
    const object = await readOrThrow(this.#options, this.#plan.oidAt(row));
    this.#work += object.body.length;
    return object;
  }
}

async function readOrThrow({ source, signal }: PackObjectsOptions, oid: Oid): Promise<RawObject> {
  const object = source.readSync?.(oid) ?? (await source.read(oid, signal === undefined ? {} : { signal }));
  if (object === undefined) throw missing(oid);
  return object;
}

/**
 * The rows to write: commits and tags, then trees, then blobs, each in their order, except that a base goes before what is made of
 * it. git writes in this order too, and its `index-pack --strict` counts on it: a blob that comes before the tree that names it
 * `.gitattributes` is looked up in a repository at the end, and outside of one git 2.39 crashes there.
 */
function basesFirst(plan: PackPlan): Int32Array {
  const { bases, kinds, count } = plan;
  const order = new Int32Array(count);
  const isPlaced = new Uint8Array(count);
  const chain: number[] = [];
  let placed = 0;
  for (const isTurn of WRITE_TURNS) {
    for (let start = 0; start < count; start++) {
      if (!isTurn(kinds[start] as number)) continue;
      let row = start;
      while (row !== NONE && row < count && isPlaced[row] === 0) {
        chain.push(row);
        row = bases[row] as number;
      }
      for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
        order[placed++] = next;
        isPlaced[next] = 1;
      }
    }
  }
  return order;
}

/** Every kind is in one of these. */
const WRITE_TURNS: readonly ((typeCode: number) => boolean)[] = [
  (typeCode) => typeCode === TypeCode.commit || typeCode === TypeCode.tag,
  (typeCode) => typeCode === TypeCode.tree,
  (typeCode) => typeCode === TypeCode.blob,
];
