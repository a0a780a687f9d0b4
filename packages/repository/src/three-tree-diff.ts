import { decodeUtf8, diffThreeTreeBodies, type MergeSide, type Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import type { TreeTarget } from './tree-path.js';
import { type SideItem, walkTreeSides } from './tree-sides.js';

/** One path that the three sides of a merge do not have all alike. A value and a tree at one path are two of these. */
export interface TreeDivergence {
  /** Components joined by "/", decoded as UTF-8; {@link pathBytes} is exact. Empty for the root. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  readonly isTree: boolean;
  /** What stands there on each side, of the kind that `isTree` tells. */
  readonly base?: TreeTarget;
  readonly ours?: TreeTarget;
  readonly theirs?: TreeTarget;
}

/** How three trees are compared. */
export interface DiffThreeTreesOptions extends ReadOptions {
  /** List trees that diverge too, the root included, each before what it holds. Default: leaves only. */
  readonly trees?: boolean;
  /**
   * Whether to look into a tree that diverges (default: always). A merge that takes one side's tree whole where the other
   * did not touch it says no.
   */
  readonly enters?: (divergence: TreeDivergence) => boolean;
}

/**
 * Where three trees differ, all the way down, sorted by the bytes of the path. Subtrees that are the same on all sides are
 * never read. A side that is `undefined` is no tree at all.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a tree is missing; {LimitError} treeDepth, pathBytes
 */
export async function* diffThreeTrees(
  reader: ObjectReader,
  treeOids: { readonly [side in MergeSide]: Oid | undefined },
  options: DiffThreeTreesOptions = {},
): AsyncGenerator<TreeDivergence> {
  const { enters, trees = false, signal } = options;
  const { oidLength } = reader.algorithm;
  const walk = walkTreeSides(reader, [treeOids.base, treeOids.ours, treeOids.theirs], {
    compare: ([base, ours, theirs]) =>
      diffThreeTreeBodies({ base, ours, theirs }, oidLength).map(({ name, ...entries }) => ({
        name,
        entries: [entries.base, entries.ours, entries.theirs],
      })),
    ...(enters && { enters: (item) => enters(divergenceOf(item)) }),
    ...(signal && { signal }),
  });
  for await (const item of walk) if (!item.isTree || trees) yield divergenceOf(item);
}

function divergenceOf({ pathBytes, isTree, sides: [base, ours, theirs] }: SideItem): TreeDivergence {
  const sides = { ...(base && { base }), ...(ours && { ours }), ...(theirs && { theirs }) };
  return { path: decodeUtf8(pathBytes), pathBytes, isTree, ...sides };
}
