import { type Oid, oidFromBytes } from '@git-kv/objects';
import { readUint32 } from '../uint32.js';
import { NONE } from './entry-table.js';

/** What `take` says of an oid whose deltas were given out. */
export const TAKEN = -2;

/** Which ref-deltas wait for which base: from the bytes of an oid to rows of the entry table. */
export class RefBases {
  readonly #oidLength: number;
  #count = 0;
  #rows: Int32Array = new Int32Array(64);
  #oids: Uint8Array;
  /** The next delta that waits for the same base. */
  #nexts: Int32Array = new Int32Array(64);
  /** Open addressing; a slot holds the first delta that waits for a base, less than {@link NONE} where it was taken. */
  #slots: Int32Array = new Int32Array(0);

  constructor(oidLength: number) {
    this.#oidLength = oidLength;
    this.#oids = new Uint8Array(64 * oidLength);
  }

  get count(): number {
    return this.#count;
  }

  /** The delta in `row` waits for the base whose oid stands in `bytes` at `offset`. */
  add(row: number, bytes: Uint8Array, offset: number): void {
    const number = this.#count++;
    if (number === this.#rows.length) {
      const rows = this.#rows;
      this.#rows = new Int32Array(number * 2);
      this.#rows.set(rows);
      const oids = this.#oids;
      this.#oids = new Uint8Array(number * 2 * this.#oidLength);
      this.#oids.set(oids);
    }
    this.#rows[number] = row;
    for (let at = 0; at < this.#oidLength; at++)
      this.#oids[number * this.#oidLength + at] = bytes[offset + at] as number;
  }

  /** All are added; look-ups begin. */
  seal(): void {
    let size = 16;
    while (size < this.#count * 2) size *= 2;
    this.#slots = new Int32Array(size).fill(NONE);
    this.#nexts = new Int32Array(this.#count);
    // Backwards, so that each list comes out in pack order.
    for (let number = this.#count - 1; number >= 0; number--) {
      const slot = this.#slotOf(this.#oids, number * this.#oidLength);
      this.#nexts[number] = this.#slots[slot] as number;
      this.#slots[slot] = number;
    }
  }

  /**
   * The first delta waiting for the base whose oid stands in `oids` at `offset`, or {@link NONE}; {@link TAKEN} where they
   * were given out before, to another object with the same oid.
   */
  take(oids: Uint8Array, offset: number): number {
    if (this.#count === 0) return NONE;
    const slot = this.#slotOf(oids, offset);
    const number = this.#slots[slot] as number;
    if (number === NONE) return NONE;
    if (number < NONE) return TAKEN;
    this.#slots[slot] = -2 - number;
    return number;
  }

  /** The delta after `number` in its list, or {@link NONE}. */
  next(number: number): number {
    return this.#nexts[number] as number;
  }

  rowOf(number: number): number {
    return this.#rows[number] as number;
  }

  baseOidOf(number: number): Oid {
    return oidFromBytes(this.#oids, number * this.#oidLength, this.#oidLength);
  }

  /** The slot that holds this oid, or the free one where it would go. Oids are digests: their first bits are hash enough. */
  #slotOf(oids: Uint8Array, offset: number): number {
    const mask = this.#slots.length - 1;
    let slot = readUint32(oids, offset) & mask;
    for (;;) {
      let number = this.#slots[slot] as number;
      if (number === NONE) return slot;
      if (number < NONE) number = -2 - number;
      if (this.#equals(number * this.#oidLength, oids, offset)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(at: number, oids: Uint8Array, offset: number): boolean {
    for (let index = 0; index < this.#oidLength; index++) {
      if (this.#oids[at + index] !== oids[offset + index]) return false;
    }
    return true;
  }
}
