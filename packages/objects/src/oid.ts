import { GitError } from './error.js';

/**
 * An object id: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits. Bytes are used only inside pack, idx and delta code.
 */
export type Oid = string;

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Whether `text` is an object id of either algorithm, written as this library writes it (lower case). */
export function isOid(text: string): boolean {
  return OID.test(text);
}

/** @throws {GitError} INVALID_OID where `text` is not an object id */
export function assertOid(text: string): asserts text is Oid {
  if (!OID.test(text))
    throw new GitError('INVALID_OID', `Cannot use ${JSON.stringify(text.slice(0, 80))} as an object id`);
}

/** The codes of the digits of each byte. */
const HIGH_DIGITS: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, byte) => digitCode(byte >> 4));
const LOW_DIGITS: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 256 }, (_, byte) => digitCode(byte & 15));

function digitCode(nibble: number): number {
  return nibble < 10 ? nibble + 48 : nibble + 87;
}

/** The digits of the oid that is made, used again and again. */
const SHA1_DIGITS: number[] = /* @__PURE__ */ new Array<number>(40).fill(0);
const SHA256_DIGITS: number[] = /* @__PURE__ */ new Array<number>(64).fill(0);

/** Hex of the `oidLength` bytes of `bytes` at `offset`. */
export function oidFromBytes(bytes: Uint8Array, offset = 0, oidLength: number = bytes.length - offset): Oid {
  if (offset < 0 || offset + oidLength > bytes.length) {
    throw new RangeError(`Cannot read ${oidLength} bytes at ${offset}: input has ${bytes.length}`);
  }
  const digits = oidLength === 20 ? SHA1_DIGITS : oidLength === 32 ? SHA256_DIGITS : new Array<number>(2 * oidLength);
  for (let at = 0; at < oidLength; at++) {
    const byte = bytes[offset + at] as number;
    digits[2 * at] = HIGH_DIGITS[byte] as number;
    digits[2 * at + 1] = LOW_DIGITS[byte] as number;
  }
  // In one piece: a text that is put together byte by byte takes three times as long, and is a tree of pieces until somebody reads it.
  return String.fromCharCode.apply(null, digits);
}

/** The 20 or 32 bytes of `oid`, in a fresh buffer. @throws {GitError} INVALID_OID */
export function oidToBytes(oid: Oid): Uint8Array {
  assertOid(oid);
  const bytes = new Uint8Array(oid.length / 2);
  writeOid(oid, bytes, 0);
  return bytes;
}

/** Write the bytes of a valid `oid` into `output` at `offset`. */
export function writeOid(oid: Oid, output: Uint8Array, offset: number): void {
  for (let at = 0; at < oid.length; at += 2) {
    output[offset + at / 2] = (nibble(oid.charCodeAt(at)) << 4) | nibble(oid.charCodeAt(at + 1));
  }
}

/** '0'-'9' are 48-57, 'a'-'f' are 97-102. */
function nibble(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}
