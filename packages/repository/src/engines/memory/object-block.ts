import { type HashAlgorithm, OBJECT_KINDS, type ObjectKind, type Oid, OidRows, type RawObject } from '@git-kv/objects';

/** Larger bodies have a buffer of their own. */
const SMALL_BYTES = 1024;
const SHARED_BYTES = 64 * 1024;

const ROW_WORDS = 3;

/**
 * Many objects that came at once. Ids, kinds and places are kept in columns and small bodies in buffers that they share: a map with an
 * object and an array for each costs twice the memory, and most of the time of the garbage collector.
 */
export class ObjectBlock {
  readonly #rows: OidRows;
  /** Of each row: buffer, start, size. */
  #places: Int32Array = new Int32Array(1024 * ROW_WORDS);
  /** Of each row: the kind's number and one, or 0 where the object was deleted. */
  #kinds: Uint8Array = new Uint8Array(1024);
  readonly #buffers: (Uint8Array | undefined)[] = [];
  /** Objects in each buffer. */
  readonly #counts: number[] = [];
  #shared = -1;
  #used = 0;
  size = 0;
  /** Objects that were deleted: their rows stay. */
  deletedCount = 0;
  readonly #algorithm: HashAlgorithm;

  constructor(algorithm: HashAlgorithm) {
    this.#algorithm = algorithm;
    this.#rows = new OidRows(algorithm);
  }

  get(oid: Oid): RawObject | undefined {
    const row = this.#rows.findOid(oid);
    return row < 0 || this.#kinds[row] === 0 ? undefined : this.#objectIn(row);
  }

  has(oid: Oid): boolean {
    const row = this.#rows.findOid(oid);
    return row >= 0 && this.#kinds[row] !== 0;
  }

  /** Keep a copy of an object. @returns the one that is here under this name, where there is one: it stays */
  add(oid: Oid, { kind, body }: RawObject): RawObject | undefined {
    const { count } = this.#rows;
    const row = this.#rows.addOid(oid);
    if (row < count) {
      if (this.#kinds[row] !== 0) return this.#objectIn(row);
      this.deletedCount--;
    }
    if (row >= this.#kinds.length) this.#grow();
    this.#place(row, body);
    this.#kinds[row] = OBJECT_KINDS.indexOf(kind) + 1;
    this.size++;
    return undefined;
  }

  delete(oid: Oid): boolean {
    const row = this.#rows.findOid(oid);
    if (row < 0 || this.#kinds[row] === 0) return false;
    this.#kinds[row] = 0;
    this.size--;
    this.deletedCount++;
    const buffer = this.#places[row * ROW_WORDS] as number;
    if (--this.#counts[buffer]! === 0 && buffer !== this.#shared) this.#buffers[buffer] = undefined;
    return true;
  }

  /** An empty one. */
  beside(): ObjectBlock {
    return new ObjectBlock(this.#algorithm);
  }

  /** The same objects without the room that deleted ones take. */
  compacted(): ObjectBlock {
    const block = this.beside();
    for (const oid of this.keys()) block.add(oid, this.get(oid) as RawObject);
    return block;
  }

  *keys(): Generator<Oid, void, undefined> {
    for (let row = 0; row < this.#rows.count; row++) if (this.#kinds[row] !== 0) yield this.#rows.oidAt(row);
  }

  #objectIn(row: number): RawObject {
    const at = row * ROW_WORDS;
    const places = this.#places;
    const start = places[at + 1] as number;
    const buffer = this.#buffers[places[at] as number] as Uint8Array;
    const kind = OBJECT_KINDS[(this.#kinds[row] as number) - 1] as ObjectKind;
    return { kind, body: buffer.subarray(start, start + (places[at + 2] as number)) };
  }

  #place(row: number, body: Uint8Array): void {
    const at = row * ROW_WORDS;
    const isSmall = body.length <= SMALL_BYTES;
    if (isSmall && (this.#shared < 0 || this.#used + body.length > SHARED_BYTES)) {
      this.#shared = this.#addBuffer(new Uint8Array(SHARED_BYTES));
      this.#used = 0;
    }
    const buffer = isSmall ? this.#shared : this.#addBuffer(new Uint8Array(body));
    const start = isSmall ? this.#used : 0;
    if (isSmall) {
      (this.#buffers[buffer] as Uint8Array).set(body, start);
      this.#used += body.length;
    }
    this.#counts[buffer]!++;
    this.#places[at] = buffer;
    this.#places[at + 1] = start;
    this.#places[at + 2] = body.length;
  }

  #addBuffer(bytes: Uint8Array): number {
    this.#counts.push(0);
    return this.#buffers.push(bytes) - 1;
  }

  #grow(): void {
    const kinds = new Uint8Array(this.#kinds.length * 2);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
    const places = new Int32Array(this.#places.length * 2);
    places.set(this.#places);
    this.#places = places;
  }
}
