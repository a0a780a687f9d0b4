import { type HashAlgorithm, LimitError, OidRows } from '@git-kv/objects';

/** Links that any pack may have, and how many more for each of its objects. */
const FREE_LINKS = 2 ** 20;
const LINKS_AN_OBJECT = 8;

/** Oids that objects link to, each once with the kind it is linked to as: some 30 bytes each, and no object. */
export class LinkSet {
  readonly #rows: OidRows;
  #typeCodes: Uint8Array = new Uint8Array(1024);

  constructor(algorithm: HashAlgorithm) {
    this.#rows = new OidRows(algorithm);
  }

  get count(): number {
    return this.#rows.count;
  }

  /** The oids one after another, and the type codes beside them. */
  get oids(): Uint8Array {
    return this.#rows.bytes;
  }

  get typeCodes(): Uint8Array {
    return this.#typeCodes;
  }

  /**
   * Add the oid that stands in `bytes` at `offset`. @returns whether it was linked to as nothing else before
   * @throws {LimitError} where there are many more than `objectCount` objects have
   */
  add(bytes: Uint8Array, offset: number, typeCode: number, objectCount: number): boolean {
    const { count } = this;
    const row = this.#rows.add(bytes, offset);
    if (row < count) return this.#typeCodes[row] === typeCode;
    const most = FREE_LINKS + LINKS_AN_OBJECT * objectCount;
    if (row >= most) throw new LimitError('links', row + 1, most);
    if (row === this.#typeCodes.length) {
      const typeCodes = new Uint8Array(row * 2);
      typeCodes.set(this.#typeCodes);
      this.#typeCodes = typeCodes;
    }
    this.#typeCodes[row] = typeCode;
    return true;
  }
}
