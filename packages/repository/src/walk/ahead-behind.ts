import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable, type CommitTableOptions } from './commit-table.js';
import { walkKey } from './merge-bases.js';
import { RowQueue } from './row-queue.js';
import { Turns } from './turns.js';

/** How far two histories went apart. */
export interface AheadBehind {
  /** Commits that only the first reaches. */
  readonly ahead: number;
  /** Commits that only the second reaches. */
  readonly behind: number;
}

const LEFT = 1;
const RIGHT = 2;
const BOTH = LEFT | RIGHT;
const QUEUED = 4;

/** Commits looked at beyond those whose dates seem to be enough. */
const SLOP = 5;

/**
 * Count the commits that only one of two reaches. With a commit-graph no more is looked at than down to the lowest of them, and
 * the counts are right whatever the dates are; else dates that are out of order may mislead, as in git.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where one of the two is missing; the walk ends at parents that are
 */
export async function countAheadBehind(
  reader: ObjectReader,
  firstOid: Oid,
  secondOid: Oid,
  options: CommitTableOptions = {},
): Promise<AheadBehind> {
  const table = await CommitTable.open(reader, options);
  try {
    const tips: number[] = [];
    for (const oid of [firstOid, secondOid]) {
      const row = table.rowOf(oid);
      if (!(await table.loadTip(row))) throw missingObject(oid, 'commit');
      tips.push(row);
    }
    const [first, second] = tips as [number, number];
    return first === second ? { ahead: 0, behind: 0 } : await count(table, first, second, new Turns(options.signal));
  } finally {
    await table.close();
  }
}

async function count(table: CommitTable, first: number, second: number, turns: Turns): Promise<AheadBehind> {
  const queue = new RowQueue();
  const counts = [0, 0, 0, 0];
  /** Queued rows that only one side reached. */
  let open = 0;
  /** The lowest key of a row that was taken while only one side had reached it. */
  let lowest = Number.POSITIVE_INFINITY;
  const paint = (row: number, side: number): void => {
    const before = table.flags[row] as number;
    if ((before & side) === side) return;
    const sides = (before | side) & BOTH;
    counts[before & BOTH] = (counts[before & BOTH] as number) - 1;
    counts[sides] = (counts[sides] as number) + 1;
    if ((before & QUEUED) !== 0) {
      if (sides === BOTH) open--;
    } else {
      if (sides !== BOTH) open++;
      queue.push(row, walkKey(table, row));
    }
    table.flags[row] = sides | QUEUED;
  };
  paint(first, LEFT);
  paint(second, RIGHT);
  for (let slop = SLOP; queue.size > 0; ) {
    if (open === 0) {
      if (queue.topKey >= lowest) slop = SLOP;
      else if (slop-- === 0) break;
    }
    const key = queue.topKey;
    const row = queue.pop();
    const turn = turns.step();
    if (turn) await turn;
    const sides = (table.flags[row] as number) & BOTH;
    table.flags[row] = sides;
    if (sides !== BOTH) {
      open--;
      lowest = Math.min(lowest, key);
    }
    for (let index = 0; index < (table.parentCounts[row] as number); index++) {
      const parent = table.parentAt(row, index);
      if (((table.flags[parent] as number) & sides) === sides) continue;
      if (table.loadSync(parent) || (await table.load(parent))) paint(parent, sides);
    }
  }
  return { ahead: counts[LEFT] as number, behind: counts[RIGHT] as number };
}
