import { isGitError, type Oid, oidFromBytes } from '@git-kv/objects';
import { type CommitGraph, type CommitGraphFile, joinCommitGraph } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { CommitTable } from '../walk/commit-table.js';
import { Turns } from '../walk/turns.js';

/** How a commit-graph is verified. */
export interface VerifyCommitGraphOptions extends ReadOptions {
  /** Of a chain, only the last file. */
  readonly isLastOnly?: boolean;
}

/** Something wrong with a commit-graph. `actual` is what the commit itself says. */
export type CommitGraphProblem =
  | { readonly problem: 'checksum' }
  | { readonly problem: 'order'; readonly before: Oid; readonly oid: Oid }
  | { readonly problem: 'fanout'; readonly byte: number; readonly count: number; readonly actual: number }
  | { readonly problem: 'lookup'; readonly oid: Oid }
  | { readonly problem: 'commit'; readonly oid: Oid }
  | { readonly problem: 'tree'; readonly oid: Oid; readonly stated: Oid; readonly actual: Oid }
  | { readonly problem: 'parent'; readonly oid: Oid; readonly stated: Oid; readonly actual: Oid }
  | { readonly problem: 'too-many-parents' | 'too-few-parents'; readonly oid: Oid }
  | { readonly problem: 'generation'; readonly oid: Oid; readonly stated: number; readonly least: number }
  | { readonly problem: 'generation-zero' | 'generation-not-zero'; readonly oid: Oid }
  | { readonly problem: 'date'; readonly oid: Oid; readonly stated: number; readonly actual: number };

/**
 * Compare a commit-graph with the commits themselves. `files` are those of a chain, the base first. What is wrong comes
 * file by file, the last one first, as git reports it; where a file's own order is wrong, its commits are not looked at.
 * @throws {GitError} MALFORMED where a row names what is not in the file
 * @see git's commit-graph.c, verify_commit_graph()
 */
export async function* verifyCommitGraph(
  reader: ObjectReader,
  files: readonly CommitGraphFile[],
  options: VerifyCommitGraphOptions = {},
): AsyncGenerator<CommitGraphProblem> {
  const table = await CommitTable.open(reader, {
    ...(options.signal && { signal: options.signal }),
    ignoreGraph: true,
  });
  try {
    for (let index = files.length - 1; index >= 0; index--) {
      const file = files[index] as CommitGraphFile;
      const graph = joinCommitGraph(files.slice(0, index + 1));
      let isOrdered = true;
      if (!file.hasValidChecksum()) yield { problem: 'checksum' };
      for (const problem of verifyOrder(file, graph)) {
        isOrdered = false;
        yield problem;
      }
      if (!isOrdered) return;
      yield* verifyCommits(table, file, graph, options);
      if (options.isLastOnly) return;
    }
  } finally {
    await table.close();
  }
}

function* verifyOrder(file: CommitGraphFile, graph: CommitGraph): Generator<CommitGraphProblem> {
  const { commitCount, oids } = file;
  const parents = new Int32Array(64);
  const start = graph.commitCount - commitCount;
  let byte = 0;
  let before: Oid | undefined;
  for (let position = 0; position < commitCount; position++) {
    const oid = oids.oidAt(position);
    if (before !== undefined && before >= oid) yield { problem: 'order', before, oid };
    before = oid;
    for (const first = Number.parseInt(oid.slice(0, 2), 16); byte < first; byte++) {
      if (oids.fanout(byte) !== position) yield { problem: 'fanout', byte, count: oids.fanout(byte), actual: position };
    }
    if (graph.findOid(oid) < 0) yield { problem: 'lookup', oid };
    graph.parentsAt(start + position, parents);
  }
  for (; byte < 256; byte++) {
    if (oids.fanout(byte) !== commitCount) {
      yield { problem: 'fanout', byte, count: oids.fanout(byte), actual: commitCount };
    }
  }
}

async function* verifyCommits(
  table: CommitTable,
  file: CommitGraphFile,
  graph: CommitGraph,
  options: ReadOptions,
): AsyncGenerator<CommitGraphProblem> {
  const { oidLength } = table.algorithm;
  const turns = new Turns(options.signal);
  const start = graph.commitCount - file.commitCount;
  const tree = new Uint8Array(oidLength);
  let parents = new Int32Array(64);
  /** Whether generation numbers are zero: all or none should be. */
  let isZero: boolean | undefined;
  for (let position = start; position < graph.commitCount; position++) {
    const turn = turns.step();
    if (turn) await turn;
    const oid = graph.oidAt(position);
    const row = table.rowOf(oid);
    if (!(await isReadable(table, row))) {
      yield { problem: 'commit', oid };
      continue;
    }
    graph.copyTreeOid(position, tree, 0);
    const stated = oidFromBytes(tree);
    const actual = oidFromBytes(table.treeBytes, row * oidLength, oidLength);
    if (stated !== actual) yield { problem: 'tree', oid, stated, actual };
    let count = graph.parentsAt(position, parents);
    if (count > parents.length) {
      parents = new Int32Array(count);
      count = graph.parentsAt(position, parents);
    }
    const actualCount = table.parentCounts[row] as number;
    let highest = 0;
    for (let index = 0; index < count; index++) {
      if (index === actualCount) {
        yield { problem: 'too-many-parents', oid };
        break;
      }
      const parent = parents[index] as number;
      const statedParent = graph.oidAt(parent);
      const actualParent = table.oidAt(table.parentAt(row, index));
      if (statedParent !== actualParent) {
        yield { problem: 'parent', oid, stated: statedParent, actual: actualParent };
      }
      highest = Math.max(highest, graph.generationAt(parent));
    }
    if (count < actualCount) yield { problem: 'too-few-parents', oid };
    const generation = graph.generationAt(position);
    if (generation === 0) {
      if (isZero === false) yield { problem: 'generation-zero', oid };
      isZero = true;
    } else if (isZero) yield { problem: 'generation-not-zero', oid };
    else isZero = false;
    if (isZero) continue;
    // Levels end at the highest number that there is room for.
    if (graph.generationKind === 'level' && highest === MAX_LEVEL) highest--;
    if (generation < highest + 1) yield { problem: 'generation', oid, stated: generation, least: highest + 1 };
    const date = graph.dateAt(position);
    if (date !== table.dates[row]) yield { problem: 'date', oid, stated: date, actual: table.dates[row] as number };
  }
}

const MAX_LEVEL = 0x3fffffff;

async function isReadable(table: CommitTable, row: number): Promise<boolean> {
  try {
    return table.loadSync(row) || (await table.load(row));
  } catch (error) {
    if (isGitError(error, 'MALFORMED') || isGitError(error, 'OBJECT_KIND_MISMATCH')) return false;
    throw error;
  }
}
