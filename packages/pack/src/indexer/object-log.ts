import { hashBatch, hashBatchDetecting } from '@git-kv/kernels';
import type { HashAlgorithm } from '@git-kv/objects';
import { FRAME_ROOM } from '../frame.js';
import type { IndexArena } from './index-arena.js';

/** Objects hashed in one call at most. */
const MOST_PIECES = 2048;

/** Takes the digest of the object in `row`: the bytes at `digestStart` of `digests`. */
export type ReceiveDigest = (row: number, digests: Uint8Array, digestStart: number, isCollision: boolean) => void;

/** Looks at an object whose digest was received: the bytes of `bytes` from `start` to `end`. */
export type InspectObject = (row: number, bytes: Uint8Array, start: number, end: number) => void;

/**
 * Objects one after another in the log of an arena, each with room before it for the frame it is hashed with. They are hashed
 * where they lie, many at a time: that is four times as fast as one by one, and a third faster than by way of a copy.
 */
export class ObjectLog {
  readonly #arena: IndexArena;
  readonly #algorithm: HashAlgorithm;
  readonly #detects: boolean;
  readonly #receive: ReceiveDigest;
  readonly #inspect: InspectObject | undefined;
  readonly #bounds: Int32Array = new Int32Array(2 * MOST_PIECES);
  readonly #rows: Int32Array = new Int32Array(MOST_PIECES);
  readonly #digests: Uint8Array;
  readonly #found: Uint8Array = new Uint8Array(MOST_PIECES);
  readonly #aloneBounds: Int32Array = new Int32Array(2);
  #count = 0;

  /** Where the next object goes, after its {@link FRAME_ROOM}. */
  at: number;

  constructor(parts: {
    arena: IndexArena;
    algorithm: HashAlgorithm;
    detects: boolean;
    receive: ReceiveDigest;
    inspect?: InspectObject | undefined;
  }) {
    this.#arena = parts.arena;
    this.#algorithm = parts.algorithm;
    // No collision is known of any other.
    this.#detects = parts.detects && parts.algorithm.name === 'sha1';
    this.#receive = parts.receive;
    this.#inspect = parts.inspect;
    this.#digests = new Uint8Array(MOST_PIECES * parts.algorithm.oidLength);
    this.at = parts.arena.scratchEnd;
  }

  get bytes(): Uint8Array {
    return this.#arena.bytes;
  }

  /** Where the log begins. */
  get start(): number {
    return this.#arena.scratchEnd;
  }

  get end(): number {
    return this.#arena.logEnd;
  }

  /** Whether an object of `size` bytes goes into the log at all: larger ones get an array of their own. */
  takes(size: number): boolean {
    return (size + FRAME_ROOM) * 4 <= this.end - this.start;
  }

  hasRoom(size: number): boolean {
    return this.at + FRAME_ROOM + size <= this.#arena.logEnd && this.#count < MOST_PIECES;
  }

  /** The bytes from `start`, which is not before {@link at}, to `end` are an object with its frame. */
  add(start: number, end: number, row: number): void {
    const piece = this.#count++;
    this.#bounds[2 * piece] = start;
    this.#bounds[2 * piece + 1] = end;
    this.#rows[piece] = row;
    this.at = end;
  }

  /** Hash an object that lies elsewhere, now. */
  hashAlone(bytes: Uint8Array, start: number, end: number, row: number): void {
    this.#aloneBounds[0] = start;
    this.#aloneBounds[1] = end;
    this.#hash(bytes, this.#aloneBounds, 1);
    this.#receive(row, this.#digests, 0, this.#found[0] === 1);
    this.#inspect?.(row, bytes, bodyAfterFrame(bytes, start), end);
  }

  /** Hash what was added. The bytes stay as they are: who needs them no more sets {@link at} back. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.#hash(this.#arena.bytes, this.#bounds, count);
    const { oidLength } = this.#algorithm;
    for (let piece = 0; piece < count; piece++) {
      this.#receive(this.#rows[piece] as number, this.#digests, piece * oidLength, this.#found[piece] === 1);
    }
    if (this.#inspect === undefined) return;
    const { bytes } = this;
    for (let piece = 0; piece < count; piece++) {
      const start = bodyAfterFrame(bytes, this.#bounds[2 * piece] as number);
      this.#inspect(this.#rows[piece] as number, bytes, start, this.#bounds[2 * piece + 1] as number);
    }
  }

  #hash(bytes: Uint8Array, bounds: Int32Array, count: number): void {
    if (this.#detects) hashBatchDetecting(bytes, bounds, count, this.#digests, this.#found);
    else hashBatch(this.#algorithm.name, bytes, bounds, count, this.#digests);
  }
}

/** A frame ends with a NUL, its first. */
function bodyAfterFrame(bytes: Uint8Array, frameStart: number): number {
  let at = frameStart;
  while (bytes[at] !== 0) at++;
  return at + 1;
}
