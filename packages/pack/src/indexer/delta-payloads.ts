import { NONE } from './entry-table.js';

/** A power of two: a place is the block's number and an offset in it, in one 31-bit integer. */
const BLOCK_BYTES = 2 ** 20;

/** Bytes before each payload that hold its size. */
const SIZE_BYTES = 4;

/** Inflated entries, held from the scan until they are used, within a budget: deltas, and full objects as room allows. What does not fit is read again. */
export class DeltaPayloads {
  #blocks: Uint8Array[] = [];
  readonly #mostBlocks: number;
  #used = BLOCK_BYTES;

  /** After `open`: the payload is `bytes[start..end)`. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  constructor(budgetBytes: number) {
    this.#mostBlocks = Math.min(Math.floor(budgetBytes / BLOCK_BYTES), 2047);
  }

  /** Whether less than half of the budget is in use. */
  get isUnderHalf(): boolean {
    return this.#blocks.length * 2 < this.#mostBlocks;
  }

  /** Hold a copy of `from[start..end)`. @returns its place, or {@link NONE} where there is no room */
  hold(from: Uint8Array, start: number, end: number): number {
    const size = end - start + SIZE_BYTES;
    if (size > BLOCK_BYTES) return NONE;
    if (this.#used + size > BLOCK_BYTES) {
      if (this.#blocks.length >= this.#mostBlocks) return NONE;
      this.#blocks.push(new Uint8Array(BLOCK_BYTES));
      this.#used = 0;
    }
    const number = this.#blocks.length - 1;
    const block = this.#blocks[number] as Uint8Array;
    const at = this.#used;
    block[at] = size;
    block[at + 1] = size >>> 8;
    block[at + 2] = size >>> 16;
    block[at + 3] = size >>> 24;
    // `set` of a view costs more than a loop for the few hundred bytes most deltas have.
    if (size < 256) for (let index = start, to = at + SIZE_BYTES; index < end; ) block[to++] = from[index++] as number;
    else block.set(from.subarray(start, end), at + SIZE_BYTES);
    this.#used = at + size;
    return number * BLOCK_BYTES + at;
  }

  /** Point `bytes`, `start` and `end` at what was held at `place`. */
  open(place: number): void {
    const block = this.#blocks[Math.floor(place / BLOCK_BYTES)] as Uint8Array;
    const at = place % BLOCK_BYTES;
    const size =
      (block[at] as number) |
      ((block[at + 1] as number) << 8) |
      ((block[at + 2] as number) << 16) |
      ((block[at + 3] as number) << 24);
    this.bytes = block;
    this.start = at + SIZE_BYTES;
    this.end = at + size;
  }

  /** Drop everything. */
  release(): void {
    this.#blocks = [];
    this.bytes = new Uint8Array(0);
  }
}
