import {
  assertObjectSize,
  decodeUtf8Exact,
  encodeUtf8,
  FileMode,
  hashObject,
  isTreeMode,
  type NewObject,
  type Oid,
} from '@git-kv/objects';
import { isValueMode } from '../changes.js';
import { dictionaryExpected, rootRemoved, valueExpected } from '../errors.js';
import type { Key } from '../key.js';
import type { TreeCache } from './tree-cache.js';
import { type TreeChange, type TreeSlot, TreeView } from './tree-view.js';

/** One directory with changes on top of a stored tree. */
export class Directory {
  base: TreeView;
  /** By name: what is there now, a directory with changes of its own, or `null` for nothing. */
  readonly changes: Map<string, TreeSlot | Directory | null> = new Map();
  /** Entries as it stands, changes included. */
  size: number;
  /** The tree's oid as it stands; `undefined` where it changed since it was last computed. */
  oid: Oid | undefined;

  constructor(base: TreeView, oid: Oid | undefined) {
    this.base = base;
    this.size = base.size;
    this.oid = oid;
  }

  get(name: string): TreeSlot | Directory | undefined {
    const change = this.changes.get(name);
    if (change !== undefined) return change ?? undefined;
    return this.base.size === 0 ? undefined : this.base.find(encodeUtf8(name));
  }

  put(name: string, next: TreeSlot | Directory | null): void {
    this.size += (next === null ? 0 : 1) - (this.get(name) === undefined ? 0 : 1);
    this.changes.set(name, next);
    this.oid = undefined;
  }
}

/** What a key stands for: an entry of a stored tree, or a directory that may have changes. */
export type Found =
  | { readonly mode: number; readonly oid: Oid; readonly directory?: undefined }
  | { readonly mode: number; readonly directory: Directory };

/** A name in a directory and what stands there. */
export interface FoundEntry {
  readonly name: string;
  readonly mode: number;
}

/**
 * A tree of trees with changes on top that are not yet objects. Reading sees the changes at once; `seal` makes trees
 * of them. Directories that become empty vanish from their parent, as in git.
 *
 * One writer at a time: a write reads trees between its steps.
 */
export class WorkingTree {
  readonly #trees: TreeCache;
  readonly #root: Directory;
  /** Trees that `seal` made, by oid. */
  readonly #sealed = new Map<Oid, NewObject>();

  private constructor(trees: TreeCache, root: Directory) {
    this.#trees = trees;
    this.#root = root;
  }

  /** @param rootOid `undefined` to start from nothing */
  static async open(trees: TreeCache, rootOid: Oid | undefined): Promise<WorkingTree> {
    const oid = rootOid ?? trees.algorithm.emptyTreeOid;
    return new WorkingTree(trees, new Directory(await trees.read(oid), oid));
  }

  /** What stands under `key`; for the root, the root directory. Nothing stands below a value. */
  async find(key: Key): Promise<Found | undefined> {
    let at: Found = toFound(this.#root);
    for (const name of key.segments) {
      let next: TreeSlot | Directory | undefined;
      if (at.directory !== undefined) next = at.directory.get(name);
      else if (isTreeMode(at.mode)) next = (await this.#trees.read(at.oid)).find(encodeUtf8(name));
      if (next === undefined) return undefined;
      at = toFound(next);
    }
    return at;
  }

  /** What stands in a directory, in the order of its tree. Names that are not UTF-8 cannot be keys and are left out. */
  async list(found: Found): Promise<FoundEntry[]> {
    const { directory } = found;
    const view = directory === undefined ? await this.#trees.read(found.oid) : this.#sealDirectory(directory);
    const entries: FoundEntry[] = [];
    for (const { name, mode } of view.entries()) {
      const text = decodeUtf8Exact(name);
      if (text !== undefined) entries.push({ name: text, mode });
    }
    return entries;
  }

  /** The oid of what was found; the trees below are sealed for it. */
  oidOf(found: Found): Oid {
    if (found.directory === undefined) return found.oid;
    this.#sealDirectory(found.directory);
    return found.directory.oid as Oid;
  }

  /**
   * Put a value under `key`, and make the directories above it. Returns what stood there. Without a mode, that of a value that
   * is there stays.
   * @throws {KvError} DICTIONARY_EXPECTED for a value among the key's prefixes, VALUE_EXPECTED where a directory stands
   */
  async set(key: Key, { mode, oid }: { readonly mode?: number; readonly oid: Oid }): Promise<TreeSlot | undefined> {
    if (key.isRoot) throw valueExpected(key);
    return this.#setBelow(await this.descend(key, 'create'), key, { mode, oid });
  }

  /** {@link set} at once. @returns false where nothing was done: a tree on the way has to be read first */
  setNow(key: Key, slot: { readonly mode?: number; readonly oid: Oid }): TreeSlot | undefined | false {
    if (key.isRoot) throw valueExpected(key);
    const above = this.#descendNow(key);
    return above === undefined ? false : this.#setBelow(above, key, slot);
  }

  #setBelow(
    above: readonly Directory[],
    key: Key,
    { mode, oid }: { readonly mode?: number | undefined; readonly oid: Oid },
  ): TreeSlot | undefined {
    const old = (above.at(-1) as Directory).get(key.basename);
    if (old instanceof Directory || (old !== undefined && isTreeMode(old.mode))) throw valueExpected(key);
    const slot = { mode: mode ?? (old !== undefined && isValueMode(old.mode) ? old.mode : FileMode.regular), oid };
    if (old !== undefined && old.oid === slot.oid && old.mode === slot.mode) return old;
    this.attach(key, above, slot);
    return old;
  }

  /** Take away what stands under `key`, with all below it. Returns what stood there: a directory by its mode alone. */
  async remove(key: Key): Promise<Pick<TreeSlot, 'mode'> | TreeSlot | undefined> {
    if (key.isRoot) throw rootRemoved(key);
    const above = await this.descend(key, 'find');
    if (above.length < key.segments.length) return undefined;
    const old = (above.at(-1) as Directory).get(key.basename);
    if (old === undefined) return undefined;
    this.detach(key, above);
    return old instanceof Directory ? { mode: FileMode.tree } : old;
  }

  /**
   * Make trees of all changes. The root's oid, also where nothing changed.
   * @throws {LimitError} structuredObjectBytes for a directory that is too large to be read again
   */
  seal(): Oid {
    this.#sealDirectory(this.#root);
    return this.#root.oid as Oid;
  }

  /** The trees that sealing made, which no store may have yet. */
  sealedTrees(): Iterable<NewObject> {
    return this.#sealed.values();
  }

  /** Make bytes of the entries that changed, which take a tenth of that. Trees are made of them when they are sealed. */
  compact(directory: Directory = this.#root): void {
    const changes: TreeChange[] = [];
    for (const [name, slot] of directory.changes) {
      if (slot instanceof Directory) {
        this.compact(slot);
      } else {
        directory.changes.delete(name);
        changes.push({ name: encodeUtf8(name), slot });
      }
    }
    if (changes.length > 0) directory.base = directory.base.with(changes);
  }

  /** Put a slot at the end of a path whose directories were opened, and link those that are new. */
  attach(key: Key, above: readonly Directory[], slot: TreeSlot | Directory): void {
    for (let depth = above.length - 1; depth > 0; depth--) {
      const name = key.segments[depth - 1] as string;
      const parent = above[depth - 1] as Directory;
      if (parent.get(name) === undefined) parent.put(name, above[depth] as Directory);
    }
    (above.at(-1) as Directory).put(key.basename, slot);
    for (const directory of above) directory.oid = undefined;
  }

  /** Take away what is at the end of a path, with the directories that become empty. */
  detach(key: Key, above: readonly Directory[]): void {
    for (let depth = above.length - 1; depth >= 0; depth--) {
      const directory = above[depth] as Directory;
      directory.put(key.segments[depth] as string, null);
      if (directory.size > 0) break;
    }
    for (const directory of above) directory.oid = undefined;
  }

  /**
   * The directories from the root to the parent of `key`, opened for changes. `create` adds those that are missing (not
   * yet linked to their parents); `find` stops above what is missing or no directory.
   */
  async descend(key: Key, mode: 'create' | 'find'): Promise<Directory[]> {
    const above = [this.#root];
    const { segments } = key;
    for (let depth = 0; depth < segments.length - 1; depth++) {
      const parent = above[depth] as Directory;
      const name = segments[depth] as string;
      const slot = parent.get(name);
      if (slot instanceof Directory) {
        above.push(slot);
      } else if (slot !== undefined && isTreeMode(slot.mode)) {
        const directory = new Directory(await this.#trees.read(slot.oid), slot.oid);
        parent.changes.set(name, directory); // opened, not changed: the parent's oid stays
        above.push(directory);
      } else if (mode === 'find') {
        return above;
      } else if (slot !== undefined) {
        throw dictionaryExpected(key.prefix(depth + 1));
      } else {
        above.push(new Directory(TreeView.empty(this.#trees.algorithm), undefined));
      }
    }
    return above;
  }

  /** {@link #descend} that creates, as far as all is open: `undefined` where it is not. */
  #descendNow(key: Key): Directory[] | undefined {
    const above = [this.#root];
    const { segments } = key;
    for (let depth = 0; depth < segments.length - 1; depth++) {
      const slot = (above[depth] as Directory).get(segments[depth] as string);
      if (slot instanceof Directory) above.push(slot);
      else if (slot === undefined) above.push(new Directory(TreeView.empty(this.#trees.algorithm), undefined));
      else if (isTreeMode(slot.mode)) return undefined;
      else throw dictionaryExpected(key.prefix(depth + 1));
    }
    return above;
  }

  #sealDirectory(directory: Directory): TreeView {
    if (directory.oid !== undefined) return directory.base;
    const changes: TreeChange[] = [];
    for (const [name, change] of directory.changes) {
      let slot = change;
      if (slot instanceof Directory) {
        this.#sealDirectory(slot);
        slot = { mode: FileMode.tree, oid: slot.oid as Oid };
      } else {
        directory.changes.delete(name);
      }
      changes.push({ name: encodeUtf8(name), slot });
    }
    // Directories that were opened stay in `changes`: a write that waits for a tree may hold one.
    const view = directory.base.with(changes);
    assertObjectSize('tree', view.body.length); // nobody would read it
    const { algorithm } = this.#trees;
    const oid = hashObject(algorithm, 'tree', view.body);
    directory.base = view;
    directory.size = view.size;
    directory.oid = oid;
    this.#trees.keep(oid, view);
    this.#sealed.set(oid, { oid, kind: 'tree', body: view.body });
    return view;
  }
}

function toFound(slot: TreeSlot | Directory): Found {
  return slot instanceof Directory ? { mode: FileMode.tree, directory: slot } : slot;
}
