import type { HashAlgorithm } from './hash.js';
import { type Oid, oidFromBytes, writeOid } from './oid.js';
import { OidHash } from './oid-hash.js';

/**
 * Object ids as bytes, each with a number from 0 on in order of arrival, so that what is known of an object can stand in
 * typed arrays. An id costs some 30 bytes instead of some 100 as a string in a `Map`.
 *
 * Open addressing, safe against ids that were chosen to fall into one place.
 */
export class OidRows {
  readonly algorithm: HashAlgorithm;
  /** Oids in the table. */
  count = 0;
  /** The oids one after another; replaced by a larger array as it fills. */
  bytes: Uint8Array;
  readonly #oidLength: number;
  readonly #scratch: Uint8Array;
  /** Row plus one; 0 is a free slot. The length is a power of two, at most half of it used. */
  #slots: Int32Array;
  /** 32 less the bits of a slot's number. */
  #shift = 22;
  readonly #hash: OidHash;

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.#oidLength = algorithm.oidLength;
    this.#scratch = new Uint8Array(algorithm.oidLength);
    this.#hash = new OidHash(algorithm.oidLength);
    this.bytes = new Uint8Array(512 * algorithm.oidLength);
    this.#slots = new Int32Array(1024);
  }

  oidAt(row: number): Oid {
    return oidFromBytes(this.bytes, row * this.#oidLength, this.#oidLength);
  }

  /** The row of the oid at `offset`, or -1. */
  find(input: Uint8Array, offset: number): number {
    return (this.#slots[this.#slotOf(input, offset)] as number) - 1;
  }

  findOid(oid: Oid): number {
    if (oid.length !== this.algorithm.hexLength) return -1;
    writeOid(oid, this.#scratch, 0);
    return this.find(this.#scratch, 0);
  }

  /** The row of the oid at `offset`, a new one where it was not there: then `count` has grown. */
  add(input: Uint8Array, offset: number): number {
    const slot = this.#slotOf(input, offset);
    const place = this.#slots[slot] as number;
    if (place !== 0) return place - 1;
    const row = this.append(input, offset);
    this.#slots[slot] = row + 1;
    if (this.count * 2 > this.#slots.length) this.#grow();
    return row;
  }

  addOid(oid: Oid): number {
    writeOid(oid, this.#scratch, 0);
    return this.add(this.#scratch, 0);
  }

  /** A new row that only its number finds. Tables that append and {@link add} need another way to tell equal oids. */
  append(input: Uint8Array, offset: number): number {
    const length = this.#oidLength;
    const start = this.count * length;
    if (start + length > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    const { bytes } = this;
    for (let at = 0; at < length; at++) bytes[start + at] = input[offset + at] as number;
    return this.count++;
  }

  /** Where the oid at `offset` is, or the free slot where it belongs. */
  #slotOf(input: Uint8Array, offset: number): number {
    const { bytes } = this;
    const slots = this.#slots;
    const length = this.#oidLength;
    const mask = slots.length - 1;
    let slot = this.#hash.place(input, offset, this.#shift);
    for (let place = slots[slot] as number; place !== 0; place = slots[slot] as number) {
      const start = (place - 1) * length;
      let at = 0;
      while (at < length && bytes[start + at] === input[offset + at]) at++;
      if (at === length) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    this.#shift--;
    const mask = slots.length - 1;
    for (let index = 0; index < old.length; index++) {
      const place = old[index] as number;
      if (place === 0) continue;
      let slot = this.#hash.place(this.bytes, (place - 1) * this.#oidLength, this.#shift);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = place;
    }
    this.#slots = slots;
  }
}
