import { compareBytes, decodeUtf8, GitError, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { type ChunkRange, parseChunkFile } from '../chunk-file/parse.js';
import { FANOUT_SIZE, OidTable } from '../oid-table.js';
import { hasValidTrailer } from '../trailer.js';
import { readUint32 } from '../uint32.js';
import type { MultiPackIndex } from './multi-pack-index.js';

export const MIDX_FORMAT = 'multi-pack-index';
export const MIDX_HEADER_SIZE = 12;
/** What the header says of the hash. */
export const MIDX_HASH_VERSIONS: Readonly<Record<HashAlgorithm['name'], number>> = { sha1: 1, sha256: 2 };
/** In OOFF: the other 31 bits are a position in LOFF. */
export const LARGE_OFFSET_FLAG: number = 2 ** 31;

/**
 * Open a multi-pack-index. Nothing is copied: the result reads from `bytes`, which must not change. What a look-up relies
 * on is checked (sizes, fanout, names); {@link verifyMultiPackIndex} checks the rest.
 *
 *     midx   = "MIDX" version(1) hashVersion(1) chunkCount(1) NUL packCount(4) table *chunk checksum
 *     PNAM   = packCount *(name NUL) padding       ; sorted
 *     OIDF   = 256 * how many oids begin with this byte or a lower one
 *     OIDL   = *oid                                ; sorted, each once
 *     OOFF   = *(pack(4) offset(4))                ; with LOFF, an offset with the top bit set is a position there
 *     LOFF   = *offset(8)
 *
 * Other chunks are passed over, RIDX (the order of a bitmap over several packs) among them.
 * @throws {MalformedError} where it is no such file, of another hash, or its parts do not fit each other
 * @throws {GitError} UNSUPPORTED for another version
 * @see gitformat-pack(5), "multi-pack-index (MIDX) files have the following format"
 */
export function parseMultiPackIndex(bytes: Uint8Array, algorithm: HashAlgorithm): MultiPackIndex {
  const index = openMultiPackIndex(bytes, algorithm);
  const descent = index.findDescent();
  if (descent !== undefined) {
    throw new MalformedError(MIDX_FORMAT, index.fanoutAt + descent * 4, 'its fanout descends');
  }
  return index;
}

/** {@link parseMultiPackIndex} of one whose fanout may descend: nothing can be found in it reliably, but told of it. */
export function openMultiPackIndex(bytes: Uint8Array, algorithm: HashAlgorithm): ParsedMultiPackIndex {
  const { oidLength } = algorithm;
  if (bytes.length < MIDX_HEADER_SIZE + oidLength) {
    throw new MalformedError(MIDX_FORMAT, bytes.length, 'it is cut short');
  }
  if (readUint32(bytes, 0) !== 0x4d494458) throw new MalformedError(MIDX_FORMAT, 0, 'it does not begin with MIDX');
  if (bytes[4] !== 1) throw new GitError('UNSUPPORTED', `Cannot read multi-pack-index version ${bytes[4]}: 1 is known`);
  if (bytes[5] !== MIDX_HASH_VERSIONS[algorithm.name]) {
    throw new MalformedError(MIDX_FORMAT, 5, `its hash version ${bytes[5]} is not that of ${algorithm.name}`);
  }
  const chunkCount = bytes[6] as number;
  const table = { format: MIDX_FORMAT, tableAt: MIDX_HEADER_SIZE, chunkCount, trailerSize: oidLength };
  const chunks = parseChunkFile(bytes, table);
  const fanout = chunkOf(chunks, 'OIDF', FANOUT_SIZE);
  const objectCount = readUint32(bytes, fanout.end - 4);
  const oids = chunkOf(chunks, 'OIDL', objectCount * oidLength);
  const offsets = chunkOf(chunks, 'OOFF', objectCount * 8);
  const large = chunks.get('LOFF');
  if (large !== undefined && (large.end - large.start) % 8 !== 0) {
    throw new MalformedError(MIDX_FORMAT, large.start, 'its chunk LOFF ends inside an offset');
  }
  const packNames = parsePackNames(bytes, chunkOf(chunks, 'PNAM'), readUint32(bytes, 8));
  const oidTable = new OidTable(bytes, algorithm, { count: objectCount, fanoutAt: fanout.start, oidsAt: oids.start });
  return new ParsedMultiPackIndex(bytes, oidTable, {
    packNames,
    fanoutAt: fanout.start,
    offsetsAt: offsets.start,
    large,
  });
}

function chunkOf(chunks: ReadonlyMap<string, ChunkRange>, id: string, size?: number): ChunkRange {
  const range = chunks.get(id);
  if (range === undefined) throw new MalformedError(MIDX_FORMAT, MIDX_HEADER_SIZE, `it has no chunk ${id}`);
  if (size !== undefined && range.end - range.start !== size) {
    const problem = `its chunk ${id} has ${range.end - range.start} bytes in place of ${size}`;
    throw new MalformedError(MIDX_FORMAT, range.start, problem);
  }
  return range;
}

function parsePackNames(bytes: Uint8Array, { start, end }: ChunkRange, packCount: number): string[] {
  const names: string[] = [];
  let previous: Uint8Array | undefined;
  let at = start;
  // Each name takes a byte and its NUL at least, so a count that lies ends the loop soon.
  for (let pack = 0; pack < packCount; pack++) {
    const nameEnd = bytes.subarray(0, end).indexOf(0, at);
    if (nameEnd < 0) throw new MalformedError(MIDX_FORMAT, at, `it has ${pack} of ${packCount} pack names`);
    const name = bytes.subarray(at, nameEnd);
    const text = decodeUtf8(name);
    if (!/^[^/\\]+\.idx$/.test(text))
      throw new MalformedError(MIDX_FORMAT, at, 'a pack name is not the name of an idx');
    if (previous !== undefined && compareBytes(previous, name) >= 0) {
      throw new MalformedError(MIDX_FORMAT, at, 'its pack names are not in order');
    }
    names.push(text);
    previous = name;
    at = nameEnd + 1;
  }
  return names;
}

interface Places {
  readonly packNames: readonly string[];
  readonly fanoutAt: number;
  readonly offsetsAt: number;
  readonly large: ChunkRange | undefined;
}

export class ParsedMultiPackIndex implements MultiPackIndex {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  readonly packNames: readonly string[];
  readonly fanoutAt: number;
  readonly #bytes: Uint8Array;
  readonly #oids: OidTable;
  readonly #offsetsAt: number;
  readonly #large: ChunkRange | undefined;

  constructor(bytes: Uint8Array, oids: OidTable, places: Places) {
    this.algorithm = oids.algorithm;
    this.objectCount = oids.count;
    this.packNames = places.packNames;
    this.fanoutAt = places.fanoutAt;
    this.#bytes = bytes;
    this.#oids = oids;
    this.#offsetsAt = places.offsetsAt;
    this.#large = places.large;
  }

  /** Whether the file ends in the digest of its bytes. */
  hasValidChecksum(): boolean {
    return hasValidTrailer(this.#bytes, this.algorithm);
  }

  /** The first byte after a larger count in the fanout. */
  findDescent(after = 0): number | undefined {
    for (let byte = after + 1; byte < 256; byte++) {
      if (this.#oids.fanout(byte) < this.#oids.fanout(byte - 1)) return byte;
    }
    return undefined;
  }

  fanout(byte: number): number {
    return this.#oids.fanout(byte);
  }

  oidAt(position: number): Oid {
    this.#oids.assertPosition(position, MIDX_FORMAT);
    return this.#oids.oidAt(position);
  }

  writeOidAt(position: number, output: Uint8Array, offset: number): void {
    this.#oids.assertPosition(position, MIDX_FORMAT);
    this.#oids.writeOidAt(position, output, offset);
  }

  packAt(position: number): number {
    const pack = this.packNumberAt(position);
    if (pack >= this.packNames.length) {
      throw new MalformedError(MIDX_FORMAT, this.#offsetsAt + position * 8, `it has no pack ${pack}`);
    }
    return pack;
  }

  /** What the file states, be there such a pack or not. */
  packNumberAt(position: number): number {
    this.#oids.assertPosition(position, MIDX_FORMAT);
    return readUint32(this.#bytes, this.#offsetsAt + position * 8);
  }

  packOffsetAt(position: number): number {
    this.#oids.assertPosition(position, MIDX_FORMAT);
    const at = this.#offsetsAt + position * 8 + 4;
    const offset = readUint32(this.#bytes, at);
    if (this.#large === undefined || offset < LARGE_OFFSET_FLAG) return offset;
    const largeAt = this.#large.start + (offset - LARGE_OFFSET_FLAG) * 8;
    if (largeAt >= this.#large.end) {
      throw new MalformedError(MIDX_FORMAT, at, `it has no large offset ${offset - LARGE_OFFSET_FLAG}`);
    }
    const packOffset = readUint32(this.#bytes, largeAt) * 2 ** 32 + readUint32(this.#bytes, largeAt + 4);
    if (!Number.isSafeInteger(packOffset)) throw new MalformedError(MIDX_FORMAT, largeAt, 'an offset is over 53 bits');
    return packOffset;
  }

  find(oid: Oid): number | undefined {
    return this.#oids.find(oid);
  }

  findBytes(bytes: Uint8Array, offset = 0): number | undefined {
    return this.#oids.findBytes(bytes, offset);
  }

  findByPrefix(hex: string, limit: number): Oid[] {
    return this.#oids.findByPrefix(hex, limit);
  }
}
