import { startsWithBytes } from './bytes/bytes.js';
import { MalformedError } from './error.js';
import type { Oid } from './oid.js';

const LF = 0x0a;

/** An object id on a header line of its own, and where the next line begins. */
export interface OidLine {
  readonly oid: Oid;
  readonly end: number;
}

/**
 * Decode the line at `offset`, or `undefined` where it does not begin with `prefix`.
 *
 *     line = prefix oid LF            ; 40 or 64 hex digits; upper case passes, as it does with git
 *
 * @throws {MalformedError} where another thing than one oid and LF follows the prefix
 */
export function decodeOidLine(
  body: Uint8Array,
  offset: number,
  prefix: Uint8Array,
  format: string,
): OidLine | undefined {
  if (!startsWithBytes(body, prefix, offset)) return undefined;
  const start = offset + prefix.length;
  let oid = '';
  let at = start;
  for (; at < body.length && body[at] !== LF; at++) {
    const digit = hexDigit(body[at] as number);
    if (digit === undefined || at - start === 64) throw new MalformedError(format, at, 'object id is wrong');
    oid += digit;
  }
  if (at === body.length) throw new MalformedError(format, at, 'line with an object id is cut short');
  if (oid.length !== 40 && oid.length !== 64) throw new MalformedError(format, at, 'object id is too short');
  return { oid, end: at + 1 };
}

const DIGITS = '0123456789abcdef';

function hexDigit(byte: number): string | undefined {
  if (byte >= 0x30 && byte <= 0x39) return DIGITS[byte - 0x30];
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? DIGITS[lower - 0x61 + 10] : undefined;
}
