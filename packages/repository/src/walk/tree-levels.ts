import { isGitlinkMode, isTreeMode, type Oid, TreeCursor } from '@git-kv/objects';
import { packNameHash } from '@git-kv/pack';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import type { OidSet } from './oid-set.js';
import { readBatches, type TreeWalkOptions } from './tree-walk.js';
import type { WalkedObject } from './walked-object.js';

/** Trees to walk, by where they come from. */
export interface TreeRoots {
  /** Trees that the other side has. */
  readonly known: readonly Oid[];
  /** Trees that were asked for by their ids. */
  readonly given: readonly Oid[];
  /** Root trees of commits. */
  readonly roots: readonly Oid[];
}

/** Objects listed at a time. */
const BATCH = 1024;

/** A tree whose entries are to be listed. `nameHash` is that of its path, absent for roots. */
interface OpenTree {
  readonly oid: Oid;
  readonly nameHash?: number;
}

/**
 * List trees and blobs fewer than `depth` levels below the roots, level after level, so that each is met where it is nearest to
 * one. Trees that were asked for are listed themselves, and what is in them counts as roots. What is in known trees, at
 * levels that are looked at, is left out.
 */
export async function* walkTreeLevels(
  reader: ObjectReader,
  { known, given, roots }: TreeRoots,
  depth: number,
  seen: OidSet,
  options: TreeWalkOptions,
): AsyncGenerator<WalkedObject[]> {
  const walk = new LevelWalk(reader, seen, options);
  let knownLevel: readonly Oid[] = known;
  for (const oid of known) seen.add(oid);
  const asked = await walk.claim(given);
  yield asked.map(({ oid }) => ({ oid, kind: 'tree' }));
  if (depth === 0) return;
  yield* walk.list(asked);
  const top = await walk.claim(roots);
  yield top.map(({ oid }) => ({ oid, kind: 'tree' }));
  let level = [...walk.takeTrees(), ...top];
  for (let at = 1; at < depth && level.length > 0; at++) {
    knownLevel = await walk.markKnown(knownLevel);
    yield* walk.list(level);
    level = walk.takeTrees();
  }
}

class LevelWalk {
  readonly #reader: ObjectReader;
  readonly #seen: OidSet;
  readonly #options: TreeWalkOptions;
  /** Trees met by {@link list}. */
  #trees: OpenTree[] = [];

  constructor(reader: ObjectReader, seen: OidSet, options: TreeWalkOptions) {
    this.#reader = reader;
    this.#seen = seen;
    this.#options = options;
  }

  takeTrees(): OpenTree[] {
    const trees = this.#trees;
    this.#trees = [];
    return trees;
  }

  /** Those that are new. */
  async claim(oids: readonly Oid[]): Promise<OpenTree[]> {
    const trees: OpenTree[] = [];
    for (const oid of oids) if (this.#seen.add(oid) && !(await this.#isKnown(oid))) trees.push({ oid });
    return trees;
  }

  /** What is in `trees`, and new. */
  async *list(trees: readonly OpenTree[]): AsyncGenerator<WalkedObject[]> {
    const hashes = new Map<Oid, number>();
    for (const { oid, nameHash } of trees) if (nameHash !== undefined) hashes.set(oid, nameHash);
    const oids = trees.map(({ oid }) => oid);
    let batch: WalkedObject[] = [];
    for await (const bodies of readBatches(this.#reader, oids, this.#options)) {
      for (const [oid, body] of bodies) {
        if (body === undefined) throw missingObject(oid, 'tree');
        const own = hashes.get(oid);
        const directoryHash = own === undefined ? 0 : packNameHash('/', own);
        for (const object of await this.#newIn(body, directoryHash)) batch.push(object);
      }
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  async #newIn(body: Uint8Array, directoryHash: number): Promise<WalkedObject[]> {
    const listed: WalkedObject[] = [];
    const cursor = new TreeCursor(body, this.#reader.algorithm.oidLength);
    while (cursor.next()) {
      const isTree = isTreeMode(cursor.mode);
      if (isGitlinkMode(cursor.mode) || (!isTree && this.#options.withoutBlobs)) continue;
      if (!this.#seen.addBytes(body, cursor.oidStart)) continue;
      const oid = cursor.oid();
      if (await this.#isKnown(oid)) continue;
      const nameHash = packNameHash(body, directoryHash, cursor.nameStart, cursor.nameEnd);
      listed.push({ oid, kind: isTree ? 'tree' : 'blob', nameHash });
      if (isTree) this.#trees.push({ oid, nameHash });
    }
    return listed;
  }

  /** Mark what is in known trees; returns the trees among it. Those that are missing hold nothing. */
  async markKnown(oids: readonly Oid[]): Promise<Oid[]> {
    const below = new Set<Oid>();
    for await (const bodies of readBatches(this.#reader, oids, this.#options)) {
      for (const [, body] of bodies) {
        if (body === undefined) continue;
        const cursor = new TreeCursor(body, this.#reader.algorithm.oidLength);
        while (cursor.next()) {
          if (isGitlinkMode(cursor.mode)) continue;
          this.#seen.addBytes(body, cursor.oidStart);
          if (isTreeMode(cursor.mode)) below.add(cursor.oid());
        }
      }
    }
    return [...below];
  }

  async #isKnown(oid: Oid): Promise<boolean> {
    const { isKnown } = this.#options;
    return isKnown === undefined ? false : await isKnown(oid);
  }
}
