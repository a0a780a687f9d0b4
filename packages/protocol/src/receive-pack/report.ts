import { concatBytes, MalformedError } from '@git-kv/objects';
import { DEFAULT_PROTOCOL_LIMITS } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeText, FLUSH } from '../pkt-line/encode.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { exactLineText, remoteWords } from '../text.js';

/** What became of one command. */
export interface PushResult {
  readonly name: string;
  readonly ok: boolean;
  /** Where not `ok`: why, in the server's words. */
  readonly reason?: string;
}

/** What became of a push. */
export interface PushReport {
  /** `ok`, or why the server could not take in the pack, in its words. */
  readonly unpack: string;
  /** One for each command. */
  readonly results: readonly PushResult[];
}

/**
 * Read a report up to its flush.
 *
 *     report = "unpack" SP ("ok" | reason) *(status *option) flush          ; each a line
 *     status = "ok" SP name | "ng" SP name SP reason
 *     option = "option" SP anything                                         ; report-status-v2, passed over
 *
 * @param maxResults commands that were sent: a report of more has nothing to say, and might not end
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line
 * @see gitprotocol-pack(5), "Report Status"
 */
export async function readPushReport(
  lines: LineSource,
  maxResults: number = DEFAULT_PROTOCOL_LIMITS.maxCommands,
): Promise<PushReport> {
  let unpack: string | undefined;
  const results: PushResult[] = [];
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
    } else if (!text.startsWith('option ') || results.length === 0) {
      if (results.length === maxResults) throw malformed(lines.offset, 'it has more statuses than there were commands');
      results.push(parseStatus(text, lines.offset));
    }
  }
  if (unpack === undefined) throw malformed(lines.offset, 'it is empty');
  return { unpack, results };
}

/** The bytes that {@link readPushReport} reads. Where side-band is negotiated, they go on band 1, with a flush after. */
export function serializePushReport(report: PushReport): Uint8Array {
  const statuses = report.results.map((result) =>
    encodeText(result.ok ? `ok ${result.name}` : `ng ${result.name} ${oneLine(result.reason ?? 'failed')}`),
  );
  return concatBytes([encodeText(`unpack ${oneLine(report.unpack)}`), ...statuses, FLUSH]);
}

function parseStatus(text: string, offset: number): PushResult {
  const [word, name, ...reason] = text.split(' ');
  if (name !== undefined && name !== '') {
    if (word === 'ok') return { name, ok: true };
    if (word === 'ng') return { name, ok: false, reason: remoteWords(reason.join(' ')) || 'no reason given' };
  }
  throw malformed(offset, `${JSON.stringify(text.slice(0, 40))} is no status`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 1024);
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('push report', offset, problem, { origin: 'remote' });
}
