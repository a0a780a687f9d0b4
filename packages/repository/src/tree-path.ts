import { FileMode, findTreeEntry, isTreeMode, type Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { readBody, readTrees } from './read-object.js';

/** One component of a path: bytes, or text that is stored as UTF-8. */
export type PathSegment = string | Uint8Array;

/** What a tree entry points to. */
export interface TreeTarget {
  readonly mode: number;
  readonly oid: Oid;
}

/**
 * Follow `segments` down from a root tree. Reads one tree per segment. No segments name the root tree itself.
 * @returns the entry, or `undefined` where no such path exists (also where it would lead through a blob)
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a tree on the way is missing: the repository is damaged
 */
export async function readTreePath(
  reader: ObjectReader,
  rootTreeOid: Oid,
  segments: readonly PathSegment[],
  options?: ReadOptions,
): Promise<TreeTarget | undefined> {
  let target: TreeTarget = { mode: FileMode.tree, oid: rootTreeOid };
  for (const segment of segments) {
    if (!isTreeMode(target.mode)) return undefined;
    const body = await readBody(reader, target.oid, 'tree', options);
    const found = findTreeEntry(body, segment, reader.algorithm.oidLength);
    if (found === undefined) return undefined;
    target = { mode: found.mode, oid: found.oid };
  }
  return target;
}

/**
 * {@link readTreePath} of several paths at once: each tree is read once, and all of one level in one call of the engine.
 * @returns the entries in the order of `paths`
 * @throws {NotFoundError} OBJECT_NOT_FOUND as there
 */
export async function readTreePaths(
  reader: ObjectReader,
  rootTreeOid: Oid,
  paths: readonly (readonly PathSegment[])[],
  options?: ReadOptions,
): Promise<(TreeTarget | undefined)[]> {
  const found: (TreeTarget | undefined)[] = paths.map(() => ({ mode: FileMode.tree, oid: rootTreeOid }));
  const depth = paths.reduce((most, { length }) => Math.max(most, length), 0);
  for (let level = 0; level < depth; level++) {
    const trees = new Set<Oid>();
    for (const [at, path] of paths.entries()) {
      const target = found[at];
      if (target === undefined || path.length <= level) continue;
      if (isTreeMode(target.mode)) trees.add(target.oid);
      else found[at] = undefined;
    }
    const bodies = await readTrees(reader, trees, options);
    for (const [at, path] of paths.entries()) {
      const target = found[at];
      const segment = path[level];
      if (target === undefined || segment === undefined) continue;
      const entry = findTreeEntry(bodies.get(target.oid) as Uint8Array, segment, reader.algorithm.oidLength);
      found[at] = entry && { mode: entry.mode, oid: entry.oid };
    }
  }
  return found;
}
