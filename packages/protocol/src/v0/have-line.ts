import { type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { encodeText } from '../pkt-line/encode.js';
import { parseOid } from '../ref-line.js';
import type { LineSource } from '../sideband.js';
import { exactLineText } from '../text.js';

/** What a client says while it negotiates in protocol v0. `end`: it went away. */
export type HaveLine =
  | { readonly kind: 'have'; readonly oid: Oid }
  | { readonly kind: 'flush' }
  | { readonly kind: 'done' }
  | { readonly kind: 'end' };

/**
 * Read one line of a negotiation.
 *
 *     line = "have" SP oid | "done" | flush
 *
 * @throws {MalformedError} with origin `remote`
 * @see gitprotocol-pack(5), "Packfile Negotiation"
 */
export async function readHaveLine(lines: LineSource, algorithm: HashAlgorithm): Promise<HaveLine> {
  const line = await lines.read();
  if (line === undefined) return { kind: 'end' };
  if (line.kind === 'flush') return line;
  const text = line.kind === 'data' ? exactLineText(line.payload) : undefined;
  if (text === 'done') return { kind: 'done' };
  if (text?.startsWith('have ')) return { kind: 'have', oid: parseOid('have', text.slice(5), lines.offset, algorithm) };
  const shown = text === undefined ? 'a line' : JSON.stringify(text.slice(0, 40));
  throw new MalformedError('have', lines.offset, `${shown} is neither a have nor done`, { origin: 'remote' });
}

/** The bytes of haves, in their order. */
export function serializeHaves(oids: readonly Oid[]): Uint8Array[] {
  return oids.map((oid) => encodeText(`have ${oid}`));
}
