import { concatBytes, encodeUtf8, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { compareRefNames } from './ref-order.js';

/** One line of packed-refs, with the line below it that tells what a tag peels to. */
export interface PackedRef {
  readonly name: string;
  readonly oid: Oid;
  readonly peeledOid: Oid | undefined;
  /** Byte range of its lines, line ends included. */
  readonly start: number;
  readonly end: number;
}

/** A ref to be packed. */
export type NewPackedRef = Pick<PackedRef, 'name' | 'oid' | 'peeledOid'>;

/** The space before the line's end is git's. */
const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';

function serializeRef({ name, oid, peeledOid }: NewPackedRef): Uint8Array {
  return encodeUtf8(`${oid} ${name}\n${peeledOid === undefined ? '' : `^${peeledOid}\n`}`);
}

const NEWLINE = 0x0a;
const CARET = 0x5e;
const HASH = 0x23;
const SPACE = 0x20;

/** The content of a packed-refs file, sorted by name. Immutable. */
export class PackedRefs {
  readonly entries: readonly PackedRef[];
  readonly #bytes: Uint8Array;
  readonly #headerEnd: number;

  constructor(bytes: Uint8Array, headerEnd: number, entries: readonly PackedRef[]) {
    this.#bytes = bytes;
    this.#headerEnd = headerEnd;
    this.entries = entries;
  }

  static readonly empty: PackedRefs = new PackedRefs(new Uint8Array(), 0, []);

  /** The whole file. Not to be changed. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether the file says what every tag in it peels to: then a ref without a peeled line is none. */
  get isFullyPeeled(): boolean {
    return new TextDecoder('latin1').decode(this.#bytes.subarray(0, this.#headerEnd)).includes(' fully-peeled ');
  }

  find(name: string): PackedRef | undefined {
    const entry = this.entries[this.#lowerBound(name)];
    return entry?.name === name ? entry : undefined;
  }

  /** The entries whose name begins with `prefix`, in order. */
  *startingWith(prefix: string): Generator<PackedRef, void, undefined> {
    for (let at = this.#lowerBound(prefix); at < this.entries.length; at++) {
      const entry = this.entries[at] as PackedRef;
      if (!entry.name.startsWith(prefix)) return;
      yield entry;
    }
  }

  /** The file without some refs. The lines of the others are kept byte for byte. */
  without(names: ReadonlySet<string>): Uint8Array {
    const kept = this.entries.filter((entry) => !names.has(entry.name));
    const size = kept.reduce((sum, entry) => sum + entry.end - entry.start, this.#headerEnd);
    const output = new Uint8Array(size);
    output.set(this.#bytes.subarray(0, this.#headerEnd));
    let at = this.#headerEnd;
    for (const { start, end } of kept) {
      output.set(this.#bytes.subarray(start, end), at);
      at += end - start;
    }
    return output;
  }

  /**
   * The file with some refs added or replaced, under the header that git writes. The lines of the others are kept byte for byte.
   * @param added sorted by name, each once
   */
  with(added: readonly NewPackedRef[]): Uint8Array {
    const lines: Uint8Array[] = [encodeUtf8(HEADER)];
    let at = 0;
    for (const entry of this.entries) {
      for (let next = added[at]; next && compareRefNames(next.name, entry.name) < 0; next = added[++at]) {
        lines.push(serializeRef(next));
      }
      if (added[at]?.name === entry.name) lines.push(serializeRef(added[at++] as NewPackedRef));
      else lines.push(this.#bytes.subarray(entry.start, entry.end));
    }
    for (const next of added.slice(at)) lines.push(serializeRef(next));
    return concatBytes(lines);
  }

  #lowerBound(name: string): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareRefNames((this.entries[middle] as PackedRef).name, name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Has a component that is empty, `.` or `..`. */
const DANGEROUS_NAME = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Parse a packed-refs file.
 *
 *     file   = [header] *(ref [peeled])
 *     header = "# pack-refs with:" *(SP trait) LF      ; "sorted" spares the reader a sort
 *     ref    = oid SP name LF
 *     peeled = "^" oid LF                              ; what the annotated tag above comes to
 *
 * @throws {MalformedError} for any other line, a last line without its end, or a name that would lead out of its folder as a
 *   path, at which git stops too
 * @see git's refs/packed-backend.c
 */
export function parsePackedRefs(bytes: Uint8Array, algorithm: HashAlgorithm): PackedRefs {
  const entries: PackedRef[] = [];
  const names = new TextDecoder();
  let headerEnd = 0;
  let sorted = true;
  for (let start = 0; start < bytes.length; ) {
    const lineEnd = bytes.indexOf(NEWLINE, start);
    if (lineEnd < 0) throw new MalformedError('packed-refs', start, 'the last line is cut short');
    if (bytes[start] === HASH) {
      if (entries.length > 0) throw new MalformedError('packed-refs', start, 'a header stands among the refs');
      headerEnd = lineEnd + 1;
      start = lineEnd + 1;
      continue;
    }
    const oid = readOid(bytes, start, algorithm);
    const space = start + algorithm.hexLength;
    if (bytes[space] !== SPACE || lineEnd === space + 1)
      throw new MalformedError('packed-refs', space, 'a name is missing');
    const name = names.decode(bytes.subarray(space + 1, lineEnd));
    if (DANGEROUS_NAME.test(name)) throw new MalformedError('packed-refs', space + 1, 'a name is dangerous as a path');
    let end = lineEnd + 1;
    let peeledOid: Oid | undefined;
    if (bytes[end] === CARET) {
      peeledOid = readOid(bytes, end + 1, algorithm);
      const peeledEnd = end + 1 + algorithm.hexLength;
      if (bytes[peeledEnd] !== NEWLINE)
        throw new MalformedError('packed-refs', peeledEnd, 'a peeled line does not end');
      end = peeledEnd + 1;
    }
    const last = entries.at(-1);
    if (last && compareRefNames(last.name, name) >= 0) sorted = false;
    entries.push({ name, oid, peeledOid, start, end });
    start = end;
  }
  // Old gits wrote them unsorted; the trait in the header is not needed to notice.
  if (!sorted) entries.sort((a, b) => compareRefNames(a.name, b.name));
  return new PackedRefs(bytes, headerEnd, entries);
}

function readOid(bytes: Uint8Array, offset: number, algorithm: HashAlgorithm): Oid {
  const hex = String.fromCharCode(...bytes.subarray(offset, offset + algorithm.hexLength));
  if (hex.length !== algorithm.hexLength || !/^[0-9a-f]+$/.test(hex)) {
    throw new MalformedError('packed-refs', offset, `an object id of ${algorithm.name} is missing`);
  }
  return hex;
}
