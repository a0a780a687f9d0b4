import { concatBytes } from '../bytes/bytes.js';
import { decodeLatin1, encodeAscii } from '../bytes/text.js';
import { MalformedError } from '../error.js';

/**
 * Reads the fields of SSH's binary formats one after another. Strings are views into the bytes.
 *
 *     uint32 = 4 bytes, big-endian
 *     string = uint32 length, then as many bytes
 *     mpint  = string: a number, big-endian, two's complement, without needless bytes
 *
 * Every method throws a {@link MalformedError} at the byte where a field is not what it should be.
 * @see RFC 4251, section 5
 */
export class SshReader {
  readonly #bytes: Uint8Array;
  readonly #format: string;
  #at = 0;

  /** @param format named in errors */
  constructor(bytes: Uint8Array, format: string) {
    this.#bytes = bytes;
    this.#format = format;
  }

  get offset(): number {
    return this.#at;
  }

  fail(problem: string, offset: number = this.#at): never {
    throw new MalformedError(this.#format, offset, problem);
  }

  bytes(length: number, what: string): Uint8Array {
    if (length > this.#bytes.length - this.#at) this.fail(`${what} is cut short`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(what: string): number {
    return this.bytes(1, what)[0] as number;
  }

  uint32(what: string): number {
    const [a, b, c, d] = this.bytes(4, what) as unknown as [number, number, number, number];
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  string(what: string): Uint8Array {
    const start = this.#at;
    const length = this.uint32(what);
    if (length > this.#bytes.length - this.#at) this.fail(`${what} of ${length} bytes is cut short`, start);
    return this.bytes(length, what);
  }

  /** A string of exactly so many bytes. */
  sized(what: string, length: number): Uint8Array {
    const start = this.#at;
    const bytes = this.string(what);
    if (bytes.length !== length) this.fail(`${what} has ${bytes.length} bytes, not ${length}`, start);
    return bytes;
  }

  /** A string of visible ASCII: what names an algorithm. */
  name(what: string): string {
    const start = this.#at;
    const text = decodeLatin1(this.string(what));
    if (!/^[!-~]{1,64}$/.test(text)) this.fail(`${what} is no name`, start);
    return text;
  }

  /** A number from 1 on, as its bytes without leading zeros. */
  positive(what: string): Uint8Array {
    const start = this.#at;
    const bytes = this.string(what);
    const [first, second] = bytes;
    if (first === undefined) this.fail(`${what} is zero`, start);
    if (first >= 0x80) this.fail(`${what} is negative`, start);
    if (first !== 0) return bytes;
    if (second === undefined || second < 0x80) this.fail(`${what} has a needless zero byte`, start);
    return bytes.subarray(1);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at, 'the rest');
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) this.fail(`${left} bytes are left over`);
  }
}

/** A number as SSH writes it. */
export function sshUint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Bytes or ASCII text with their length before them. */
export function sshString(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? encodeAscii(value) : value;
  return concatBytes([sshUint32(bytes.length), bytes]);
}

/** The unsigned number that `magnitude` holds, big-endian, in its one SSH spelling. */
export function sshMpint(magnitude: Uint8Array): Uint8Array {
  const start = magnitude.findIndex((byte) => byte !== 0);
  if (start < 0) return sshUint32(0);
  const bytes = magnitude.subarray(start);
  return sshString((bytes[0] as number) >= 0x80 ? concatBytes([Uint8Array.of(0), bytes]) : bytes);
}
