import type { CommitTable } from './commit-table.js';
import { RowQueue } from './row-queue.js';

/** Orders in which no commit comes before all of its children. */
export type TopologicalOrder = 'topological' | 'topological-date';

/** What is known of the rows beforehand. */
export interface TopologicalSortOptions {
  /** Rows among which are all that have no child in `rows`, in the order they are to come in. Default: `rows`. */
  readonly tips?: Iterable<number>;
  /** Whether further parents count for nothing. */
  readonly isFirstParentOnly?: boolean;
}

/**
 * Bring `rows`, which are in date order unless `tips` are given, into an order where no commit comes before all of its children. Commits that are
 * ready at the same time: `topological` goes on with the parents of the last one, `topological-date` takes the newest.
 * @see git's commit.c, sort_in_topological_order()
 */
export function sortTopologically(
  table: CommitTable,
  rows: Int32Array,
  order: TopologicalOrder,
  options: TopologicalSortOptions = {},
): Int32Array {
  const { isFirstParentOnly = false } = options;
  const { edges, edgeStarts, parentCounts, dates } = table;
  const parentsOf = (row: number): number =>
    isFirstParentOnly ? Math.min(1, parentCounts[row] as number) : (parentCounts[row] as number);
  /** Children that are still to come, plus one; 0 of rows that are not to be sorted. */
  const waiting = new Int32Array(table.count);
  for (const row of rows) waiting[row] = 1;
  for (const row of rows) {
    const start = edgeStarts[row] as number;
    for (let at = start; at < start + parentsOf(row); at++) {
      const parent = edges[at] as number;
      if (waiting[parent] !== 0) waiting[parent] = (waiting[parent] as number) + 1;
    }
  }
  const sorted = new Int32Array(rows.length);
  let count = 0;
  const ready: Ready = order === 'topological' ? new RowStack(rows.length) : new RowQueue();
  const tips = [...(options.tips ?? rows)].filter((row) => waiting[row] === 1);
  if (order === 'topological') tips.reverse(); // the first one is to be taken first
  for (const row of tips) ready.push(row, dates[row] as number);
  for (let row = ready.pop(); row >= 0; row = ready.pop()) {
    const start = edgeStarts[row] as number;
    for (let at = start; at < start + parentsOf(row); at++) {
      const parent = edges[at] as number;
      const left = waiting[parent] as number;
      if (left === 0) continue;
      waiting[parent] = left - 1;
      if (left === 2) ready.push(parent, dates[parent] as number);
    }
    waiting[row] = 0;
    sorted[count++] = row;
  }
  return sorted.subarray(0, count);
}

interface Ready {
  push(row: number, key: number): void;
  pop(): number;
}

class RowStack implements Ready {
  readonly #rows: Int32Array;
  #size = 0;

  constructor(length: number) {
    this.#rows = new Int32Array(length);
  }

  push(row: number): void {
    this.#rows[this.#size++] = row;
  }

  pop(): number {
    return this.#size === 0 ? -1 : (this.#rows[--this.#size] as number);
  }
}
