import { isTreeMode } from '@git-kv/objects';
import { isValueMode } from '../changes.js';
import type { Key } from '../key.js';
import type { WorkingTree } from '../tree/working-tree.js';

/** The keys of all values at and below `prefix`, in order. What no key can name is left out, and so are links and submodules. */
export async function* listKeys(
  tree: WorkingTree,
  prefix: Key,
  signal?: AbortSignal,
): AsyncGenerator<Key, void, undefined> {
  const found = await tree.find(prefix);
  if (found === undefined) return;
  if (!isTreeMode(found.mode)) {
    if (isValueMode(found.mode)) yield prefix;
    return;
  }
  for (const { name, mode } of await tree.list(found)) {
    signal?.throwIfAborted();
    const key = prefix.findChild(name);
    if (key === undefined) continue;
    if (isTreeMode(mode)) yield* listKeys(tree, key, signal);
    else if (isValueMode(mode)) yield key;
  }
}
