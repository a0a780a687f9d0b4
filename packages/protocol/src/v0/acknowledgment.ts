import { type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { encodeText } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import { parseOid } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import { exactLineText } from '../text.js';

/**
 * How much a server says of what it finds in common: `detailed` (multi_ack_detailed) and `multi` (multi_ack) one line for
 * each commit, `single` only the first.
 */
export type AckMode = 'single' | 'multi' | 'detailed';

/** What a server says of a have. */
export interface Ack {
  readonly kind: 'ack';
  readonly oid: Oid;
  /** `final`: it is the last word, or the only one. `ready`: it knows enough, whether it has `oid` or not. */
  readonly status: 'final' | 'continue' | 'common' | 'ready';
}

/** What a server answers to haves in protocol v0, line by line. */
export type Acknowledgment = Ack | { readonly kind: 'nak' };

const STATUSES: ReadonlySet<string> = new Set<Ack['status']>(['continue', 'common', 'ready']);

/**
 * Parse one line.
 *
 *     line = "NAK" | "ACK" SP oid [SP ("continue" | "common" | "ready")]
 *
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line
 * @see gitprotocol-pack(5), "Packfile Negotiation"
 */
export function parseAcknowledgment(line: PktLine, algorithm: HashAlgorithm, offset = 0): Acknowledgment {
  if (line.kind !== 'data') throw malformed(offset, `a ${line.kind} line stands where an acknowledgment must`);
  const failure = parseErrorLine(line.payload);
  if (failure !== undefined) throw failure;
  const text = exactLineText(line.payload) ?? '';
  if (text === 'NAK') return { kind: 'nak' };
  const [word, id = '', status = 'final', ...more] = text.split(' ');
  if (word !== 'ACK' || more.length > 0 || (status !== 'final' && !STATUSES.has(status)) || text.endsWith(' final')) {
    throw malformed(offset, `${JSON.stringify(text.slice(0, 80))} is no acknowledgment`);
  }
  const oid = parseOid('acknowledgment', id, offset, algorithm);
  return { kind: 'ack', oid, status: status as Ack['status'] };
}

/** The bytes of one line. */
export function serializeAcknowledgment(acknowledgment: Acknowledgment): Uint8Array {
  if (acknowledgment.kind === 'nak') return encodeText('NAK');
  const { oid, status } = acknowledgment;
  return encodeText(status === 'final' ? `ACK ${oid}` : `ACK ${oid} ${status}`);
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('acknowledgment', offset, problem, { origin: 'remote' });
}
