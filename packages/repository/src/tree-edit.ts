import {
  checkTreeEntryName,
  compareTreeNames,
  decodeLatin1,
  defaultLimits,
  encodeAscii,
  FileMode,
  type HashAlgorithm,
  hashObject,
  isTreeMode,
  LimitError,
  type NewObject,
  type Oid,
  TreeCursor,
  toBytes,
  writeOid,
} from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { readTrees } from './read-object.js';
import type { PathSegment, TreeTarget } from './tree-path.js';

/** Put `entry` at `path`, or take away what stands there (`null`; absence is no error). An empty path is the root tree. */
export interface TreeEdit {
  readonly path: readonly PathSegment[];
  readonly entry: TreeTarget | null;
}

/**
 * `conflict`: `edit` would put something below a value; the first `depth` segments of its path name that value.
 * Nothing was computed then.
 */
export type TreeEditOutcome =
  | {
      readonly status: 'edited';
      readonly treeOid: Oid;
      /** The trees that are new: children before parents, the root last. Empty where nothing changed. */
      readonly objects: readonly NewObject[];
    }
  | { readonly status: 'conflict'; readonly edit: TreeEdit; readonly depth: number };

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/**
 * Apply many edits to a tree of trees in one pass: each tree on the way is read once, level by level, and written once.
 * Later edits win over earlier ones at the same path. Trees that become empty disappear, as in git; the root may be empty.
 * Setting a value where a tree stands replaces the tree.
 * @param rootTreeOid `undefined` starts from nothing
 * @throws {RangeError} where a name that is set must not stand in a tree (see `checkTreeEntryName`), or the root would
 *   become a value
 * @throws {LimitError} treeDepth
 */
export async function editTree(
  reader: ObjectReader,
  rootTreeOid: Oid | undefined,
  edits: Iterable<TreeEdit>,
  options?: ReadOptions,
): Promise<TreeEditOutcome> {
  const root = new EditNode(EMPTY);
  for (const edit of edits) {
    const depth = plan(root, edit);
    if (depth !== undefined) return { status: 'conflict', edit, depth };
  }
  if (root.own !== undefined) rootTreeOid = root.own?.oid;

  const all: TreeWork[] = [new TreeWork(root, rootTreeOid, 0)];
  for (let levelStart = 0; levelStart < all.length; ) {
    const level = all.slice(levelStart);
    levelStart = all.length;
    const treeOids = level.flatMap((work) => (work.treeOid === undefined ? [] : [work.treeOid]));
    const bodies = await readTrees(reader, treeOids, options);
    for (const work of level) {
      if (work.treeOid !== undefined) work.body = bodies.get(work.treeOid) as Uint8Array;
      work.locate(reader.algorithm.oidLength);
      const conflict = work.descend(all);
      if (conflict !== undefined) return { status: 'conflict', edit: conflict, depth: work.depth + 1 };
    }
  }

  const objects = new Map<Oid, NewObject>();
  for (let at = all.length - 1; at >= 0; at--) (all[at] as TreeWork).build(reader.algorithm, objects);
  const treeOid = (all[0] as TreeWork).result ?? reader.algorithm.emptyTreeOid;
  if (treeOid === reader.algorithm.emptyTreeOid && treeOid !== rootTreeOid) {
    objects.set(treeOid, { oid: treeOid, kind: 'tree', body: EMPTY });
  }
  return { status: 'edited', treeOid, objects: [...objects.values()] };
}

/** What is to happen at one name of one tree. */
class EditNode {
  readonly name: Uint8Array;
  /** `undefined`: what stands there stays; `null`: it goes; else this takes its place. Children apply after. */
  own: TreeTarget | null | undefined = undefined;
  children: Map<string, EditNode> | undefined = undefined;
  /** An edit that puts something below this name: what to blame where the name turns out to be a value. */
  adds: TreeEdit | undefined = undefined;

  constructor(name: Uint8Array) {
    this.name = name;
  }
}

/** Add one edit to the plan. Returns how many segments name a value that was set before, where the edit goes below it. */
function plan(root: EditNode, edit: TreeEdit): number | undefined {
  const { treeDepth } = defaultLimits;
  if (edit.path.length > treeDepth) throw new LimitError('treeDepth', edit.path.length, treeDepth);
  if (edit.path.length === 0 && edit.entry !== null && !isTreeMode(edit.entry.mode)) {
    throw new RangeError('Cannot edit tree: the root cannot be a value');
  }
  let node = root;
  for (const [depth, segment] of edit.path.entries()) {
    if (node.own && !isTreeMode(node.own.mode)) return edit.entry === null ? undefined : depth;
    if (edit.entry !== null) node.adds ??= edit;
    const name = toBytes(segment);
    if (edit.entry !== null) assertTreeName(name);
    const key = decodeLatin1(name);
    node.children ??= new Map();
    let child = node.children.get(key);
    if (child === undefined) node.children.set(key, (child = new EditNode(name)));
    node = child;
  }
  node.own = edit.entry;
  node.children = undefined;
  node.adds = undefined;
  return undefined;
}

function assertOidOf(algorithm: HashAlgorithm, { oid }: TreeTarget): void {
  if (oid.length === algorithm.hexLength) return;
  throw new RangeError(`Cannot edit tree: ${oid} is not a ${algorithm.name} object id`);
}

function assertTreeName(name: Uint8Array): void {
  const problem = checkTreeEntryName(name);
  if (problem !== undefined) {
    throw new RangeError(`Cannot edit tree: ${JSON.stringify(decodeLatin1(name))} must not stand in one (${problem})`);
  }
}

/** Where an entry stands in the body of its tree. */
interface Located extends TreeTarget {
  readonly start: number;
  readonly end: number;
}

interface Placed {
  readonly name: Uint8Array;
  readonly target: TreeTarget;
}

/** One tree that edits pass through. */
class TreeWork {
  readonly node: EditNode;
  readonly treeOid: Oid | undefined;
  readonly depth: number;
  body: Uint8Array = EMPTY;
  /** The tree after the edits; `null` where it became empty. */
  result: Oid | null = null;
  private readonly located = new Map<EditNode, Located>();
  private readonly below = new Map<EditNode, TreeWork>();

  constructor(node: EditNode, treeOid: Oid | undefined, depth: number) {
    this.node = node;
    this.treeOid = treeOid;
    this.depth = depth;
  }

  /** Find the entries that the edits name, in one scan. */
  locate(oidLength: number): void {
    const children = this.node.children;
    if (children === undefined || this.body.length === 0) return;
    // Comparing bytes beats making a key per entry as long as the edits of this tree are few.
    const few = children.size <= 4 ? [...children.values()] : undefined;
    const cursor = new TreeCursor(this.body, oidLength);
    while (cursor.next()) {
      const child = few
        ? few.find((node) => cursor.isNamed(node.name))
        : children.get(decodeLatin1(this.body, cursor.nameStart, cursor.nameEnd));
      if (child === undefined) continue;
      const end = cursor.oidStart + oidLength;
      this.located.set(child, { mode: cursor.mode, oid: cursor.oid(), start: cursor.modeStart, end });
    }
  }

  /** Queue the trees below that edits pass through. Returns an edit that would go below a value. */
  descend(queue: TreeWork[]): TreeEdit | undefined {
    for (const child of this.node.children?.values() ?? []) {
      if (child.children === undefined) continue;
      const base = child.own === undefined ? this.located.get(child) : child.own;
      if (base && !isTreeMode(base.mode)) {
        if (child.adds !== undefined) return child.adds;
        continue; // only removals below a value: nothing is there to remove
      }
      const work = new TreeWork(child, base?.oid, this.depth + 1);
      this.below.set(child, work);
      queue.push(work);
    }
    return undefined;
  }

  /** Compute {@link result}, adding the new tree to `objects`. The trees below have been built. */
  build(algorithm: HashAlgorithm, objects: Map<Oid, NewObject>): void {
    const cuts: Located[] = [];
    const placed: Placed[] = [];
    let areInPlace = true;
    for (const child of this.node.children?.values() ?? []) {
      const old = this.located.get(child);
      const target = this.targetOf(child, old);
      if (target?.oid === old?.oid && target?.mode === old?.mode) continue;
      if (old) cuts.push(old);
      if (target) placed.push({ name: child.name, target });
      areInPlace &&= old !== undefined && target?.mode === old.mode;
    }
    if (cuts.length === 0 && placed.length === 0) {
      this.result = this.treeOid ?? null;
      return;
    }
    for (const { target } of placed) assertOidOf(algorithm, target);
    const body = areInPlace ? renew(this.body, cuts, placed) : splice(this.body, algorithm, cuts, placed);
    if (body.length === 0) return;
    const oid = hashObject(algorithm, 'tree', body);
    this.result = oid;
    if (oid !== this.treeOid) objects.set(oid, { oid, kind: 'tree', body });
  }

  private targetOf(child: EditNode, old: Located | undefined): TreeTarget | null | undefined {
    const work = this.below.get(child);
    if (work === undefined) return child.own === undefined ? old : child.own;
    if (work.result === null) return null;
    // A tree that edits left alone keeps even an odd mode (git once wrote 040000 with a leading zero).
    if (work.result === old?.oid) return old;
    return { mode: FileMode.tree, oid: work.result };
  }
}

/** `body` with other oids where `cuts` end: nothing moves. */
function renew(body: Uint8Array, cuts: readonly Located[], placed: readonly Placed[]): Uint8Array {
  const output = body.slice();
  for (const [at, { target }] of placed.entries()) {
    writeOid(target.oid, output, (cuts[at] as Located).end - target.oid.length / 2);
  }
  return output;
}

/** `body` without `cuts`, and with `placed` at their places in git's order. Untouched entries are copied as they stand. */
function splice(body: Uint8Array, algorithm: HashAlgorithm, cuts: Located[], placed: Placed[]): Uint8Array {
  cuts.sort((a, b) => a.start - b.start);
  const pieces = placed.map(({ name, target }) => ({ name, target, bytes: encodeEntry(name, target, algorithm) }));
  pieces.sort((a, b) => compareTreeNames(a.name, isTreeMode(a.target.mode), b.name, isTreeMode(b.target.mode)));
  let size = body.length;
  for (const cut of cuts) size -= cut.end - cut.start;
  for (const piece of pieces) size += piece.bytes.length;

  const output = new Uint8Array(size);
  let written = 0;
  let copied = 0; // input before this is written or cut
  let nextCut = 0;
  let nextPiece = 0;
  const copyTo = (end: number): void => {
    output.set(body.subarray(copied, end), written);
    written += end - copied;
    copied = end;
  };
  const cursor = new TreeCursor(body, algorithm.oidLength);
  while ((nextCut < cuts.length || nextPiece < pieces.length) && cursor.next()) {
    const cut = cuts[nextCut];
    if (cut?.start === cursor.modeStart) {
      copyTo(cut.start);
      copied = cut.end;
      nextCut++;
      continue;
    }
    for (let piece = pieces[nextPiece]; piece !== undefined; piece = pieces[++nextPiece]) {
      const isTree = isTreeMode(cursor.mode);
      if (compareTreeNames(cursor.name(), isTree, piece.name, isTreeMode(piece.target.mode)) < 0) break;
      copyTo(cursor.modeStart);
      output.set(piece.bytes, written);
      written += piece.bytes.length;
    }
  }
  copyTo(body.length);
  for (; nextPiece < pieces.length; nextPiece++) {
    const bytes = (pieces[nextPiece] as { bytes: Uint8Array }).bytes;
    output.set(bytes, written);
    written += bytes.length;
  }
  return output;
}

function encodeEntry(name: Uint8Array, target: TreeTarget, algorithm: HashAlgorithm): Uint8Array {
  const mode = encodeAscii(target.mode.toString(8) + ' ');
  const bytes = new Uint8Array(mode.length + name.length + 1 + algorithm.oidLength);
  bytes.set(mode);
  bytes.set(name, mode.length);
  writeOid(target.oid, bytes, mode.length + name.length + 1);
  return bytes;
}
