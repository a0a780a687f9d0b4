import type { Output } from './console.js';

const CHUNK_BYTES = 1 << 16;
const LF = 0x0a;
const SPACE = 0x20;

/** Two hex digits of every byte. */
const DIGITS: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Gathers lines that begin with object ids, made from bytes without a string for each, and writes them in large pieces. */
export class HexLines {
  readonly #output: Output;
  readonly #oidLength: number;
  #bytes = new Uint8Array(CHUNK_BYTES + 8192);
  #size = 0;

  constructor(output: Output, oidLength: number) {
    this.#output = output;
    this.#oidLength = oidLength;
  }

  oid(bytes: Uint8Array, offset: number): this {
    this.#reserve(this.#oidLength * 2);
    const output = this.#bytes;
    let size = this.#size;
    for (let at = offset; at < offset + this.#oidLength; at++) {
      const byte = bytes[at] as number;
      output[size++] = DIGITS[byte >> 4] as number;
      output[size++] = DIGITS[byte & 15] as number;
    }
    this.#size = size;
    return this;
  }

  text(ascii: string): this {
    this.#reserve(ascii.length);
    for (let at = 0; at < ascii.length; at++) this.#bytes[this.#size++] = ascii.charCodeAt(at);
    return this;
  }

  space(): this {
    this.#reserve(1);
    this.#bytes[this.#size++] = SPACE;
    return this;
  }

  /** Up to the first line feed in it, as git prints names. */
  name(bytes: Uint8Array): this {
    const end = bytes.indexOf(LF);
    const shown = end < 0 ? bytes : bytes.subarray(0, end);
    this.#reserve(shown.length);
    this.#bytes.set(shown, this.#size);
    this.#size += shown.length;
    return this;
  }

  end(): this {
    this.#reserve(1);
    this.#bytes[this.#size++] = LF;
    return this;
  }

  /** Whether there is so much that it should be written. */
  get isFull(): boolean {
    return this.#size >= CHUNK_BYTES;
  }

  /** Write what was gathered. */
  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const bytes = this.#bytes.subarray(0, this.#size);
    // The stream may keep what it was given: a new piece for what comes next.
    this.#bytes = new Uint8Array(CHUNK_BYTES + 8192);
    this.#size = 0;
    await this.#output.write(bytes);
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return;
    const longer = new Uint8Array((this.#size + count) * 2);
    longer.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = longer;
  }
}
