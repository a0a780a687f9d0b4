import { type HashAlgorithm, type Oid, writeOid } from '@git-kv/objects';

/**
 * A set of object ids as bytes. A walk meets the same ids again and again in tree after tree; asking here makes no hex
 * of them, and an id costs some 30 bytes instead of some 100 as a string in a `Set`.
 *
 * Open addressing. The oids come from the peer, who could choose objects whose ids fall into one place: so the place is
 * the top bits of a product with numbers drawn at random for each set (multiply-shift hashing).
 */
export class OidSet {
  private readonly oidLength: number;
  private readonly scratch: Uint8Array;
  /** The ids one after another, in order of arrival. */
  private bytes: Uint8Array;
  /** Place of an id among `bytes` plus one; 0 is a free slot. The length is a power of two, at most half of it used. */
  private slots: Int32Array;
  /** 32 less the bits of a slot's number. */
  private shift = 22;
  private count = 0;
  private readonly factors: readonly [number, number] = [randomOdd(), randomOdd()];

  constructor(algorithm: HashAlgorithm) {
    this.oidLength = algorithm.oidLength;
    this.scratch = new Uint8Array(this.oidLength);
    this.bytes = new Uint8Array(512 * this.oidLength);
    this.slots = new Int32Array(1024);
  }

  get size(): number {
    return this.count;
  }

  has(oid: Oid): boolean {
    writeOid(oid, this.scratch, 0);
    return this.slots[this.slotOf(this.scratch, 0)] !== 0;
  }

  /** False where it was there already. */
  add(oid: Oid): boolean {
    writeOid(oid, this.scratch, 0);
    return this.addBytes(this.scratch, 0);
  }

  /** {@link add} of the oid at `offset`. */
  addBytes(input: Uint8Array, offset: number): boolean {
    const slot = this.slotOf(input, offset);
    if (this.slots[slot] !== 0) return false;
    if ((this.count + 1) * this.oidLength > this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(input.subarray(offset, offset + this.oidLength), this.count * this.oidLength);
    this.slots[slot] = ++this.count;
    if (this.count * 2 > this.slots.length) this.grow();
    return true;
  }

  /** Where the oid at `offset` is, or the free slot where it belongs. */
  private slotOf(input: Uint8Array, offset: number): number {
    const { bytes, slots, oidLength } = this;
    const mask = slots.length - 1;
    let slot = this.place(input, offset);
    for (let place = slots[slot] as number; place !== 0; place = slots[slot] as number) {
      const start = (place - 1) * oidLength;
      let at = 0;
      while (at < oidLength && bytes[start + at] === input[offset + at]) at++;
      if (at === oidLength) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const slots = new Int32Array(this.slots.length * 2);
    this.shift--;
    const mask = slots.length - 1;
    for (let place = 1; place <= this.count; place++) {
      let slot = this.place(this.bytes, (place - 1) * this.oidLength);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = place;
    }
    this.slots = slots;
  }

  private place(bytes: Uint8Array, offset: number): number {
    const [first, last] = this.factors;
    const sum = Math.imul(wordAt(bytes, offset), first) + Math.imul(wordAt(bytes, offset + this.oidLength - 4), last);
    return sum >>> this.shift;
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
