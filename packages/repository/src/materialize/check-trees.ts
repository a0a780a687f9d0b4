import {
  CheckError,
  type CheckId,
  checkObject,
  checkTreeEntryName,
  defaultLimits,
  isTreeMode,
  LimitError,
  type Oid,
  TreeCursor,
} from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readTrees } from '../read-object.js';

/** What a tree must be to become files. */
export interface TreeRules extends ReadOptions {
  /** Entries of all trees together, each as often as it has a path (default a million). */
  readonly maxEntries?: number;
  /** Accept names with a backslash, which Windows takes for a slash (default: no). */
  readonly allowBackslash?: boolean;
}

const MAX_ENTRIES = 1_000_000;
const BATCH = 256;
const BACKSLASH = 0x5c;
/** Types of entries: tree, file, symbolic link, submodule. */
const TYPES: ReadonlySet<number> = new Set([0o04, 0o10, 0o12, 0o16]);

/** Findings of fsck with which a tree means one thing to one program and another to the next. */
const REFUSED: ReadonlySet<CheckId> = new Set([
  'badTree',
  'nullSha1',
  'fullPathname',
  'hasDot',
  'hasDotdot',
  'hasDotgit',
  'duplicateEntries',
  'treeNotSorted',
  'gitmodulesSymlink',
]);

/** One tree, as far as its size matters. */
interface Shape {
  readonly children: readonly { readonly oid: Oid; readonly nameBytes: number }[];
  readonly entries: number;
  readonly longestName: number;
}

/**
 * Look at every tree below a root, each once, before anything is made of it.
 * @throws {CheckError} CHECK_FAILED for names and orders that are not safe; {LimitError} maxEntries, treeDepth, pathBytes
 */
export async function checkTrees(reader: ObjectReader, rootOid: Oid, rules: TreeRules): Promise<void> {
  const { treeDepth } = defaultLimits;
  const shapes = new Map<Oid, Shape>();
  let level: Oid[] = [rootOid];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > treeDepth) throw new LimitError('treeDepth', depth, treeDepth);
    await reader.prefetch?.(level, rules);
    const next = new Set<Oid>();
    for (let at = 0; at < level.length; at += BATCH) {
      for (const [oid, body] of await readTrees(reader, level.slice(at, at + BATCH), rules)) {
        const shape = checkTree(reader, oid, body, rules);
        shapes.set(oid, shape);
        for (const child of shape.children) next.add(child.oid);
      }
    }
    level = [...next].filter((oid) => !shapes.has(oid));
  }
  assertSize(rootOid, shapes, rules.maxEntries ?? MAX_ENTRIES);
}

function checkTree(reader: ObjectReader, oid: Oid, body: Uint8Array, rules: TreeRules): Shape {
  const { algorithm } = reader;
  const refuse = (id: CheckId, problem: string): CheckError => new CheckError({ oid, kind: 'tree' }, id, problem);
  for (const { id, severity, message } of checkObject('tree', body, { algorithm })) {
    if (severity === 'error' || REFUSED.has(id)) throw refuse(id, message);
  }
  const children: { oid: Oid; nameBytes: number }[] = [];
  let entries = 0;
  let longestName = 0;
  const cursor = new TreeCursor(body, algorithm.oidLength);
  while (cursor.next()) {
    const name = cursor.name();
    if (!TYPES.has(cursor.mode >> 12)) throw refuse('badFilemode', `mode ${cursor.mode.toString(8)} is of no kind`);
    if (!rules.allowBackslash && name.includes(BACKSLASH)) throw refuse('fullPathname', 'a name has a backslash');
    if (checkTreeEntryName(name) !== undefined) throw refuse('hasDotgit', 'a name may be taken for ".git"');
    entries++;
    longestName = Math.max(longestName, name.length);
    if (isTreeMode(cursor.mode)) children.push({ oid: cursor.oid(), nameBytes: name.length });
  }
  return { children, entries, longestName };
}

/** Trees may be there many times: what they come to is summed from below, without going down each path. */
function assertSize(rootOid: Oid, shapes: ReadonlyMap<Oid, Shape>, maxEntries: number): void {
  const sums = new Map<Oid, { readonly entries: number; readonly depth: number; readonly pathBytes: number }>();
  const stack = [{ oid: rootOid, at: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const shape = shapes.get(frame.oid) as Shape;
    const child = shape.children[frame.at++];
    if (child !== undefined) {
      if (!sums.has(child.oid)) stack.push({ oid: child.oid, at: 0 });
      continue;
    }
    stack.pop();
    let { entries, longestName: pathBytes } = shape;
    let depth = 0;
    for (const { oid, nameBytes } of shape.children) {
      const sum = sums.get(oid) as { entries: number; depth: number; pathBytes: number };
      entries += sum.entries;
      depth = Math.max(depth, sum.depth + 1);
      pathBytes = Math.max(pathBytes, nameBytes + (sum.pathBytes > 0 ? 1 + sum.pathBytes : 0));
    }
    sums.set(frame.oid, { entries, depth, pathBytes });
  }
  const root = sums.get(rootOid) as { entries: number; depth: number; pathBytes: number };
  const { treeDepth, pathBytes } = defaultLimits;
  if (root.entries > maxEntries) throw new LimitError('maxEntries', root.entries, maxEntries);
  if (root.depth > treeDepth) throw new LimitError('treeDepth', root.depth, treeDepth);
  if (root.pathBytes > pathBytes) throw new LimitError('pathBytes', root.pathBytes, pathBytes);
}
