import { applyDelta, DeltaStatus, readDeltaSizes } from '@git-kv/kernels';
import { type HashAlgorithm, LimitError, MalformedError, type ObjectKind } from '@git-kv/objects';
import { deltaProblem } from '../delta-problem.js';
import { decodeEntryHeader, emptyEntryHeader } from '../entry-header.js';
import { FRAME_ROOM, writeFrameBefore } from '../frame.js';
import { inflateEntry } from '../inflate-entry.js';
import type { PackLimits } from '../limits.js';
import type { ReadWindows } from '../read-windows.js';
import { kindOfTypeCode, LEAST_DELTA_SIZE, TypeCode } from '../type-code.js';
import { BaseStack } from './base-stack.js';
import type { DeltaPayloads } from './delta-payloads.js';
import { type EntryTable, NONE, RESOLVED } from './entry-table.js';
import type { IndexArena } from './index-arena.js';
import type { ObjectLog } from './object-log.js';
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

/** What a forest works with. */
export interface ForestParts {
  readonly algorithm: HashAlgorithm;
  readonly limits: PackLimits;
  readonly table: EntryTable;
  readonly arena: IndexArena;
  readonly payloads: DeltaPayloads;
  readonly refs: RefBases;
  readonly log: ObjectLog;
  readonly rootWindows: ReadWindows;
  readonly deltaWindows: ReadWindows;
  readonly packEnd: number;
  /** As {@link linkChildren} made them. */
  readonly weights: Int32Array;
  /** Bytes of bases held outside of the log. */
  readonly heldBytes: number;
  readonly visit: ((object: VisitedObject) => void) | undefined;
  readonly visitsBlobs: boolean;
}

/**
 * Resolves deltas: every full object that has deltas is the root of a tree, walked depth-first without recursion.
 *
 * The objects from the root to where the walk stands are held while deltas wait for them. The child with the most descendants
 * comes last and its base is let go first, so that a chain however long holds two objects, and a tree of n deltas holds at
 * most 2 + log2(n); of these, what is over a budget is dropped and rebuilt when it is needed again.
 */
export class DeltaForest {
  readonly #algorithm: HashAlgorithm;
  readonly #limits: PackLimits;
  readonly #table: EntryTable;
  readonly #arena: IndexArena;
  readonly #payloads: DeltaPayloads;
  readonly #refs: RefBases;
  readonly #log: ObjectLog;
  readonly #stack: BaseStack;
  readonly #rootWindows: ReadWindows;
  readonly #deltaWindows: ReadWindows;
  /** Where the entry after the last one would begin. */
  readonly #packEnd: number;
  readonly #visit: ((object: VisitedObject) => void) | undefined;
  readonly #visitsBlobs: boolean;
  /** Deltas below each entry, itself included. */
  readonly #weights: Int32Array;
  readonly #header = emptyEntryHeader();
  readonly #mostResolvedBytes: number;

  #scratch: Uint8Array = new Uint8Array(0);
  #typeCode = 0;
  #mostBytes = 0;
  #sliceBytes = 0;
  #resolvedBytes = 0;
  /** A dropped base on its way back: the object at `depth` of the path. */
  #rebuilt: { bytes: Uint8Array; depth: number } | undefined;

  /** Deltas resolved so far. */
  resolvedCount = 0;
  #wantedIn: ReadWindows;
  #wantedOffset = 0;
  #wantedLength = 0;

  constructor(parts: ForestParts) {
    this.#algorithm = parts.algorithm;
    this.#limits = parts.limits;
    this.#table = parts.table;
    this.#arena = parts.arena;
    this.#payloads = parts.payloads;
    this.#refs = parts.refs;
    this.#log = parts.log;
    this.#rootWindows = parts.rootWindows;
    this.#deltaWindows = parts.deltaWindows;
    this.#wantedIn = parts.rootWindows;
    this.#packEnd = parts.packEnd;
    this.#visit = parts.visit;
    this.#visitsBlobs = parts.visitsBlobs;
    this.#weights = parts.weights;
    this.#stack = new BaseStack(parts.log, parts.limits.deltaDepth, parts.heldBytes);
    const { resolvedFreeBytes, resolvedRatio } = parts.limits;
    this.#mostResolvedBytes = Math.max(resolvedFreeBytes, resolvedRatio * parts.packEnd);
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
    const place = this.#table.payloads[row] as number;
    if (place !== NONE) {
      this.#payloads.open(place);
      const { bytes, start, end } = this.#payloads;
      this.#begin(row, bytes, start, end);
      return true;
    }
    const windows = this.#rootWindows;
    if (!this.#peek(windows, row)) return false;
    const size = this.#decodeHeader(windows, row);
    const log = this.#log;
    if (log.takes(size)) {
      if (!log.hasRoom(size)) this.#makeRoom();
      const start = log.at + FRAME_ROOM;
      this.#inflate(windows.bytes, log.bytes, start, row);
      log.at = start + size;
      this.#begin(row, log.bytes, start, start + size);
    } else {
      const bytes = new Uint8Array(size);
      this.#inflate(windows.bytes, bytes, 0, row);
      this.#begin(row, bytes, 0, size);
    }
    return true;
  }

  /** Begin with the object in `row`, whose body is here. */
  beginWith(row: number, body: Uint8Array): void {
    this.#begin(row, body, 0, body.length);
  }

  #begin(row: number, bytes: Uint8Array, start: number, end: number): void {
    const { objectBytes, structuredBytes } = this.#limits;
    this.#typeCode = this.#table.typeCodes[row] as number;
    this.#mostBytes = this.#typeCode === TypeCode.blob ? objectBytes : Math.min(objectBytes, structuredBytes);
    this.#stack.push(bytes, start, end, row, 0, this.#heaviestLast(row));
  }

  /** Resolve what hangs below the object the walk began with, or some of it. */
  run(): ForestStep {
    const { typeCodes, packOffsets, nextSiblings, firstChildren } = this.#table;
    const payloads = this.#payloads;
    const stack = this.#stack;
    const log = this.#log;
    while (stack.level >= 0) {
      const level = stack.level;
      const row = stack.nexts[level] as number;
      if (row === NONE) {
        stack.pop();
        continue;
      }
      if (this.#sliceBytes > SLICE_BYTES) {
        this.#sliceBytes = 0;
        return ForestStep.pause;
      }
      if (stack.bytes[level] === undefined && !this.#rebuild(level)) return ForestStep.load;
      if (!this.#openPayload(row)) return ForestStep.load;

      const packOffset = packOffsets[row] as number;
      const depth = (stack.depths[level] as number) + 1;
      if (depth > this.#limits.deltaDepth) throw new LimitError('deltaDepth', depth, this.#limits.deltaDepth);
      const resultSize = this.#resultSize(packOffset);
      let output = log.bytes;
      let start = FRAME_ROOM;
      const isLogged = log.takes(resultSize);
      if (isLogged) {
        if (!log.hasRoom(resultSize)) this.#makeRoom();
        start = log.at + FRAME_ROOM;
      } else {
        stack.trim(FRAME_ROOM + resultSize);
        output = new Uint8Array(FRAME_ROOM + resultSize);
      }
      const base = stack.bytes[level] as Uint8Array;
      const baseStart = stack.starts[level] as number;
      const baseEnd = stack.ends[level] as number;
      this.#assertLive(baseEnd - baseStart + resultSize);
      const status = applyDelta(
        base,
        baseStart,
        baseEnd,
        payloads.bytes,
        payloads.start,
        payloads.end,
        output,
        start,
        resultSize,
      );
      if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
      const end = start + resultSize;
      const frameStart = writeFrameBefore(output, start, this.#typeCode, resultSize);
      typeCodes[row] = this.#typeCode | RESOLVED;
      if (isLogged) log.add(frameStart, end, row);
      else log.hashAlone(output, frameStart, end, row);
      if (this.#visit !== undefined && (this.#typeCode !== TypeCode.blob || this.#visitsBlobs)) {
        const kind = kindOfTypeCode(this.#typeCode) as ObjectKind;
        this.#visit({ packOffset, kind, body: output.subarray(start, end) });
      }
      this.#sliceBytes += resultSize + 256;
      this.resolvedCount++;
      const next = nextSiblings[row] as number;
      stack.nexts[level] = next;
      if (this.#refs.count > 0) {
        // Which deltas wait for it, its oid tells.
        log.flush();
        this.adopt(row);
      }
      if (firstChildren[row] !== NONE) {
        // Nobody needs the base any more: let it go before its heaviest child is walked.
        if (next === NONE) stack.pop();
        stack.push(output, start, end, row, depth, this.#heaviestLast(row));
      }
    }
    return ForestStep.done;
  }

  /** Hash what is in the log, and keep of it what deltas wait for. */
  #makeRoom(): void {
    this.#log.flush();
    this.#stack.compact();
  }

  /** What the delta that was just opened says its result will take, within the limits. */
  #resultSize(packOffset: number): number {
    const { bytes, start, end } = this.#payloads;
    const sizes = readDeltaSizes(bytes, start, end);
    if (sizes === undefined || end - start < LEAST_DELTA_SIZE) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    const { resultSize } = sizes;
    if (resultSize > this.#mostBytes) {
      const name = this.#mostBytes === this.#limits.objectBytes ? 'objectBytes' : 'structuredBytes';
      throw new LimitError(name, resultSize, this.#mostBytes);
    }
    this.#resolvedBytes += resultSize;
    if (this.#resolvedBytes > this.#mostResolvedBytes) {
      const ratio = Math.ceil(this.#resolvedBytes / this.#packEnd);
      throw new LimitError('resolvedRatio', ratio, this.#limits.resolvedRatio);
    }
    return resultSize;
  }

  #assertLive(size: number): void {
    const { liveBaseBytes } = this.#limits;
    if (size > liveBaseBytes) throw new LimitError('liveBaseBytes', size, liveBaseBytes);
  }

  /** Bring back the object of a level that was dropped. @returns false where bytes must be loaded: call again then */
  #rebuild(level: number): boolean {
    const stack = this.#stack;
    const depth = stack.depths[level] as number;
    let from = this.#rebuilt;
    if (from === undefined) {
      for (let below = level - 1; below >= 0 && from === undefined; below--) {
        const bytes = stack.bytes[below];
        if (bytes === undefined) continue;
        const view = bytes.subarray(stack.starts[below] as number, stack.ends[below] as number);
        from = { bytes: view, depth: stack.depths[below] as number };
      }
    }
    if (from === undefined) {
      const row = stack.pathRows[0] as number;
      if (!this.#peek(this.#rootWindows, row)) return false;
      const bytes = new Uint8Array(this.#decodeHeader(this.#rootWindows, row));
      this.#inflate(this.#rootWindows.bytes, bytes, 0, row);
      from = { bytes, depth: 0 };
    }
    this.#rebuilt = from;
    while (from.depth < depth) {
      const row = stack.pathRows[from.depth + 1] as number;
      if (!this.#openPayload(row)) return false;
      const packOffset = this.#table.packOffsets[row] as number;
      const resultSize = this.#resultSize(packOffset);
      this.#assertLive(from.bytes.length + resultSize);
      const { bytes, start, end } = this.#payloads;
      const output = new Uint8Array(resultSize);
      const status = applyDelta(from.bytes, 0, from.bytes.length, bytes, start, end, output, 0, resultSize);
      if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
      this.#sliceBytes += resultSize + 256;
      from.bytes = output;
      from.depth++;
    }
    this.#rebuilt = undefined;
    stack.trim(from.bytes.length);
    stack.restore(level, from.bytes);
    return true;
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

  /** Have `payloads` show the delta in `row`, which is read and inflated again where there was no room to keep it. */
  #openPayload(row: number): boolean {
    const payloads = this.#payloads;
    const place = this.#table.payloads[row] as number;
    if (place !== NONE) {
      payloads.open(place);
      return true;
    }
    const windows = this.#deltaWindows;
    if (!this.#peek(windows, row)) return false;
    const size = this.#decodeHeader(windows, row);
    const { bytes, inputEnd, scratchEnd } = this.#arena;
    let scratch = bytes;
    let start = inputEnd;
    if (size > scratchEnd - inputEnd) {
      if (this.#scratch.length < size) this.#scratch = new Uint8Array(size);
      scratch = this.#scratch;
      start = 0;
    }
    this.#inflate(windows.bytes, scratch, start, row);
    payloads.bytes = scratch;
    payloads.start = start;
    payloads.end = start + size;
    return true;
  }

  /** Decode the header of the entry that `windows` show. @returns its size when inflated */
  #decodeHeader(windows: ReadWindows, row: number): number {
    const packOffset = this.#table.packOffsets[row] as number;
    const { bytes, at } = windows;
    decodeEntryHeader(bytes, at, bytes.length, this.#algorithm.oidLength, packOffset, this.#header);
    return this.#header.inflatedSize;
  }

  /** Inflate the entry whose header was just decoded. It was whole when it arrived. */
  #inflate(bytes: Uint8Array, output: Uint8Array, outputStart: number, row: number): void {
    const { bodyOffset, inflatedSize } = this.#header;
    const packOffset = this.#table.packOffsets[row] as number;
    if (inflateEntry(bytes, bodyOffset, output, outputStart, inflatedSize, packOffset) === undefined) {
      throw new MalformedError('pack entry', packOffset, 'it reads otherwise than when it arrived');
    }
  }
}

/**
 * Make child lists of the base rows that the scan left in `nextSiblings` of each ofs-delta.
 * @returns how many deltas hang below each row, itself included
 */
export function linkChildren(table: EntryTable): Int32Array {
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
