import { decodeLatin1, isTreeMode, type Oid } from '@git-kv/objects';
import { isValueMode } from './changes.js';
import type { Key } from './key.js';
import { findSlot } from './tree/slot.js';
import type { TreeCache } from './tree/tree-cache.js';
import type { TreeSlot } from './tree/tree-view.js';
import type { Found, FoundEntry, WorkingTree } from './tree/working-tree.js';

/** What reading needs of a tree with changes on top. */
export type TreeReads = Pick<WorkingTree, 'find' | 'list' | 'oidOf'>;

/**
 * How much of what stands under a key was looked at. `entry`: whether it is there, and a value's content; `names`: what is in a
 * dictionary, too; `content`: all that is below.
 */
type Depth = 'entry' | 'names' | 'content';

const DEPTHS: readonly Depth[] = ['entry', 'names', 'content'];

/** What a batch has read: keys, absent ones too, and dictionaries that were listed. */
export class ReadSet {
  readonly #reads = new Map<string, { readonly key: Key; depth: Depth }>();
  readonly #written = new Map<string, Key>();
  #hasReadAll = false;

  /** `tree`, whose reads are noted. */
  over(tree: TreeReads): TreeReads {
    const keys = new WeakMap<Found, Key>();
    const note = (found: Found, depth: Depth): void => {
      const key = keys.get(found);
      if (key !== undefined) this.add(key, depth);
    };
    return {
      find: async (key) => {
        this.add(key, 'entry');
        const found = await tree.find(key);
        // What was found may be an object of the tree's own, which others find too.
        const own = found && { ...found };
        if (own !== undefined) keys.set(own, key);
        return own;
      },
      list: async (found): Promise<FoundEntry[]> => {
        note(found, 'names');
        return await tree.list(found);
      },
      oidOf: (found) => {
        note(found, 'content');
        return tree.oidOf(found);
      },
    };
  }

  add(key: Key, depth: Depth): void {
    const at = key.toString();
    const known = this.#reads.get(at);
    if (known === undefined) this.#reads.set(at, { key, depth });
    else if (DEPTHS.indexOf(depth) > DEPTHS.indexOf(known.depth)) known.depth = depth;
  }

  /** The answer depends on what stands under the key, and on the way there. */
  addPath(key: Key): void {
    for (let depth = 1; depth <= key.segments.length; depth++) this.add(key.prefix(depth), 'entry');
  }

  /** Whether anything was written, be it what was there already. */
  get hasWritten(): boolean {
    return this.#written.size > 0;
  }

  wrote(key: Key): void {
    this.#written.set(key.toString(), key);
  }

  /**
   * Take the writes that changed nothing in the end for reads: the commit does not have them, so what others made of their keys would
   * stand.
   */
  async seal(trees: TreeCache, baseOid: Oid | undefined, treeOid: Oid): Promise<void> {
    for (const key of this.#written.values()) {
      const before = await findSlot(trees, baseOid ?? trees.algorithm.emptyTreeOid, key);
      const after = await findSlot(trees, treeOid, key);
      if (before?.oid === after?.oid && before?.mode === after?.mode) this.add(key, 'entry');
    }
    this.#written.clear();
  }

  /** The answer was one of the whole store. */
  addAll(): void {
    this.#hasReadAll = true;
  }

  /** Whether any of it is different in another root tree. */
  async differs(trees: TreeCache, treeOid: Oid | undefined, otherOid: Oid | undefined): Promise<boolean> {
    if (treeOid === otherOid) return false;
    if (this.#hasReadAll) return true;
    const { emptyTreeOid } = trees.algorithm;
    for (const { key, depth } of this.#reads.values()) {
      const slot = await findSlot(trees, treeOid ?? emptyTreeOid, key);
      const other = await findSlot(trees, otherOid ?? emptyTreeOid, key);
      if (await isDifferent(trees, slot, other, depth)) return true;
    }
    return false;
  }
}

async function isDifferent(
  trees: TreeCache,
  slot: TreeSlot | undefined,
  other: TreeSlot | undefined,
  depth: Depth,
): Promise<boolean> {
  if (slot?.oid === other?.oid) return slot?.mode !== other?.mode;
  if (slot === undefined || other === undefined || depth === 'content') return true;
  if (!isTreeMode(slot.mode) || !isTreeMode(other.mode)) return true;
  return depth === 'names' && (await namesOf(trees, slot.oid)) !== (await namesOf(trees, other.oid));
}

/** The names in a tree with what they stand for, one character a byte. */
async function namesOf(trees: TreeCache, oid: Oid): Promise<string> {
  let names = '';
  for (const { name, mode } of (await trees.read(oid)).entries()) {
    const kind = isTreeMode(mode) ? 'd' : isValueMode(mode) ? 'v' : '-';
    names += `${kind}${decodeLatin1(name)}/`;
  }
  return names;
}
