import { hashObject, LimitError, type NewObject, type Oid, type RawObject } from '@git-kv/objects';
import type { DraftResult } from './draft-result.js';
import type { Key } from './key.js';
import type { TreeCache } from './tree/tree-cache.js';
import type { TreeSlot } from './tree/tree-view.js';
import { WorkingTree } from './tree/working-tree.js';
import { checkedBlob, valueOid } from './value.js';
import { ValueShelf } from './value-shelf.js';

/** Changes on top of a root tree that are not committed: the trees they touch, and the values they hold. */
export class Draft {
  readonly tree: WorkingTree;
  readonly #trees: TreeCache;
  readonly #baseOid: Oid;
  readonly #maxValueBytes: number;
  /** Values that were set, as far as they still stand. */
  readonly #values: ValueShelf = new ValueShelf();
  #isPartlyStored = false;

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

  /** Bytes of the values that are held. */
  get heldBytes(): number {
    return this.#values.bytes;
  }

  /** Have the values stored, and hold them no longer. Nothing is to be set meanwhile; where `write` fails, all is as it was. */
  async store(write: (values: readonly NewObject[]) => Promise<void>): Promise<void> {
    this.#isPartlyStored = true;
    await write([...this.#values.objects()]);
    this.#values.clear();
    this.tree.compact();
  }

  /** The value that was set with this oid, if it still stands and is held. */
  blob(oid: Oid): RawObject | undefined {
    return this.#values.get(oid);
  }

  /** `body` is kept. @throws {KvError} VALUE_EXPECTED, DICTIONARY_EXPECTED; {LimitError} */
  async set(key: Key, body: Uint8Array, mode?: number): Promise<void> {
    const oid = this.#oidOf(body);
    this.#stand(oid, body, await this.tree.set(key, mode === undefined ? { oid } : { mode, oid }));
  }

  /** The same at once. @returns false where nothing was done: a tree has to be waited for */
  setNow(key: Key, body: Uint8Array, mode?: number): boolean {
    const oid = this.#oidOf(body);
    const old = this.tree.setNow(key, mode === undefined ? { oid } : { mode, oid });
    if (old === false) return false;
    this.#stand(oid, body, old);
    return true;
  }

  #oidOf(body: Uint8Array): Oid {
    if (body.length > this.#maxValueBytes) throw new LimitError('valueBytes', body.length, this.#maxValueBytes);
    return hashObject(this.#trees.algorithm, 'blob', body);
  }

  /** A value stands where `old` did. */
  #stand(oid: Oid, body: Uint8Array, old: TreeSlot | undefined): void {
    this.#values.add(oid, body);
    if (old !== undefined) this.#values.release(old.oid);
  }

  /** @throws {KvError} VALUE_EXPECTED, DICTIONARY_EXPECTED, NO_SPACE */
  async setPartial(key: Key, offset: number, bytes: Uint8Array): Promise<void> {
    const oid = valueOid(key, await this.tree.find(key));
    const old = oid === undefined ? undefined : await this.#readValue(key, oid);
    const { withPart } = await import('./later.js');
    await this.set(key, withPart(key, old, offset, bytes, this.#maxValueBytes));
  }

  /** @throws {KvError} ALREADY_PRESENT, DICTIONARY_EXPECTED, NO_SPACE */
  async allocate(key: Key, size: number): Promise<void> {
    const { alreadyPresent, zeros } = await import('./later.js');
    if ((await this.tree.find(key)) !== undefined) throw alreadyPresent(key);
    await this.set(key, zeros(key, size, this.#maxValueBytes));
  }

  /** @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED, RENAME_SOURCE_PREFIX, ALREADY_PRESENT, DICTIONARY_EXPECTED */
  async rename(source: Key, destination: Key): Promise<void> {
    const { renameIn } = await import('./later.js');
    const old = await renameIn(this.tree, source, destination);
    if (old !== undefined) this.#values.release(old.oid);
  }

  /** Absence is no error. @throws {KvError} INVALID_KEY for the root */
  async remove(key: Key): Promise<void> {
    const old = await this.tree.remove(key);
    if (old !== undefined && 'oid' in old) this.#values.release(old.oid);
  }

  /**
   * The new root and its objects; `undefined` where it is the one that the draft began with.
   * @param given values that were given before, which are left out; those that are new are added
   */
  seal(given?: Set<Oid>): DraftResult | undefined {
    const treeOid = this.tree.seal();
    if (treeOid === this.#baseOid) return undefined;
    const objects: NewObject[] = [...this.#values.objects(given)];
    for (const tree of this.tree.sealedTrees()) objects.push(tree);
    return { treeOid, objects, isPartlyStored: this.#isPartlyStored };
  }

  async #readValue(key: Key, oid: Oid): Promise<Uint8Array> {
    return checkedBlob(key, oid, this.blob(oid) ?? (await this.#trees.reader.read(oid))).body;
  }
}
