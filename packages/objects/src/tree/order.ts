import { isTreeMode } from './mode.js';
import type { TreeEntry } from './tree.js';

/**
 * The order of names in a tree: by bytes, a tree's name as if it ended in `/`. Negative, zero or positive. A file and
 * a tree of one name differ.
 * @see git's tree.c, base_name_compare()
 */
export function compareTreeNames(a: Uint8Array, aIsTree: boolean, b: Uint8Array, bIsTree: boolean): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return byteAfter(a, shared, aIsTree) - byteAfter(b, shared, bIsTree);
}

/** What stands after the shared bytes: a byte, the `/` that a tree's name implies, or the end. */
function byteAfter(name: Uint8Array, at: number, isTree: boolean): number {
  if (at < name.length) return name[at] as number;
  return isTree ? 0x2f : 0;
}

/** {@link compareTreeNames} for two entries. */
export function compareTreeEntries(a: TreeEntry, b: TreeEntry): number {
  return compareTreeNames(a.name, isTreeMode(a.mode), b.name, isTreeMode(b.mode));
}

/** `entries` in the order git wants, in a fresh array. */
export function sortTreeEntries(entries: Iterable<TreeEntry>): TreeEntry[] {
  return [...entries].sort(compareTreeEntries);
}
