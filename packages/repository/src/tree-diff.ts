import { decodeUtf8, diffTreeBodies, type Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import type { TreeTarget } from './tree-path.js';
import { walkTreeSides } from './tree-sides.js';

/** One path at which two trees differ. A value that became a tree is a `remove` and an `add`. */
export interface TreeChange {
  /** Components joined by "/", decoded as UTF-8; {@link pathBytes} is exact. Empty for the root. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  readonly change: 'add' | 'remove' | 'modify';
  readonly old?: TreeTarget;
  readonly new?: TreeTarget;
  readonly isTree: boolean;
}

/** How two trees are compared. */
export interface DiffTreesOptions extends ReadOptions {
  /** List changed trees too, the root included, each before what it holds. Default: leaves only. */
  readonly trees?: boolean;
  /** List what stands in the trees themselves and enter none below; trees are listed where they differ. */
  readonly shallow?: boolean;
  /**
   * Whether to look at a path, whose last name begins at `nameStart`: what is not selected is neither listed nor, where it is a tree,
   * read. Default: all.
   */
  readonly select?: (pathBytes: Uint8Array, isTree: boolean, nameStart: number) => boolean;
}

/**
 * What differs between two trees, all the way down, sorted by the bytes of the path. Subtrees with the same object id are
 * never read. `undefined` stands for no tree at all.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a tree is missing; {LimitError} treeDepth, pathBytes
 */
export async function* diffTrees(
  reader: ObjectReader,
  oldTreeOid: Oid | undefined,
  newTreeOid: Oid | undefined,
  options: DiffTreesOptions = {},
): AsyncGenerator<TreeChange> {
  const { select, shallow = false, trees = false, signal } = options;
  const { oidLength } = reader.algorithm;
  const walk = walkTreeSides(reader, [oldTreeOid, newTreeOid], {
    compare: ([oldBody, newBody]) =>
      diffTreeBodies(oldBody, newBody, oidLength).map(({ name, old, new: next }) => ({ name, entries: [old, next] })),
    enters: ({ pathBytes }) => !shallow || pathBytes.length === 0,
    ...(select && { select }),
    ...(signal && { signal }),
  });
  for await (const { pathBytes, isTree, sides } of walk) {
    if (isTree && !trees && (!shallow || pathBytes.length === 0)) continue;
    const [old, next] = sides;
    const change = old === undefined ? 'add' : next === undefined ? 'remove' : 'modify';
    yield { path: decodeUtf8(pathBytes), pathBytes, change, isTree, ...(old && { old }), ...(next && { new: next }) };
  }
}
