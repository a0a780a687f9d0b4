/** Offsets, numbered in the order they came in, each once: a hash table without objects. */
export class OffsetTable {
  count = 0;
  #offsets: Float64Array;
  /** Numbers, one more than they are; 0 is free. Twice as many places as numbers at least. */
  #places: Int32Array;

  constructor(expected: number) {
    this.#offsets = new Float64Array(Math.max(16, expected));
    this.#places = new Int32Array(placesFor(expected));
  }

  /** The offset with this number. */
  at(number: number): number {
    return this.#offsets[number] as number;
  }

  /** The number of `offset`: a new one where it was not there. */
  add(offset: number): number {
    const mask = this.#places.length - 1;
    let place = hash(offset) & mask;
    for (; ; place = (place + 1) & mask) {
      const number = (this.#places[place] as number) - 1;
      if (number < 0) break;
      if (this.#offsets[number] === offset) return number;
    }
    if (this.count === this.#offsets.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    const number = this.count++;
    this.#offsets[number] = offset;
    if (this.count * 2 > this.#places.length) this.#rehash();
    else this.#places[place] = number + 1;
    return number;
  }

  #rehash(): void {
    this.#places = new Int32Array(placesFor(this.count));
    const mask = this.#places.length - 1;
    for (let number = 0; number < this.count; number++) {
      let place = hash(this.#offsets[number] as number) & mask;
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = number + 1;
    }
  }
}

/** A power of two, with room to grow. */
function placesFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, count * 3)));
}

function hash(offset: number): number {
  // Offsets may exceed 32 bits; `| 0` takes the low ones, and the multiplication spreads neighbours.
  const mixed = Math.imul((offset % 2 ** 32) | 0, 0x9e3779b1) ^ Math.floor(offset / 2 ** 32);
  return mixed ^ (mixed >>> 15);
}
