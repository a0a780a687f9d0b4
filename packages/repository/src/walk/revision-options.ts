import type { Oid } from '@git-kv/objects';
import type { Pathspec } from './pathspec.js';
import type { TopologicalOrder } from './topological-order.js';

/**
 * `date`: newest first as far as a walk from the tips can tell. `topological`: no commit before all of its children, one
 * line of history after the other. `topological-date`: no commit before all of its children, and else newest first.
 */
export type RevisionOrder = 'date' | TopologicalOrder;

/** What a {@link RevisionWalk} lists. */
export interface RevisionWalkOptions {
  /** Commits to begin with. */
  readonly include: Iterable<Oid>;
  /** Commits that are left out with all that they reach. */
  readonly exclude?: Iterable<Oid>;
  /** Default `date`. */
  readonly order?: RevisionOrder;
  /** Follow only the first parent of each commit. */
  readonly isFirstParentOnly?: boolean;
  /** Leave out commits whose committer date, in seconds, is before this, and what only they reach. */
  readonly since?: number;
  /** Leave out commits whose committer date is after this. */
  readonly until?: number;
  readonly minParents?: number;
  readonly maxParents?: number;
  /** Only commits that changed one of these paths, as git's simplification of history has it. Parents of rows are simplified, too. */
  readonly paths?: readonly Pathspec[];
  /** With `paths`: follow all parents of merges, also where one has the same at these paths. */
  readonly isFullHistory?: boolean;
  /** With `paths`: the parents of rows are the next ones that are listed, and merges that hold lines of history together are kept. */
  readonly rewritesParents?: boolean;
  /** With `paths`: compare trees, whatever the filters of the commit-graph say. */
  readonly ignoresFilters?: boolean;
  /** Commits whose parents are not followed: the shallow boundary. */
  readonly shallow?: ReadonlySet<Oid>;
  readonly signal?: AbortSignal;
}
