import { type HashAlgorithm, OBJECT_KINDS, type ObjectKind, type Oid, OidRows } from '@git-kv/objects';

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
 */
export class ObjectTable {
  readonly algorithm: HashAlgorithm;
  readonly #rows: OidRows;
  #marks: Uint16Array = new Uint16Array(1024);

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.#rows = new OidRows(algorithm);
  }

  /** Rows: they count from 0 in order of arrival. */
  get count(): number {
    return this.#rows.count;
  }

  /** The row of the id at `offset`, made where there is none. */
  row(bytes: Uint8Array, offset: number): number {
    return this.#marked(this.#rows.add(bytes, offset));
  }

  rowOf(oid: Oid): number {
    return this.#marked(this.#rows.addOid(oid));
  }

  /** Make room for the marks of `row`. */
  #marked(row: number): number {
    if (row === this.#marks.length) {
      const marks = new Uint16Array(row * 2);
      marks.set(this.#marks);
      this.#marks = marks;
    }
    return row;
  }

  /** The row of `oid` where it has one. */
  find(oid: Oid): number | undefined {
    const row = this.#rows.findOid(oid);
    return row < 0 ? undefined : row;
  }

  oidAt(row: number): Oid {
    return this.#rows.oidAt(row);
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
}
