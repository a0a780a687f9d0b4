import {
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  GitError,
  type HashAlgorithm,
  MalformedError,
  type Oid,
} from '@git-kv/objects';
import { type Capabilities, hasCapability, parseCapabilityList, serializeCapabilityList } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeDataLine, encodeText, FLUSH } from '../pkt-line/encode.js';
import type { PktLineReader } from '../pkt-line/reader.js';
import { assertRemoteRefName, parseOid } from '../ref-line.js';
import { exactLineText, lineText } from '../text.js';

/** One ref that a push changes; `null` stands for "no such ref". */
export interface PushCommand {
  readonly name: string;
  /** What the pusher takes the ref to hold. */
  readonly oldOid: Oid | null;
  /** What it is to hold; `null` deletes it. */
  readonly newOid: Oid | null;
}

/** What comes before the pack of a push. */
export interface PushRequestHead {
  readonly commands: readonly PushCommand[];
  readonly capabilities: Capabilities;
  readonly pushOptions: readonly string[];
  /** The pusher's shallow boundary. */
  readonly shallowOids: readonly Oid[];
}

/** A push as a server reads it. */
export interface PushRequest extends PushRequestHead {
  /** The bytes of the pack, streamed; `undefined` where every command is a delete. */
  readonly pack?: AsyncIterable<Uint8Array>;
}

/**
 * The bytes before the pack.
 *
 *     head    = *("shallow" SP oid) first *command flush [*option flush]     ; each a line, options where negotiated
 *     first   = command NUL capabilities
 *     command = old SP new SP name                                           ; the zero oid stands for "no such ref"
 *
 * @see gitprotocol-pack(5), "Reference Update Request and Packfile Transfer"
 */
export function serializePushRequestHead(head: PushRequestHead, algorithm: HashAlgorithm): Uint8Array {
  const { zeroOid } = algorithm;
  const parts = head.shallowOids.map((oid) => encodeText(`shallow ${oid}`));
  head.commands.forEach((command, index) => {
    const text = `${command.oldOid ?? zeroOid} ${command.newOid ?? zeroOid} ${command.name}`;
    const tail = index === 0 ? `\0 ${serializeCapabilityList(head.capabilities)}` : '';
    parts.push(encodeDataLine(encodeUtf8(text + tail)));
  });
  parts.push(FLUSH);
  if (hasCapability(head.capabilities, 'push-options')) {
    for (const option of head.pushOptions) parts.push(encodeDataLine(encodeUtf8(option)));
    parts.push(FLUSH);
  }
  return concatBytes(parts);
}

/**
 * Read a push up to its pack, or `undefined` where the client has nothing to push (it sends a flush, or ends).
 * @throws {MalformedError} with origin `remote`; {GitError} INVALID_REF_NAME, or UNSUPPORTED for a push certificate;
 *   {LimitError}: over a limit is a refusal, never a part of the push
 */
export async function readPushRequest(
  lines: PktLineReader,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<PushRequest | undefined> {
  const commands: PushCommand[] = [];
  const shallowOids: Oid[] = [];
  let capabilities: Capabilities = [];
  for (;;) {
    const line = await lines.read();
    if (line === undefined && commands.length + shallowOids.length === 0) return undefined;
    if (line === undefined) closedEarly();
    if (line.kind === 'flush') break;
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where a command must`);
    const nul = line.payload.indexOf(0);
    const text = exactLineText(nul < 0 ? line.payload : line.payload.subarray(0, nul));
    if (text === undefined) throw malformed(lines.offset, 'a command is not UTF-8');
    if (text === 'push-cert')
      throw new GitError('UNSUPPORTED', 'Cannot accept a push certificate: they are not supported');
    if (text.startsWith('shallow ')) {
      shallowOids.push(parseOid('push command', text.slice('shallow '.length), lines.offset, algorithm));
      assertWithin(limits, 'maxObjectLines', shallowOids.length);
      continue;
    }
    if (nul >= 0 && commands.length > 0) throw malformed(lines.offset, 'capabilities stand on a later command');
    if (nul >= 0) capabilities = parseCapabilityList(lineText(line.payload.subarray(nul + 1)));
    commands.push(parseCommand(text, algorithm, lines.offset));
    assertWithin(limits, 'maxCommands', commands.length);
  }
  if (commands.length === 0) return undefined;
  assertDistinct(commands, lines.offset);
  const pushOptions = hasCapability(capabilities, 'push-options') ? await readPushOptions(lines, limits) : [];
  const head = { commands, capabilities, pushOptions, shallowOids };
  return commands.every((command) => command.newOid === null) ? head : { ...head, pack: lines.rest() };
}

async function readPushOptions(lines: PktLineReader, limits: ProtocolLimits): Promise<string[]> {
  const options: string[] = [];
  for (;;) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') return options;
    if (line.kind !== 'data') throw malformed(lines.offset, `a ${line.kind} line stands where an option must`);
    assertWithin(limits, 'maxPushOptionBytes', line.payload.length);
    options.push(decodeUtf8(line.payload).replace(/\n$/, ''));
    assertWithin(limits, 'maxPushOptions', options.length);
  }
}

function parseCommand(text: string, algorithm: HashAlgorithm, offset: number): PushCommand {
  const [oldText, newText] = text.split(' ', 2);
  const oldId = parseOid('push command', oldText ?? '', offset, algorithm);
  const newId = parseOid('push command', newText ?? '', offset, algorithm);
  const name = text.slice(2 * algorithm.hexLength + 2);
  assertRemoteRefName(name);
  const orNull = (oid: Oid): Oid | null => (oid === algorithm.zeroOid ? null : oid);
  return { name, oldOid: orNull(oldId), newOid: orNull(newId) };
}

/** Two commands for one ref have no meaning: git refuses them too. */
function assertDistinct(commands: readonly PushCommand[], offset: number): void {
  if (new Set(commands.map((command) => command.name)).size !== commands.length) {
    throw malformed(offset, 'two commands name one ref');
  }
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('push command', offset, problem, { origin: 'remote' });
}
