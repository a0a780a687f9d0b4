import { type HashAlgorithm, OBJECT_KINDS, type ObjectKind, type Oid, oidFromBytes, writeOid } from '@git-kv/objects';

/** What is known of an object, as bits beside its id. */
export const Mark = {
  /** A whole copy of it was found. */
  present: 1,
  /** Something names it: an object, a ref, a log. */
  used: 2,
  /** A ref, HEAD, a log or the index leads to it. */
  reachable: 4,
  /** It lies in a pack, whole or not. */
  packed: 8,
} as const;

/** Where the kind of an object begins: three bits, 0 for unknown, then 1 to 4 in the order of {@link OBJECT_KINDS}. */
const KIND_SHIFT = 4;
const KIND_CODES: Readonly<Record<ObjectKind, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };
/** Where the kinds that links say it has begin: a bit for each. */
const LINKED_SHIFT = 8;

/**
 * The objects that a check has met, by id: a row for each, with marks. Ids are bytes, so that a million of them take some
 * 40 MB and no hex is made of the many that nothing is wrong with.
 *
 * Open addressing; the place is the top bits of a product with numbers drawn at random, because ids may be chosen by others.
 */
export class ObjectTable {
  readonly algorithm: HashAlgorithm;
  readonly #oidLength: number;
  readonly #scratch: Uint8Array;
  #oids: Uint8Array;
  #marks: Uint16Array;
  /** Row plus one; 0 is a free slot. The length is a power of two, at most half of it used. */
  #slots: Int32Array;
  #shift = 20;
  #count = 0;
  readonly #factor = randomOdd();
  readonly #secondFactor = randomOdd();

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.#oidLength = algorithm.oidLength;
    this.#scratch = new Uint8Array(this.#oidLength);
    this.#slots = new Int32Array(2 ** (32 - this.#shift));
    this.#oids = new Uint8Array((this.#slots.length / 2) * this.#oidLength);
    this.#marks = new Uint16Array(this.#slots.length / 2);
  }

  /** Rows: they count from 0 in order of arrival. */
  get count(): number {
    return this.#count;
  }

  /** The row of the id at `offset`, made where there is none. */
  row(bytes: Uint8Array, offset: number): number {
    const slot = this.#slotOf(bytes, offset);
    const found = this.#slots[slot] as number;
    if (found !== 0) return found - 1;
    const row = this.#count++;
    const at = row * this.#oidLength;
    for (let index = 0; index < this.#oidLength; index++) this.#oids[at + index] = bytes[offset + index] as number;
    this.#slots[slot] = row + 1;
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    return row;
  }

  rowOf(oid: Oid): number {
    writeOid(oid, this.#scratch, 0);
    return this.row(this.#scratch, 0);
  }

  /** The row of `oid` where it has one. */
  find(oid: Oid): number | undefined {
    if (oid.length !== this.algorithm.hexLength) return undefined;
    writeOid(oid, this.#scratch, 0);
    const found = this.#slots[this.#slotOf(this.#scratch, 0)] as number;
    return found === 0 ? undefined : found - 1;
  }

  oidAt(row: number): Oid {
    return oidFromBytes(this.#oids, row * this.#oidLength, this.#oidLength);
  }

  has(row: number, mark: number): boolean {
    return ((this.#marks[row] as number) & mark) !== 0;
  }

  mark(row: number, mark: number): void {
    this.#marks[row] = (this.#marks[row] as number) | mark;
  }

  /** The kind of the copy that was found. */
  kindAt(row: number): ObjectKind | undefined {
    return OBJECT_KINDS[(((this.#marks[row] as number) >> KIND_SHIFT) & 7) - 1];
  }

  /** A whole copy of the object was found. */
  setPresent(row: number, kind: ObjectKind | undefined): void {
    const others = (this.#marks[row] as number) & ~(7 << KIND_SHIFT);
    this.#marks[row] = others | Mark.present | ((kind === undefined ? 0 : KIND_CODES[kind]) << KIND_SHIFT);
  }

  /** An object names this one, as one of `kindIndex` in {@link OBJECT_KINDS}. */
  setLinked(row: number, kindIndex: number): void {
    this.#marks[row] = (this.#marks[row] as number) | Mark.used | (1 << (LINKED_SHIFT + kindIndex));
  }

  /** What links say the object is, where it is not here to tell; of several, the first of {@link OBJECT_KINDS}. */
  linkedKindAt(row: number): ObjectKind | undefined {
    const linked = (this.#marks[row] as number) >> LINKED_SHIFT;
    return OBJECT_KINDS.find((_, index) => (linked & (1 << index)) !== 0);
  }

  /** Whether links call the object something that it is not. */
  isMistaken(row: number): boolean {
    const marks = this.#marks[row] as number;
    const kind = (marks >> KIND_SHIFT) & 7;
    return kind !== 0 && ((marks >> LINKED_SHIFT) & ~(1 << (kind - 1))) !== 0;
  }

  #slotOf(bytes: Uint8Array, offset: number): number {
    const oids = this.#oids;
    const slots = this.#slots;
    const length = this.#oidLength;
    const mask = slots.length - 1;
    let slot = this.#place(bytes, offset);
    for (let found = slots[slot] as number; found !== 0; found = slots[slot] as number) {
      const start = (found - 1) * length;
      let at = 0;
      while (at < length && oids[start + at] === bytes[offset + at]) at++;
      if (at === length) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #place(bytes: Uint8Array, offset: number): number {
    const sum =
      Math.imul(wordAt(bytes, offset), this.#factor) +
      Math.imul(wordAt(bytes, offset + this.#oidLength - 4), this.#secondFactor);
    return sum >>> this.#shift;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const oids = new Uint8Array((slots.length / 2) * this.#oidLength);
    const marks = new Uint16Array(slots.length / 2);
    oids.set(this.#oids);
    marks.set(this.#marks);
    this.#oids = oids;
    this.#marks = marks;
    this.#shift--;
    const mask = slots.length - 1;
    for (let row = 0; row < this.#count; row++) {
      let slot = this.#place(oids, row * this.#oidLength);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  );
}

function randomOdd(): number {
  return (Math.random() * 2 ** 32) | 1;
}
