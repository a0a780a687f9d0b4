import type { TreeCursor } from './cursor.js';
import { isTreeMode } from './mode.js';
import type { TreeEntry } from './tree.js';

/**
 * The order of names in a tree: by bytes, a tree's name as if it ended in `/`. Negative, zero or positive. A file and
 * a tree of one name differ.
 * @see git's tree.c, base_name_compare()
 */
export function compareTreeNames(a: Uint8Array, aIsTree: boolean, b: Uint8Array, bIsTree: boolean): number {
  return compareRanges(a, 0, a.length, aIsTree, b, 0, b.length, bIsTree);
}

/** {@link compareTreeNames} for the entries that two cursors stand on. */
export function compareCursors(a: TreeCursor, b: TreeCursor): number {
  const aIsTree = isTreeMode(a.mode);
  const bIsTree = isTreeMode(b.mode);
  return compareRanges(a.body, a.nameStart, a.nameEnd, aIsTree, b.body, b.nameStart, b.nameEnd, bIsTree);
}

/** {@link compareTreeNames} for names within larger buffers, each from its start to before its end. */
export function compareRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  aIsTree: boolean,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  bIsTree: boolean,
): number {
  const shared = Math.min(aEnd - aStart, bEnd - bStart);
  for (let at = 0; at < shared; at++) {
    const difference = (a[aStart + at] as number) - (b[bStart + at] as number);
    if (difference !== 0) return difference;
  }
  return byteAfter(a, aStart + shared, aEnd, aIsTree) - byteAfter(b, bStart + shared, bEnd, bIsTree);
}

/** What stands after the shared bytes: a byte, the `/` that a tree's name implies, or the end. */
function byteAfter(bytes: Uint8Array, at: number, end: number, isTree: boolean): number {
  if (at < end) return bytes[at] as number;
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
