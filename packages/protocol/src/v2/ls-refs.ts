import { type HashAlgorithm, MalformedError } from '@git-kv/objects';
import type { Capabilities } from '../capabilities.js';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { encodeText } from '../pkt-line/encode.js';
import { assertRemoteRefName, parseOid, type RemoteRef } from '../ref-line.js';
import { exactLineText } from '../text.js';
import { unknownArgument, type V2Command } from './command.js';

/** What `ls-refs` is asked for. */
export interface LsRefsRequest {
  /** Only refs whose name begins with one of these; none means all. A hint: a server may send more. */
  readonly prefixes: readonly string[];
  /** Tell the targets of symbolic refs. */
  readonly symrefs: boolean;
  /** Tell what annotated tags come to. */
  readonly peel: boolean;
  /** Tell of a HEAD whose branch has no commit. Only where the server announced `ls-refs=unborn`. */
  readonly unborn: boolean;
}

/** The command that asks for `request`. @throws {LimitError} for too many prefixes */
export function lsRefsCommand(
  request: LsRefsRequest,
  capabilities: Capabilities,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): V2Command {
  assertWithin(limits, 'maxRefPrefixes', request.prefixes.length);
  const args: string[] = [];
  if (request.peel) args.push('peel');
  if (request.symrefs) args.push('symrefs');
  if (request.unborn) args.push('unborn');
  for (const prefix of request.prefixes) args.push(`ref-prefix ${prefix}`);
  return { command: 'ls-refs', capabilities, args };
}

/** The server's half of {@link lsRefsCommand}. @throws {GitError} UNSUPPORTED for other arguments; {LimitError} */
export function parseLsRefsCommand(
  command: V2Command,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): LsRefsRequest {
  const prefixes: string[] = [];
  let symrefs = false;
  let peel = false;
  let unborn = false;
  for (const argument of command.args) {
    if (argument.startsWith('ref-prefix ')) prefixes.push(argument.slice('ref-prefix '.length));
    else if (argument === 'symrefs') symrefs = true;
    else if (argument === 'peel') peel = true;
    else if (argument === 'unborn') unborn = true;
    else unknownArgument('ls-refs', argument);
  }
  assertWithin(limits, 'maxRefPrefixes', prefixes.length);
  return { prefixes, symrefs, peel, unborn };
}

/**
 * Parse one line of the answer.
 *
 *     ref       = (oid | "unborn") SP name *(SP attribute)
 *     attribute = "symref-target:" name | "peeled:" oid
 *
 * Attributes that are not known are passed over, as the manual asks.
 * @throws {MalformedError} with origin `remote`; {GitError} INVALID_REF_NAME
 * @see gitprotocol-v2(5), "ls-refs"
 */
export function parseLsRefsLine(payload: Uint8Array, algorithm: HashAlgorithm, offset = 0): RemoteRef {
  const text = exactLineText(payload);
  const [id, name, ...attributes] = text === undefined ? [] : text.split(' ');
  if (text !== undefined && name === undefined) {
    throw new MalformedError('ref line', offset, 'a ref has no name', { origin: 'remote' });
  }
  assertRemoteRefName(name);
  const oid = id === 'unborn' ? undefined : parseOid('ref line', id as string, offset, algorithm);
  let target: string | undefined;
  let peeledOid: string | undefined;
  for (const attribute of attributes) {
    if (attribute.startsWith('symref-target:')) {
      target = attribute.slice('symref-target:'.length);
      assertRemoteRefName(target);
    } else if (attribute.startsWith('peeled:')) {
      peeledOid = parseOid('ref line', attribute.slice('peeled:'.length), offset, algorithm);
    }
  }
  return { name, oid, ...(target === undefined ? {} : { target }), ...(peeledOid === undefined ? {} : { peeledOid }) };
}

/** One line of the answer; a flush ends it. */
export function serializeLsRefsLine(ref: RemoteRef): Uint8Array {
  const target = ref.target === undefined ? '' : ` symref-target:${ref.target}`;
  const peeled = ref.peeledOid === undefined ? '' : ` peeled:${ref.peeledOid}`;
  return encodeText(`${ref.oid ?? 'unborn'} ${ref.name}${target}${peeled}`);
}
