import {
  concatBytes,
  decodeLatin1,
  encodeUtf8,
  equalBytes,
  GitError,
  type HashAlgorithm,
  MalformedError,
  type Oid,
} from '@git-kv/objects';
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
const DOT = 0x2e;
const SLASH = 0x2f;

/** Where the refs of a file stand, sorted by name. */
interface RefLines {
  readonly algorithm: HashAlgorithm;
  /** Where the line of each ref begins. */
  readonly starts: Uint32Array;
  /** Where the line that tells what a tag peels to ends, or else the line itself. */
  readonly ends: Uint32Array;
  readonly count: number;
  /** The file has them in this order, one behind the other. */
  readonly isInOrder: boolean;
}

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/** The content of a packed-refs file, sorted by name. Immutable. A ref is an object only once it is asked for. */
export class PackedRefs {
  readonly #bytes: Uint8Array;
  readonly #headerEnd: number;
  readonly #lines: RefLines | undefined;
  #entries: readonly PackedRef[] | undefined;

  constructor(bytes: Uint8Array, headerEnd: number, lines?: RefLines) {
    this.#bytes = bytes;
    this.#headerEnd = headerEnd;
    this.#lines = lines;
  }

  static readonly empty: PackedRefs = new PackedRefs(new Uint8Array(), 0);

  get entries(): readonly PackedRef[] {
    this.#entries ??= Array.from({ length: this.#count }, (_, at) => this.#entryAt(at));
    return this.#entries;
  }

  /** The whole file. Not to be changed. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether the file says what every tag in it peels to: then a ref without a peeled line is none. */
  get isFullyPeeled(): boolean {
    return new TextDecoder('latin1').decode(this.#bytes.subarray(0, this.#headerEnd)).includes(' fully-peeled ');
  }

  find(name: string): PackedRef | undefined {
    const at = this.place(name);
    const entry = at < this.#count ? this.#entryAt(at) : undefined;
    if (entry?.name === name) return entry;
    // A name that is no UTF-8 is read with this in it, and stands elsewhere.
    return name.includes('\ufffd') ? this.entries.find((one) => one.name === name) : undefined;
  }

  /** The entries whose name begins with `prefix`, in order. */
  *startingWith(prefix: string): Generator<PackedRef, void, undefined> {
    for (let at = this.place(prefix); at < this.#count; at++) {
      const entry = this.#entryAt(at);
      if (!entry.name.startsWith(prefix)) return;
      yield entry;
    }
  }

  /** How many entries stand before `name`, in order; with `isPrefix`, before what comes behind all names that begin with it. */
  place(name: string, isPrefix = false): number {
    return this.#lowerBound(name, isPrefix);
  }

  /** The entries from one place to another, in order. */
  *between(from: number, to: number): Generator<PackedRef, void, undefined> {
    for (let at = from; at < to; at++) yield this.#entryAt(at);
  }

  /** Whether the entry at a place has this name. */
  isAt(place: number, name: string): boolean {
    return place < this.#count && this.#entryAt(place).name === name;
  }

  /** The lines from one place to another as they stand in the file, where it has them in order. A view. */
  linesBetween(from: number, to: number): Uint8Array | undefined {
    if (this.#lines?.isInOrder !== true || from >= to) return undefined;
    const { starts, ends } = this.#lines;
    return this.#bytes.subarray(starts[from], ends[to - 1]);
  }

  /**
   * The file without some refs, as `find` tells them. The lines of the others are kept byte for byte.
   * @throws {GitError} REF_CONFLICT for a name that several refs read as, as they are no UTF-8
   */
  without(names: ReadonlySet<string>): Uint8Array {
    const gone = new Set<number>();
    for (const name of names) {
      const entry = this.find(name);
      if (entry === undefined) continue;
      const isExact = equalBytes(this.#nameBytes(entry), encodeUtf8(name));
      if (!isExact && this.entries.some((one) => one.name === name && one.start !== entry.start))
        throw new GitError('REF_CONFLICT', `Cannot delete ref ${name}: several refs in packed-refs read as this`);
      gone.add(entry.start);
    }
    const parts: Uint8Array[] = [this.#bytes.subarray(0, this.#headerEnd)];
    for (const { start, end } of this.entries) if (!gone.has(start)) parts.push(this.#bytes.subarray(start, end));
    return concatBytes(parts);
  }

  /**
   * The file with some refs added or replaced, under the header that git writes. The lines of the others are kept byte for byte.
   * @param added sorted by name, each once
   */
  with(added: readonly NewPackedRef[]): Uint8Array {
    const lines: Uint8Array[] = [encodeUtf8(HEADER)];
    let at = 0;
    for (const entry of this.entries) {
      // By bytes, as the file is sorted: a name that is no UTF-8 reads as one that would stand elsewhere.
      const order = (name: string): number =>
        entry.name.includes('\ufffd')
          ? compareNames(encodeUtf8(name), 0, this.#nameBytes(entry), 0)
          : compareRefNames(name, entry.name);
      let next = added[at];
      for (; next && order(next.name) < 0; next = added[++at]) lines.push(serializeRef(next));
      if (next && order(next.name) === 0) {
        lines.push(serializeRef(next));
        at++;
      } else lines.push(this.#bytes.subarray(entry.start, entry.end));
    }
    for (const next of added.slice(at)) lines.push(serializeRef(next));
    return concatBytes(lines);
  }

  #nameBytes({ start }: PackedRef): Uint8Array {
    const nameAt = start + (this.#lines as RefLines).algorithm.hexLength + 1;
    return this.#bytes.subarray(nameAt, this.#bytes.indexOf(NEWLINE, nameAt));
  }

  get #count(): number {
    return this.#lines?.count ?? 0;
  }

  #entryAt(at: number): PackedRef {
    const { algorithm, starts, ends } = this.#lines as RefLines;
    const bytes = this.#bytes;
    const start = starts[at] as number;
    const end = ends[at] as number;
    const { hexLength } = algorithm;
    const peeledAt = end - 1 - hexLength;
    const isPeeled = bytes[peeledAt - 1] === CARET && bytes[peeledAt - 2] === NEWLINE;
    const nameEnd = isPeeled ? peeledAt - 2 : end - 1;
    return {
      name: utf8.decode(bytes.subarray(start + hexLength + 1, nameEnd)),
      oid: decodeLatin1(bytes, start, start + hexLength),
      peeledOid: isPeeled ? decodeLatin1(bytes, peeledAt, peeledAt + hexLength) : undefined,
      start,
      end,
    };
  }

  #lowerBound(name: string, isPrefix: boolean): number {
    const wanted = encodeUtf8(name);
    let low = 0;
    let high = this.#count;
    if (high === 0) return 0;
    const { algorithm, starts } = this.#lines as RefLines;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const nameAt = (starts[middle] as number) + algorithm.hexLength + 1;
      const order = compareNames(this.#bytes, nameAt, wanted, 0);
      if (order < 0 || (isPrefix && beginsWith(this.#bytes, nameAt, wanted))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function beginsWith(bytes: Uint8Array, start: number, prefix: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at++) if (bytes[start + at] !== prefix[at]) return false;
  return true;
}

/** The order of two names, each of which ends with its line or with its array. */
function compareNames(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  for (let at = 0; ; at++) {
    const left = a[aStart + at] ?? NEWLINE;
    const right = b[bStart + at] ?? NEWLINE;
    // Whichever ends first is the lesser, though the end of a line is not the least of bytes.
    if (left === NEWLINE || right === NEWLINE) return Number(left !== NEWLINE) - Number(right !== NEWLINE);
    if (left !== right) return left - right;
  }
}

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
  const { hexLength } = algorithm;
  // No line of a ref is shorter than an id, a space, a letter and its end.
  const most = Math.floor(bytes.length / (hexLength + 3)) + 1;
  const starts = new Uint32Array(most);
  const ends = new Uint32Array(most);
  let count = 0;
  let headerEnd = 0;
  let isSorted = true;
  const wholeEnd = bytes.lastIndexOf(NEWLINE) + 1;
  for (let start = 0; start < bytes.length; ) {
    if (start >= wholeEnd) throw new MalformedError('packed-refs', start, 'the last line is cut short');
    if (bytes[start] === HASH) {
      if (count > 0) throw new MalformedError('packed-refs', start, 'a header stands among the refs');
      headerEnd = bytes.indexOf(NEWLINE, start) + 1;
      start = headerEnd;
      continue;
    }
    let end = readRefLine(bytes, start, algorithm);
    if (bytes[end] === CARET) {
      assertHex(bytes, end + 1, algorithm);
      const peeledEnd = end + 1 + hexLength;
      if (bytes[peeledEnd] !== NEWLINE)
        throw new MalformedError('packed-refs', peeledEnd, 'a peeled line does not end');
      end = peeledEnd + 1;
    }
    const nameAt = hexLength + 1;
    if (count > 0 && compareNames(bytes, (starts[count - 1] as number) + nameAt, bytes, start + nameAt) >= 0)
      isSorted = false;
    starts[count] = start;
    ends[count++] = end;
    start = end;
  }
  // Old gits wrote them unsorted; the trait in the header is not needed to notice.
  if (!isSorted) sortLines(bytes, starts.subarray(0, count), ends, hexLength + 1);
  return new PackedRefs(bytes, headerEnd, { algorithm, starts, ends, count, isInOrder: isSorted });
}

/** Check the line of a ref. @returns where the next one begins */
function readRefLine(bytes: Uint8Array, start: number, algorithm: HashAlgorithm): number {
  const space = start + algorithm.hexLength;
  assertHex(bytes, start, algorithm);
  if (bytes[space] !== SPACE || bytes[space + 1] === NEWLINE)
    throw new MalformedError('packed-refs', space, 'a name is missing');
  let dots = 0;
  let others = 0;
  for (let at = space + 1; ; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT) dots++;
    else if (byte !== SLASH && byte !== NEWLINE) others++;
    else {
      // A component that is empty, `.` or `..`.
      if (others === 0 && dots <= 2)
        throw new MalformedError('packed-refs', space + 1, 'a name is dangerous as a path');
      if (byte === NEWLINE) return at + 1;
      dots = 0;
      others = 0;
    }
  }
}

function assertHex(bytes: Uint8Array, start: number, algorithm: HashAlgorithm): void {
  const end = start + algorithm.hexLength;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) {
      throw new MalformedError('packed-refs', start, `an object id of ${algorithm.name} is missing`);
    }
  }
}

function sortLines(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, nameAt: number): void {
  const endOf = new Map<number, number>();
  for (const [at, start] of starts.entries()) endOf.set(start, ends[at] as number);
  starts.sort((a, b) => compareNames(bytes, a + nameAt, bytes, b + nameAt));
  for (const [at, start] of starts.entries()) ends[at] = endOf.get(start) as number;
}
