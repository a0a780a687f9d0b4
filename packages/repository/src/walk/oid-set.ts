import { type HashAlgorithm, type Oid, OidRows } from '@git-kv/objects';

/**
 * A set of object ids as bytes. A walk meets the same ids again and again in tree after tree; asking here makes no hex
 * of them, and an id costs some 30 bytes instead of some 100 as a string in a `Set`.
 */
export class OidSet {
  readonly #rows: OidRows;

  constructor(algorithm: HashAlgorithm) {
    this.#rows = new OidRows(algorithm);
  }

  get size(): number {
    return this.#rows.count;
  }

  has(oid: Oid): boolean {
    return this.#rows.findOid(oid) >= 0;
  }

  /** {@link has} of the oid at `offset`. */
  hasBytes(input: Uint8Array, offset: number): boolean {
    return this.#rows.find(input, offset) >= 0;
  }

  /** False where it was there already. */
  add(oid: Oid): boolean {
    const { count } = this.#rows;
    return this.#rows.addOid(oid) === count;
  }

  /** {@link add} of the oid at `offset`. */
  addBytes(input: Uint8Array, offset: number): boolean {
    const { count } = this.#rows;
    return this.#rows.add(input, offset) === count;
  }
}
