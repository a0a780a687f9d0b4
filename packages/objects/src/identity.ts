import { decodeText, encodeUtf8 } from './bytes/text.js';

const SPACE = 0x20;
const LESS = 0x3c;
const GREATER = 0x3e;

/** Who did something and when, as commits and tags have it: `A U Thor <author@example.com> 1112911993 -0700`. */
export interface Identity {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970 began in UTC. 0 where an object states none that can be read. */
  readonly timestamp: number;
  /** `+hhmm` or `-hhmm`: an offset kept for display only. Odd ones are kept as they stand; `+0000` where there is none. */
  readonly timezone: string;
  /** The bytes this was parsed from: written again for as long as they still say the same as the fields. */
  readonly raw?: Uint8Array;
}

/**
 * Read an identity as git does, which is leniently: no input fails.
 *
 *     identity = name SP "<" email ">" SP timestamp SP timezone
 *
 * The name ends at the first `<` and the email at the next `>`, but the date begins after the last `>`, so that a `>`
 * too many costs neither. `raw` is a view into `line`.
 * @param encoding of the name and email, as the commit's `encoding` header states; UTF-8 by default
 * @see git's ident.c, split_ident_line()
 */
export function parseIdentity(line: Uint8Array, encoding?: string): Identity {
  const emailStart = line.indexOf(LESS);
  if (emailStart < 0) {
    return { name: textOf(line, 0, line.length, encoding), email: '', timestamp: 0, timezone: '+0000', raw: line };
  }
  const name = textOf(line, 0, emailStart, encoding);
  const closing = line.indexOf(GREATER, emailStart);
  if (closing < 0) {
    const email = decodeText(line.subarray(emailStart + 1), encoding);
    return { name, email, timestamp: 0, timezone: '+0000', raw: line };
  }
  const email = decodeText(line.subarray(emailStart + 1, closing), encoding);
  const date = decodeText(line.subarray(line.lastIndexOf(GREATER) + 1));
  const { timestamp, timezone } = parseDate(date);
  return { name, email, timestamp, timezone, raw: line };
}

/**
 * The bytes of an identity: those it was parsed from where its fields still say the same, else a new line.
 * @throws {RangeError} for a new line that git would not read back as it was meant
 */
export function serializeIdentity(identity: Identity, encoding?: string): Uint8Array {
  const { raw } = identity;
  if (raw !== undefined) {
    const stored = parseIdentity(raw, encoding);
    const isUnchanged =
      stored.name === identity.name &&
      stored.email === identity.email &&
      stored.timestamp === identity.timestamp &&
      stored.timezone === identity.timezone;
    if (isUnchanged && !raw.includes(0x0a)) return raw;
  }
  const { name, email, timestamp, timezone } = buildIdentity(identity);
  return encodeUtf8(`${name} <${email}> ${timestamp} ${timezone}`);
}

/**
 * An identity that git reads back as it was meant. Spaces around name and email are dropped.
 * @throws {RangeError} where name or email has NUL, LF, `<` or `>`, where the timestamp is no whole number of seconds
 *   from 0 on, or the timezone is not `+hhmm` or `-hhmm`
 */
export function buildIdentity(fields: {
  readonly name: string;
  readonly email: string;
  readonly timestamp: number;
  readonly timezone?: string;
}): Identity {
  const name = part('name', fields.name);
  const email = part('email', fields.email);
  const { timestamp, timezone = '+0000' } = fields;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
    throw new RangeError(`Cannot build identity: timestamp ${timestamp} is not a whole number of seconds from 0 on`);
  }
  if (!/^[+-][0-9]{4}$/.test(timezone)) {
    throw new RangeError(`Cannot build identity: timezone ${JSON.stringify(timezone)} is not +hhmm or -hhmm`);
  }
  return { name, email, timestamp, timezone };
}

function part(field: string, text: string): string {
  if (/[\0\n<>]/.test(text)) {
    throw new RangeError(`Cannot build identity: ${field} ${JSON.stringify(text)} holds NUL, LF, < or >`);
  }
  return text.trim();
}

/** Text less the white space at its end, as git takes the name. */
function textOf(line: Uint8Array, start: number, end: number, encoding: string | undefined): string {
  let last = end;
  while (last > start && isSpace(line[last - 1] as number)) last--;
  return decodeText(line.subarray(start, last), encoding);
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
}

/** A date before 1970 is read too: git drops it, but objects with one exist. */
function parseDate(text: string): { timestamp: number; timezone: string } {
  const [, seconds, timezone] = /^\s*(-?[0-9]+)(?:\s+(\S+))?/.exec(text) ?? [];
  const timestamp = seconds === undefined ? 0 : Number(seconds);
  return {
    timestamp: Number.isSafeInteger(timestamp) && timestamp !== 0 ? timestamp : 0,
    timezone: timezone ?? '+0000',
  };
}
