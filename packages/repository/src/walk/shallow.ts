import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { CommitNodes } from './commit-nodes.js';
import type { CommitWalkOptions } from './commits.js';
import { RevisionWalk } from './revision-walk.js';

/** A history that is cut somewhere. */
export interface ShallowBoundary {
  /** The last commits before the cut: what becomes shallow. */
  readonly shallow: readonly Oid[];
  /** All commits up to the cut, with those. */
  readonly commits: readonly Oid[];
}

/** Where history is cut other than by its depth. */
export interface ShallowLimits {
  /** Commits with a committer date before this, in seconds, are left out, and what only they reach. */
  readonly since?: number | undefined;
  /** Commits that are left out with all that they reach. */
  readonly not?: Iterable<Oid>;
}

/** Rows taken of a walk at a time. */
const BATCH = 1024;

/**
 * The commits at most `depth - 1` parents away from `wantOids` (1: these alone), the nearest first, and where the history is cut. As
 * git has it, all commits at the last depth are shallow, also those without parents.
 * `options.shallow` is the boundary that the repository itself has; such a commit within the depth is shallow again.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 * @throws {RangeError} where `depth` is not at least 1
 */
export async function shallowBoundary(
  reader: ObjectReader,
  wantOids: Iterable<Oid>,
  depth: number,
  options: CommitWalkOptions = {},
): Promise<ShallowBoundary> {
  if (!(depth >= 1)) throw new RangeError(`Cannot cut history at depth ${depth}: 1 is the least`);
  const nodes = new CommitNodes(reader, undefined, options.signal);
  const seen = new Set<Oid>();
  const shallow: Oid[] = [];
  let level = [...new Set(wantOids)];
  for (let distance = 1; level.length > 0; distance++) {
    options.signal?.throwIfAborted();
    await nodes.prefetch(level);
    const next = new Set<Oid>();
    for (const oid of level) {
      seen.add(oid);
      if (distance >= depth || options.shallow?.has(oid)) {
        shallow.push(oid);
        continue;
      }
      const { parentOids } = await nodes.load(oid);
      for (const parentOid of parentOids) next.add(parentOid);
    }
    level = [...next].filter((oid) => !seen.has(oid));
  }
  return { shallow, commits: [...seen] };
}

/**
 * The commits that `wantOids` reach within `limits`; shallow are those with a parent beyond, and what is only behind one of these is
 * left out (git calls it shallow, and does not send it).
 * `options.shallow` is the boundary that the repository itself has.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function shallowBoundaryWithin(
  reader: ObjectReader,
  wantOids: Iterable<Oid>,
  limits: ShallowLimits,
  options: CommitWalkOptions = {},
): Promise<ShallowBoundary> {
  const { since, not } = limits;
  const wants = [...wantOids];
  const walk = await RevisionWalk.open(reader, {
    include: wants,
    ...(not && { exclude: not }),
    ...(since !== undefined && { since }),
    ...options,
  });
  try {
    const { table } = walk;
    const rows = new Set<number>();
    for (let next = await walk.next(BATCH); next.length > 0; next = await walk.next(BATCH)) {
      for (const row of next) rows.add(row);
    }
    const shallow: Oid[] = [];
    const commits: Oid[] = [];
    // From the wants again: where a merge is cut because of one parent, the others are cut off with it.
    const reached = new Set([...wants].map((oid) => table.rowOf(oid)).filter((row) => rows.has(row)));
    for (const row of reached) {
      const oid = table.oidAt(row);
      commits.push(oid);
      const parents = Array.from({ length: table.parentCounts[row] as number }, (_, index) =>
        table.parentAt(row, index),
      );
      if (options.shallow?.has(oid) || parents.some((parent) => !rows.has(parent))) shallow.push(oid);
      else for (const parent of parents) reached.add(parent);
    }
    return { shallow, commits };
  } finally {
    await walk.close();
  }
}
