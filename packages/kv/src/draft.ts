import { encodeUtf8, FileMode, hashObject, LimitError, type Oid, type RawObject } from '@git-kv/objects';
import type { Key } from './key.js';
import type { TreeCache } from './tree/tree-cache.js';
import { WorkingTree } from './tree/working-tree.js';

/** A root tree and the objects that came with it. */
export interface DraftResult {
  readonly treeOid: Oid;
  readonly objects: readonly RawObject[];
}

/** Changes on top of a root tree that are not committed: the trees they touch, and the values they hold. */
export class Draft {
  readonly tree: WorkingTree;
  readonly #trees: TreeCache;
  readonly #baseOid: Oid;
  readonly #maxValueBytes: number;
  /** Values that were set, and under how many keys they still stand. */
  readonly #blobs = new Map<Oid, { readonly object: RawObject; keys: number }>();

  private constructor(trees: TreeCache, tree: WorkingTree, baseOid: Oid, maxValueBytes: number) {
    this.#trees = trees;
    this.tree = tree;
    this.#baseOid = baseOid;
    this.#maxValueBytes = maxValueBytes;
  }

  static async open(trees: TreeCache, rootOid: Oid | undefined, maxValueBytes: number): Promise<Draft> {
    const tree = await WorkingTree.open(trees, rootOid);
    return new Draft(trees, tree, rootOid ?? trees.algorithm.emptyTreeOid, maxValueBytes);
  }

  /** The value that was set with this oid, if it still stands. */
  blob(oid: Oid): RawObject | undefined {
    return this.#blobs.get(oid)?.object;
  }

  /** @throws {KvError} VALUE_EXPECTED, DICTIONARY_EXPECTED; {LimitError} */
  async set(key: Key, value: Uint8Array | string): Promise<void> {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot set the key ${key.format()}: a value is text or a Uint8Array, and not of type ${typeof value}`,
      );
    }
    const body = typeof value === 'string' ? encodeUtf8(value) : value.slice();
    if (body.length > this.#maxValueBytes) throw new LimitError('valueBytes', body.length, this.#maxValueBytes);
    const oid = hashObject(this.#trees.algorithm, 'blob', body);
    const old = await this.tree.set(key, { mode: FileMode.regular, oid });
    const blob = this.#blobs.get(oid);
    if (blob === undefined) this.#blobs.set(oid, { object: { kind: 'blob', body }, keys: 1 });
    else blob.keys++;
    if (old !== undefined) this.#release(old.oid);
  }

  /** Absence is no error. @throws {KvError} INVALID_KEY for the root */
  async remove(key: Key): Promise<void> {
    const old = await this.tree.remove(key);
    if (old !== undefined && 'oid' in old) this.#release(old.oid);
  }

  /** The new root and its objects; `undefined` where it is the one that the draft began with. */
  seal(): DraftResult | undefined {
    const treeOid = this.tree.seal();
    if (treeOid === this.#baseOid) return undefined;
    const objects: RawObject[] = [];
    for (const { object } of this.#blobs.values()) objects.push(object);
    for (const tree of this.tree.sealedTrees()) objects.push(tree);
    return { treeOid, objects };
  }

  /** A value that was set and replaced again need not be stored. */
  #release(oid: Oid): void {
    const blob = this.#blobs.get(oid);
    if (blob !== undefined && --blob.keys === 0) this.#blobs.delete(oid);
  }
}
