import { type CommitLinks, type Oid, oidFromBytes } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { CommitTable } from './commit-table.js';
import { walkKey } from './merge-bases.js';
import { RevisionWalk } from './revision-walk.js';
import { RowQueue } from './row-queue.js';
import { Turns } from './turns.js';

/** Bounds of a walk over commits. */
export interface CommitWalkOptions extends ReadOptions {
  /** Commits whose parents are not followed: the shallow boundary. */
  readonly shallow?: ReadonlySet<Oid>;
}

/** A commit as a walk meets it. At the shallow boundary `parentOids` is empty. */
export interface WalkedCommit extends CommitLinks {
  readonly oid: Oid;
}

/** Commits walked ahead of who takes them, once it is clear that they are being taken. */
const MAX_BATCH = 256;

/**
 * All commits reachable from `startOids`, each once, newest committer date first as far as dates are in order.
 * @throws {NotFoundError} OBJECT_NOT_FOUND for a start or a parent that is missing
 */
export async function* commitsFrom(
  reader: ObjectReader,
  startOids: Iterable<Oid>,
  options: CommitWalkOptions = {},
): AsyncGenerator<WalkedCommit> {
  const { shallow, signal } = options;
  const walk = await RevisionWalk.open(reader, {
    include: startOids,
    ...(shallow && { shallow }),
    ...(signal && { signal }),
  });
  const { table } = walk;
  const { oidLength } = table.algorithm;
  try {
    for (let limit = 1; ; limit = Math.min(limit * 2, MAX_BATCH)) {
      const rows = await walk.next(limit);
      if (rows.length === 0) return;
      for (const row of rows) {
        const parentOids: Oid[] = [];
        for (let index = 0; index < (table.parentCounts[row] as number); index++) {
          parentOids.push(table.oidAt(table.parentAt(row, index)));
        }
        const treeOid = oidFromBytes(table.treeBytes, row * oidLength, oidLength);
        yield { oid: table.oidAt(row), treeOid, parentOids, timestamp: table.dates[row] as number };
      }
    }
  } finally {
    await walk.close();
  }
}

const FROM_DESCENDANT = 1;
const FROM_ANCESTOR = 2;
const QUEUED = 4;

/**
 * Whether `descendantOid` reaches `ancestorOid` through parents; a commit reaches itself. With a commit-graph, nothing below
 * the ancestor's generation is looked at. Else it walks both histories by date and stops as soon as all that is left of the
 * descendant's lies below the ancestor. Commits that are missing end the walk there.
 */
export async function isAncestor(
  reader: ObjectReader,
  ancestorOid: Oid,
  descendantOid: Oid,
  options: CommitWalkOptions = {},
): Promise<boolean> {
  if (ancestorOid === descendantOid) return true;
  const table = await CommitTable.open(reader, options);
  try {
    const ancestor = table.rowOf(ancestorOid);
    const descendant = table.rowOf(descendantOid);
    if (!(await table.loadTip(descendant))) return false;
    const hasGenerations = table.graph !== undefined && table.graph.generationKind !== 'none';
    return hasGenerations
      ? await reachesAbove(table, ancestor, descendant, options)
      : await reachesByDate(table, ancestor, descendant, options);
  } finally {
    await table.close();
  }
}

/** A commit-graph has all ancestors of what it has, and a parent has a lower generation than its child. */
async function reachesAbove(
  table: CommitTable,
  ancestor: number,
  descendant: number,
  options: CommitWalkOptions,
): Promise<boolean> {
  const floor = table.generations[ancestor] as number;
  const queue = new RowQueue();
  const turns = new Turns(options.signal);
  queue.push(descendant, walkKey(table, descendant));
  for (let row = queue.pop(); row >= 0; row = queue.pop()) {
    const turn = turns.step();
    if (turn) await turn;
    for (let index = 0; index < (table.parentCounts[row] as number); index++) {
      const parent = table.parentAt(row, index);
      if (parent === ancestor) return true;
      const isBelow =
        floor === Number.POSITIVE_INFINITY ? table.isInGraph(parent) : (table.generations[parent] as number) <= floor;
      if (isBelow || (table.flags[parent] as number) !== 0) continue;
      table.flags[parent] = FROM_DESCENDANT;
      if (table.loadSync(parent) || (await table.load(parent))) queue.push(parent, walkKey(table, parent));
    }
  }
  return false;
}

async function reachesByDate(
  table: CommitTable,
  ancestor: number,
  descendant: number,
  options: CommitWalkOptions,
): Promise<boolean> {
  const queue = new RowQueue();
  const turns = new Turns(options.signal);
  /** Queued commits that only the descendant reached: the ancestor may still be below them. */
  let open = 0;
  const paint = (row: number, paints: number): void => {
    const before = table.flags[row] as number;
    if ((before & paints) === paints) return;
    if ((before & QUEUED) !== 0 && (before & FROM_ANCESTOR) === 0) open--;
    const after = before | paints | QUEUED;
    if ((after & FROM_ANCESTOR) === 0) open++;
    table.flags[row] = after;
    if ((before & QUEUED) === 0) queue.push(row, table.dates[row] as number);
  };
  if (await table.load(ancestor)) paint(ancestor, FROM_ANCESTOR);
  paint(descendant, FROM_DESCENDANT);
  while (open > 0) {
    const row = queue.pop();
    const turn = turns.step();
    if (turn) await turn;
    const flags = (table.flags[row] as number) & ~QUEUED;
    table.flags[row] = flags;
    if ((flags & FROM_ANCESTOR) === 0) open--;
    for (let index = 0; index < (table.parentCounts[row] as number); index++) {
      const parent = table.parentAt(row, index);
      if ((flags & FROM_DESCENDANT) !== 0 && parent === ancestor) return true;
      if (table.loadSync(parent) || (await table.load(parent))) paint(parent, flags);
    }
  }
  return false;
}
