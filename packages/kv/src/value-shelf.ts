import type { NewObject, Oid, RawObject } from '@git-kv/objects';

const ROW_WORDS = 4;

/**
 * Values by their oids, each under so many keys. Where a value lies is kept as numbers beside a buffer that small ones share: of a
 * million values, objects for each would cost more than the values, and most of the time of the garbage collector.
 */
export class ValueShelf {
  readonly #rows = new Map<Oid, number>();
  /** Of each row: buffer, start, size, and how many keys it is under. */
  #words: Int32Array = new Int32Array(16 * ROW_WORDS);
  #rowCount = 0;
  readonly #free: number[] = [];
  readonly #buffers: (ArrayBufferLike | undefined)[] = [];
  /** Values in each buffer. */
  readonly #counts: number[] = [];
  readonly #freeBuffers: number[] = [];
  /** The buffer that may have more values to come. */
  #current = 0;
  /** Of all values. */
  bytes = 0;

  /** The value, if it is under a key. */
  get(oid: Oid): RawObject | undefined {
    const row = this.#rows.get(oid);
    return row === undefined ? undefined : this.#objectIn(row);
  }

  /** Put it under one key more. @param body is kept where it is new */
  add(oid: Oid, body: Uint8Array): void {
    const known = this.#rows.get(oid);
    if (known !== undefined) {
      this.#words[known * ROW_WORDS + 3]!++;
      return;
    }
    const row = this.#free.pop() ?? this.#rowCount++;
    if ((row + 1) * ROW_WORDS > this.#words.length) this.#grow();
    const words = this.#words;
    const at = row * ROW_WORDS;
    const buffer = this.#bufferOf(body);
    this.#counts[buffer]!++;
    words[at] = buffer;
    words[at + 1] = body.byteOffset;
    words[at + 2] = body.length;
    words[at + 3] = 1;
    this.bytes += body.length;
    this.#rows.set(oid, row);
  }

  /** Take it from one key. One that was not put here is nobody's loss. */
  release(oid: Oid): void {
    const row = this.#rows.get(oid);
    if (row === undefined || --this.#words[row * ROW_WORDS + 3]! > 0) return;
    this.#rows.delete(oid);
    this.#free.push(row);
    this.bytes -= this.#words[row * ROW_WORDS + 2] as number;
    const buffer = this.#words[row * ROW_WORDS] as number;
    if (--this.#counts[buffer]! > 0 || buffer === this.#current) return;
    this.#buffers[buffer] = undefined;
    this.#freeBuffers.push(buffer);
  }

  /** Let go of all. */
  clear(): void {
    this.#rows.clear();
    this.#rowCount = 0;
    for (const places of [this.#free, this.#buffers, this.#counts, this.#freeBuffers]) places.length = 0;
    this.#current = 0;
    this.bytes = 0;
  }

  /** All but those in `given`, to which they are added. */
  *objects(given?: Set<Oid>): Generator<NewObject, void, undefined> {
    for (const [oid, row] of this.#rows) {
      if (given?.has(oid)) continue;
      given?.add(oid);
      yield { oid, ...this.#objectIn(row) };
    }
  }

  #objectIn(row: number): RawObject {
    const words = this.#words;
    const at = row * ROW_WORDS;
    const buffer = this.#buffers[words[at] as number] as ArrayBufferLike;
    return { kind: 'blob', body: new Uint8Array(buffer, words[at + 1], words[at + 2]) };
  }

  #bufferOf({ buffer }: Uint8Array): number {
    if (this.#buffers[this.#current] === buffer) return this.#current;
    // The one before is done with: what is in it stays, and where nothing is, another takes its place.
    if (this.#counts[this.#current]! > 0) this.#current = this.#freeBuffers.pop() ?? this.#buffers.length;
    this.#buffers[this.#current] = buffer;
    this.#counts[this.#current] = 0;
    return this.#current;
  }

  #grow(): void {
    const words = new Int32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
  }
}
