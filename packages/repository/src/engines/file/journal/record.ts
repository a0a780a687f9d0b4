import { type HashAlgorithm, isSafeRefName, MalformedError } from '@git-kv/objects';
import type { RefName, RefUpdate, RefValue } from '../../../ref-store.js';

/** One ref of a committed transaction: what it held, and what it holds since. */
export type JournalUpdate = RefUpdate & { readonly expected: RefValue | null };

/** A committed ref transaction, as its file in the journal tells it. */
export interface JournalRecord {
  /** Whose it is: the token of a lock owner. */
  readonly token: string;
  /** Which of its owner's; with `token` it names the transaction before it has a place in the order. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** The highest fencing term of this transaction and all before it. */
  readonly term: number;
  /** Position of the oldest transaction that was kept when this one was written. */
  readonly floor: number;
  /** Git directory of the linked work tree that HEAD and its like belong to, from the common directory; empty for the main one. */
  readonly workTree: string;
  readonly updates: readonly JournalUpdate[];
  readonly attachment?: Uint8Array | undefined;
}

const MAGIC = 'git-kv journal 1\n';
const FORMAT = 'journal record';
const LF = 0x0a;

/**
 * Serialize a record.
 *
 *     record     = "git-kv journal 1" LF
 *                  "transaction" SP token SP number LF
 *                  "time" SP milliseconds LF
 *                  "term" SP number LF
 *                  "floor" SP number LF
 *                  ["worktree" SP path LF]            ; as encodeURI writes it
 *                  *("ref" SP name SP value SP value LF)   ; sorted; before, after
 *                  ["attachment" SP size LF bytes LF]
 *                  "digest" SP hex LF                 ; of all before this line, in the repository's algorithm
 *     value      = "-" / oid / "@" name               ; none, an object, another ref
 */
export function serializeJournalRecord(record: JournalRecord, algorithm: HashAlgorithm): Uint8Array {
  const lines = [recordHead(record), `time ${record.timeMs}\n`, `term ${record.term}\n`, `floor ${record.floor}\n`];
  if (record.workTree !== '') lines.push(`worktree ${encodeURI(record.workTree)}\n`);
  for (const { name, expected, next } of record.updates) {
    lines.push(`ref ${name} ${valueText(expected)} ${valueText(next)}\n`);
  }
  const { attachment } = record;
  if (attachment) lines.push(`attachment ${attachment.length}\n`);
  const head = new TextEncoder().encode(lines.join(''));
  const size = head.length + (attachment ? attachment.length + 1 : 0);
  const output = new Uint8Array(size + digestLineSize(algorithm));
  output.set(head);
  if (attachment) {
    output.set(attachment, head.length);
    output[size - 1] = LF;
  }
  const digest = hex(algorithm.digest(output.subarray(0, size)));
  output.set(new TextEncoder().encode(`digest ${digest}\n`), size);
  return output;
}

/** The first lines, by which a record is told from all others. */
export function recordHead({ token, number }: Pick<JournalRecord, 'token' | 'number'>): string {
  return `${MAGIC}transaction ${token} ${number}\n`;
}

/**
 * Parse a record, strictly. The attachment is a view into `bytes`.
 * @param path named in errors
 * @throws {MalformedError} for anything but a whole record with its right digest
 */
export function parseJournalRecord(bytes: Uint8Array, algorithm: HashAlgorithm, path: string): JournalRecord {
  const fail = (offset: number, problem: string): never => {
    throw new MalformedError(FORMAT, offset, `${problem} (${path})`);
  };
  const end = bytes.length - digestLineSize(algorithm);
  if (end < MAGIC.length) fail(bytes.length, 'it is cut short');
  const sealed = `digest ${hex(algorithm.digest(bytes.subarray(0, end)))}\n`;
  // Whatever was flipped, cut or added: with a right digest the rest is as it was written.
  if (text(bytes.subarray(end)) !== sealed) fail(end, 'its digest is not that of its content');

  const lines = new LineReader(bytes, end, fail);
  if (lines.next() !== MAGIC.trimEnd()) fail(0, 'it begins with no version that is known');
  const [token = '', number] = lines.field('transaction').split(' ');
  if (!/^[a-z0-9]+$/.test(token)) lines.fail('its owner has no token');
  const record = {
    token,
    number: lines.count(number),
    timeMs: lines.count(lines.field('time')),
    term: lines.count(lines.field('term')),
    floor: lines.count(lines.field('floor')),
    workTree: '',
  };
  const updates: JournalUpdate[] = [];
  let attachment: Uint8Array | undefined;
  while (lines.at < end) {
    const line = lines.next();
    const keyword = line.slice(0, line.indexOf(' '));
    const rest = line.slice(keyword.length + 1);
    if (keyword === 'ref') {
      updates.push(parseUpdate(rest, algorithm) ?? lines.fail('it has a line that is no ref'));
    } else if (keyword === 'worktree' && updates.length === 0) {
      record.workTree = decodePath(rest) ?? lines.fail('its work tree is no path');
    } else if (keyword === 'attachment' && lines.at + lines.count(rest) + 1 === end) {
      attachment = bytes.subarray(lines.at, end - 1);
      lines.at = end;
    } else {
      lines.fail('it has a line that is not known');
    }
  }
  return attachment ? { ...record, updates, attachment } : { ...record, updates };
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURI(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Lines of the text in front of the digest. */
class LineReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #fail: (offset: number, problem: string) => never;
  #start = 0;

  constructor(bytes: Uint8Array, end: number, fail: (offset: number, problem: string) => never) {
    this.#bytes = bytes;
    this.#end = end;
    this.#fail = fail;
  }

  fail(problem: string): never {
    return this.#fail(this.#start, problem);
  }

  next(): string {
    this.#start = this.at;
    const lineEnd = this.#bytes.indexOf(LF, this.at);
    if (lineEnd < 0 || lineEnd >= this.#end) this.fail('a line has no end');
    this.at = lineEnd + 1;
    return text(this.#bytes.subarray(this.#start, lineEnd));
  }

  field(keyword: string): string {
    const line = this.next();
    if (!line.startsWith(`${keyword} `)) this.fail(`a line ${keyword} is missing`);
    return line.slice(keyword.length + 1);
  }

  count(digits: string | undefined): number {
    const value = Number(digits);
    if (digits === undefined || !/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(value))
      this.fail('a number is none');
    return value;
  }
}

function parseUpdate(line: string, algorithm: HashAlgorithm): JournalUpdate | undefined {
  const [name = '', before = '', after = '', ...more] = line.split(' ');
  const expected = parseValue(before, algorithm);
  const next = parseValue(after, algorithm);
  if (!isSafeRefName(name) || expected === undefined || next === undefined || more.length > 0) return undefined;
  return { name, expected, next };
}

function parseValue(value: string, algorithm: HashAlgorithm): RefValue | null | undefined {
  if (value === '-') return null;
  if (value.startsWith('@')) return isSafeRefName(value.slice(1)) ? { target: value.slice(1) } : undefined;
  return value.length === algorithm.hexLength && /^[0-9a-f]+$/.test(value) ? { oid: value } : undefined;
}

function valueText(value: RefValue | null): string | RefName {
  if (value === null) return '-';
  return 'oid' in value ? value.oid : `@${value.target}`;
}

function digestLineSize(algorithm: HashAlgorithm): number {
  return 'digest '.length + algorithm.hexLength + 1;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
