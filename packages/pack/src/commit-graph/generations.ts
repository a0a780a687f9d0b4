import { MAX_LEVEL } from './format.js';

/** What commits are to each other, by position. */
export interface CommitLinksTable {
  readonly commitCount: number;
  /** Where in `parents` those of each position begin; one more at the end. */
  readonly parentStarts: Int32Array;
  /** Positions of parents. */
  readonly parents: Int32Array;
  /** Committer dates in seconds. */
  readonly dates: Float64Array;
}

/** Generation numbers of both versions. */
export interface Generations {
  /** 1 for a root, else one more than the highest of the parents. */
  readonly levels: Int32Array;
  /** The committer date, or one more than the latest corrected date of the parents, whichever is later. */
  readonly correctedDates: Float64Array;
}

/**
 * Compute the generation numbers of all commits.
 * @throws {RangeError} where a commit is its own ancestor
 * @see gitformat-commit-graph(5); git's Documentation/technical/commit-graph.txt, "Generation Numbers"
 */
export function computeGenerations(table: CommitLinksTable): Generations {
  const { commitCount, parentStarts, parents, dates } = table;
  const levels = new Int32Array(commitCount);
  const correctedDates = new Float64Array(commitCount);
  for (const position of parentsFirst(table)) {
    let level = 0;
    let corrected = 0;
    for (let at = parentStarts[position] as number; at < (parentStarts[position + 1] as number); at++) {
      const parent = parents[at] as number;
      level = Math.max(level, levels[parent] as number);
      corrected = Math.max(corrected, correctedDates[parent] as number);
    }
    levels[position] = Math.min(level, MAX_LEVEL - 1) + 1;
    // 0 would mean "not computed": a date of 0 is corrected to 1.
    correctedDates[position] = Math.max(dates[position] as number, corrected + 1);
  }
  return { levels, correctedDates };
}

/** All positions, none before its parents. */
export function parentsFirst({ commitCount, parentStarts, parents }: CommitLinksTable): Int32Array {
  // Children first by counting them down, and then backwards.
  const children = new Int32Array(commitCount);
  for (const parent of parents) children[parent] = (children[parent] as number) + 1;
  const order = new Int32Array(commitCount);
  let end = 0;
  for (let position = 0; position < commitCount; position++) if (children[position] === 0) order[end++] = position;
  for (let at = 0; at < end; at++) {
    const position = order[at] as number;
    for (let edge = parentStarts[position] as number; edge < (parentStarts[position + 1] as number); edge++) {
      const parent = parents[edge] as number;
      const left = (children[parent] as number) - 1;
      children[parent] = left;
      if (left === 0) order[end++] = parent;
    }
  }
  if (end < commitCount) throw new RangeError('Cannot number generations: a commit is its own ancestor');
  return order.reverse();
}
