import { equalBytes } from '../bytes/bytes.js';
import { TreeCursor } from './cursor.js';
import { compareCursors } from './order.js';
import { entryAt, type TreeEntry } from './tree.js';

/** What became of one name: added without `old`, removed without `new`, else changed in mode or object. */
export interface TreeEntryChange {
  readonly name: Uint8Array;
  readonly old?: TreeEntry;
  readonly new?: TreeEntry;
}

const EMPTY = new Uint8Array(0);

/**
 * How two trees differ, without looking into trees below them, in tree order. A file that became a tree, or a tree
 * that became a file, is one removal and one addition. Both trees must be in the order git wants.
 *
 * @param oldBody `undefined` for no tree, as is `newBody`
 * @throws {MalformedError} where a tree is broken
 */
export function diffTreeBodies(
  oldBody: Uint8Array | undefined,
  newBody: Uint8Array | undefined,
  oidLength: number,
): TreeEntryChange[] {
  const before = new TreeCursor(oldBody ?? EMPTY, oidLength);
  const after = new TreeCursor(newBody ?? EMPTY, oidLength);
  const changes: TreeEntryChange[] = [];
  let hasOld = before.next();
  let hasNew = after.next();
  while (hasOld || hasNew) {
    const order = !hasOld ? 1 : !hasNew ? -1 : compareCursors(before, after);
    if (order === 0 && !isSameEntry(before, after)) {
      changes.push({ name: after.name(), old: entryAt(before), new: entryAt(after) });
    }
    if (order < 0) changes.push({ name: before.name(), old: entryAt(before) });
    if (order > 0) changes.push({ name: after.name(), new: entryAt(after) });
    if (order <= 0) hasOld = before.next();
    if (order >= 0) hasNew = after.next();
  }
  return changes;
}

/** Whether the entries that two cursors stand on are the same but for their names. */
export function isSameEntry(a: TreeCursor, b: TreeCursor): boolean {
  return a.mode === b.mode && equalBytes(oidBytes(a), oidBytes(b));
}

function oidBytes(cursor: TreeCursor): Uint8Array {
  return cursor.body.subarray(cursor.oidStart, cursor.oidStart + cursor.oidLength);
}
