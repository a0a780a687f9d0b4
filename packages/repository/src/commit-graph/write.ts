import type { Oid } from '@git-kv/objects';
import {
  type CommitGraph,
  computeGenerations,
  PATH_FILTER_SETTINGS,
  type PathFilterSettings,
  serializeCommitGraph,
} from '@git-kv/pack';
import type { ObjectReader, Progress, ReadOptions } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable } from '../walk/commit-table.js';
import { Turns } from '../walk/turns.js';
import { ChangedPaths } from './changed-paths.js';

/** What a commit-graph is made of. */
export interface MakeCommitGraphOptions extends ReadOptions {
  /** Commits to begin with; all that they reach is in the graph. */
  readonly tips: Iterable<Oid>;
  /** Make a filter of the paths that each commit changed: git's log and blame of a path get faster. */
  readonly changedPaths?: boolean;
  /** A graph whose filters are taken over where it has them. */
  readonly existing?: CommitGraph | undefined;
  /** 1: topological levels only. Default 2: corrected dates too. */
  readonly generationVersion?: 1 | 2;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * A commit-graph file of all commits that `tips` reach, byte for byte as git makes it; `undefined` where there are none.
 * Every commit is read. The file goes to `objects/info/commit-graph`: see `writeCommitGraph` of the file engine.
 * @throws {NotFoundError} OBJECT_NOT_FOUND for a commit, or with `changedPaths` a tree, that is missing
 */
export async function makeCommitGraph(
  reader: ObjectReader,
  options: MakeCommitGraphOptions,
): Promise<Uint8Array | undefined> {
  const { signal, changedPaths = false, existing, generationVersion = 2, onProgress } = options;
  const { algorithm } = reader;
  const { oidLength } = algorithm;
  const table = await CommitTable.open(reader, { ignoreGraph: true, ...(signal && { signal }) });
  try {
    await loadAll(table, options);
    const commitCount = table.count;
    if (commitCount === 0) return undefined;
    onProgress?.({ phase: 'commits', loaded: commitCount });
    const rows = sortedByOid(table);
    const positions = new Int32Array(commitCount);
    for (const [position, row] of rows.entries()) positions[row] = position;
    const oids = new Uint8Array(commitCount * oidLength);
    const treeOids = new Uint8Array(commitCount * oidLength);
    const dates = new Float64Array(commitCount);
    const parentStarts = new Int32Array(commitCount + 1);
    let edgeCount = 0;
    for (const row of rows) edgeCount += table.parentCounts[row] as number;
    const parents = new Int32Array(edgeCount);
    let edge = 0;
    for (const [position, row] of rows.entries()) {
      const from = row * oidLength;
      oids.set(table.oidBytes.subarray(from, from + oidLength), position * oidLength);
      treeOids.set(table.treeBytes.subarray(from, from + oidLength), position * oidLength);
      dates[position] = table.dates[row] as number;
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        parents[edge++] = positions[table.parentAt(row, index)] as number;
      }
      parentStarts[position + 1] = edge;
    }
    const columns = { algorithm, commitCount, oids, treeOids, parentStarts, parents, dates, generationVersion };
    if (!changedPaths) return serializeCommitGraph(columns);
    const pathFilterSettings = existing?.pathFilterSettings ?? PATH_FILTER_SETTINGS;
    const pathFilters = await makeFilters(reader, table, columns, pathFilterSettings, options);
    return serializeCommitGraph({ ...columns, pathFilters, pathFilterSettings });
  } finally {
    await table.close();
  }
}

async function loadAll(table: CommitTable, { tips, signal }: MakeCommitGraphOptions): Promise<void> {
  const turns = new Turns(signal);
  for (const oid of tips) table.rowOf(oid);
  // Rows are numbered as they are met: what is met on the way is loaded in turn.
  for (let row = 0; row < table.count; row++) {
    const turn = turns.step();
    if (turn) await turn;
    if (!table.loadSync(row) && !(await table.load(row))) throw missingObject(table.oidAt(row), 'commit');
  }
}

function sortedByOid(table: CommitTable): Int32Array {
  const { oidLength } = table.algorithm;
  const { oidBytes } = table;
  const keys = new Float64Array(table.count);
  for (let row = 0; row < keys.length; row++) {
    let key = 0;
    for (let at = row * oidLength; at < row * oidLength + 6; at++) key = key * 256 + (oidBytes[at] as number);
    keys[row] = key;
  }
  return Int32Array.from(keys, (_, row) => row).sort((a, b) => {
    const difference = (keys[a] as number) - (keys[b] as number);
    if (difference !== 0) return difference;
    for (let at = 6; at < oidLength; at++) {
      const order = (oidBytes[a * oidLength + at] as number) - (oidBytes[b * oidLength + at] as number);
      if (order !== 0) return order;
    }
    return 0;
  });
}

interface Columns {
  readonly commitCount: number;
  readonly oids: Uint8Array;
  readonly treeOids: Uint8Array;
  readonly parentStarts: Int32Array;
  readonly parents: Int32Array;
  readonly dates: Float64Array;
}

async function makeFilters(
  reader: ObjectReader,
  table: CommitTable,
  columns: Columns,
  settings: PathFilterSettings,
  { existing, signal, onProgress }: MakeCommitGraphOptions,
): Promise<Uint8Array[]> {
  const { oidLength } = reader.algorithm;
  const { commitCount, oids, treeOids, parentStarts, parents } = columns;
  const changed = new ChangedPaths(reader, table.source, settings);
  const filters = new Array<Uint8Array>(commitCount);
  const turns = new Turns(signal, 32);
  let loaded = 0;
  // Neighbours in history share most of their trees.
  const { correctedDates } = computeGenerations(columns);
  const order = Int32Array.from(filters, (_, position) => position).sort(
    (a, b) => (correctedDates[a] as number) - (correctedDates[b] as number),
  );
  for (const position of order) {
    const turn = turns.step();
    if (turn) await turn;
    const known = existing ? existing.find(oids, position * oidLength) : -1;
    const filter = known < 0 ? undefined : existing?.pathFilterAt(known);
    if (filter && filter.length > 0) {
      filters[position] = filter;
    } else {
      const start = parentStarts[position] as number;
      const isRoot = start === parentStarts[position + 1];
      const parentTreeAt = isRoot ? -1 : (parents[start] as number) * oidLength;
      filters[position] = await changed.filter(treeOids, position * oidLength, parentTreeAt);
    }
    if (++loaded % 1024 === 0) onProgress?.({ phase: 'changed paths', loaded, total: commitCount });
  }
  return filters;
}
