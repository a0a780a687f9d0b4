import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { type CommitNode, CommitNodes } from './commit-nodes.js';
import type { CommitWalkOptions } from './commits.js';

/** A history cut at a depth. */
export interface ShallowBoundary {
  /** Commits at the last depth that have parents: what becomes shallow. */
  readonly shallow: readonly Oid[];
  /** All commits within the depth, the nearest to the wants first. */
  readonly commits: readonly Oid[];
}

/**
 * The commits at most `depth - 1` parents away from `wantOids` (1: these alone), and where the history is cut.
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
      const node: CommitNode = await nodes.load(oid);
      if (node.parentOids.length === 0) continue;
      if (distance >= depth || options.shallow?.has(oid)) shallow.push(oid);
      else for (const parentOid of node.parentOids) next.add(parentOid);
    }
    level = [...next].filter((oid) => !seen.has(oid));
  }
  return { shallow, commits: [...seen] };
}
