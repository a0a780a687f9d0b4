import {
  decodeLatin1,
  defaultLimits,
  isGitlinkMode,
  isTreeMode,
  LimitError,
  type Oid,
  type RawObject,
  TreeCursor,
} from '@git-kv/objects';
import { packNameHash } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind, missingObject } from '../read-object.js';
import type { LastTrees } from './last-trees.js';
import type { OidSet } from './oid-set.js';
import { pause } from './turns.js';
import type { WalkedObject } from './walked-object.js';

/** Trees that stand at one path, in different commits; or at any, where none is known. */
export interface TreeGroup {
  /** Trees that the other side has. */
  readonly known: Oid[];
  readonly wanted: Oid[];
  readonly depth: number;
  /** The name hash of the path that known trees stand at; `undefined` for roots. */
  readonly knownHash?: number;
}

/** What a walk over trees leaves out, and whom it tells. */
export interface TreeWalkOptions extends ReadOptions {
  readonly isKnown?: (oid: Oid) => Promise<boolean>;
  readonly onKnown?: (object: WalkedObject) => void;
  /** List trees only. */
  readonly withoutBlobs?: boolean;
  /** Where many versions of a tree are listed: compares each with the one before. */
  readonly last?: LastTrees | undefined;
}

/** Trees read in one go, and between two turns of the event loop. */
const BATCH = 512;

/** Objects listed at a time, and those of one tree more: they are to be gone before the next ones come. */
const LISTED = 1024;

/** Bytes of them held at a time, but for the last. */
const BATCH_BYTES = 4 * 2 ** 20;

/**
 * List the wanted trees and all below them, less what stands in a known tree at the same path (git's sparse algorithm), in
 * batches. Known trees are read only at paths where wanted ones are left, so a small change in a large store costs what the
 * change costs. `seen` holds what is listed or known already, and grows.
 */
export async function* walkTrees(
  reader: ObjectReader,
  root: TreeGroup,
  seen: OidSet,
  options: TreeWalkOptions,
): AsyncGenerator<WalkedObject[]> {
  const { treeDepth } = defaultLimits;
  const { isKnown } = options;
  // Where nothing is waited for on the way through a tree, its memory may be used again for the next one.
  const readTransient = isKnown === undefined ? reader.readTransientSync?.bind(reader) : undefined;
  for (const oid of root.known) seen.add(oid);
  const wanted = await claim(root.wanted, seen, options);
  const stack: TreeGroup[] = [{ ...root, wanted }];
  /** Of the trees on the stack, but for the roots: the name hash of the path. */
  const nameHashes = new Map<Oid, number>();
  // Depth first holds less; level by level asks for what is missing in as few requests as there are levels.
  const prefetch = reader.prefetch?.bind(reader);
  let asked = -1;
  for (let group = stack.pop(); group !== undefined; group = prefetch ? stack.shift() : stack.pop()) {
    if (prefetch && group.depth > asked) {
      asked = group.depth;
      const level = [group, ...stack].flatMap((one) => (one.wanted.length === 0 ? [] : [...one.known, ...one.wanted]));
      await prefetch(level, options.signal ? { signal: options.signal } : {});
    }
    if (group.wanted.length === 0) continue;
    if (group.depth > treeDepth) throw new LimitError('treeDepth', group.depth, treeDepth);
    const knownBelow = await markKnown(reader, group, seen, options);
    const scan = new TreeScan(
      reader.algorithm.oidLength,
      { knownBelow, nameHashes, seen, depth: group.depth + 1 },
      options,
    );
    for (let start = 0; start < group.wanted.length; start += BATCH) {
      const rest: Oid[] = [];
      for (const oid of group.wanted.slice(start, start + BATCH)) {
        const object = readTransient?.(oid);
        if (object === undefined) rest.push(oid);
        else scan.scan(oid, bodyOf(reader, oid, object) as Uint8Array);
        if (scan.listed.length >= LISTED) yield scan.take();
      }
      for await (const trees of readBatches(reader, rest, options)) {
        for (const [oid, body] of trees) {
          if (scan.listed.length >= LISTED) yield scan.take();
          if (body === undefined) throw missingObject(oid, 'tree');
          if (isKnown) await scan.scanUnknown(oid, body, isKnown);
          else scan.scan(oid, body);
        }
        yield scan.take();
      }
      options.signal?.throwIfAborted();
      if (start + BATCH < group.wanted.length) await pause();
    }
    yield scan.take();
    stack.push(scan.unpaired);
    for (const below of scan.paired.values()) stack.push(below);
  }
}

/** What trees at one depth are compared with, and what is noted of what they hold. */
interface ScanParts {
  readonly knownBelow: ReadonlyMap<string, Oid[]>;
  readonly nameHashes: Map<Oid, number>;
  readonly seen: OidSet;
  /** Of what the trees hold. */
  readonly depth: number;
}

/** An entry that was not seen before. */
interface FreshEntry {
  readonly oid: Oid;
  readonly isTree: boolean;
  readonly nameHash: number;
  /** Its name, where there are known trees. */
  readonly key: string;
}

/** Goes through the trees of one group. */
class TreeScan {
  listed: WalkedObject[] = [];
  /** Names matter only to pair wanted trees with known ones; all the others go on as one group. */
  readonly paired = new Map<string, TreeGroup>();
  readonly unpaired: TreeGroup;
  readonly #oidLength: number;
  readonly #parts: ScanParts;
  readonly #withoutBlobs: boolean;
  readonly #last: LastTrees | undefined;

  constructor(oidLength: number, parts: ScanParts, { withoutBlobs = false, last }: TreeWalkOptions) {
    this.#oidLength = oidLength;
    this.#parts = parts;
    this.#withoutBlobs = withoutBlobs;
    this.#last = last;
    this.unpaired = { known: [], wanted: [], depth: parts.depth };
  }

  take(): WalkedObject[] {
    const { listed } = this;
    this.listed = [];
    return listed;
  }

  /** List a tree and what is new in it. */
  scan(oid: Oid, body: Uint8Array): void {
    this.#scan(oid, body);
  }

  /** The same, less what `isKnown`. */
  async scanUnknown(oid: Oid, body: Uint8Array, isKnown: (oid: Oid) => Promise<boolean>): Promise<void> {
    const fresh: FreshEntry[] = [];
    this.#scan(oid, body, fresh);
    for (const entry of fresh) {
      if (!(await isKnown(entry.oid))) this.#add(entry.oid, entry.isTree, entry.nameHash, entry.key);
    }
  }

  #scan(oid: Oid, body: Uint8Array, fresh?: FreshEntry[]): void {
    const { nameHashes, seen, knownBelow } = this.#parts;
    const last = this.#last;
    const ownHash = nameHashes.get(oid);
    nameHashes.delete(oid);
    this.listed.push({ oid, kind: 'tree', nameHash: ownHash ?? 0 });
    const directoryHash = ownHash === undefined ? 0 : packNameHash('/', ownHash);
    last?.compare(ownHash ?? ROOT_PATH, body);
    const ranges = last?.ranges ?? [0, body.length];
    for (let range = 0; range < ranges.length; range += 2) {
      const cursor = new TreeCursor(body, this.#oidLength, ranges[range], ranges[range + 1]);
      while (cursor.next()) {
        if (isGitlinkMode(cursor.mode) || (this.#withoutBlobs && !isTreeMode(cursor.mode))) continue;
        if (!seen.addBytes(body, cursor.oidStart)) continue;
        const child = cursor.oid();
        const isTree = isTreeMode(cursor.mode);
        const nameHash = packNameHash(body, directoryHash, cursor.nameStart, cursor.nameEnd);
        const key = isTree && knownBelow.size > 0 ? nameKey(cursor) : '';
        if (fresh) fresh.push({ oid: child, isTree, nameHash, key });
        else this.#add(child, isTree, nameHash, key);
      }
    }
  }

  #add(oid: Oid, isTree: boolean, nameHash: number, key: string): void {
    if (!isTree) {
      this.listed.push({ oid, kind: 'blob', nameHash });
      return;
    }
    const { nameHashes, knownBelow, depth } = this.#parts;
    nameHashes.set(oid, nameHash);
    const known = knownBelow.get(key);
    let below = known === undefined ? this.unpaired : this.paired.get(key);
    if (below === undefined) {
      this.paired.set(key, (below = { known: known as Oid[], wanted: [], depth, knownHash: nameHash }));
    }
    below.wanted.push(oid);
  }
}

/** Those of `oids` that are new to `seen`, which then holds them. */
async function claim(oids: readonly Oid[], seen: OidSet, options: TreeWalkOptions): Promise<Oid[]> {
  const fresh: Oid[] = [];
  for (const oid of oids) {
    if (!seen.add(oid)) continue;
    if (!options.isKnown || !(await options.isKnown(oid))) fresh.push(oid);
  }
  return fresh;
}

/** Mark what the group's known trees hold as seen. Returns their subtrees by name. */
async function markKnown(
  reader: ObjectReader,
  group: TreeGroup,
  seen: OidSet,
  options: TreeWalkOptions,
): Promise<Map<string, Oid[]>> {
  const { onKnown } = options;
  const below = new Map<string, Oid[]>();
  if (group.known.length === 0) return below;
  const { knownHash } = group;
  const directoryHash = knownHash === undefined ? 0 : packNameHash('/', knownHash);
  for await (const trees of readBatches(reader, [...new Set(group.known)], options)) {
    for (const [treeOid, body] of trees) {
      if (body === undefined) continue; // history that ends in a shallow boundary may lack its trees
      onKnown?.({ oid: treeOid, kind: 'tree', nameHash: knownHash ?? 0 });
      const cursor = new TreeCursor(body, reader.algorithm.oidLength);
      while (cursor.next()) {
        if (isGitlinkMode(cursor.mode)) continue;
        seen.addBytes(body, cursor.oidStart);
        const isTree = isTreeMode(cursor.mode);
        if (!isTree && onKnown !== undefined) {
          const nameHash = packNameHash(body, directoryHash, cursor.nameStart, cursor.nameEnd);
          onKnown({ oid: cursor.oid(), kind: 'blob', nameHash });
        }
        if (!isTree) continue;
        const oid = cursor.oid();
        const key = nameKey(cursor);
        const same = below.get(key);
        if (same) same.push(oid);
        else below.set(key, [oid]);
      }
    }
  }
  return below;
}

/** In place of a path's hash: roots have no path. */
const ROOT_PATH = -1;

type ReadTree = readonly [Oid, Uint8Array | undefined];

/** The bodies of trees, at once where the reader can. */
export async function* readBatches(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions,
): AsyncGenerator<readonly ReadTree[]> {
  const readOptions = options.signal ? { signal: options.signal } : {};
  let trees: ReadTree[] = [];
  let held = 0;
  const add = (oid: Oid, object: RawObject | undefined): boolean => {
    const body = bodyOf(reader, oid, object);
    trees.push([oid, body]);
    held += 256 + (body?.length ?? 0);
    return held > BATCH_BYTES;
  };
  const take = (): readonly ReadTree[] => {
    const taken = trees;
    trees = [];
    held = 0;
    return taken;
  };
  for (let start = 0; start < oids.length; start += BATCH) {
    const rest: Oid[] = [];
    for (const oid of oids.slice(start, start + BATCH)) {
      const object = reader.readSync?.(oid);
      if (object === undefined) rest.push(oid);
      else if (add(oid, object)) yield take();
    }
    if (rest.length > 0) {
      for await (const [oid, object] of reader.readMany(rest, readOptions)) if (add(oid, object)) yield take();
    }
    if (trees.length > 0) yield take();
    options.signal?.throwIfAborted();
    if (start + BATCH < oids.length) await pause();
  }
}

function bodyOf(reader: ObjectReader, oid: Oid, object: RawObject | undefined): Uint8Array | undefined {
  if (object !== undefined) assertKind(oid, object, 'tree');
  else if (oid === reader.algorithm.emptyTreeOid) return new Uint8Array(0);
  return object?.body;
}

function nameKey(cursor: TreeCursor): string {
  return decodeLatin1(cursor.body, cursor.nameStart, cursor.nameEnd);
}
