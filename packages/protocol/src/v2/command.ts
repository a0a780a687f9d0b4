import { concatBytes, GitError, MalformedError } from '@git-kv/objects';
import { type Capabilities, type Capability, parseCapability, serializeCapability } from '../capabilities.js';
import { assertWithin, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { DELIMITER, encodeText, FLUSH } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import type { LineSource } from '../sideband.js';
import { exactLineText } from '../text.js';

/** One request of protocol v2: a command, what the client says of itself, and the command's own arguments. */
export interface V2Command {
  readonly command: string;
  readonly capabilities: Capabilities;
  readonly args: readonly string[];
}

/**
 * The bytes of a request.
 *
 *     request = "command=" name  *capability  [delimiter *argument]  flush    ; each a line
 *
 * @see gitprotocol-v2(5), "Command Request"
 */
export function serializeV2Command(request: V2Command): Uint8Array {
  const head = [encodeText(`command=${request.command}`)];
  for (const capability of request.capabilities) head.push(encodeText(serializeCapability(capability)));
  const args = request.args.map(encodeText);
  return concatBytes(args.length === 0 ? [...head, FLUSH] : [...head, DELIMITER, ...args, FLUSH]);
}

/**
 * What a server reads: one request, or `undefined` where the client has no more (the end of the stream, or a flush alone).
 * @throws {MalformedError} with origin `remote`; {LimitError} as soon as there are more lines or bytes than `limits` allow
 */
export async function readV2Command(lines: LineSource, limits: ProtocolLimits): Promise<V2Command | undefined> {
  let command: string | undefined;
  const capabilities: Capability[] = [];
  const start = lines.offset;
  for (let first = true; ; first = false) {
    const line = await lines.read();
    if (line === undefined && first) return undefined;
    if (line?.kind === 'flush' && first) return undefined;
    if (line === undefined) closedEarly();
    if (line.kind === 'flush') return { command: known(command, lines.offset), capabilities, args: [] };
    if (line.kind === 'delimiter') break;
    const text = argumentText(line, lines.offset);
    assertWithin(limits, 'maxRequestBytes', lines.offset - start);
    if (text.startsWith('command=')) {
      if (command !== undefined) throw malformed(lines.offset, 'there are two commands');
      command = text.slice('command='.length);
    } else {
      capabilities.push(parseCapability(text));
      assertWithin(limits, 'maxCapabilities', capabilities.length);
    }
  }
  const name = known(command, lines.offset);
  const args: string[] = [];
  let wants = 0;
  for (;;) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') return { command: name, capabilities, args };
    args.push(argumentText(line, lines.offset));
    assertWithin(limits, 'maxRequestBytes', lines.offset - start);
    if (name === 'fetch' && args.at(-1)?.startsWith('want') === true) {
      assertWithin(limits, 'maxWants', ++wants);
      continue;
    }
    // Both commands have arguments of other kinds, but only a few of them.
    const limit = name === 'ls-refs' ? 'maxRefPrefixes' : 'maxObjectLines';
    if (args.length - wants > limits[limit] + 64) assertWithin(limits, limit, args.length - wants);
  }
}

/** Refuse an argument that is not known, as git does. @throws {GitError} UNSUPPORTED, always */
export function unknownArgument(command: string, argument: string): never {
  throw new GitError(
    'UNSUPPORTED',
    `Cannot answer ${command}: argument ${JSON.stringify(argument.slice(0, 80))} is not known`,
  );
}

function known(command: string | undefined, offset: number): string {
  if (command === undefined) throw malformed(offset, 'the command is missing');
  return command;
}

function argumentText(line: PktLine, offset: number): string {
  if (line.kind !== 'data') throw malformed(offset, `a ${line.kind} line stands where data must`);
  const text = exactLineText(line.payload);
  if (text === undefined) throw malformed(offset, 'an argument is not UTF-8');
  return text;
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('request', offset, problem, { origin: 'remote' });
}
