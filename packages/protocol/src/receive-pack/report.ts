import { concatBytes, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { DEFAULT_PROTOCOL_LIMITS } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeText, FLUSH } from '../pkt-line/encode.js';
import { assertRemoteRefName, parseOid } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { exactLineText, remoteWords } from '../text.js';
import { type CodedRefusal, parseCodedRefusal } from './coded-refusal.js';

/** What a server did for a command that was not quite, or not only, what was asked for (report-status-v2). */
export interface PushedRef {
  /** The ref that moved; absent: the one of the command. */
  readonly name?: string;
  /** What it held; `null`: it was not there. Absent: as the command says. */
  readonly oldOid?: Oid | null;
  /** What it holds now; `null`: it is gone. Absent: as the command says. */
  readonly newOid?: Oid | null;
  /** The old value is no ancestor of the new one. */
  readonly isForced?: boolean;
}

/** What became of one command. */
export interface PushResult {
  readonly name: string;
  readonly ok: boolean;
  /** Where not `ok`: why, in the server's words. */
  readonly reason?: string;
  /** The same for programs, where the server says it in the form of {@link CodedRefusal}. */
  readonly refusal?: CodedRefusal;
  /** Where `ok`, and the server tells: every ref that moved for this command. */
  readonly refs?: readonly PushedRef[];
}

/** What became of a push. */
export interface PushReport {
  /** `ok`, or why the server could not take in the pack, in its words. */
  readonly unpack: string;
  /** One for each command. */
  readonly results: readonly PushResult[];
}

/** Refs that a server may report beside those of the commands. */
const MAX_FURTHER_REFS = 10_000;
/** Lines of `option` for one of them. */
const MAX_OPTIONS = 16;

/**
 * Read a report up to its flush.
 *
 *     report = "unpack" SP ("ok" | reason) *(status *option) flush          ; each a line
 *     status = "ok" SP name | "ng" SP name SP reason
 *     option = "option" SP ("refname" SP name | "old-oid" SP oid | "new-oid" SP oid | "forced-update")
 *
 * Options, and several lines of `ok` for one name, are of report-status-v2. Other options are passed over.
 * @param maxResults commands that were sent: a report of more has nothing to say, and might not end
 * @param algorithm where report-status-v2 was asked for; without it all options are passed over
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {GitError} INVALID_REF_NAME
 * @see gitprotocol-pack(5), "Report Status"
 */
export async function readPushReport(
  lines: LineSource,
  maxResults: number = DEFAULT_PROTOCOL_LIMITS.maxCommands,
  algorithm?: HashAlgorithm,
): Promise<PushReport> {
  const reading = new ReportReading(maxResults, algorithm);
  let unpack: string | undefined;
  for (;;) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') break;
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where a status must`);
    const failure = parseErrorLine(line.payload);
    if (failure !== undefined) throw failure;
    const text = exactLineText(line.payload);
    if (text === undefined) throw malformed(lines.offset, 'a status is not UTF-8');
    if (unpack === undefined) {
      if (!text.startsWith('unpack ')) throw malformed(lines.offset, 'it does not begin with "unpack"');
      unpack = remoteWords(text.slice('unpack '.length));
    } else {
      reading.take(text, lines.offset);
    }
  }
  if (unpack === undefined) throw malformed(lines.offset, 'it is empty');
  return { unpack, results: reading.results };
}

/**
 * The bytes that {@link readPushReport} reads. Where side-band is negotiated, they go on band 1, with a flush after.
 * @param algorithm where the client asked for report-status-v2: `refs` are told, too
 */
export function serializePushReport(report: PushReport, algorithm?: HashAlgorithm): Uint8Array {
  const statuses = report.results.flatMap((result) => {
    if (!result.ok) return [`ng ${result.name} ${oneLine(result.reason ?? 'failed')}`];
    const refs = algorithm === undefined || result.refs === undefined ? [{}] : result.refs;
    return refs.flatMap((ref) => [`ok ${result.name}`, ...(algorithm ? optionLines(ref, algorithm) : [])]);
  });
  return concatBytes([encodeText(`unpack ${oneLine(report.unpack)}`), ...statuses.map(encodeText), FLUSH]);
}

class ReportReading {
  readonly results: PushResult[] = [];
  readonly #maxResults: number;
  readonly #algorithm: HashAlgorithm | undefined;
  /** Of the last result; grows in place. */
  #refs: PushedRef[] = [];
  #refCount = 0;
  #optionCount = 0;

  constructor(maxResults: number, algorithm: HashAlgorithm | undefined) {
    this.#maxResults = maxResults;
    this.#algorithm = algorithm;
  }

  take(text: string, offset: number): void {
    const last = this.results.at(-1);
    if (text.startsWith('option ') && last !== undefined) {
      if (++this.#optionCount > MAX_OPTIONS) throw malformed(offset, 'it has too many options');
      if (this.#algorithm !== undefined && last.ok) this.#takeOption(text.slice('option '.length), last, offset);
      return;
    }
    this.#optionCount = 0;
    const result = parseStatus(text, offset);
    if (this.#algorithm !== undefined && last?.ok && result.ok && last.name === result.name) {
      if (++this.#refCount > MAX_FURTHER_REFS) throw malformed(offset, 'it tells of too many refs');
      if (this.#refs.length === 0) this.#refs.push({});
      this.#refs.push({});
      this.#attachRefs(last);
      return;
    }
    if (this.results.length === this.#maxResults) {
      throw malformed(offset, 'it has more statuses than there were commands');
    }
    this.results.push(result);
    this.#refs = [];
  }

  #takeOption(option: string, last: PushResult, offset: number): void {
    const [name, value] = option.split(' ', 2) as [string, string | undefined];
    const told = this.#told(name, value, offset);
    if (told === undefined) return;
    this.#refs[Math.max(0, this.#refs.length - 1)] = { ...this.#refs.at(-1), ...told };
    this.#attachRefs(last);
  }

  #told(name: string, value: string | undefined, offset: number): PushedRef | undefined {
    const algorithm = this.#algorithm as HashAlgorithm;
    const oid = (): Oid | null => {
      const parsed = parseOid('push report', value ?? '', offset, algorithm);
      return parsed === algorithm.zeroOid ? null : parsed;
    };
    switch (name) {
      case 'refname':
        assertRemoteRefName(value);
        return { name: value };
      case 'old-oid':
        return { oldOid: oid() };
      case 'new-oid':
        return { newOid: oid() };
      case 'forced-update':
        return { isForced: true };
      default:
        return undefined;
    }
  }

  #attachRefs(last: PushResult): void {
    if (last.refs === undefined) this.results[this.results.length - 1] = { ...last, refs: this.#refs };
  }
}

function optionLines({ name, oldOid, newOid, isForced }: PushedRef, { zeroOid }: HashAlgorithm): string[] {
  return [
    ...(name === undefined ? [] : [`option refname ${name}`]),
    ...(oldOid === undefined ? [] : [`option old-oid ${oldOid ?? zeroOid}`]),
    ...(newOid === undefined ? [] : [`option new-oid ${newOid ?? zeroOid}`]),
    ...(isForced === true ? ['option forced-update'] : []),
  ];
}

function parseStatus(text: string, offset: number): PushResult {
  const [word, name, ...words] = text.split(' ');
  if (name !== undefined && name !== '') {
    if (word === 'ok') return { name, ok: true };
    if (word === 'ng') {
      const reason = remoteWords(words.join(' ')) || 'no reason given';
      const refusal = parseCodedRefusal(reason);
      return { name, ok: false, reason, ...(refusal && { refusal }) };
    }
  }
  throw malformed(offset, `${JSON.stringify(text.slice(0, 40))} is no status`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 1024);
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('push report', offset, problem, { origin: 'remote' });
}
