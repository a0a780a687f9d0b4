import { NONE } from './entry-table.js';
import type { IndexArena } from './index-arena.js';

/** Bytes before each payload that hold its size. */
const SIZE_BYTES = 4;

/**
 * Inflated entries, held in the arena from the scan until they are used: deltas, and full objects as room allows. What does
 * not fit is read again.
 */
export class DeltaPayloads {
  readonly #arena: IndexArena;
  #used = 0;

  /** After `open`: the payload is `bytes[start..end)`. */
  bytes: Uint8Array;
  start = 0;
  end = 0;

  constructor(arena: IndexArena) {
    this.#arena = arena;
    this.bytes = arena.bytes;
  }

  /** Whether less than half of the room is in use. */
  get isUnderHalf(): boolean {
    return this.#used * 2 < this.#arena.bytes.length - this.#arena.logEnd;
  }

  /** Where in the arena the next payload goes if it has `size` bytes, or {@link NONE} where there is no room. */
  placeFor(size: number): number {
    const at = this.#arena.logEnd + this.#used + SIZE_BYTES;
    return at + size <= this.#arena.bytes.length ? at : NONE;
  }

  /** Keep the `size` bytes that were put where {@link placeFor} said. @returns their place, to `open` them */
  keep(size: number): number {
    const place = this.#used;
    const { bytes, logEnd } = this.#arena;
    const at = logEnd + place;
    bytes[at] = size;
    bytes[at + 1] = size >>> 8;
    bytes[at + 2] = size >>> 16;
    bytes[at + 3] = size >>> 24;
    this.#used = place + SIZE_BYTES + size;
    return place;
  }

  /** Point `bytes`, `start` and `end` at what is kept at `place`. */
  open(place: number): void {
    const { bytes, logEnd } = this.#arena;
    const at = logEnd + place;
    const size =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    this.bytes = bytes;
    this.start = at + SIZE_BYTES;
    this.end = this.start + size;
  }
}
