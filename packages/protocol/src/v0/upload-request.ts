import { concatBytes, GitError, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { type Capabilities, hasCapability, parseCapabilityList, serializeCapabilityList } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeText, FLUSH } from '../pkt-line/encode.js';
import { parseOid } from '../ref-line.js';
import type { LineSource } from '../sideband.js';
import { exactLineText } from '../text.js';
import { EMPTY_FETCH_REQUEST, type FetchRequest } from '../v2/fetch-request.js';

/** What a fetch of protocol v0 begins with: wants and shape; haves and `done` come after, line by line. */
export interface UploadRequest {
  /** Without haves, and not `done`. Its flags are what the capabilities say. */
  readonly request: FetchRequest;
  /** What the client wants to use of what the server can do. */
  readonly capabilities: Capabilities;
}

/** The capabilities that are flags of a request, and which. */
const FLAGS = {
  'thin-pack': 'thin',
  'no-progress': 'noProgress',
  'include-tag': 'includeTag',
  'ofs-delta': 'ofsDelta',
  'deepen-relative': 'deepenRelative',
} as const satisfies Record<string, keyof FetchRequest>;

/** The capabilities that say what `request` asks for, as far as flags do. */
export function requestFlags(request: FetchRequest): Capabilities {
  return Object.entries(FLAGS).flatMap(([name, field]) => (request[field] ? [{ name }] : []));
}

/**
 * The bytes before the haves.
 *
 *     request = "want" SP oid SP capabilities *("want" SP oid) *("shallow" SP oid) *depth ["filter" SP filter] flush
 *     depth   = "deepen" SP number | "deepen-since" SP seconds | "deepen-not" SP ref               ; each a line
 *
 * @throws {LimitError} for too many objects
 * @see gitprotocol-pack(5), "Packfile Negotiation"
 */
export function serializeUploadRequest(
  { request, capabilities }: UploadRequest,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Uint8Array {
  assertWithin(limits, 'maxWants', request.wants.length);
  assertWithin(limits, 'maxObjectLines', request.shallow.length);
  const list = serializeCapabilityList(capabilities);
  const rows = request.wants.map((oid, index) => (index === 0 && list !== '' ? `want ${oid} ${list}` : `want ${oid}`));
  for (const oid of request.shallow) rows.push(`shallow ${oid}`);
  if (request.depth !== undefined) rows.push(`deepen ${request.depth}`);
  if (request.deepenSince !== undefined) rows.push(`deepen-since ${request.deepenSince}`);
  for (const name of request.deepenNot) rows.push(`deepen-not ${name}`);
  if (request.filter !== undefined) rows.push(`filter ${request.filter}`);
  return concatBytes([...rows.map(encodeText), FLUSH]);
}

/**
 * The server's half of {@link serializeUploadRequest}, or `undefined` where the client wants nothing (a flush, or the end).
 * Wants that repeat come once.
 * @throws {MalformedError} with origin `remote`; {GitError} UNSUPPORTED for an impossible depth; {LimitError}
 */
export async function readUploadRequest(
  lines: LineSource,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<UploadRequest | undefined> {
  const wants = new Set<Oid>();
  const shallow: Oid[] = [];
  const deepenNot: string[] = [];
  let capabilities: Capabilities | undefined;
  let depth: number | undefined;
  let deepenSince: number | undefined;
  let filter: string | undefined;
  const start = lines.offset;
  for (let count = 0; ; count++) {
    const line = await lines.read();
    if (count === 0 && (line === undefined || line.kind === 'flush')) return undefined;
    if (line === undefined) closedEarly();
    if (line.kind === 'flush') break;
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where a want must`);
    const text = exactLineText(line.payload);
    if (text === undefined) throw malformed(lines.offset, 'a line is not UTF-8');
    assertWithin(limits, 'maxRequestBytes', lines.offset - start);
    const space = text.indexOf(' ');
    const word = text.slice(0, space);
    const value = text.slice(space + 1);
    if (word === 'want') {
      const [id = '', ...rest] = value.split(' ');
      if (capabilities !== undefined && rest.length > 0) {
        throw malformed(lines.offset, 'capabilities stand on a later want');
      }
      capabilities ??= parseCapabilityList(rest.join(' '));
      wants.add(parseOid('upload request', id, lines.offset, algorithm));
      assertWithin(limits, 'maxWants', wants.size);
    } else if (word === 'shallow') {
      shallow.push(parseOid('upload request', value, lines.offset, algorithm));
      assertWithin(limits, 'maxObjectLines', shallow.length);
    } else if (word === 'deepen') depth = positive(word, value);
    else if (word === 'deepen-since') deepenSince = positive(word, value);
    else if (word === 'deepen-not') {
      deepenNot.push(value);
      assertWithin(limits, 'maxObjectLines', deepenNot.length);
    } else if (word === 'filter') filter = value;
    else throw malformed(lines.offset, `${JSON.stringify(text.slice(0, 40))} is no line of a request`);
  }
  if (capabilities === undefined) throw malformed(lines.offset, 'nothing is wanted');
  const announced = capabilities;
  const flags = Object.entries(FLAGS).map(([name, field]) => [field, hasCapability(announced, name)] as const);
  const request: FetchRequest = {
    ...EMPTY_FETCH_REQUEST,
    ...Object.fromEntries(flags),
    wants: [...wants],
    shallow,
    deepenNot,
    ...(depth === undefined ? {} : { depth }),
    ...(deepenSince === undefined ? {} : { deepenSince }),
    ...(filter === undefined ? {} : { filter }),
  };
  return { request, capabilities };
}

function positive(word: string, text: string): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (value > 0) return value;
  const shown = JSON.stringify(text.slice(0, 40));
  throw new GitError('UNSUPPORTED', `Cannot ${word} by ${shown}: a positive number is needed`);
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('upload request', offset, problem, { origin: 'remote' });
}
