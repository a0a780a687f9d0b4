import type { HashAlgorithm } from '@git-kv/objects';

/** Slots of a new table. */
const FIRST_SLOTS = 2048;

/** Of the slots, at most so many are used. */
const MOST_USED = 0.8;

/** Room is made for all that is announced once this share of it came: what a peer announces is a claim. */
const TRUSTED_SHARE = 1 / 32;

/** Beside the type code: the object itself was met. */
const FOUND = 8;

/**
 * Which objects are named, and as what: nine bytes for each, however long their ids are. Of an id only two sums of its bytes are kept,
 * each byte times a number drawn at random for the table: two ids that differ have the same sums once in 2^50 tables at most, whoever
 * chose them, since nobody sees the numbers. So one that is missing can pass for one that is there, in a pack of a million objects,
 * once in 2^30 times.
 */
export class LinkedObjects {
  /** Distinct objects that are named. */
  count = 0;
  /** How many of them {@link meet} found. */
  foundCount = 0;
  readonly #oidLength: number;
  readonly #factors: Int32Array;
  #firsts: Int32Array = new Int32Array(FIRST_SLOTS);
  #seconds: Int32Array = new Int32Array(FIRST_SLOTS);
  /** By slot: a type code, and {@link FOUND}; 0 is a free one. */
  #states: Uint8Array = new Uint8Array(FIRST_SLOTS);
  #mostUsed = FIRST_SLOTS * MOST_USED;
  /** The sums of the id at hand. */
  #first = 0;
  #second = 0;

  constructor(algorithm: HashAlgorithm) {
    this.#oidLength = algorithm.oidLength;
    this.#factors = crypto.getRandomValues(new Int32Array(2 * algorithm.oidLength));
  }

  /**
   * Something names the object whose id stands at `offset`, as of type `typeCode`, 1 to 4.
   * @param announced distinct objects to expect, as a peer says
   * @returns false where it was named as something else
   */
  add(bytes: Uint8Array, offset: number, typeCode: number, announced: number): boolean {
    this.#sum(bytes, offset);
    const slot = this.#slot();
    const state = this.#states[slot] as number;
    if (state !== 0) return state === typeCode;
    this.#put(slot, this.#first, this.#second, typeCode);
    if (++this.count > this.#mostUsed) this.#grow(announced);
    return true;
  }

  /** The object whose id stands at `offset` is there, and is of type `typeCode`. @returns false where it is named as something else */
  meet(bytes: Uint8Array, offset: number, typeCode: number): boolean {
    this.#sum(bytes, offset);
    const slot = this.#slot();
    const state = this.#states[slot] as number;
    if (state === 0 || state === (typeCode | FOUND)) return true;
    if (state !== typeCode) return false;
    this.#states[slot] = typeCode | FOUND;
    this.foundCount++;
    return true;
  }

  /** Whether the object whose id stands at `offset` is named as of type `typeCode`, and was not met. */
  lacks(bytes: Uint8Array, offset: number, typeCode: number): boolean {
    this.#sum(bytes, offset);
    return this.#states[this.#slot()] === typeCode;
  }

  #sum(bytes: Uint8Array, offset: number): void {
    const factors = this.#factors;
    const length = this.#oidLength;
    let first = 0;
    let second = 0;
    for (let at = 0; at < length; at++) {
      const byte = bytes[offset + at] as number;
      first = (first + Math.imul(byte, factors[at] as number)) | 0;
      second = (second + Math.imul(byte, factors[length + at] as number)) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  /** Where the id at hand is, or the free slot where it belongs. */
  #slot(): number {
    const first = this.#first;
    const second = this.#second;
    const firsts = this.#firsts;
    const seconds = this.#seconds;
    const states = this.#states;
    const slots = states.length;
    let slot = placeOf(first, slots);
    while (states[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) if (++slot === slots) slot = 0;
    return slot;
  }

  #put(slot: number, first: number, second: number, state: number): void {
    this.#firsts[slot] = first;
    this.#seconds[slot] = second;
    this.#states[slot] = state;
  }

  #grow(announced: number): void {
    const firsts = this.#firsts;
    const seconds = this.#seconds;
    const states = this.#states;
    const enough = this.count >= announced * TRUSTED_SHARE ? announced / MOST_USED : 0;
    const slots = Math.max(Math.ceil(enough) + 1, states.length * 2);
    this.#firsts = new Int32Array(slots);
    this.#seconds = new Int32Array(slots);
    this.#states = new Uint8Array(slots);
    this.#mostUsed = Math.floor(slots * MOST_USED);
    for (let old = 0; old < states.length; old++) {
      const state = states[old] as number;
      if (state === 0) continue;
      this.#first = firsts[old] as number;
      this.#second = seconds[old] as number;
      this.#put(this.#slot(), this.#first, this.#second, state);
    }
  }
}

/** The upper bits of the sum are as good as random, the lower ones are not. */
function placeOf(sum: number, slots: number): number {
  return Math.floor(((sum >>> 0) / 2 ** 32) * slots);
}
