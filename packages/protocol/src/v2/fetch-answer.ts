import { concatBytes, encodeUtf8, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { DELIMITER, encodeDataLine, FLUSH } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import { assertRemoteRefName, parseOid } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import { assertBodyEnds, demultiplex, encodeSideband, type LineSource, type OnRemoteProgress } from '../sideband.js';
import { exactLineText, lineText } from '../text.js';
import { SidebandLines } from './sideband-lines.js';

/** What a server says of the haves of one round. */
export interface Acknowledgments {
  /** The haves that it has too. None is what it calls NAK. */
  readonly commonOids: readonly Oid[];
  /** It knows enough: the pack follows. */
  readonly ready: boolean;
}

/** How a depth changed the shallow boundary. */
export interface ShallowInfo {
  /** Commits whose parents are now cut off. */
  readonly shallowOids: readonly Oid[];
  /** Commits whose parents are no longer cut off. */
  readonly unshallowOids: readonly Oid[];
}

/** A ref wanted by name, and what it was when the server looked. */
export interface WantedRef {
  readonly name: string;
  readonly oid: Oid;
}

/** Everything before the pack. A section that is absent is `undefined`. */
export interface FetchAnswerHead {
  readonly acknowledgments?: Acknowledgments;
  readonly shallowInfo?: ShallowInfo;
  readonly wantedRefs?: readonly WantedRef[];
}

/** An answer to `fetch`. Without a pack, the negotiation goes on. */
export interface V2FetchAnswer extends FetchAnswerHead {
  /** The bytes of the pack, streamed. Read it to its end, or end the iteration, to let go of the connection. */
  readonly pack?: AsyncIterableIterator<Uint8Array>;
}

type Section = 'acknowledgments' | 'shallow-info' | 'wanted-refs' | 'packfile';

/** Which sections may come next. A section that came cannot come again. */
const NEXT_SECTIONS: Readonly<Record<'start' | Section, readonly Section[]>> = {
  start: ['acknowledgments', 'shallow-info', 'wanted-refs', 'packfile'],
  acknowledgments: ['shallow-info', 'wanted-refs', 'packfile'],
  'shallow-info': ['wanted-refs', 'packfile'],
  'wanted-refs': ['shallow-info', 'packfile'], // the manual and git differ in their order
  packfile: [],
};

/** How an answer is read. */
export interface ReadFetchAnswerOptions {
  readonly onProgress?: OnRemoteProgress | undefined;
  readonly limits?: ProtocolLimits | undefined;
  /** All of the answer comes in a sideband, as was asked for. */
  readonly sidebandAll?: boolean | undefined;
}

/**
 * Read an answer to `fetch` up to its pack.
 *
 *     answer   = section *(delimiter section) flush
 *     section  = "acknowledgments" ("NAK" | *("ACK" SP oid)) ["ready"]
 *              | "shallow-info"    *(("shallow" | "unshallow") SP oid)
 *              | "wanted-refs"     *(oid SP name)
 *              | "packfile"        *sideband                              ; the last one
 *
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {LimitError}
 * @see gitprotocol-v2(5), "fetch"
 */
export async function readFetchAnswer(
  lines: LineSource,
  algorithm: HashAlgorithm,
  options: ReadFetchAnswerOptions = {},
): Promise<V2FetchAnswer> {
  const { limits = DEFAULT_PROTOCOL_LIMITS, onProgress } = options;
  const headLines = options.sidebandAll === true ? new SidebandLines(lines, onProgress) : lines;
  const head: { -readonly [Key in keyof FetchAnswerHead]: FetchAnswerHead[Key] } = {};
  const seen = new Set<Section>();
  let state: keyof typeof NEXT_SECTIONS = 'start';
  for (;;) {
    const line = await readLine(headLines);
    if (line.kind === 'flush' && state !== 'start') break; // "acknowledgments", delimiter, flush: as some servers end a round
    const section = parseSectionName(line, state, seen, lines.offset);
    if (section === 'packfile') return { ...head, pack: demultiplex(lines, { onProgress, refuseEmpty: true }) };
    const rows: string[] = [];
    const end = await readSection(headLines, rows, limits);
    if (section === 'acknowledgments') head.acknowledgments = parseAcknowledgments(rows, algorithm, lines.offset);
    else if (section === 'shallow-info') head.shallowInfo = parseShallowInfo(rows, algorithm, lines.offset);
    else head.wantedRefs = rows.map((row) => parseWantedRef(row, algorithm, lines.offset));
    seen.add(section);
    state = section;
    if (end === 'flush') break;
  }
  await assertBodyEnds(lines);
  return head;
}

/**
 * The bytes of all sections before the pack. With `packFollows` they end in the header of the pack's section, after which
 * come sideband lines and a flush; without it, in the flush. With `sidebandAll` each line is one of band 1.
 */
export function serializeFetchAnswerHead(head: FetchAnswerHead, packFollows: boolean, sidebandAll = false): Uint8Array {
  const encodeRow = (row: string): Uint8Array =>
    sidebandAll ? concatBytes([...encodeSideband(1, encodeUtf8(row))]) : encodeDataLine(encodeUtf8(row));
  const encodeLine = (text: string): Uint8Array => encodeRow(`${text}\n`);
  const sections: Uint8Array[][] = [];
  if (head.acknowledgments !== undefined) {
    const { commonOids, ready } = head.acknowledgments;
    const rows = commonOids.length === 0 ? ['NAK'] : commonOids.map((oid) => `ACK ${oid}`);
    sections.push(['acknowledgments', ...rows, ...(ready ? ['ready'] : [])].map(encodeLine));
  }
  if (head.shallowInfo !== undefined) {
    const { shallowOids, unshallowOids } = head.shallowInfo;
    const rows = [...shallowOids.map((oid) => `shallow ${oid}`), ...unshallowOids.map((oid) => `unshallow ${oid}`)];
    // Without line feeds, as git writes these and no others.
    sections.push([encodeLine('shallow-info'), ...rows.map(encodeRow)]);
  }
  if (head.wantedRefs !== undefined) {
    sections.push(['wanted-refs', ...head.wantedRefs.map((ref) => `${ref.oid} ${ref.name}`)].map(encodeLine));
  }
  if (packFollows) sections.push([encodeLine('packfile')]);
  const bytes = sections.flatMap((section, index) => (index === 0 ? section : [DELIMITER, ...section]));
  return concatBytes(packFollows ? bytes : [...bytes, FLUSH]);
}

/** A whole answer with a pack: the sections, the pack on band 1, the flush. */
export async function* serializeFetchAnswer(
  head: FetchAnswerHead,
  pack: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield serializeFetchAnswerHead(head, true);
  for await (const chunk of pack) yield* encodeSideband(1, chunk);
  yield FLUSH;
}

async function readLine(lines: LineSource): Promise<PktLine> {
  const line = (await lines.read()) ?? closedEarly();
  const failure = line.kind === 'data' ? parseErrorLine(line.payload) : undefined;
  if (failure !== undefined) throw failure;
  return line;
}

function parseSectionName(
  line: PktLine,
  state: keyof typeof NEXT_SECTIONS,
  seen: ReadonlySet<Section>,
  offset: number,
): Section {
  const name = line.kind === 'data' ? lineText(line.payload) : line.kind;
  const section = NEXT_SECTIONS[state].find((next) => next === name && !seen.has(next));
  if (section === undefined) {
    const place = state === 'start' ? 'at its start' : `after ${state}`;
    throw malformed(offset, `section ${JSON.stringify(name.slice(0, 40))} cannot come ${place}`);
  }
  return section;
}

/** Read the text of a section's lines into `rows`; tells what ended it. */
async function readSection(lines: LineSource, rows: string[], limits: ProtocolLimits): Promise<'flush' | 'delimiter'> {
  for (;;) {
    const line = await readLine(lines);
    if (line.kind === 'flush' || line.kind === 'delimiter') return line.kind;
    const text = line.kind === 'data' ? exactLineText(line.payload) : undefined;
    if (text === undefined) throw malformed(lines.offset, 'a line is no text');
    rows.push(text);
    assertWithin(limits, 'maxObjectLines', rows.length);
  }
}

function parseAcknowledgments(rows: readonly string[], algorithm: HashAlgorithm, offset: number): Acknowledgments {
  const commonOids: Oid[] = [];
  let ready = false;
  for (const row of rows) {
    if (row.startsWith('ACK ')) commonOids.push(parseOid('fetch answer', row.slice(4), offset, algorithm));
    else if (row === 'ready') ready = true;
    else if (row !== 'NAK') throw malformed(offset, `${JSON.stringify(row.slice(0, 40))} is no acknowledgment`);
  }
  return { commonOids, ready };
}

const SHALLOW_LINE = /^(shallow|unshallow) (.*)$/s;

function parseShallowInfo(rows: readonly string[], algorithm: HashAlgorithm, offset: number): ShallowInfo {
  const shallowOids: Oid[] = [];
  const unshallowOids: Oid[] = [];
  for (const row of rows) {
    const [, word, id = ''] = SHALLOW_LINE.exec(row) ?? [];
    if (word === undefined) throw malformed(offset, `${JSON.stringify(row.slice(0, 40))} is no shallow line`);
    (word === 'shallow' ? shallowOids : unshallowOids).push(parseOid('fetch answer', id, offset, algorithm));
  }
  return { shallowOids, unshallowOids };
}

function parseWantedRef(row: string, algorithm: HashAlgorithm, offset: number): WantedRef {
  const name = row.slice(algorithm.hexLength + 1);
  assertRemoteRefName(name);
  return { name, oid: parseOid('fetch answer', row.slice(0, row.indexOf(' ')), offset, algorithm) };
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('fetch answer', offset, problem, { origin: 'remote' });
}
