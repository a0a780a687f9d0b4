import type { HashAlgorithm } from '@git-kv/objects';
import { type Chunk, serializeChunkFile } from '../chunk-file/serialize.js';
import { FANOUT_SIZE } from '../oid-table.js';
import { writeUint32 } from '../uint32.js';
import {
  COMMIT_GRAPH_HASH_VERSIONS,
  COMMIT_GRAPH_HEADER_SIZE,
  COMMIT_GRAPH_SIGNATURE,
  ELSEWHERE_FLAG,
  FILTERS_HEADER_SIZE,
  LAST_EDGE_FLAG,
  MAX_DATE_OFFSET,
  NO_PARENT,
} from './format.js';
import { type CommitLinksTable, computeGenerations } from './generations.js';
import { PATH_FILTER_SETTINGS, type PathFilterSettings } from './path-filter.js';

/** Commits as {@link serializeCommitGraph} takes them: by position, sorted by oid, each once, with all their parents. */
export interface CommitGraphColumns extends CommitLinksTable {
  readonly algorithm: HashAlgorithm;
  /** Object ids one after another, ascending. */
  readonly oids: Uint8Array;
  /** Oids of trees. */
  readonly treeOids: Uint8Array;
  /** Changed-path filters by position, where there are to be any; an empty one was not computed. */
  readonly pathFilters?: readonly Uint8Array[];
  readonly pathFilterSettings?: PathFilterSettings;
  /** 1: topological levels only. Default 2: corrected dates too. */
  readonly generationVersion?: 1 | 2;
}

/**
 * A commit-graph file, byte for byte as `git commit-graph write` makes it of the same commits.
 *
 *     file = "CGPH" version(1) hashVersion(1) chunkCount(1) baseCount(1) table *chunk checksum
 *     OIDF = fanout(4 * 256)                                    OIDL = *oid
 *     CDAT = *(treeOid parent(4) parent(4) level+date(8))       ; 30 bits of level, 34 of committer date
 *     GDA2 = *offset(4)                                         ; corrected date less committer date
 *     GDO2 = *offset(8)                                         ; those that need more than 31 bits
 *     EDGE = *parent(4)                                         ; of octopus merges, from the second on
 *     BIDX = *end(4)   BDAT = hashVersion(4) hashCount(4) bitsPerPath(4) *filter
 *
 * @throws {RangeError} where a commit is its own ancestor
 * @see gitformat-commit-graph(5)
 */
export function serializeCommitGraph(columns: CommitGraphColumns): Uint8Array {
  const { algorithm, commitCount, pathFilters, generationVersion = 2 } = columns;
  const { levels, correctedDates } = computeGenerations(columns);
  const chunks: Chunk[] = [
    { id: 'OIDF', size: FANOUT_SIZE, write: (output) => writeFanout(output, columns) },
    { id: 'OIDL', size: columns.oids.length, write: (output) => output.set(columns.oids) },
    {
      id: 'CDAT',
      size: commitCount * (algorithm.oidLength + 16),
      write: (output) => writeCommitData(output, columns, levels),
    },
  ];
  if (generationVersion === 2) chunks.push(...dateChunks(columns, correctedDates));
  const edgeCount = countEdges(columns);
  if (edgeCount > 0) chunks.push({ id: 'EDGE', size: edgeCount * 4, write: (output) => writeEdges(output, columns) });
  if (pathFilters) {
    let size = FILTERS_HEADER_SIZE;
    for (const filter of pathFilters) size += filter.length;
    chunks.push(
      { id: 'BIDX', size: commitCount * 4, write: (output) => writeFilterEnds(output, pathFilters) },
      { id: 'BDAT', size, write: (output) => writeFilters(output, pathFilters, columns.pathFilterSettings) },
    );
  }
  const header = new Uint8Array(COMMIT_GRAPH_HEADER_SIZE);
  writeUint32(header, 0, COMMIT_GRAPH_SIGNATURE);
  header[4] = 1;
  header[5] = COMMIT_GRAPH_HASH_VERSIONS[algorithm.name];
  header[6] = chunks.length;
  return serializeChunkFile(header, chunks, algorithm);
}

function writeFanout(output: Uint8Array, { oids, commitCount, algorithm }: CommitGraphColumns): void {
  let count = 0;
  for (let byte = 0; byte < 256; byte++) {
    while (count < commitCount && oids[count * algorithm.oidLength] === byte) count++;
    writeUint32(output, byte * 4, count);
  }
}

function writeCommitData(output: Uint8Array, columns: CommitGraphColumns, levels: Int32Array): void {
  const { algorithm, commitCount, treeOids, parentStarts, parents, dates } = columns;
  const { oidLength } = algorithm;
  let edges = 0;
  let at = 0;
  for (let position = 0; position < commitCount; position++) {
    output.set(treeOids.subarray(position * oidLength, (position + 1) * oidLength), at);
    at += oidLength;
    const start = parentStarts[position] as number;
    const count = (parentStarts[position + 1] as number) - start;
    writeUint32(output, at, count > 0 ? (parents[start] as number) : NO_PARENT);
    let second = NO_PARENT;
    if (count === 2) second = parents[start + 1] as number;
    if (count > 2) {
      second = ELSEWHERE_FLAG + edges;
      edges += count - 1;
    }
    writeUint32(output, at + 4, second);
    const date = dates[position] as number;
    const dateHigh = Math.floor(date / 2 ** 32) % 4;
    writeUint32(output, at + 8, (levels[position] as number) * 4 + dateHigh);
    writeUint32(output, at + 12, date % 2 ** 32);
    at += 16;
  }
}

function dateChunks({ commitCount, dates }: CommitGraphColumns, correctedDates: Float64Array): Chunk[] {
  const offsetAt = (position: number): number => (correctedDates[position] as number) - (dates[position] as number);
  const large: number[] = [];
  for (let position = 0; position < commitCount; position++) {
    const offset = offsetAt(position);
    if (offset > MAX_DATE_OFFSET) large.push(offset);
  }
  const chunks: Chunk[] = [
    {
      id: 'GDA2',
      size: commitCount * 4,
      write(output) {
        let overflow = 0;
        for (let position = 0; position < commitCount; position++) {
          const offset = offsetAt(position);
          writeUint32(output, position * 4, offset > MAX_DATE_OFFSET ? ELSEWHERE_FLAG + overflow++ : offset);
        }
      },
    },
  ];
  if (large.length > 0) {
    chunks.push({
      id: 'GDO2',
      size: large.length * 8,
      write(output) {
        for (const [index, offset] of large.entries()) {
          writeUint32(output, index * 8, Math.floor(offset / 2 ** 32));
          writeUint32(output, index * 8 + 4, offset % 2 ** 32);
        }
      },
    });
  }
  return chunks;
}

function countEdges({ commitCount, parentStarts }: CommitGraphColumns): number {
  let edges = 0;
  for (let position = 0; position < commitCount; position++) {
    const count = (parentStarts[position + 1] as number) - (parentStarts[position] as number);
    if (count > 2) edges += count - 1;
  }
  return edges;
}

function writeEdges(output: Uint8Array, { commitCount, parentStarts, parents }: CommitGraphColumns): void {
  let at = 0;
  for (let position = 0; position < commitCount; position++) {
    const start = parentStarts[position] as number;
    const end = parentStarts[position + 1] as number;
    if (end - start <= 2) continue;
    for (let edge = start + 1; edge < end; edge++, at += 4) {
      writeUint32(output, at, (parents[edge] as number) + (edge === end - 1 ? LAST_EDGE_FLAG : 0));
    }
  }
}

function writeFilterEnds(output: Uint8Array, filters: readonly Uint8Array[]): void {
  let end = 0;
  for (const [position, filter] of filters.entries()) {
    end += filter.length;
    writeUint32(output, position * 4, end);
  }
}

function writeFilters(
  output: Uint8Array,
  filters: readonly Uint8Array[],
  { hashCount, bitsPerPath }: PathFilterSettings = PATH_FILTER_SETTINGS,
): void {
  writeUint32(output, 0, 1);
  writeUint32(output, 4, hashCount);
  writeUint32(output, 8, bitsPerPath);
  let at = FILTERS_HEADER_SIZE;
  for (const filter of filters) {
    output.set(filter, at);
    at += filter.length;
  }
}
