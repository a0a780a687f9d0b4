import { equalBytes } from '../bytes/bytes.js';
import { LimitError, MalformedError } from '../error.js';
import { matchPatternList } from './pattern-list.js';
import { parseSshKeyWords, type SshPublicKey } from './public-key.js';
import { parseSignerOptions, type SignerOptions } from './signer-options.js';

/** A line of an allowed signers file: a key, and what it may sign for whom and when. */
export interface AllowedSigner extends SignerOptions {
  /** Patterns with commas between them, such as `*@example.com,!root@example.com`. */
  readonly principals: string;
  readonly key: SshPublicKey;
  /** In the file, from 1 on. */
  readonly line: number;
}

/** The lines of an allowed signers file, in its order. */
export type AllowedSigners = readonly AllowedSigner[];

/** How {@link parseAllowedSigners} reads. */
export interface ParseAllowedSignersOptions {
  /** Told of a line that cannot be read, which is then left out, as `ssh-keygen` does. Without it such a line is an error. */
  readonly onProblem?: (line: number, problem: MalformedError) => void;
  /** Characters of the file; 16 Mi where none is given. */
  readonly maxFileSize?: number;
}

const FORMAT = 'allowed signers';
const MAX_FILE_SIZE = 16 * 1024 * 1024;

/**
 * Parse an allowed signers file.
 *
 *     line = principals [ options ] keytype base64-key [ comment ]
 *
 * Empty lines and those that begin with `#` say nothing. Times without a zone are in that of the system.
 * @throws {MalformedError} at the first line that cannot be read, where there is no `onProblem`; its offset counts UTF-16 units
 * @throws {LimitError} maxFileSize
 * @see ssh-keygen(1), "ALLOWED SIGNERS"
 */
export function parseAllowedSigners(text: string, options: ParseAllowedSignersOptions = {}): AllowedSigners {
  const max = options.maxFileSize ?? MAX_FILE_SIZE;
  if (text.length > max) throw new LimitError('maxFileSize', text.length, max);
  const signers: AllowedSigner[] = [];
  let offset = 0;
  let line = 0;
  for (const content of text.split('\n')) {
    line++;
    try {
      const signer = parseLine(content, offset, line);
      if (signer !== undefined) signers.push(signer);
    } catch (error) {
      if (options.onProblem === undefined || !(error instanceof MalformedError)) throw error;
      options.onProblem(line, error);
    }
    offset += content.length + 1;
  }
  return signers;
}

function parseLine(content: string, offset: number, line: number): AllowedSigner | undefined {
  const fail = (at: number, problem: string, cause?: unknown): never => {
    throw new MalformedError(FORMAT, offset + at, problem, { cause });
  };
  const start = skipBlank(content, 0);
  if (start === content.length || content[start] === '#') return undefined;
  const isQuoted = content[start] === '"';
  const principalsEnd = isQuoted ? content.indexOf('"', start + 1) : wordEnd(content, start);
  if (principalsEnd < 0) fail(start, 'principals have no closing quote');
  const principals = content.slice(isQuoted ? start + 1 : start, principalsEnd);
  if (principals === '') fail(start, 'there are no principals');
  const secondStart = skipBlank(content, isQuoted ? principalsEnd + 1 : principalsEnd);
  if (secondStart === content.length) fail(secondStart, 'missing key');
  // What names the type of a key stands first or after the options; no option is spelled like one.
  const direct = keyAt(content, secondStart);
  if (direct?.key !== undefined) return { principals, key: direct.key, line, ...NO_OPTIONS };
  const optionsEnd = optionsEndOf(content, secondStart);
  const keyStart = skipBlank(content, optionsEnd);
  if (keyStart === content.length)
    fail(secondStart, direct === undefined ? 'missing key' : 'invalid key', direct?.cause);
  let options: SignerOptions = NO_OPTIONS;
  try {
    options = parseSignerOptions(content.slice(secondStart, optionsEnd));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    fail(secondStart + error.offset, `bad options: ${error.problem}`, error);
  }
  const found = keyAt(content, keyStart);
  if (found?.key === undefined) return fail(keyStart, 'invalid key', found?.cause);
  return { principals, key: found.key, line, ...options };
}

const NO_OPTIONS: SignerOptions = { isCertAuthority: false };

/** The key whose type and base64 stand at `start`, or why there is none; `undefined` where there are not two words. */
function keyAt(content: string, start: number): { key?: SshPublicKey; cause?: unknown } | undefined {
  const typeEnd = wordEnd(content, start);
  const base64Start = skipBlank(content, typeEnd);
  const base64 = content.slice(base64Start, wordEnd(content, base64Start));
  if (base64 === '') return undefined;
  try {
    return { key: parseSshKeyWords(content.slice(start, typeEnd), base64) };
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    return { cause };
  }
}

/** Options hold spaces only between quotes. */
function optionsEndOf(content: string, start: number): number {
  let isQuoted = false;
  let at = start;
  for (; at < content.length && (isQuoted || !isBlank(content[at])); at++) {
    if (content[at] === '\\' && content[at + 1] === '"') at++;
    else if (content[at] === '"') isQuoted = !isQuoted;
  }
  return Math.min(at, content.length);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r';
}

function skipBlank(content: string, start: number): number {
  let at = start;
  while (at < content.length && isBlank(content[at])) at++;
  return at;
}

function wordEnd(content: string, start: number): number {
  let at = start;
  while (at < content.length && !isBlank(content[at])) at++;
  return at;
}

/** Why a line with the right key was not taken. */
export interface SignerRefusal {
  readonly signer: AllowedSigner;
  readonly reason: 'expired' | 'not-yet-valid' | 'wrong-namespace';
  /** Who was looked for; absent where anyone with the key was. */
  readonly principal?: string;
}

/** Who a key signs for, or why for nobody. */
export interface FoundSigner {
  /** `untrusted`: no line has this key. */
  readonly status: 'good' | 'untrusted' | SignerRefusal['reason'];
  /** What the line lets the key sign for: often a pattern. */
  readonly principal?: string;
  readonly signer?: AllowedSigner;
  /** Who was looked for: what the first line with the key names that is valid at the time, if there is one. */
  readonly principals: readonly string[];
  /** The lines with the key that were passed over, in the order they were looked at. */
  readonly refusals: readonly SignerRefusal[];
}

/** What a signature is judged by. */
export interface FindSignerOptions {
  readonly namespace: string;
  /** When it was made, in seconds since 1970. */
  readonly timestamp: number;
  /** Who has to have signed: the line's patterns must take it. Without it, any line with the key will do. */
  readonly principal?: string;
}

/**
 * Find who this key may sign for. Without a `principal` this is what git does with `ssh-keygen`: the first line with the key
 * that is valid at the time gives principals, and each is then looked for in all lines that allow the namespace.
 */
export function findSigner(signers: AllowedSigners, key: SshPublicKey, options: FindSignerOptions): FoundSigner {
  const lines = signers.filter((signer) => !signer.isCertAuthority && equalBytes(signer.key.blob, key.blob));
  const refusals: SignerRefusal[] = [];
  let principals: readonly string[] = [];
  if (options.principal !== undefined) principals = [options.principal];
  else {
    for (const signer of lines) {
      const reason = refusalInTime(signer, options.timestamp);
      if (reason === undefined) {
        principals = signer.principals.split(',');
        break;
      }
      refusals.push({ signer, reason });
    }
  }
  for (const principal of principals) {
    for (const signer of lines) {
      if (!matchPatternList(principal, signer.principals)) continue;
      const reason = refusalOf(signer, options);
      if (reason === undefined) return { status: 'good', principal, signer, principals, refusals };
      refusals.push({ signer, reason, principal });
    }
  }
  return { status: refusals.at(-1)?.reason ?? 'untrusted', principals, refusals };
}

function refusalOf(signer: AllowedSigner, options: FindSignerOptions): SignerRefusal['reason'] | undefined {
  const { namespaces } = signer;
  if (namespaces !== undefined && !matchPatternList(options.namespace, namespaces)) return 'wrong-namespace';
  return refusalInTime(signer, options.timestamp);
}

function refusalInTime(signer: AllowedSigner, timestamp: number): 'expired' | 'not-yet-valid' | undefined {
  // The other way round, NaN would be within any dates.
  if (signer.validAfter !== undefined && !(timestamp >= signer.validAfter)) return 'not-yet-valid';
  if (signer.validBefore !== undefined && !(timestamp <= signer.validBefore)) return 'expired';
  return undefined;
}
