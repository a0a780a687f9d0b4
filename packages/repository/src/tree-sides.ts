import { defaultLimits, FileMode, isTreeMode, LimitError, type Oid, type TreeEntry } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { readTrees } from './read-object.js';
import type { TreeTarget } from './tree-path.js';
import { Turns } from './walk/turns.js';

/** A path that several trees do not have all alike, with what each of them has there: all trees, or none. */
export interface SideItem {
  readonly pathBytes: Uint8Array;
  readonly isTree: boolean;
  readonly sides: readonly (TreeTarget | undefined)[];
}

/** How trees are walked side by side. */
export interface TreeSidesOptions extends ReadOptions {
  /** The names that differ between one tree of each side, in tree order, with the entry of each side. */
  readonly compare: (
    bodies: readonly (Uint8Array | undefined)[],
  ) => readonly { readonly name: Uint8Array; readonly entries: readonly (TreeEntry | undefined)[] }[];
  /** Whether to look into a tree. Default: always. */
  readonly enters?: (item: SideItem) => boolean;
  /** Whether to look at a path at all, whose last name begins at `nameStart`. Default: all. */
  readonly select?: (pathBytes: Uint8Array, isTree: boolean, nameStart: number) => boolean;
}

/** Trees read ahead in one call of the engine. */
const BATCH = 256;
const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/**
 * Walk trees side by side and give what they do not have all alike, trees before what they hold, the roots first. Trees that
 * are the same on all sides are never read.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a tree is missing; {LimitError} treeDepth, pathBytes
 */
export async function* walkTreeSides(
  reader: ObjectReader,
  rootOids: readonly (Oid | undefined)[],
  options: TreeSidesOptions,
): AsyncGenerator<SideItem> {
  const { enters, signal } = options;
  const sides = rootOids.map((oid) => (oid === undefined ? undefined : { mode: FileMode.tree, oid }));
  const root: SideItem = { pathBytes: EMPTY, isTree: true, sides };
  if (isOneTree(root)) return;
  if (reader.prefetch) await prefetchLevels(reader, root, options);
  const turns = new Turns(signal);
  const stack: Frame[] = [{ items: [root], at: 0, bodies: new Map(), loadedTo: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.at === frame.items.length) {
      stack.pop();
      continue;
    }
    await turns.step();
    const item = frame.items[frame.at] as SideItem;
    const isEntered = item.isTree && !isOneTree(item) && (enters === undefined || enters(item));
    if (isEntered && frame.at >= frame.loadedTo) await load(reader, frame, options);
    frame.at++;
    yield item;
    if (!isEntered) continue;
    const { treeDepth, pathBytes } = defaultLimits;
    if (stack.length > treeDepth) throw new LimitError('treeDepth', stack.length, treeDepth);
    // One tree holds each name once; paths repeat all names above them, and trees may be there many times.
    if (item.pathBytes.length > pathBytes) throw new LimitError('pathBytes', item.pathBytes.length, pathBytes);
    stack.push({ items: itemsOf(item, frame.bodies, options), at: 0, bodies: new Map(), loadedTo: 0 });
  }
}

/** What differs below one item, whose trees are among `bodies`. */
function itemsOf(
  item: SideItem,
  bodies: ReadonlyMap<Oid, Uint8Array>,
  { compare, select }: TreeSidesOptions,
): SideItem[] {
  const items: SideItem[] = [];
  for (const { name, entries } of compare(item.sides.map((side) => side && bodies.get(side.oid)))) {
    const path = join(item.pathBytes, name);
    const isTree = isTreeMode(entries.find((entry) => entry !== undefined)?.mode ?? 0);
    if (select !== undefined && !select(path, isTree, path.length - name.length)) continue;
    items.push({
      pathBytes: path,
      isTree,
      sides: entries.map((entry) => entry && { mode: entry.mode, oid: entry.oid }),
    });
  }
  return items;
}

/** Ask for all trees that the walk will read, a level at a time: going down path by path, each directory would be a request. */
async function prefetchLevels(reader: ObjectReader, root: SideItem, options: TreeSidesOptions): Promise<void> {
  const readOptions = options.signal ? { signal: options.signal } : {};
  let level: SideItem[] = [root];
  for (let depth = 0; level.length > 0 && depth <= defaultLimits.treeDepth; depth++) {
    const entered = level.filter((item) => item.isTree && !isOneTree(item) && (options.enters?.(item) ?? true));
    await reader.prefetch?.(entered.flatMap(oidsOf), readOptions);
    level = [];
    for (let at = 0; at < entered.length; at += BATCH) {
      const batch = entered.slice(at, at + BATCH);
      const bodies = await readTrees(reader, batch.flatMap(oidsOf), readOptions);
      for (const item of batch) for (const below of itemsOf(item, bodies, options)) if (below.isTree) level.push(below);
    }
  }
}

function oidsOf({ sides }: SideItem): Oid[] {
  return sides.flatMap((side) => (side === undefined ? [] : [side.oid]));
}

/** What differs between one tree of each side. `bodies` holds the trees that items up to `loadedTo` point to. */
interface Frame {
  readonly items: readonly SideItem[];
  at: number;
  bodies: Map<Oid, Uint8Array>;
  loadedTo: number;
}

/** Whether all sides have the same tree: where its mode alone differs, what it holds does not. */
function isOneTree({ sides }: SideItem): boolean {
  const first = sides[0]?.oid;
  for (const side of sides) if (side?.oid !== first) return false;
  return true;
}

async function load(reader: ObjectReader, frame: Frame, { enters, signal }: TreeSidesOptions): Promise<void> {
  const oids: Oid[] = [];
  let at = frame.at;
  for (; at < frame.items.length && oids.length < BATCH; at++) {
    const item = frame.items[at] as SideItem;
    if (!item.isTree || isOneTree(item) || enters?.(item) === false) continue;
    for (const oid of oidsOf(item)) oids.push(oid);
  }
  frame.loadedTo = at;
  frame.bodies = await readTrees(reader, oids, signal ? { signal } : {});
}

function join(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  if (prefix.length === 0) return name.slice();
  const path = new Uint8Array(prefix.length + 1 + name.length);
  path.set(prefix);
  path[prefix.length] = 0x2f;
  path.set(name, prefix.length + 1);
  return path;
}
