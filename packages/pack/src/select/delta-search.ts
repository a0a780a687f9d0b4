import { createDelta, createDeltaIndex, type DeltaIndex, deflateSoon } from '@git-kv/kernels';
import { type PackProgress, pause } from '../progress.js';
import type { DeltaStore } from './delta-store.js';
import { missing, NONE, type PackPlan, Stored } from './pack-plan.js';
import type { PackSource } from './pack-source.js';

/** How deltas are sought. The same objects and options give the same deltas. */
export interface DeltaOptions {
  /** Objects that each one is compared with (default 10, as in git). */
  readonly window?: number;
  /** Deltas between an object and the full one it is rebuilt from, at most (default 50). */
  readonly depth?: number;
  /** Bytes of objects and indexes held in the window, beside the object in hand (default 256 MiB). */
  readonly windowBytes?: number;
  /** Objects larger than this are stored full (default 512 MiB, core.bigFileThreshold). */
  readonly bigFileBytes?: number;
  /** Bytes of deltas kept until they are written; others are made again (default 64 MiB). */
  readonly cacheBytes?: number;
}

export const DEFAULT_DELTA_OPTIONS: Required<DeltaOptions> = {
  window: 10,
  depth: 50,
  windowBytes: 256 * 2 ** 20,
  bigFileBytes: 512 * 2 ** 20,
  cacheBytes: 64 * 2 ** 20,
};

/** Smaller objects are not worth a delta. */
const LEAST_TARGET_BYTES = 50;

/**
 * What an index counts, in bytes of its base. What it takes depends on the kernel, between three and nine times as much; which
 * deltas are found must not.
 */
const INDEX_SHARE = 5;

/** Bytes compared between two turns of the event loop. */
const SLICE_BYTES = 8 * 2 ** 20;

/** An object in the window. Body and index come when they are needed. */
interface Candidate {
  readonly row: number;
  readonly size: number;
  body: Uint8Array | undefined;
  index: DeltaIndex | undefined;
}

export interface DeltaSearchOptions {
  readonly deltas: Required<DeltaOptions>;
  readonly level: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PackProgress) => void;
}

/**
 * Compares objects that are likely alike: sorted by kind, name and size, each with those in a window before it, as git does.
 * What it finds stands in the plan; the deltas themselves are kept as far as the store has room.
 * @see git's builtin/pack-objects.c, find_deltas()
 */
export class DeltaSearch {
  readonly #plan: PackPlan;
  readonly #source: PackSource;
  readonly #options: DeltaSearchOptions;
  readonly #store: DeltaStore;
  /** The latest at the end. */
  readonly #window: Candidate[] = [];
  #windowBytes = 0;
  /** An index of an object that has left the window: its memory is used again. */
  #spare: DeltaIndex | undefined;
  /** The best delta of the object in hand, and room for the next try. */
  #best = new Uint8Array(65536);
  #scratch = new Uint8Array(65536);
  #bestSize = 0;
  #work = 0;

  constructor(plan: PackPlan, source: PackSource, options: DeltaSearchOptions, store: DeltaStore) {
    this.#plan = plan;
    this.#source = source;
    this.#options = options;
    this.#store = store;
  }

  async run(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const rows = await this.#candidates();
    if (rows.length < 2) return;
    const heights = this.#reusedHeights();
    const total = rows.length;
    for (let at = 0; at < total; at++) {
      const row = rows[at] as number;
      await this.#try(row, heights[row] as number);
      if (this.#work > SLICE_BYTES) {
        this.#work = 0;
        onProgress?.({ phase: 'deltas', loaded: at + 1, total });
        await pause();
        signal?.throwIfAborted();
      }
    }
    onProgress?.({ phase: 'deltas', loaded: total, total });
  }

  /** The rows to compare: all that are not deltas already, alike ones next to each other. */
  async #candidates(): Promise<Int32Array> {
    const { bases, kinds, nameHashes, sizes, size: rowCount, count, stored, packs } = this.#plan;
    const { signal, deltas } = this.#options;
    const rows: number[] = [];
    for (let row = 0; row < rowCount; row++) {
      if (bases[row] !== NONE) continue;
      const size = await this.#plan.learnSize(row, this.#source, signal === undefined ? {} : { signal });
      if (size >= LEAST_TARGET_BYTES && size <= deltas.bigFileBytes) rows.push(row);
      if (row % 4096 === 4095) {
        signal?.throwIfAborted();
        await pause();
      }
    }
    // All full in one pack: whoever wrote it has compared them.
    const [first] = rows;
    if (
      first !== undefined &&
      packs[first] !== 0 &&
      rows.every((row) => stored[row] === Stored.full && packs[row] === packs[first] && row < count)
    ) {
      return new Int32Array(0);
    }
    return Int32Array.from(rows).sort(
      (a, b) =>
        (kinds[b] as number) - (kinds[a] as number) ||
        (nameHashes[b] as number) - (nameHashes[a] as number) ||
        // What the receiver has goes first: it cannot be a target.
        Number(b >= count) - Number(a >= count) ||
        (sizes[b] as number) - (sizes[a] as number) ||
        a - b,
    );
  }

  /** How deep the reused deltas upon each row go. */
  #reusedHeights(): Int32Array {
    const { bases } = this.#plan;
    const heights = new Int32Array(bases.length);
    for (let row = 0; row < bases.length; row++) {
      let height = 0;
      for (let base = bases[row] as number; base !== NONE; base = bases[base] as number) {
        height++;
        if ((heights[base] as number) >= height) break;
        heights[base] = height;
      }
    }
    return heights;
  }

  async #try(row: number, height: number): Promise<void> {
    const { bases, kinds, depths, sizes, count } = this.#plan;
    const { window, depth } = this.#options.deltas;
    const target: Candidate = { row, size: sizes[row] as number, body: undefined, index: undefined };
    const maxDepth = depth - height;
    let best: Candidate | undefined;
    if (row < count && maxDepth > 0) {
      for (let at = this.#window.length - 1; at >= 0; at--) {
        const base = this.#window[at] as Candidate;
        if (kinds[base.row] !== kinds[row]) break;
        const maxSize = this.#maxDeltaSize(target, base, maxDepth);
        if (maxSize <= 0) continue;
        if (base.body === undefined) await this.#load(base);
        if (target.body === undefined) target.body = await this.#read(row);
        if (!this.#improve(target, base, maxSize)) continue;
        best = base;
        bases[row] = base.row;
        depths[row] = (depths[base.row] as number) + 1;
      }
    }
    if (best !== undefined) {
      this.#plan.storedSizes[row] = this.#bestSize;
      this.#store.add(row, await deflateSoon(this.#best.subarray(0, this.#bestSize), this.#options.level));
    }
    // At its greatest depth an object is no base for others.
    if (bases[row] === NONE || (depths[row] as number) < maxDepth) {
      this.#push(target);
      if (this.#window.length > window) this.#shift();
    }
    if (best !== undefined) this.#keepLonger(best);
    while (this.#windowBytes > this.#options.deltas.windowBytes && this.#window.length > 1) this.#shift();
  }

  /** How large a delta may be to be better than what there is; 0 or less where there is no point in trying. */
  #maxDeltaSize(target: Candidate, base: Candidate, maxDepth: number): number {
    const { bases, depths, stored, packs, count } = this.#plan;
    const { row, size } = target;
    // Whoever wrote the pack both lie in has compared them.
    if (stored[row] === Stored.full && packs[row] === packs[base.row] && packs[row] !== 0 && base.row < count) return 0;
    const baseDepth = depths[base.row] as number;
    if (baseDepth >= maxDepth) return 0;
    const isFirst = bases[row] === NONE;
    const limit = isFirst ? Math.floor(size / 2) - OID_BYTES : this.#bestSize;
    // A deep base has to be worth it.
    const depthBefore = isFirst ? 1 : (depths[row] as number);
    const maxSize = Math.floor((limit * (maxDepth - baseDepth)) / (maxDepth - depthBefore + 1));
    if (size - base.size >= maxSize || size < base.size / 32) return 0;
    return maxSize;
  }

  #improve(target: Candidate, base: Candidate, maxSize: number): boolean {
    const { bases, depths } = this.#plan;
    const baseBody = base.body as Uint8Array;
    const body = target.body as Uint8Array;
    if (base.index === undefined) {
      base.index = createDeltaIndex(baseBody, 0, baseBody.length, this.#spare);
      this.#spare = undefined;
      this.#windowBytes += INDEX_SHARE * baseBody.length;
      this.#work += baseBody.length;
    }
    if (this.#scratch.length < maxSize) this.#scratch = new Uint8Array(maxSize);
    this.#work += body.length + 256;
    const size = createDelta(baseBody, 0, baseBody.length, body, 0, body.length, this.#scratch, 0, maxSize, base.index);
    if (size < 0) return false;
    const { row } = target;
    if (bases[row] !== NONE && size === this.#bestSize && (depths[base.row] as number) + 1 >= (depths[row] as number)) {
      return false;
    }
    [this.#best, this.#scratch] = [this.#scratch, this.#best];
    this.#bestSize = size;
    return true;
  }

  #push(candidate: Candidate): void {
    this.#window.push(candidate);
    this.#windowBytes += candidate.body?.length ?? 0;
  }

  #shift(): void {
    const gone = this.#window.shift();
    if (gone === undefined) return;
    this.#windowBytes -= (gone.body?.length ?? 0) * (gone.index === undefined ? 1 : 1 + INDEX_SHARE);
    this.#spare = gone.index ?? this.#spare;
  }

  /** A base that was good for one is tried first for the next. */
  #keepLonger(best: Candidate): void {
    const at = this.#window.indexOf(best);
    if (at < 0) return;
    this.#window.splice(at, 1);
    this.#window.push(best);
  }

  async #load(candidate: Candidate): Promise<void> {
    candidate.body = await this.#read(candidate.row);
    this.#windowBytes += candidate.body.length;
  }

  async #read(row: number): Promise<Uint8Array> {
    const oid = this.#plan.oidAt(row);
    const { signal } = this.#options;
    const object =
      this.#source.readSync?.(oid) ?? (await this.#source.read(oid, signal === undefined ? {} : { signal }));
    if (object === undefined) throw missing(oid);
    this.#plan.sizes[row] = object.body.length;
    return object.body;
  }
}

/** git leaves a delta a base's name less than half of the object, whatever the hash. */
const OID_BYTES = 20;
