import { concatBytes, encodeUtf8, type HashAlgorithm, isOid, MalformedError, type Oid } from '@git-kv/objects';
import type { Capabilities } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeDataLine, FLUSH } from '../pkt-line/encode.js';
import { parseOid } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { lineText } from '../text.js';
import { unknownArgument, type V2Command } from './command.js';

/** What `object-info` is asked for. */
export interface ObjectInfoRequest {
  /** Tell sizes: all that there is to be told so far. */
  readonly size: boolean;
  readonly oids: readonly Oid[];
}

/** What is told of one object. */
export interface ObjectInfo {
  readonly oid: Oid;
  /** Bytes of its content; `undefined` for an object that is not there, or where sizes were not asked for. */
  readonly size: number | undefined;
}

/** The command that asks for `request`. @throws {LimitError} for too many objects */
export function objectInfoCommand(
  request: ObjectInfoRequest,
  capabilities: Capabilities,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): V2Command {
  assertWithin(limits, 'maxObjectLines', request.oids.length);
  const args = request.oids.map((oid) => `oid ${oid}`);
  return { command: 'object-info', capabilities, args: request.size ? ['size', ...args] : args };
}

/** The server's half of {@link objectInfoCommand}. @throws {MalformedError} with origin `remote`; {GitError} UNSUPPORTED; {LimitError} */
export function parseObjectInfoCommand(
  command: V2Command,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): ObjectInfoRequest {
  const oids: Oid[] = [];
  let size = false;
  for (const argument of command.args) {
    if (argument === 'size') size = true;
    else if (argument.startsWith('oid ')) oids.push(parseOid('object-info request', argument.slice(4), 0, algorithm));
    else unknownArgument('object-info', argument);
  }
  assertWithin(limits, 'maxObjectLines', oids.length);
  return { size, oids };
}

/**
 * The bytes of an answer.
 *
 *     answer = ["size" *(oid SP [size])] flush      ; each a line, without a line feed; no size: the object is not there
 *
 * @see gitprotocol-v2(5), "object-info"
 */
export function serializeObjectInfo(request: ObjectInfoRequest, infos: readonly ObjectInfo[]): Uint8Array {
  const rows = infos.map(({ oid, size }) => (request.size ? `${oid} ${size ?? ''}` : oid));
  if (request.size && rows.length > 0) rows.unshift('size');
  return concatBytes([...rows.map((row) => encodeDataLine(encodeUtf8(row))), FLUSH]);
}

/**
 * Read an answer up to its flush.
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {LimitError}
 */
export async function readObjectInfo(
  lines: LineSource,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for (let isFirst = true; ; isFirst = false) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') return infos;
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where data must`);
    const failure = parseErrorLine(line.payload);
    if (failure !== undefined) throw failure;
    const text = lineText(line.payload);
    if (isFirst && text === 'size') continue;
    infos.push(parseRow(text, algorithm, lines.offset));
    assertWithin(limits, 'maxObjectLines', infos.length);
  }
}

function parseRow(text: string, algorithm: HashAlgorithm, offset: number): ObjectInfo {
  const oid = text.slice(0, algorithm.hexLength);
  const rest = text.slice(algorithm.hexLength);
  if (!isOid(oid) || oid.length !== algorithm.hexLength || !/^(?: [0-9]{0,15})?$/.test(rest)) {
    throw malformed(offset, `${JSON.stringify(text.slice(0, 80))} tells of no object`);
  }
  return { oid, size: rest.length > 1 ? Number(rest) : undefined };
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('object-info answer', offset, problem, { origin: 'remote' });
}
