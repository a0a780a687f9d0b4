import { concatBytes } from '../bytes/bytes.js';
import { decodeLatin1, toBytes } from '../bytes/text.js';
import { type HashAlgorithm, hashObject } from '../hash.js';
import type { Oid } from '../oid.js';
import { TreeBuilder } from './builder.js';
import { TreeCursor } from './cursor.js';
import { isTreeMode } from './mode.js';
import { checkTreeEntryName } from './name.js';
import { compareRanges, compareTreeEntries } from './order.js';
import { serializeTree, type TreeEntry } from './tree.js';

/** A change to one entry of a tree: `entry` in place of what `name` is now, or `null` to remove it. */
export interface TreeEntryEdit {
  readonly name: Uint8Array | string;
  readonly entry: { readonly mode: number; readonly oid: Oid } | null;
}

/**
 * The tree `body` (or the empty one) with `edits` made in turn, and its oid. Removing what is not there is no error.
 * What is not edited is copied as it stands; only a tree in the wrong order is sorted. The body is a fresh buffer.
 * @throws {MalformedError} where `body` is broken, or is in the wrong order and has two entries of one name
 * @throws {RangeError} for a name, a mode or an oid that must not stand in a tree
 */
export function editTreeBody(
  algorithm: HashAlgorithm,
  body: Uint8Array | undefined,
  edits: Iterable<TreeEntryEdit>,
): { readonly oid: Oid; readonly body: Uint8Array } {
  const changes = new Map<string, Change>();
  for (const edit of edits) {
    const change = changeOf(edit);
    changes.set(decodeLatin1(change.name), change);
  }
  const list = [...changes.values()];
  const edited = splice(body ?? new Uint8Array(0), list, algorithm) ?? rebuild(body, list, algorithm);
  return { oid: hashObject(algorithm, 'tree', edited), body: edited };
}

interface Change {
  readonly name: Uint8Array;
  readonly entry: TreeEntry | null;
}

function changeOf({ name, entry }: TreeEntryEdit): Change {
  const bytes = toBytes(name);
  if (entry === null) return { name: bytes, entry };
  const problem = checkTreeEntryName(bytes);
  if (problem !== undefined) {
    throw new RangeError(`Cannot set tree entry ${JSON.stringify(decodeLatin1(bytes))}: ${problem}`);
  }
  return { name: bytes, entry: { mode: entry.mode, name: bytes, oid: entry.oid } };
}

/**
 * Copy the tree around the changes: a change to one name of 10,000 costs a pass over the bytes, a tenth of taking
 * the tree apart. `undefined` where the tree is in the wrong order, so that the places of new entries are not known.
 */
function splice(body: Uint8Array, changes: readonly Change[], algorithm: HashAlgorithm): Uint8Array | undefined {
  const inserted = changes.flatMap(({ entry }) => (entry === null ? [] : [entry])).sort(compareTreeEntries);
  const isChanged = nameFilter(changes.map(({ name }) => name));
  const cursor = new TreeCursor(body, algorithm.oidLength);
  const parts: Uint8Array[] = [];
  let copied = 0;
  let nextInserted = 0;
  let previousStart = 0;
  let previousEnd = 0;
  let previousIsTree = false;
  while (cursor.next()) {
    const { modeStart, nameStart, nameEnd } = cursor;
    const isTree = isTreeMode(cursor.mode);
    const isOrdered =
      modeStart === 0 ||
      compareRanges(body, previousStart, previousEnd, previousIsTree, body, nameStart, nameEnd, isTree) < 0;
    if (!isOrdered) return undefined;
    previousStart = nameStart;
    previousEnd = nameEnd;
    previousIsTree = isTree;
    for (; nextInserted < inserted.length; nextInserted++) {
      const entry = inserted[nextInserted] as TreeEntry;
      const { name } = entry;
      if (compareRanges(name, 0, name.length, isTreeMode(entry.mode), body, nameStart, nameEnd, isTree) >= 0) break;
      parts.push(body.subarray(copied, modeStart), serializeTree([entry], algorithm));
      copied = modeStart;
    }
    if (isChanged(cursor)) {
      parts.push(body.subarray(copied, modeStart));
      copied = cursor.oidStart + algorithm.oidLength;
    }
  }
  parts.push(body.subarray(copied), serializeTree(inserted.slice(nextInserted), algorithm));
  return concatBytes(parts);
}

/** Whether a cursor stands on one of `names`: a few bytes of a name tell nearly always, without making text of it. */
function nameFilter(names: readonly Uint8Array[]): (cursor: TreeCursor) => boolean {
  const buckets = new Map<number, Uint8Array[]>();
  for (const name of names) {
    const key = keyOf(name, 0, name.length);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [name]);
    else bucket.push(name);
  }
  return (cursor) => {
    const bucket = buckets.get(keyOf(cursor.body, cursor.nameStart, cursor.nameEnd));
    return bucket?.some((name) => cursor.isNamed(name)) === true;
  };
}

/** Length, first byte and the last two: names in one directory often begin alike. Looks at nothing outside the name. */
function keyOf(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size < 2) return size === 0 ? 0 : (bytes[start] as number);
  const last = ((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number);
  return (size & 0x3f) * 0x100_0000 + ((bytes[start] as number) << 16) + last;
}

function rebuild(body: Uint8Array | undefined, changes: readonly Change[], algorithm: HashAlgorithm): Uint8Array {
  const builder = new TreeBuilder(algorithm, body);
  for (const { name, entry } of changes) {
    if (entry === null) builder.remove(name);
    else builder.set(name, entry.mode, entry.oid);
  }
  return builder.build();
}
