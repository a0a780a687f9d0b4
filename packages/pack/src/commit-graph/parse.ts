import { GitError, type HashAlgorithm, MalformedError, oidFromBytes } from '@git-kv/objects';
import { type ChunkRange, parseChunkFile } from '../chunk-file/parse.js';
import { FANOUT_SIZE, OidTable } from '../oid-table.js';
import { hasValidTrailer } from '../trailer.js';
import { readUint32 } from '../uint32.js';
import {
  COMMIT_GRAPH_FORMAT,
  COMMIT_GRAPH_HASH_VERSIONS,
  COMMIT_GRAPH_HEADER_SIZE,
  COMMIT_GRAPH_SIGNATURE,
  ELSEWHERE_FLAG,
  FILTERS_HEADER_SIZE,
  LAST_EDGE_FLAG,
  NO_PARENT,
} from './format.js';
import type { PathFilterSettings } from './path-filter.js';

/** One commit-graph file, opened. Positions in it are those of its own commits, from 0. */
export interface CommitGraphFile {
  readonly algorithm: HashAlgorithm;
  readonly commitCount: number;
  readonly oids: OidTable;
  /** Its checksum, by which a chain names it: hex of the last bytes of the file. */
  readonly checksum: string;
  /** Checksums of the files before it in its chain, the first one first. */
  readonly baseChecksums: readonly string[];
  readonly hasCorrectedDates: boolean;
  readonly pathFilterSettings: PathFilterSettings | undefined;
  /** Whether the file ends in the digest of its bytes. */
  hasValidChecksum(): boolean;
  fanout(byte: number): number;
  copyTreeOid(position: number, output: Uint8Array, offset: number): void;
  dateAt(position: number): number;
  levelAt(position: number): number;
  correctedDateAt(position: number): number;
  /** Positions in the whole chain; see `CommitGraph.parentsAt`. @param limit how many commits the chain has */
  parentsAt(position: number, output: Int32Array, limit: number): number;
  pathFilterAt(position: number): Uint8Array | undefined;
}

/**
 * Open a commit-graph file. Nothing is copied: it reads from `bytes`, which must not change. Sizes and fanout are checked;
 * what rows refer to is checked as they are read; order of oids and the checksum are for `verify` to look at.
 * @throws {MalformedError}
 * @throws {GitError} UNSUPPORTED for another version or another hash
 * @see gitformat-commit-graph(5)
 */
export function parseCommitGraphFile(bytes: Uint8Array, algorithm: HashAlgorithm): CommitGraphFile {
  const { oidLength } = algorithm;
  if (bytes.length < COMMIT_GRAPH_HEADER_SIZE + oidLength) fail(bytes.length, 'it is cut short');
  if (readUint32(bytes, 0) !== COMMIT_GRAPH_SIGNATURE) fail(0, 'it does not begin with CGPH');
  if (bytes[4] !== 1) throw new GitError('UNSUPPORTED', `Cannot read commit-graph version ${bytes[4]}: 1 is known`);
  if (bytes[5] !== COMMIT_GRAPH_HASH_VERSIONS[algorithm.name]) {
    throw new GitError('UNSUPPORTED', `Cannot read commit-graph of hash version ${bytes[5]} as ${algorithm.name}`);
  }
  const chunks = parseChunkFile(bytes, {
    format: COMMIT_GRAPH_FORMAT,
    tableAt: COMMIT_GRAPH_HEADER_SIZE,
    chunkCount: bytes[6] as number,
    trailerSize: oidLength,
  });
  const fanout = needed(chunks, 'OIDF', FANOUT_SIZE);
  let commitCount = 0;
  for (let byte = 0; byte < 256; byte++) {
    const sum = readUint32(bytes, fanout.start + byte * 4);
    if (sum < commitCount) fail(fanout.start + byte * 4, 'its fanout descends');
    commitCount = sum;
  }
  const oids = needed(chunks, 'OIDL', commitCount * oidLength);
  const data = needed(chunks, 'CDAT', commitCount * (oidLength + 16));
  const baseCount = bytes[7] as number;
  const bases = baseCount > 0 ? needed(chunks, 'BASE', baseCount * oidLength) : undefined;
  const baseChecksums: string[] = [];
  for (let at = bases?.start ?? 0; bases && at < bases.end; at += oidLength) {
    baseChecksums.push(oidFromBytes(bytes, at, oidLength));
  }
  const filterEnds = sized(chunks, 'BIDX', commitCount * 4);
  const filters = chunks.get('BDAT');
  if (filters && filters.end - filters.start < FILTERS_HEADER_SIZE) fail(filters.start, 'its chunk BDAT is cut short');
  return new ParsedCommitGraphFile(bytes, algorithm, {
    commitCount,
    oids: new OidTable(bytes, algorithm, { count: commitCount, fanoutAt: fanout.start, oidsAt: oids.start }),
    dataAt: data.start,
    dates: sized(chunks, 'GDA2', commitCount * 4),
    largeDates: rows(chunks, 'GDO2', 8),
    edges: rows(chunks, 'EDGE', 4),
    filterEnds,
    filters,
    baseChecksums,
  });
}

function fail(offset: number, problem: string): never {
  throw new MalformedError(COMMIT_GRAPH_FORMAT, offset, problem);
}

function needed(chunks: ReadonlyMap<string, ChunkRange>, id: string, size: number): ChunkRange {
  return sized(chunks, id, size) ?? fail(COMMIT_GRAPH_HEADER_SIZE, `it has no chunk ${id}`);
}

function sized(chunks: ReadonlyMap<string, ChunkRange>, id: string, size: number): ChunkRange | undefined {
  const range = chunks.get(id);
  if (range && range.end - range.start !== size) {
    fail(range.start, `its chunk ${id} has ${range.end - range.start} bytes in place of ${size}`);
  }
  return range;
}

function rows(chunks: ReadonlyMap<string, ChunkRange>, id: string, rowSize: number): ChunkRange | undefined {
  const range = chunks.get(id);
  if (range && (range.end - range.start) % rowSize !== 0) fail(range.start, `its chunk ${id} ends inside a row`);
  return range;
}

const MAX_HASH_COUNT = 255;
const MAX_BITS_PER_PATH = 4096;

interface Places {
  readonly commitCount: number;
  readonly oids: OidTable;
  readonly dataAt: number;
  readonly dates: ChunkRange | undefined;
  readonly largeDates: ChunkRange | undefined;
  readonly edges: ChunkRange | undefined;
  readonly filterEnds: ChunkRange | undefined;
  readonly filters: ChunkRange | undefined;
  readonly baseChecksums: readonly string[];
}

class ParsedCommitGraphFile implements CommitGraphFile {
  readonly algorithm: HashAlgorithm;
  readonly commitCount: number;
  readonly oids: OidTable;
  readonly baseChecksums: readonly string[];
  readonly pathFilterSettings: PathFilterSettings | undefined;
  readonly #bytes: Uint8Array;
  readonly #places: Places;
  readonly #dataAt: number;
  readonly #rowSize: number;
  readonly #oidLength: number;

  constructor(bytes: Uint8Array, algorithm: HashAlgorithm, places: Places) {
    this.algorithm = algorithm;
    this.commitCount = places.commitCount;
    this.oids = places.oids;
    this.baseChecksums = places.baseChecksums;
    this.#bytes = bytes;
    this.#places = places;
    this.#dataAt = places.dataAt;
    this.#oidLength = algorithm.oidLength;
    this.#rowSize = algorithm.oidLength + 16;
    const { filters, filterEnds } = places;
    // As git: of another hash version, or where one of the two chunks is missing, the filters are passed over. So are
    // numbers that no writer has ever chosen: a look-up takes as many steps as they say.
    if (filters && filterEnds && readUint32(bytes, filters.start) === 1) {
      const hashCount = readUint32(bytes, filters.start + 4);
      const bitsPerPath = readUint32(bytes, filters.start + 8);
      const isSane = hashCount <= MAX_HASH_COUNT && bitsPerPath <= MAX_BITS_PER_PATH;
      if (isSane) this.pathFilterSettings = { hashCount, bitsPerPath };
    }
  }

  get checksum(): string {
    return oidFromBytes(this.#bytes, this.#bytes.length - this.#oidLength, this.#oidLength);
  }

  get hasCorrectedDates(): boolean {
    return this.#places.dates !== undefined;
  }

  hasValidChecksum(): boolean {
    return hasValidTrailer(this.#bytes, this.algorithm);
  }

  fanout(byte: number): number {
    return this.oids.fanout(byte);
  }

  copyTreeOid(position: number, output: Uint8Array, offset: number): void {
    const bytes = this.#bytes;
    const from = this.#rowAt(position);
    for (let at = 0; at < this.#oidLength; at++) output[offset + at] = bytes[from + at] as number;
  }

  dateAt(position: number): number {
    const at = this.#rowAt(position) + this.#oidLength + 8;
    return ((this.#bytes[at + 3] as number) & 3) * 2 ** 32 + readUint32(this.#bytes, at + 4);
  }

  levelAt(position: number): number {
    return readUint32(this.#bytes, this.#rowAt(position) + this.#oidLength + 8) >>> 2;
  }

  correctedDateAt(position: number): number {
    const { dates, largeDates } = this.#places;
    const date = this.dateAt(position);
    if (dates === undefined) return date;
    const at = dates.start + position * 4;
    const offset = readUint32(this.#bytes, at);
    if (offset < ELSEWHERE_FLAG) return date + offset;
    const largeAt = (largeDates?.start ?? 0) + (offset - ELSEWHERE_FLAG) * 8;
    if (largeDates === undefined || largeAt >= largeDates.end) {
      fail(at, `it has no large offset of a date ${offset - ELSEWHERE_FLAG}`);
    }
    return date + readUint32(this.#bytes, largeAt) * 2 ** 32 + readUint32(this.#bytes, largeAt + 4);
  }

  parentsAt(position: number, output: Int32Array, limit: number): number {
    const bytes = this.#bytes;
    const at = this.#rowAt(position) + this.#oidLength;
    const first = readUint32(bytes, at);
    if (first === NO_PARENT) return 0;
    output[0] = this.#parent(first, at, limit);
    const second = readUint32(bytes, at + 4);
    if (second === NO_PARENT) return 1;
    if (second < ELSEWHERE_FLAG) {
      output[1] = this.#parent(second, at + 4, limit);
      return 2;
    }
    const { edges } = this.#places;
    let edgeAt = (edges?.start ?? 0) + (second - ELSEWHERE_FLAG) * 4;
    let count = 1;
    for (; ; edgeAt += 4) {
      if (edges === undefined || edgeAt >= edges.end) fail(at + 4, 'its chunk EDGE ends before the parents do');
      const edge = readUint32(bytes, edgeAt);
      output[count++] = this.#parent(edge % LAST_EDGE_FLAG, edgeAt, limit);
      if (edge >= LAST_EDGE_FLAG) return count;
    }
  }

  pathFilterAt(position: number): Uint8Array | undefined {
    const { filterEnds, filters } = this.#places;
    if (this.pathFilterSettings === undefined || !filterEnds || !filters) return undefined;
    this.oids.assertPosition(position, COMMIT_GRAPH_FORMAT);
    const at = filterEnds.start + position * 4;
    const start = position === 0 ? 0 : readUint32(this.#bytes, at - 4);
    const end = readUint32(this.#bytes, at);
    const filtersAt = filters.start + FILTERS_HEADER_SIZE;
    if (end < start || filtersAt + end > filters.end) fail(at, `a changed-path filter ends at ${end}`);
    return this.#bytes.subarray(filtersAt + start, filtersAt + end);
  }

  #parent(position: number, at: number, limit: number): number {
    if (position >= limit) fail(at, `a parent has the position ${position} of ${limit}`);
    return position;
  }

  #rowAt(position: number): number {
    if (!(position >= 0 && position < this.commitCount)) this.oids.assertPosition(position, COMMIT_GRAPH_FORMAT);
    return this.#dataAt + position * this.#rowSize;
  }
}
