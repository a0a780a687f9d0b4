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
import type { PktLine } from '../pkt-line/line.js';
import type { PktLineReader } from '../pkt-line/reader.js';
import { assertRemoteRefName, parseOid, type RemoteRef } from '../ref-line.js';
import { parseErrorLine } from '../remote-words.js';
import type { LineSource } from '../sideband.js';
import { exactLineText, lineText, withoutLineFeed } from '../text.js';

/** The name that stands where an empty repository has no ref to hang its capabilities on. */
const NO_REFS = 'capabilities^{}';
/** What stands after a tag's name in the line that tells what it comes to. */
const PEELED = '^{}';
const SYMREF = 'symref';

/** What a service says first in protocol v0 and v1: all its refs at once, and what it can do. */
export interface V0Advertisement {
  /** 1 where it said so. Nothing else differs. */
  readonly version: 0 | 1;
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** HEAD first, the others sorted by name as the server sends them, with symbolic targets and peeled tags as far as told. */
  readonly refs: readonly RemoteRef[];
  /** The server's own shallow boundary. */
  readonly shallowOids: readonly Oid[];
}

/** Lines of an advertisement: those that are there come without waiting. */
export type RefLines = LineSource & Partial<Pick<PktLineReader, 'readBuffered'>>;

/**
 * Read an advertisement of upload-pack.
 *
 *     advertisement = ["version 1"] [first *(oid SP name ["^{}"]) *("shallow" SP oid)] flush     ; each a line
 *     first         = oid SP name NUL capabilities
 *                   | zero-oid SP "capabilities^{}" NUL capabilities                             ; without refs
 *
 * A flush alone is an old server's empty repository.
 * @param first the line that was read to find out which version this is
 * @throws {MalformedError} with origin `remote`; {RemoteError} for an ERR line; {GitError} INVALID_REF_NAME; {LimitError}
 * @see gitprotocol-pack(5), "Reference Discovery"
 */
export async function readV0Advertisement(
  lines: RefLines,
  first: PktLine,
  limits: ProtocolLimits = DEFAULT_PROTOCOL_LIMITS,
): Promise<V0Advertisement> {
  const isVersion1 = first.kind === 'data' && lineText(first.payload) === 'version 1';
  const rows = new Rows();
  let line = isVersion1 ? ((await lines.read()) ?? closedEarly()) : first;
  while (line.kind !== 'flush') {
    rows.take(line, lines.offset);
    assertWithin(limits, 'maxRefs', rows.count);
    assertWithin(limits, 'maxRefsBytes', lines.offset);
    line = lines.readBuffered?.() ?? (await lines.read()) ?? closedEarly();
  }
  return rows.advertisement(isVersion1 ? 1 : 0);
}

/** What {@link serializeV0Advertisement} takes. */
export interface V0AdvertisementContent {
  /** 1 to say so. */
  readonly version?: 0 | 1;
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** Refs without an object (an unborn HEAD) are left out. */
  readonly refs: Iterable<RemoteRef>;
  readonly shallowOids?: Iterable<Oid>;
}

/**
 * The bytes that {@link readV0Advertisement} reads. The symbolic targets of refs stand among the capabilities, which are given
 * without them.
 */
export function serializeV0Advertisement(content: V0AdvertisementContent): Uint8Array {
  const rows: string[] = [];
  const symrefs: Capabilities[number][] = [];
  for (const { name, oid, target, peeledOid } of content.refs) {
    if (oid === undefined) continue;
    rows.push(`${oid} ${name}`);
    if (peeledOid !== undefined) rows.push(`${peeledOid} ${name}${PEELED}`);
    if (target !== undefined) symrefs.push({ name: SYMREF, value: `${name}:${target}` });
  }
  const first = rows.shift() ?? `${content.algorithm.zeroOid} ${NO_REFS}`;
  for (const oid of content.shallowOids ?? []) rows.push(`shallow ${oid}`);
  const head = encodeUtf8(`${first}\0${serializeCapabilityList([...content.capabilities, ...symrefs])}\n`);
  const version = content.version === 1 ? [encodeText('version 1')] : [];
  return concatBytes([...version, encodeDataLine(head), ...rows.map(encodeText), FLUSH]);
}

type Row = { -readonly [Key in keyof RemoteRef]: RemoteRef[Key] };

/** The lines of an advertisement as they come. */
class Rows {
  readonly #refs: Row[] = [];
  readonly #shallowOids: Oid[] = [];
  readonly #targets = new Map<string, string>();
  #capabilities: Capabilities | undefined;
  #algorithm: HashAlgorithm | undefined;
  #hasNoRefs = false;

  get count(): number {
    return this.#refs.length + this.#shallowOids.length;
  }

  take(line: PktLine, offset: number): void {
    if (line.kind !== 'data') throw malformed(offset, `a ${line.kind} line stands where a ref must`);
    const failure = parseErrorLine(line.payload);
    if (failure !== undefined) throw failure;
    const nul = line.payload.indexOf(0);
    if (nul < 0 === (this.#capabilities === undefined)) {
      throw malformed(offset, 'the capabilities do not stand on the first line, and there alone');
    }
    if (nul >= 0) this.#takeCapabilities(lineText(line.payload.subarray(nul + 1)));
    this.#takeRow(nul < 0 ? withoutLineFeed(line.payload) : line.payload.subarray(0, nul), offset);
  }

  advertisement(version: 0 | 1): V0Advertisement {
    const capabilities = this.#capabilities ?? [];
    const refs: Row[] = this.#refs;
    for (const ref of refs) {
      const target = this.#targets.get(ref.name);
      if (target !== undefined) ref.target = target;
    }
    const head = this.#targets.get('HEAD');
    const isUnborn = head !== undefined && !refs.some(({ name }) => name === 'HEAD');
    return {
      version,
      capabilities,
      algorithm: this.#algorithm ?? negotiatedAlgorithm(capabilities),
      refs: isUnborn ? [{ name: 'HEAD', oid: undefined, target: head }, ...refs] : refs,
      shallowOids: this.#shallowOids,
    };
  }

  #takeCapabilities(text: string): void {
    this.#capabilities = parseCapabilityList(text);
    this.#algorithm = negotiatedAlgorithm(this.#capabilities);
    for (const { name, value } of this.#capabilities) {
      if (name !== SYMREF || value === undefined) continue;
      const [source, target] = value.split(':', 2);
      assertRemoteRefName(source);
      assertRemoteRefName(target);
      this.#targets.set(source, target);
    }
  }

  #takeRow(row: Uint8Array, offset: number): void {
    const text = exactLineText(row);
    const space = text?.indexOf(' ') ?? -1;
    if (text === undefined || space < 0) throw malformed(offset, 'a line is no object id and name');
    const id = text.slice(0, space);
    const name = text.slice(space + 1);
    if (id === 'shallow') {
      this.#shallowOids.push(parseOid('advertisement', name, offset, this.#algorithm));
      return;
    }
    const oid = parseOid('advertisement', id, offset, this.#algorithm);
    if (this.#hasNoRefs || this.#shallowOids.length > 0) throw malformed(offset, 'a ref stands where none can');
    if (name === NO_REFS) {
      if (this.#refs.length > 0) throw malformed(offset, `${NO_REFS} stands among refs`);
      this.#hasNoRefs = true;
    } else if (name.endsWith(PEELED)) {
      const last = this.#refs.at(-1);
      if (last?.name !== name.slice(0, -PEELED.length)) throw malformed(offset, 'a peeled ref follows another ref');
      last.peeledOid = oid;
    } else {
      assertRemoteRefName(name);
      this.#refs.push({ name, oid });
    }
  }
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('advertisement', offset, problem, { origin: 'remote' });
}
