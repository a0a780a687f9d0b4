import { LimitError } from '@git-kv/objects';
import { readUint32 } from '../uint32.js';

const NONE = -1;
/** Links that any pack may have, and how many more for each of its objects. */
const FREE_LINKS = 2 ** 20;
const LINKS_AN_OBJECT = 8;

/** Oids that objects link to, each once with the kind it is linked to as: some 30 bytes each, and no object. */
export class LinkSet {
  readonly #oidLength: number;
  #oids: Uint8Array;
  #typeCodes: Uint8Array = new Uint8Array(1024);
  #slots: Int32Array = new Int32Array(4096).fill(NONE);
  count = 0;

  constructor(oidLength: number) {
    this.#oidLength = oidLength;
    this.#oids = new Uint8Array(1024 * oidLength);
  }

  /** The oids one after another, and the type codes beside them. */
  get oids(): Uint8Array {
    return this.#oids;
  }

  get typeCodes(): Uint8Array {
    return this.#typeCodes;
  }

  /**
   * Add the oid that stands in `bytes` at `offset`. @returns whether it was linked to as nothing else before
   * @throws {LimitError} where there are many more than `objectCount` objects have
   */
  add(bytes: Uint8Array, offset: number, typeCode: number, objectCount: number): boolean {
    const slot = this.#slotOf(bytes, offset);
    const number = this.#slots[slot] as number;
    if (number !== NONE) return this.#typeCodes[number] === typeCode;
    const most = FREE_LINKS + LINKS_AN_OBJECT * objectCount;
    if (this.count >= most) throw new LimitError('links', this.count + 1, most);
    if (this.count === this.#typeCodes.length) this.#grow();
    const added = this.count++;
    for (let at = 0; at < this.#oidLength; at++)
      this.#oids[added * this.#oidLength + at] = bytes[offset + at] as number;
    this.#typeCodes[added] = typeCode;
    this.#slots[this.#slotOf(bytes, offset)] = added;
    return true;
  }

  #grow(): void {
    const oids = new Uint8Array(this.#oids.length * 2);
    oids.set(this.#oids);
    this.#oids = oids;
    const typeCodes = new Uint8Array(this.#typeCodes.length * 2);
    typeCodes.set(this.#typeCodes);
    this.#typeCodes = typeCodes;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(NONE);
    for (let number = 0; number < this.count; number++)
      this.#slots[this.#slotOf(oids, number * this.#oidLength)] = number;
  }

  /** The slot that holds this oid, or the free one where it would go. Oids are digests: their first bits are hash enough. */
  #slotOf(bytes: Uint8Array, offset: number): number {
    const mask = this.#slots.length - 1;
    let slot = readUint32(bytes, offset) & mask;
    for (;;) {
      const number = this.#slots[slot] as number;
      if (number === NONE) return slot;
      let at = 0;
      const start = number * this.#oidLength;
      while (at < this.#oidLength && this.#oids[start + at] === bytes[offset + at]) at++;
      if (at === this.#oidLength) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
