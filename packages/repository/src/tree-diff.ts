import { decodeUtf8, defaultLimits, diffTreeBodies, FileMode, isTreeMode, LimitError, type Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { readTrees } from './read-object.js';
import type { TreeTarget } from './tree-path.js';
import { Turns } from './walk/turns.js';

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
}

/** Trees read ahead in one call of the engine. */
const BATCH = 256;
const EMPTY = /* @__PURE__ */ new Uint8Array(0);

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
  if (oldTreeOid === newTreeOid) return;
  const root: Item = {
    pathBytes: EMPTY,
    isTree: true,
    ...(oldTreeOid !== undefined && { old: { mode: FileMode.tree, oid: oldTreeOid } }),
    ...(newTreeOid !== undefined && { new: { mode: FileMode.tree, oid: newTreeOid } }),
  };
  const turns = new Turns(options.signal);
  const stack: Frame[] = [{ items: [root], at: 0, bodies: new Map(), loadedTo: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.at === frame.items.length) {
      stack.pop();
      continue;
    }
    await turns.step();
    if (frame.at >= frame.loadedTo) await load(reader, frame, options);
    const item = frame.items[frame.at++] as Item;
    if (!item.isTree || options.trees) {
      const change = item.old === undefined ? 'add' : item.new === undefined ? 'remove' : 'modify';
      yield { path: decodeUtf8(item.pathBytes), change, ...item };
    }
    // A tree whose mode alone differs is changed, what it holds is not.
    if (!item.isTree || item.old?.oid === item.new?.oid) continue;
    const { treeDepth, pathBytes } = defaultLimits;
    if (stack.length > treeDepth) throw new LimitError('treeDepth', stack.length, treeDepth);
    // One tree holds each name once; paths repeat all names above them, and trees may be there many times.
    if (item.pathBytes.length > pathBytes) throw new LimitError('pathBytes', item.pathBytes.length, pathBytes);
    const items = compare(
      item.pathBytes,
      item.old && frame.bodies.get(item.old.oid),
      item.new && frame.bodies.get(item.new.oid),
      reader.algorithm.oidLength,
    );
    stack.push({ items, at: 0, bodies: new Map(), loadedTo: 0 });
  }
}

interface Item {
  readonly pathBytes: Uint8Array;
  readonly isTree: boolean;
  readonly old?: TreeTarget;
  readonly new?: TreeTarget;
}

/** The changed entries of one pair of trees. `bodies` holds the trees that items up to `loadedTo` point to. */
interface Frame {
  readonly items: readonly Item[];
  at: number;
  bodies: Map<Oid, Uint8Array>;
  loadedTo: number;
}

async function load(reader: ObjectReader, frame: Frame, options: ReadOptions): Promise<void> {
  const oids: Oid[] = [];
  let at = frame.at;
  for (; at < frame.items.length && oids.length < BATCH; at++) {
    const item = frame.items[at] as Item;
    if (!item.isTree || item.old?.oid === item.new?.oid) continue;
    if (item.old) oids.push(item.old.oid);
    if (item.new) oids.push(item.new.oid);
  }
  frame.loadedTo = at;
  frame.bodies = await readTrees(reader, oids, options);
}

/** The entries that differ between two trees, in git's order, which for whole paths is the order of bytes. */
function compare(
  prefix: Uint8Array,
  oldBody: Uint8Array | undefined,
  newBody: Uint8Array | undefined,
  oidLength: number,
): Item[] {
  return diffTreeBodies(oldBody, newBody, oidLength).map(({ name, ...change }) => ({
    pathBytes: join(prefix, name),
    isTree: isTreeMode((change.new ?? change.old)?.mode ?? 0),
    ...(change.old && { old: { mode: change.old.mode, oid: change.old.oid } }),
    ...(change.new && { new: { mode: change.new.mode, oid: change.new.oid } }),
  }));
}

function join(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  if (prefix.length === 0) return name.slice();
  const path = new Uint8Array(prefix.length + 1 + name.length);
  path.set(prefix);
  path[prefix.length] = 0x2f;
  path.set(name, prefix.length + 1);
  return path;
}
