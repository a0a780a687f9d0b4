import { startsWithBytes } from '../bytes/bytes.js';
import type { CheckReport } from './report.js';

const LF = 0x0a;

/**
 * Whether the headers of a commit or tag are whole: lines that end in LF, without NUL, up to an empty line or the end.
 * Where they are not, that is reported, and nothing else of the object can be told.
 * @see git's fsck.c, verify_headers()
 */
export function checkHeaderLines(body: Uint8Array, report: CheckReport): boolean {
  for (let at = 0; at < body.length; at++) {
    if (body[at] === 0) {
      report.add('nulInHeader', at, 'a header has a NUL');
      return false;
    }
    if (body[at] === LF && body[at + 1] === LF) return true;
  }
  if (body.at(-1) === LF) return true;
  report.add('unterminatedHeader', body.length, 'the last header has no line feed');
  return false;
}

/** Steps through headers of which {@link checkHeaderLines} has said that they are whole. */
export class HeaderReader {
  readonly body: Uint8Array;
  /** Where the next look begins. */
  at = 0;

  constructor(body: Uint8Array) {
    this.body = body;
  }

  /** The byte at `offset`, or 0 past the end. */
  byte(offset: number): number {
    return this.body[offset] ?? 0;
  }

  /** Step over `prefix` where it is next. */
  skip(prefix: Uint8Array): boolean {
    if (!startsWithBytes(this.body, prefix, this.at)) return false;
    this.at += prefix.length;
    return true;
  }

  /** Step to the next line; returns where this one ends, before its LF. */
  skipLine(): number {
    const lineFeed = this.body.indexOf(LF, this.at);
    const end = lineFeed < 0 ? this.body.length : lineFeed;
    this.at = Math.min(end + 1, this.body.length);
    return end;
  }

  /** Step over an object id and its LF; false where there is something else, after which the next look is git's. */
  skipOid(hexLength: number): boolean {
    for (let digit = 0; digit < hexLength; digit++) {
      if (isHexDigit(this.byte(this.at + digit))) continue;
      this.skipLine();
      return false;
    }
    const end = this.at + hexLength;
    this.at = end + 1;
    return this.byte(end) === LF;
  }
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
