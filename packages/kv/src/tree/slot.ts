import { encodeUtf8, FileMode, isTreeMode, type Oid } from '@git-kv/objects';
import type { Key } from '../key.js';
import type { TreeCache } from './tree-cache.js';
import type { TreeSlot } from './tree-view.js';

/** What one state of the store has under a key. */
export type Look = (key: Key) => Promise<TreeSlot | undefined>;

/** What a root tree has under `key`. */
export async function findSlot(trees: TreeCache, treeOid: Oid, key: Key): Promise<TreeSlot | undefined> {
  let slot: TreeSlot | undefined = { mode: FileMode.tree, oid: treeOid };
  for (const name of key.segments) slot = await childSlot(trees, slot, encodeUtf8(name));
  return slot;
}

/** What a tree has under one name; nothing, where it is no tree. */
export async function childSlot(
  trees: TreeCache,
  slot: TreeSlot | undefined,
  name: Uint8Array,
): Promise<TreeSlot | undefined> {
  if (slot === undefined || !isTreeMode(slot.mode)) return undefined;
  return (await trees.read(slot.oid)).find(name);
}
