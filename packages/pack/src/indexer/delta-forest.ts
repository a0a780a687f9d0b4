import { applyDelta, DeltaStatus, type HashQueue, readDeltaSizes } from '@git-kv/kernels';
import { type HashAlgorithm, LimitError, MalformedError, type ObjectKind } from '@git-kv/objects';
import { deltaProblem, LEAST_DELTA_SIZE } from '../delta-problem.js';
import { decodeEntryHeader, emptyEntryHeader, kindOfTypeCode, TypeCode } from '../entry-header.js';
import { writeFrameBefore } from '../frame.js';
import { inflateEntry } from '../inflate-entry.js';
import type { PackLimits } from '../limits.js';
import type { ReadWindows } from '../read-windows.js';
import { FRAME_ROOM } from '../scanner.js';
import type { DeltaPayloads } from './delta-payloads.js';
import { type EntryTable, NONE, RESOLVED } from './entry-table.js';
import { type RefBases, TAKEN } from './ref-bases.js';
import type { VisitedObject } from './visited-object.js';

/** Why {@link DeltaForest.run} returned. */
export const ForestStep = {
  /** The tree is resolved. */
  done: 0,
  /** Time to let others run; call again. */
  pause: 1,
  /** Bytes of the pack are missing: `load`, and call again. */
  load: 2,
} as const;
/** One of the answers above. */
export type ForestStep = (typeof ForestStep)[keyof typeof ForestStep];

/** Bytes rebuilt between two pauses: some 30 ms of work. */
const SLICE_BYTES = 16 * 2 ** 20;

/** From here on a base nobody needs any more makes room at once; below, moving bytes would cost more than it saves. */
const COMPACT_BYTES = 8 * 2 ** 20;

/**
 * Resolves deltas: every full object that has deltas is the root of a tree, walked depth-first without recursion.
 *
 * The objects from the root to where the walk stands lie one after another in one arena, each with room before it for the
 * frame it is hashed with. The child with the most descendants comes last and its base is dropped first, so that a chain
 * however long holds two objects, and a tree of n deltas holds at most 2 + log2(n).
 */
export class DeltaForest {
  readonly #algorithm: HashAlgorithm;
  readonly #limits: PackLimits;
  readonly #table: EntryTable;
  readonly #payloads: DeltaPayloads;
  readonly #refs: RefBases;
  readonly #hashes: HashQueue;
  readonly #rootWindows: ReadWindows;
  readonly #deltaWindows: ReadWindows;
  /** Where the entry after the last one would begin. */
  readonly #packEnd: number;
  readonly #visit: ((object: VisitedObject) => void) | undefined;
  /** Deltas below each entry, itself included. */
  readonly #weights: Int32Array;
  readonly #header = emptyEntryHeader();

  #arena: Uint8Array = new Uint8Array(2 ** 18);
  #scratch: Uint8Array = new Uint8Array(2 ** 16);
  #level = NONE;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #nexts: Int32Array;
  readonly #depths: Int32Array;
  #typeCode = 0;
  #sliceBytes = 0;

  /** Deltas resolved so far. */
  resolvedCount = 0;
  #wantedIn: ReadWindows;
  #wantedOffset = 0;
  #wantedLength = 0;

  constructor(parts: {
    algorithm: HashAlgorithm;
    limits: PackLimits;
    table: EntryTable;
    payloads: DeltaPayloads;
    refs: RefBases;
    hashes: HashQueue;
    rootWindows: ReadWindows;
    deltaWindows: ReadWindows;
    packEnd: number;
    visit: ((object: VisitedObject) => void) | undefined;
  }) {
    this.#algorithm = parts.algorithm;
    this.#limits = parts.limits;
    this.#table = parts.table;
    this.#payloads = parts.payloads;
    this.#refs = parts.refs;
    this.#hashes = parts.hashes;
    this.#rootWindows = parts.rootWindows;
    this.#deltaWindows = parts.deltaWindows;
    this.#wantedIn = parts.rootWindows;
    this.#packEnd = parts.packEnd;
    this.#visit = parts.visit;
    const levels = parts.limits.deltaDepth + 1;
    this.#starts = new Float64Array(levels);
    this.#ends = new Float64Array(levels);
    this.#nexts = new Int32Array(levels);
    this.#depths = new Int32Array(levels);
    this.#weights = linkChildren(parts.table);
  }

  /**
   * Let the ref-deltas that wait for the object in `row` be its children.
   * @throws {MalformedError} where another object with its oid has them: git refuses such a pack
   */
  adopt(row: number): void {
    const table = this.#table;
    let number = this.#refs.take(table.oids, row * table.oidLength);
    if (number === TAKEN) {
      throw new MalformedError(
        'pack entry',
        table.packOffsets[row] as number,
        'the base of a ref-delta is there twice',
      );
    }
    for (; number !== NONE; number = this.#refs.next(number)) {
      const child = this.#refs.rowOf(number);
      table.nextSiblings[child] = table.firstChildren[row] as number;
      table.firstChildren[row] = child;
    }
  }

  /** Begin with the full object in `row`. @returns whether its bytes were at hand; where not, load and call again */
  beginAt(row: number): boolean {
    const { packOffsets, payloads } = this.#table;
    const place = payloads[row] as number;
    if (place !== NONE) {
      this.#payloads.open(place);
      const { bytes, start, end } = this.#payloads;
      this.beginWith(row, bytes.subarray(start, end));
      return true;
    }
    const windows = this.#rootWindows;
    if (!this.#peek(windows, row)) return false;
    const packOffset = packOffsets[row] as number;
    const { bytes, at } = windows;
    decodeEntryHeader(bytes, at, bytes.length, this.#algorithm.oidLength, packOffset, this.#header);
    const size = this.#header.inflatedSize;
    this.#reserve(0, FRAME_ROOM + size);
    this.#inflate(bytes, this.#arena, FRAME_ROOM, packOffset);
    this.#begin(row, size);
    return true;
  }

  /** Begin with the object in `row`, whose body is here. */
  beginWith(row: number, body: Uint8Array): void {
    this.#reserve(0, FRAME_ROOM + body.length);
    this.#arena.set(body, FRAME_ROOM);
    this.#begin(row, body.length);
  }

  #begin(row: number, size: number): void {
    this.#typeCode = this.#table.typeCodes[row] as number;
    this.#level = 0;
    this.#starts[0] = FRAME_ROOM;
    this.#ends[0] = FRAME_ROOM + size;
    this.#depths[0] = 0;
    this.#nexts[0] = this.#heaviestLast(row);
  }

  /** Resolve what hangs below the object the walk began with, or some of it. */
  run(): ForestStep {
    const { typeCodes, packOffsets, payloads, nextSiblings, firstChildren } = this.#table;
    const { objectBytes, structuredBytes, deltaDepth } = this.#limits;
    const mostBytes = this.#typeCode === TypeCode.blob ? objectBytes : Math.min(objectBytes, structuredBytes);
    while (this.#level >= 0) {
      const level = this.#level;
      const row = this.#nexts[level] as number;
      if (row === NONE) {
        this.#level--;
        continue;
      }
      if (this.#sliceBytes > SLICE_BYTES) {
        this.#sliceBytes = 0;
        return ForestStep.pause;
      }
      const packOffset = packOffsets[row] as number;
      const place = payloads[row] as number;
      if (place !== NONE) this.#payloads.open(place);
      else if (!this.#readPayload(row)) return ForestStep.load;
      const delta = this.#payloads.bytes;
      const deltaStart = this.#payloads.start;
      const deltaEnd = this.#payloads.end;

      const depth = (this.#depths[level] as number) + 1;
      if (depth > deltaDepth) throw new LimitError('deltaDepth', depth, deltaDepth);
      const sizes = readDeltaSizes(delta, deltaStart, deltaEnd);
      if (sizes === undefined || deltaEnd - deltaStart < LEAST_DELTA_SIZE)
        throw deltaProblem(DeltaStatus.inputEnds, packOffset);
      const { resultSize } = sizes;
      if (resultSize > mostBytes) {
        throw new LimitError(mostBytes === objectBytes ? 'objectBytes' : 'structuredBytes', resultSize, mostBytes);
      }
      const baseStart = this.#starts[level] as number;
      const baseEnd = this.#ends[level] as number;
      const start = baseEnd + FRAME_ROOM;
      this.#reserve(baseEnd, start + resultSize);
      const arena = this.#arena;
      const status = applyDelta(arena, baseStart, baseEnd, delta, deltaStart, deltaEnd, arena, start, resultSize);
      if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
      const frameStart = writeFrameBefore(arena, start, this.#typeCode, resultSize);
      this.#hashes.add(arena, frameStart, start + resultSize, row);
      this.#visit?.({
        packOffset,
        kind: kindOfTypeCode(this.#typeCode) as ObjectKind,
        body: arena.subarray(start, start + resultSize),
      });
      this.#sliceBytes += resultSize + 256;
      typeCodes[row] = this.#typeCode | RESOLVED;
      this.resolvedCount++;
      const next = nextSiblings[row] as number;
      this.#nexts[level] = next;
      if (this.#refs.count > 0) {
        // Which deltas wait for it, its oid tells.
        this.#hashes.flush();
        this.adopt(row);
      }
      if (firstChildren[row] !== NONE) this.#descend(row, start, resultSize, depth, next === NONE);
    }
    return ForestStep.done;
  }

  /** The object in `row` has deltas of its own. @param isBaseDone nobody needs the one it was made from any more */
  #descend(row: number, start: number, size: number, depth: number, isBaseDone: boolean): void {
    let to = start;
    if (isBaseDone && start + size > COMPACT_BYTES) {
      to = this.#starts[this.#level] as number;
      this.#arena.copyWithin(to, start, start + size);
      this.#level--;
    }
    const level = ++this.#level;
    this.#starts[level] = to;
    this.#ends[level] = to + size;
    this.#depths[level] = depth;
    this.#nexts[level] = this.#heaviestLast(row);
  }

  /** Room up to `end`; what lies before `used` is kept. */
  #reserve(used: number, end: number): void {
    if (end > this.#limits.liveBaseBytes) throw new LimitError('liveBaseBytes', end, this.#limits.liveBaseBytes);
    if (end <= this.#arena.length) return;
    const larger = new Uint8Array(
      Math.min(this.#limits.liveBaseBytes, Math.max(end, Math.min(end * 2, end + 2 ** 25))),
    );
    larger.set(this.#arena.subarray(0, used));
    this.#arena = larger;
  }

  /** Reorder the children of `row`. @returns the first of them */
  #heaviestLast(row: number): number {
    const { firstChildren, nextSiblings } = this.#table;
    const first = firstChildren[row] as number;
    if (first === NONE || nextSiblings[first] === NONE) return first;
    let heaviest = first;
    let beforeHeaviest = NONE;
    let last = first;
    for (let child = nextSiblings[first] as number; child !== NONE; child = nextSiblings[child] as number) {
      if ((this.#weights[child] as number) > (this.#weights[heaviest] as number)) {
        heaviest = child;
        beforeHeaviest = last;
      }
      last = child;
    }
    if (heaviest === last) return first;
    const after = nextSiblings[heaviest] as number;
    if (beforeHeaviest === NONE) firstChildren[row] = after;
    else nextSiblings[beforeHeaviest] = after;
    nextSiblings[last] = heaviest;
    nextSiblings[heaviest] = NONE;
    return firstChildren[row] as number;
  }

  /** Read what was missing when `beginAt` or `run` returned. */
  load(signal: AbortSignal | undefined): Promise<void> {
    return this.#wantedIn.load(this.#wantedOffset, this.#wantedLength, signal);
  }

  /** Have `windows` show the entry in `row`, or note what to load. */
  #peek(windows: ReadWindows, row: number): boolean {
    const { packOffsets, count } = this.#table;
    const offset = packOffsets[row] as number;
    const end = row + 1 < count ? Math.min(packOffsets[row + 1] as number, this.#packEnd) : this.#packEnd;
    if (windows.peek(offset, end - offset)) return true;
    this.#wantedIn = windows;
    this.#wantedOffset = offset;
    this.#wantedLength = end - offset;
    return false;
  }

  /** Inflate again a delta there was no room to hold. */
  #readPayload(row: number): boolean {
    const windows = this.#deltaWindows;
    if (!this.#peek(windows, row)) return false;
    const packOffset = this.#table.packOffsets[row] as number;
    const { bytes, at } = windows;
    decodeEntryHeader(bytes, at, bytes.length, this.#algorithm.oidLength, packOffset, this.#header);
    const size = this.#header.inflatedSize;
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size);
    this.#inflate(bytes, this.#scratch, 0, packOffset);
    this.#payloads.bytes = this.#scratch;
    this.#payloads.start = 0;
    this.#payloads.end = size;
    return true;
  }

  /** Inflate the entry whose header was just decoded. It was whole when it arrived. */
  #inflate(bytes: Uint8Array, output: Uint8Array, outputStart: number, packOffset: number): void {
    const { bodyOffset, inflatedSize } = this.#header;
    if (inflateEntry(bytes, bodyOffset, output, outputStart, inflatedSize, packOffset) === undefined) {
      throw new MalformedError('pack entry', packOffset, 'it reads otherwise than when it arrived');
    }
  }
}

/**
 * Make child lists of the base rows that the scan left in `nextSiblings` of each ofs-delta.
 * @returns how many deltas hang below each row, itself included
 */
function linkChildren(table: EntryTable): Int32Array {
  const { count, typeCodes, firstChildren, nextSiblings } = table;
  const weights = new Int32Array(count).fill(1);
  // Backwards: a base lies before its deltas, so a row's weight is whole when it is reached, and lists come out in order.
  for (let row = count - 1; row >= 0; row--) {
    if (typeCodes[row] !== TypeCode.ofsDelta) continue;
    const base = nextSiblings[row] as number;
    nextSiblings[row] = firstChildren[base] as number;
    firstChildren[base] = row;
    weights[base] = (weights[base] as number) + (weights[row] as number);
  }
  return weights;
}
