import {
  decodeLatin1,
  defaultLimits,
  isGitlinkMode,
  isTreeMode,
  LimitError,
  type Oid,
  TreeCursor,
} from '@git-kv/objects';
import { packNameHash } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind, missingObject } from '../read-object.js';
import type { OidSet } from './oid-set.js';
import type { WalkedObject } from './walked-object.js';

/** Trees that stand at one path, in different commits. */
export interface TreeGroup {
  /** Trees that the other side has. */
  readonly known: Oid[];
  readonly wanted: Oid[];
  readonly depth: number;
}

interface TreeWalkOptions extends ReadOptions {
  readonly isKnown?: (oid: Oid) => Promise<boolean>;
}

/** Trees asked of the engine in one call. */
const BATCH = 512;

/**
 * List the wanted trees and all below them, less what stands in a known tree at the same path (git's sparse algorithm).
 * Known trees are read only at paths where wanted ones are left, so a small change in a large store costs what the change costs.
 * `seen` holds what is listed or known already, and grows.
 */
export async function* walkTrees(
  reader: ObjectReader,
  root: TreeGroup,
  seen: OidSet,
  options: TreeWalkOptions,
): AsyncGenerator<WalkedObject> {
  const { treeDepth } = defaultLimits;
  for (const oid of root.known) seen.add(oid);
  const wanted = await claim(root.wanted, seen, options);
  const stack: TreeGroup[] = [{ ...root, wanted }];
  /** Of the trees on the stack, but for the roots: the name hash of the path. */
  const nameHashes = new Map<Oid, number>();
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
    if (group.wanted.length === 0) continue;
    if (group.depth > treeDepth) throw new LimitError('treeDepth', group.depth, treeDepth);
    const knownBelow = await markKnown(reader, group.known, seen, options);
    // Names matter only to pair wanted trees with known ones; all the others go on as one group.
    const paired = new Map<string, Oid[]>();
    const unpaired: Oid[] = [];
    for await (const [oid, body] of readBatches(reader, group.wanted, options)) {
      if (body === undefined) throw missingObject(oid, 'tree');
      const ownHash = nameHashes.get(oid);
      nameHashes.delete(oid);
      yield { oid, kind: 'tree', nameHash: ownHash ?? 0 };
      const directoryHash = ownHash === undefined ? 0 : packNameHash('/', ownHash);
      const cursor = new TreeCursor(body, reader.algorithm.oidLength);
      while (cursor.next()) {
        if (isGitlinkMode(cursor.mode)) continue;
        if (!seen.addBytes(body, cursor.oidStart)) continue;
        const child = cursor.oid();
        if (options.isKnown && (await options.isKnown(child))) continue;
        const nameHash = packNameHash(body.subarray(cursor.nameStart, cursor.nameEnd), directoryHash);
        if (!isTreeMode(cursor.mode)) {
          yield { oid: child, kind: 'blob', nameHash };
          continue;
        }
        nameHashes.set(child, nameHash);
        const key = knownBelow.size > 0 ? nameKey(cursor) : undefined;
        if (key === undefined || !knownBelow.has(key)) {
          unpaired.push(child);
        } else {
          const pair = paired.get(key);
          if (pair) pair.push(child);
          else paired.set(key, [child]);
        }
      }
    }
    const depth = group.depth + 1;
    stack.push({ known: [], wanted: unpaired, depth });
    for (const [key, oids] of paired) stack.push({ known: knownBelow.get(key) as Oid[], wanted: oids, depth });
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

/** Mark what known trees hold as seen. Returns their subtrees by name. */
async function markKnown(
  reader: ObjectReader,
  trees: readonly Oid[],
  seen: OidSet,
  options: ReadOptions,
): Promise<Map<string, Oid[]>> {
  const below = new Map<string, Oid[]>();
  const distinct = [...new Set(trees)];
  for await (const [, body] of readBatches(reader, distinct, options)) {
    if (body === undefined) continue; // history that ends in a shallow boundary may lack its trees
    const cursor = new TreeCursor(body, reader.algorithm.oidLength);
    while (cursor.next()) {
      if (isGitlinkMode(cursor.mode)) continue;
      seen.addBytes(body, cursor.oidStart);
      if (!isTreeMode(cursor.mode)) continue;
      const oid = cursor.oid();
      const key = nameKey(cursor);
      const same = below.get(key);
      if (same) same.push(oid);
      else below.set(key, [oid]);
    }
  }
  return below;
}

async function* readBatches(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions,
): AsyncGenerator<readonly [Oid, Uint8Array | undefined]> {
  const readOptions = options.signal ? { signal: options.signal } : {};
  for (let start = 0; start < oids.length; start += BATCH) {
    options.signal?.throwIfAborted();
    for await (const [oid, object] of reader.readMany(oids.slice(start, start + BATCH), readOptions)) {
      if (object !== undefined) assertKind(oid, object, 'tree');
      const isEmpty = object === undefined && oid === reader.algorithm.emptyTreeOid;
      yield [oid, isEmpty ? new Uint8Array(0) : object?.body];
    }
  }
}

function nameKey(cursor: TreeCursor): string {
  return decodeLatin1(cursor.body, cursor.nameStart, cursor.nameEnd);
}
