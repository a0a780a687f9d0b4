import { decodeLatin1 } from '../bytes/text.js';
import type { HeaderReader } from './header-reader.js';
import type { CheckReport } from './report.js';

const SPACE = 0x20;
const LESS = 0x3c;
const GREATER = 0x3e;
const ZERO = 0x30;

const MAX_TIMESTAMP = 2n ** 63n - 1n;
const WRAP = 2n ** 64n;

/**
 * Check the identity that begins where `reader` stands, and step to the next line. True where an error was reported.
 *
 *     identity = name SP "<" email ">" SP timestamp SP timezone
 *     timezone = ( "+" / "-" ) 4digit
 *
 * At most one thing is reported. Two habits of git are kept, so that both say the same: more white space before the
 * date passes, and a date with a minus sign is one too large (git reads it as unsigned). A third is not: where the date
 * is missing, git 2.39 reads one from the line after.
 * @see git's fsck.c, fsck_ident()
 */
export function checkIdentity(reader: HeaderReader, report: CheckReport): boolean {
  const { at: start } = reader;
  const lineEnd = reader.skipLine();
  if (reader.byte(start) === LESS) return report.add('missingNameBeforeEmail', start, 'there is no name');
  const open = angleAt(reader, start, lineEnd);
  if (reader.byte(open) === GREATER) return report.add('badName', open, 'the name has a >');
  if (reader.byte(open) !== LESS) return report.add('missingEmail', open, 'there is no email');
  if (reader.byte(open - 1) !== SPACE) {
    return report.add('missingSpaceBeforeEmail', open, 'no space is between name and email');
  }
  const close = angleAt(reader, open + 1, lineEnd);
  if (reader.byte(close) !== GREATER) return report.add('badEmail', close, 'the email does not end in >');
  if (reader.byte(close + 1) !== SPACE) {
    return report.add('missingSpaceBeforeDate', close + 1, 'no space is between email and date');
  }
  return checkDate(reader, close + 2, lineEnd, report);
}

function checkDate(reader: HeaderReader, start: number, lineEnd: number, report: CheckReport): boolean {
  if (reader.byte(start) === ZERO && reader.byte(start + 1) !== SPACE) {
    return report.add('zeroPaddedDate', start, 'the date begins with a zero');
  }
  const [text = '', spaces = '', sign = '', digits = ''] =
    /^([ \t\v\f\r]*)([+-]?)([0-9]*)/.exec(decodeLatin1(reader.body, start, lineEnd)) ?? [];
  const end = start + text.length;
  if (digits !== '' && isOverflow(sign, digits)) {
    return report.add('badDateOverflow', start + spaces.length, 'the date is too large');
  }
  if (digits === '' || reader.byte(end) !== SPACE) return report.add('badDate', start, 'the date is not a number');
  const timezone = decodeLatin1(reader.body, end + 1, lineEnd);
  if (/^[+-][0-9]{4}$/.test(timezone)) return false;
  return report.add('badTimezone', end + 1, 'the timezone is not +hhmm or -hhmm');
}

/** Whether the number, as C reads it into 64 bits without sign, does not fit into 64 bits with one. */
function isOverflow(sign: string, digits: string): boolean {
  const significant = digits.replace(/^0+/, '');
  if (significant.length > 20) return true;
  if (sign !== '-' && significant.length < 19) return false;
  const value = BigInt(significant);
  if (value >= WRAP) return true;
  return (sign === '-' && value > 0n ? WRAP - value : value) > MAX_TIMESTAMP;
}

/** Where the next `<` or `>` is, or the end of the line. */
function angleAt(reader: HeaderReader, start: number, lineEnd: number): number {
  for (let at = start; at < lineEnd; at++) {
    const byte = reader.byte(at);
    if (byte === LESS || byte === GREATER) return at;
  }
  return lineEnd;
}
