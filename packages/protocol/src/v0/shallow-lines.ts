import { concatBytes, encodeUtf8, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { assertWithin, DEFAULT_PROTOCOL_LIMITS, type ProtocolLimits } from '../limits.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeDataLine, FLUSH } from '../pkt-line/encode.js';
import { parseOid } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { exactLineText } from '../text.js';
import type { ShallowInfo } from '../v2/fetch-answer.js';

const SHALLOW_LINE = /^(shallow|unshallow) (.*)$/s;

/**
 * Read what a server of protocol v0 says of the shallow boundary, which it does where a depth was asked for.
 *
 *     answer = *(("shallow" | "unshallow") SP oid) flush          ; each a line
 *
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {LimitError}
 * @see gitprotocol-pack(5), "Packfile Negotiation"
 */
export async function readShallowLines(
  lines: LineSource,
  algorithm: HashAlgorithm,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<ShallowInfo> {
  const shallowOids: Oid[] = [];
  const unshallowOids: Oid[] = [];
  for (;;) {
    const line = (await lines.read()) ?? closedEarly();
    if (line.kind === 'flush') return { shallowOids, unshallowOids };
    const failure = line.kind === 'data' ? parseErrorLine(line.payload) : undefined;
    if (failure !== undefined) throw failure;
    const text = (line.kind === 'data' ? exactLineText(line.payload) : undefined) ?? '';
    const [, word, id = ''] = SHALLOW_LINE.exec(text) ?? [];
    if (word === undefined) {
      const shown = line.kind === 'data' ? JSON.stringify(text.slice(0, 40)) : `a ${line.kind} line`;
      throw new MalformedError('shallow line', lines.offset, `${shown} is none`, { origin: 'remote' });
    }
    (word === 'shallow' ? shallowOids : unshallowOids).push(parseOid('shallow line', id, lines.offset, algorithm));
    assertWithin(limits, 'maxObjectLines', shallowOids.length + unshallowOids.length);
  }
}

/** The bytes that {@link readShallowLines} reads: without line feeds, as git writes these. */
export function serializeShallowLines({ shallowOids, unshallowOids }: ShallowInfo): Uint8Array {
  const rows = [...shallowOids.map((oid) => `shallow ${oid}`), ...unshallowOids.map((oid) => `unshallow ${oid}`)];
  return concatBytes([...rows.map((row) => encodeDataLine(encodeUtf8(row))), FLUSH]);
}
