import { FRAME_ROOM } from '../frame.js';
import { NONE } from './entry-table.js';
import type { ObjectLog } from './object-log.js';

/**
 * The objects between the root of a delta tree and where the walk stands, as far as deltas still wait for them, one a level.
 *
 * Small ones lie in the log; larger ones, and those that the log must make room for, in arrays of their own within a budget.
 * What goes beyond it is dropped, from the root on, and must be rebuilt when the walk comes back to it.
 */
export class BaseStack {
  readonly #log: ObjectLog;
  readonly #budgetBytes: number;
  /** Bytes in arrays of their own. */
  #ownBytes = 0;

  level: number = NONE;
  /** What each level's object lies in; `undefined` where it was dropped. */
  readonly bytes: (Uint8Array | undefined)[] = [];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The next delta made for it. */
  readonly nexts: Int32Array;
  readonly depths: Int32Array;
  /** By depth: the rows from the root to the top level, those without a level included. */
  readonly pathRows: Int32Array;

  constructor(log: ObjectLog, deltaDepth: number, budgetBytes: number) {
    this.#log = log;
    this.#budgetBytes = budgetBytes;
    this.starts = new Int32Array(deltaDepth + 1);
    this.ends = new Int32Array(deltaDepth + 1);
    this.nexts = new Int32Array(deltaDepth + 1);
    this.depths = new Int32Array(deltaDepth + 1);
    this.pathRows = new Int32Array(deltaDepth + 1);
  }

  push(bytes: Uint8Array, start: number, end: number, row: number, depth: number, next: number): void {
    const level = ++this.level;
    this.nexts[level] = next;
    this.depths[level] = depth;
    this.pathRows[depth] = row;
    this.#set(level, bytes, start, end);
  }

  pop(): void {
    this.drop(this.level--);
  }

  /** The object of a level that was dropped is here again. */
  restore(level: number, bytes: Uint8Array): void {
    this.#set(level, bytes, 0, bytes.length);
  }

  #set(level: number, bytes: Uint8Array, start: number, end: number): void {
    this.bytes[level] = bytes;
    this.starts[level] = start;
    this.ends[level] = end;
    if (bytes !== this.#log.bytes) this.#ownBytes += bytes.length;
  }

  /** Forget the bytes of a level. */
  drop(level: number): void {
    const bytes = this.bytes[level];
    if (bytes === undefined) return;
    if (bytes !== this.#log.bytes) this.#ownBytes -= bytes.length;
    this.bytes[level] = undefined;
  }

  /** Drop what the budget does not allow beside `size` bytes more; the top level stays. */
  trim(size: number): void {
    for (let level = 0; level < this.level && this.#ownBytes + size > this.#budgetBytes; level++) {
      if (this.bytes[level] !== this.#log.bytes) this.drop(level);
    }
  }

  /**
   * Move what lies in the log to its front; all of it is hashed. When more than half of the log would stay in use, objects
   * leave it, from the root on.
   */
  compact(): void {
    const log = this.#log;
    const levels: number[] = [];
    let used = 0;
    for (let level = 0; level <= this.level; level++) {
      const start = this.starts[level] as number;
      // A root may lie among the payloads.
      if (this.bytes[level] !== log.bytes || start >= log.end) continue;
      levels.push(level);
      used += FRAME_ROOM + (this.ends[level] as number) - start;
    }
    let kept = 0;
    for (; used > (log.end - log.start) / 2 && levels[kept] !== this.level; kept++) {
      const level = levels[kept] as number;
      const start = this.starts[level] as number;
      const end = this.ends[level] as number;
      used -= FRAME_ROOM + end - start;
      this.bytes[level] = undefined;
      this.trim(end - start);
      if (this.#ownBytes + end - start <= this.#budgetBytes)
        this.#set(level, log.bytes.slice(start, end), 0, end - start);
    }
    let at = log.start;
    for (const level of levels.slice(kept)) {
      const start = this.starts[level] as number;
      const size = (this.ends[level] as number) - start;
      log.bytes.copyWithin(at + FRAME_ROOM, start, start + size);
      this.starts[level] = at + FRAME_ROOM;
      this.ends[level] = at + FRAME_ROOM + size;
      at += FRAME_ROOM + size;
    }
    log.at = at;
  }
}
