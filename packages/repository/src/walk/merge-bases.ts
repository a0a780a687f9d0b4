import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable, type CommitTableOptions } from './commit-table.js';
import { RowQueue } from './row-queue.js';
import { Turns } from './turns.js';

const FROM_FIRST = 1;
const FROM_SECOND = 2;
const BOTH = FROM_FIRST | FROM_SECOND;
/** Below a commit that both reach. */
const STALE = 4;
const FOUND = 8;
/** How often a row is queued is counted in the flags from here on up. */
const QUEUED = 16;

/** Above every date: commits without a generation number come before all that have one. */
export const BEYOND_GENERATIONS: number = 2 ** 50;

/**
 * What a walk from children to parents takes first: the highest generation number, and of commits that have none the
 * newest. With generation numbers no commit is taken before all of its descendants.
 */
export function walkKey(table: CommitTable, row: number): number {
  const generation = table.generations[row] as number;
  return generation === Number.POSITIVE_INFINITY ? BEYOND_GENERATIONS + (table.dates[row] as number) : generation;
}

/**
 * Commits that both reach and below which all others lie that both reach, newest first as a rule. Where dates are out of
 * order and there is no commit-graph, one of them may reach another.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where one of the two is missing; the walk ends at parents that are
 * @see git's commit-reach.c, paint_down_to_common()
 */
export async function commonAncestors(
  reader: ObjectReader,
  firstOid: Oid,
  secondOid: Oid,
  options: CommitTableOptions = {},
): Promise<Oid[]> {
  if (firstOid === secondOid) return [firstOid];
  const table = await CommitTable.open(reader, options);
  try {
    const queue = new RowQueue();
    const turns = new Turns(options.signal);
    const found: number[] = [];
    /** Queued rows that are not stale. */
    let open = 0;
    const paint = (row: number, paints: number): void => {
      const before = table.flags[row] as number;
      if ((before & paints) === paints) return;
      if (before >= QUEUED && (before & STALE) === 0) open--;
      const after = (before | paints) + QUEUED;
      if ((after & STALE) === 0) open++;
      table.flags[row] = after;
      queue.push(row, walkKey(table, row));
    };
    for (const [oid, paints] of [
      [firstOid, FROM_FIRST],
      [secondOid, FROM_SECOND],
    ] as const) {
      const row = table.rowOf(oid);
      if (!(await table.loadTip(row))) throw missingObject(oid, 'commit');
      paint(row, paints);
    }
    while (open > 0) {
      const row = queue.pop();
      const turn = turns.step();
      if (turn) await turn;
      const flags = (table.flags[row] as number) - QUEUED;
      if (flags < QUEUED && (flags & STALE) === 0) open--;
      let paints = flags & (BOTH | STALE);
      table.flags[row] = flags;
      if (paints === BOTH) {
        if ((flags & FOUND) === 0) found.push(row);
        table.flags[row] = flags | FOUND;
        paints |= STALE;
      }
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parent = table.parentAt(row, index);
        if (((table.flags[parent] as number) & paints) === paints) continue;
        if (table.loadSync(parent) || (await table.load(parent))) paint(parent, paints);
      }
    }
    return found.filter((row) => ((table.flags[row] as number) & STALE) === 0).map((row) => table.oidAt(row));
  } finally {
    await table.close();
  }
}
