import { type HashAlgorithm, type Oid, OidRows } from '@git-kv/objects';
import { NONE } from './entry-table.js';

/** What `take` says of an oid whose deltas were given out. */
export const TAKEN = -2;

/** Which ref-deltas wait for which base: from the bytes of an oid to rows of the entry table. */
export class RefBases {
  readonly #bases: OidRows;
  #count = 0;
  /** By number of the delta: its row in the entry table, and that of its base in `#bases`. */
  #rows: Int32Array = new Int32Array(64);
  #baseRows: Int32Array = new Int32Array(64);
  /** The next delta that waits for the same base. */
  #nexts: Int32Array = new Int32Array(0);
  /** By row of the base: the first delta that waits for it, or {@link TAKEN}. */
  #firsts: Int32Array = new Int32Array(0);

  constructor(algorithm: HashAlgorithm) {
    this.#bases = new OidRows(algorithm);
  }

  get count(): number {
    return this.#count;
  }

  /** The delta in `row` waits for the base whose oid stands in `bytes` at `offset`. */
  add(row: number, bytes: Uint8Array, offset: number): void {
    const number = this.#count++;
    if (number === this.#rows.length) {
      this.#rows = doubled(this.#rows);
      this.#baseRows = doubled(this.#baseRows);
    }
    this.#rows[number] = row;
    this.#baseRows[number] = this.#bases.add(bytes, offset);
  }

  /** All are added; look-ups begin. */
  seal(): void {
    this.#firsts = new Int32Array(this.#bases.count).fill(NONE);
    this.#nexts = new Int32Array(this.#count);
    // Backwards, so that each list comes out in pack order.
    for (let number = this.#count - 1; number >= 0; number--) {
      const base = this.#baseRows[number] as number;
      this.#nexts[number] = this.#firsts[base] as number;
      this.#firsts[base] = number;
    }
  }

  /**
   * The first delta waiting for the base whose oid stands in `oids` at `offset`, or {@link NONE}; {@link TAKEN} where they
   * were given out before, to another object with the same oid.
   */
  take(oids: Uint8Array, offset: number): number {
    if (this.#count === 0) return NONE;
    const base = this.#bases.find(oids, offset);
    if (base < 0) return NONE;
    const number = this.#firsts[base] as number;
    this.#firsts[base] = TAKEN;
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
    return this.#bases.oidAt(this.#baseRows[number] as number);
  }
}

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
