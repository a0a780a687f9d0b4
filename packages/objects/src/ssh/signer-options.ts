import { MalformedError } from '../error.js';

/** What the options of a line allow. Times are seconds since 1970. */
export interface SignerOptions {
  /** Whether the key signs certificates, and so nothing else. */
  readonly isCertAuthority: boolean;
  /** Patterns of namespaces with commas between them; any namespace where there are none. */
  readonly namespaces?: string;
  readonly validAfter?: number;
  readonly validBefore?: number;
}

const FORMAT = 'allowed signers';

/**
 * Parse the options of a line.
 *
 *     options = option *( "," option )
 *     option  = "cert-authority" | "namespaces=" quoted | "valid-after=" quoted | "valid-before=" quoted
 *
 * Names are in any case. Values stand in quotes, as `ssh-keygen` demands; `\"` is a quote in them.
 * @throws {MalformedError} with an offset into `text`
 * @see OpenSSH's sshsig.c, sshsigopt_parse()
 */
export function parseSignerOptions(text: string): SignerOptions {
  const options: { isCertAuthority: boolean; namespaces?: string; validAfter?: number; validBefore?: number } = {
    isCertAuthority: false,
  };
  const fail = (at: number, problem: string): never => {
    throw new MalformedError(FORMAT, at, problem);
  };
  let at = 0;
  for (;;) {
    const start = at;
    const [, word = ''] = /^([a-z-]+)/i.exec(text.slice(at)) ?? [];
    const name = word.toLowerCase();
    at += word.length;
    if (name === 'cert-authority') options.isCertAuthority = true;
    else if (name === 'namespaces' || name === 'valid-after' || name === 'valid-before') {
      if (text[at] !== '=') fail(start, 'unknown key option');
      const value = quotedAt(text, at + 1);
      if (value === undefined) return fail(at + 1, text[at + 1] === '"' ? 'missing end quote' : 'missing start quote');
      at = value.end;
      const field = name === 'namespaces' ? name : name === 'valid-after' ? 'validAfter' : 'validBefore';
      if (options[field] !== undefined) fail(start, `multiple "${name}" clauses`);
      if (field === 'namespaces') options.namespaces = value.text;
      else options[field] = parseSignerTime(value.text) ?? fail(start, `invalid "${name}" time`);
    } else fail(start, 'unknown key option');
    if (at === text.length) break;
    if (text[at] !== ',') fail(at, 'unknown key option');
    at++;
    if (at === text.length) fail(at, 'unexpected end-of-options');
  }
  const { validAfter, validBefore } = options;
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter) {
    fail(0, '"valid-before" time is before "valid-after"');
  }
  return options;
}

function quotedAt(text: string, start: number): { text: string; end: number } | undefined {
  if (text[start] !== '"') return undefined;
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { text: value, end: at + 1 };
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    value += text[at];
  }
  return undefined;
}

/**
 * The seconds since 1970 of `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` after it in UTC, else in the time zone of
 * the system; `undefined` for any other text, and for days and hours that there are not.
 */
export function parseSignerTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?$/i.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // Date takes a year below 100 for one of the 20th century.
  if (year < 1970 || hour > 23 || minute > 59 || second > 59) return undefined;
  const calendar = new Date(Date.UTC(year, month - 1, day));
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return undefined;
  const milliseconds =
    match[7] === undefined
      ? new Date(year, month - 1, day, hour, minute, second).getTime()
      : Date.UTC(year, month - 1, day, hour, minute, second);
  return milliseconds / 1000;
}
