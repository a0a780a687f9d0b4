/**
 * Spreads the ids of a hash table over its places. What an object names is up to who wrote the object, and need be the id of
 * nothing: ids that agree in all but a few bytes cost nothing to make. So every byte counts, each times a number of its own
 * that is drawn at random for each table (multiply-shift hashing): whoever chooses ids cannot choose their places.
 */
export class OidHash {
  readonly #factors: Int32Array;

  /** @param oidLength 20 or 32 */
  constructor(oidLength: number) {
    this.#factors = Int32Array.from({ length: oidLength }, () => Math.random() * 2 ** 32);
  }

  /** The place of the oid at `offset`: the upper `32 - shift` bits of its hash, at most 25 of which are sure to spread. */
  place(bytes: Uint8Array, offset: number, shift: number): number {
    const factors = this.#factors;
    let sum = 0;
    // Four at a time: some 10% of what a look-up takes.
    for (let at = 0; at < factors.length; at += 4) {
      sum =
        (sum +
          Math.imul(bytes[offset + at] as number, factors[at] as number) +
          Math.imul(bytes[offset + at + 1] as number, factors[at + 1] as number) +
          Math.imul(bytes[offset + at + 2] as number, factors[at + 2] as number) +
          Math.imul(bytes[offset + at + 3] as number, factors[at + 3] as number)) |
        0;
    }
    return sum >>> shift;
  }
}
