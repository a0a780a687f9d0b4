import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import type { FilterRules } from './filter-rules.js';
import type { OidSet } from './oid-set.js';
import { type TreeRoots, walkTreeLevels } from './tree-levels.js';
import { type TreeWalkOptions, walkTrees } from './tree-walk.js';
import type { WalkedObject } from './walked-object.js';

export { filterRules } from './filter-rules.js';

/** As `walkTrees`, of the trees and blobs that a filter takes; trees that were asked for are listed whatever it says. */
export async function* walkFilteredTrees(
  reader: ObjectReader,
  { known, given, roots }: TreeRoots,
  rules: FilterRules,
  seen: OidSet,
  options: TreeWalkOptions,
): AsyncGenerator<WalkedObject[]> {
  const { kinds } = rules;
  const depth = kinds.tree || kinds.blob ? rules.depth : 0;
  const walkOptions = { ...withTreesKnown(options), withoutBlobs: !kinds.blob };
  const batches =
    depth < Number.POSITIVE_INFINITY
      ? walkTreeLevels(reader, { known, given, roots }, depth, seen, walkOptions)
      : walkTrees(reader, { known: [...known], wanted: [...given, ...roots], depth: 0 }, seen, walkOptions);
  const isGiven = new Set(given);
  for await (const batch of batches) {
    const taken: WalkedObject[] = [];
    for (const object of batch) {
      const isTaken =
        object.kind === 'tree'
          ? kinds.tree || isGiven.has(object.oid)
          : await isSmaller(reader, object.oid, rules.blobBytes, options);
      if (isTaken) taken.push(object);
    }
    yield taken;
  }
}

/** Who fetches with a filter may lack blobs of what it says that it has: they are no bases. */
function withTreesKnown(options: TreeWalkOptions): TreeWalkOptions {
  const { onKnown, ...rest } = options;
  if (onKnown === undefined) return options;
  return { ...rest, onKnown: (object) => object.kind === 'tree' && onKnown(object) };
}

async function isSmaller(reader: ObjectReader, oid: Oid, bytes: number, options: TreeWalkOptions): Promise<boolean> {
  if (bytes === Number.POSITIVE_INFINITY) return true;
  const size =
    reader.sizeSync?.(oid) ?? (await reader.stat(oid, options.signal ? { signal: options.signal } : {}))?.size;
  // One that is missing is listed as without a filter: who reads it finds out.
  return size === undefined || size < bytes;
}
