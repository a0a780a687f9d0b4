import { concatBytes, encodeUtf8, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import {
  type Capabilities,
  negotiatedAlgorithm,
  parseCapabilityList,
  serializeCapabilityList,
} from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeDataLine, encodeText, FLUSH } from '../pkt-line/encode.js';
import { assertRemoteRefName, parseOid, type RemoteRef } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { exactLineText, lineText, withoutLineFeed } from '../text.js';
import { readAfterServiceLine } from '../v2/advertisement.js';

/** The name that stands where an empty repository has no ref to hang its capabilities on. */
const NO_REFS = 'capabilities^{}';

/** What receive-pack says before a push: protocol v0's advertisement. */
export interface ReceivePackAdvertisement {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** Sorted by name as the server sends them. HEAD is not among them. */
  readonly refs: readonly RemoteRef[];
  /** Objects the server has besides (of its alternates): bases for a thin pack. */
  readonly haveOids: readonly Oid[];
  /** The server's own shallow boundary. */
  readonly shallowOids: readonly Oid[];
}

/**
 * Read the advertisement.
 *
 *     advertisement = first *(oid SP name) *("shallow" SP oid) flush       ; each a line
 *     first         = oid SP name NUL capabilities
 *                   | zero-oid SP "capabilities^{}" NUL capabilities       ; without refs
 *
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {GitError} INVALID_REF_NAME; {LimitError}
 * @see gitprotocol-pack(5), "Reference Discovery"
 */
export async function readReceivePackAdvertisement(
  lines: LineSource,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<ReceivePackAdvertisement> {
  let line = await readAfterServiceLine(lines);
  if (line.kind === 'data' && lineText(line.payload) === 'version 1') line = (await lines.read()) ?? closedEarly();
  let capabilities: Capabilities | undefined;
  let algorithm: HashAlgorithm | undefined;
  const refs: RemoteRef[] = [];
  const haveOids: Oid[] = [];
  const shallowOids: Oid[] = [];
  for (; line.kind !== 'flush'; line = (await lines.read()) ?? closedEarly()) {
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where a ref must`);
    const failure = parseErrorLine(line.payload);
    if (failure !== undefined) throw failure;
    const nul = line.payload.indexOf(0);
    if (nul < 0 === (capabilities === undefined)) {
      throw malformed(lines.offset, 'the capabilities do not stand on the first line, and there alone');
    }
    if (nul >= 0) {
      capabilities = parseCapabilityList(lineText(line.payload.subarray(nul + 1)));
      algorithm = negotiatedAlgorithm(capabilities);
    }
    const row = nul < 0 ? withoutLineFeed(line.payload) : line.payload.subarray(0, nul);
    parseRow(row, algorithm as HashAlgorithm, lines.offset, { refs, haveOids, shallowOids });
    assertWithin(limits, 'maxRefs', refs.length + haveOids.length + shallowOids.length);
    assertWithin(limits, 'maxRefsBytes', lines.offset);
  }
  if (capabilities === undefined || algorithm === undefined) {
    throw malformed(lines.offset, 'the server announces nothing, not even its capabilities');
  }
  return { capabilities, algorithm, refs, haveOids, shallowOids };
}

/** The bytes that {@link readReceivePackAdvertisement} reads. */
export function serializeReceivePackAdvertisement(advertisement: {
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  readonly refs: Iterable<{ readonly name: string; readonly oid: Oid }>;
  readonly haveOids?: Iterable<Oid>;
  readonly shallowOids?: Iterable<Oid>;
}): Uint8Array {
  const rows: string[] = [];
  for (const ref of advertisement.refs) rows.push(`${ref.oid} ${ref.name}`);
  for (const oid of advertisement.haveOids ?? []) rows.push(`${oid} .have`);
  const first = rows.shift() ?? `${advertisement.algorithm.zeroOid} ${NO_REFS}`;
  for (const oid of advertisement.shallowOids ?? []) rows.push(`shallow ${oid}`);
  const head = encodeUtf8(`${first}\0${serializeCapabilityList(advertisement.capabilities)}\n`);
  return concatBytes([encodeDataLine(head), ...rows.map(encodeText), FLUSH]);
}

function parseRow(
  row: Uint8Array,
  algorithm: HashAlgorithm,
  offset: number,
  into: { refs: RemoteRef[]; haveOids: Oid[]; shallowOids: Oid[] },
): void {
  const text = exactLineText(row);
  const space = text?.indexOf(' ') ?? -1;
  if (text === undefined || space < 0) throw malformed(offset, 'a line is no object id and name');
  const id = text.slice(0, space);
  const name = text.slice(space + 1);
  if (id === 'shallow') {
    into.shallowOids.push(parseOid('advertisement', name, offset, algorithm));
    return;
  }
  const oid = parseOid('advertisement', id, offset, algorithm);
  if (name === NO_REFS) return;
  if (name === '.have') {
    into.haveOids.push(oid);
    return;
  }
  assertRemoteRefName(name);
  into.refs.push({ name, oid });
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('advertisement', offset, problem, { origin: 'remote' });
}
