import {
  canonicalMode,
  compareCursors,
  FileMode,
  isGitlinkMode,
  isTreeMode,
  MalformedError,
  TreeCursor,
} from '@git-kv/objects';
import { mayContainKey, type PathFilterKey, pathFilterKey } from '@git-kv/pack';
import type { ObjectReader } from '../object-store.js';
import type { CommitTable } from './commit-table.js';
import type { Pathspec } from './pathspec.js';
import { equalLength, equalRange, latin1, skipEqualEntries, TreeCache } from './tree-cache.js';

/** Whether two trees are the same at some paths; `waiting` where a tree has to be fetched before that is known. */
export type PathComparison = 'same' | 'different' | 'waiting';

/** Names that lead to the paths that are looked at. */
interface PathNode {
  readonly name: Uint8Array;
  /** Whether a path ends here, and whether it means a directory only. */
  end: 'none' | 'any' | 'directory';
  readonly children: PathNode[];
  /** Where it was found in the last two trees: each is mostly looked at twice in a row. */
  readonly places: [Place | undefined, Place | undefined];
}

interface Place {
  readonly tree: Uint8Array;
  readonly entry: Entry | undefined;
}

interface Entry {
  readonly mode: number;
  readonly oidStart: number;
}

/** Tells which commits changed some paths, by the commit-graph's filters where they know, and else by comparing trees. */
export class PathChanges {
  readonly #table: CommitTable;
  readonly #trees: TreeCache;
  readonly #oidLength: number;
  readonly #specs: readonly Pathspec[];
  readonly #root: PathNode = makeNode('');
  /** Whether there are globs, for which trees are gone through as a whole. */
  readonly #hasGlobs: boolean;
  /** For each path, what a filter has to contain. */
  readonly #filterKeys: (readonly PathFilterKey[])[] = [];
  readonly #useFilters: boolean;

  constructor(table: CommitTable, reader: ObjectReader, specs: readonly Pathspec[], useFilters: boolean) {
    this.#table = table;
    this.#trees = new TreeCache(reader, table.source);
    this.#oidLength = table.algorithm.oidLength;
    this.#specs = specs;
    this.#hasGlobs = specs.some(({ glob }) => glob !== undefined);
    for (const { path, isDirectory } of specs) this.#add(path, isDirectory);
    const hasRoot = specs.some(({ path }) => path === '');
    this.#useFilters = useFilters && !this.#hasGlobs && !hasRoot && table.graph?.pathFilterSettings !== undefined;
    if (this.#useFilters) for (const { path } of specs) this.#filterKeys.push(keysOf(path));
  }

  /** Compare the trees of a commit and of its parent; -1 stands for no parent. */
  compare(parent: number, row: number, isFirst: boolean): PathComparison {
    if (isFirst && this.#useFilters && !this.#mayHaveChanged(row)) return 'same';
    const { treeBytes } = this.#table;
    const newAt = row * this.#oidLength;
    const oldAt = parent < 0 ? -1 : parent * this.#oidLength;
    if (oldAt >= 0 && equalRange(treeBytes, oldAt, treeBytes, newAt, this.#oidLength)) return 'same';
    const before = this.#trees.find(treeBytes, oldAt);
    const after = before && this.#trees.find(treeBytes, newAt);
    if (before === undefined || after === undefined) return 'waiting';
    if (this.#hasGlobs) return this.#compareAll(before, after, '', false);
    if (this.#root.end !== 'none') return this.#compareAll(before, after, '', true);
    return this.#compareAt(before, after, this.#root);
  }

  /** Fetch what {@link compare} was waiting for. @throws {NotFoundError} OBJECT_NOT_FOUND */
  async wait(): Promise<void> {
    await this.#trees.fetchWanted();
  }

  #mayHaveChanged(row: number): boolean {
    const graph = this.#table.graph;
    const filter = graph && this.#table.pathFilterOf(row);
    const settings = graph?.pathFilterSettings;
    if (filter === undefined || settings === undefined) return true;
    return this.#filterKeys.some((keys) => keys.every((key) => mayContainKey(filter, key, settings)));
  }

  #add(path: string, isDirectory: boolean): void {
    let node = this.#root;
    for (const name of path === '' ? [] : path.split('/')) {
      let child = node.children.find((other) => latin1(other.name, 0, other.name.length) === name);
      if (child === undefined) node.children.push((child = makeNode(name)));
      node = child;
    }
    if (node.end !== 'any') node.end = isDirectory ? 'directory' : 'any';
  }

  #compareAt(before: Uint8Array, after: Uint8Array, node: PathNode): PathComparison {
    const same = equalLength(before, 0, after, 0);
    for (const child of node.children) {
      const old = this.#find(before, child);
      // Most of two trees is mostly the same.
      if (old !== undefined && old.oidStart + this.#oidLength <= same) continue;
      const now = this.#find(after, child);
      if (old === undefined && now === undefined) continue;
      if (old && now && this.#isSame(before, old, after, now)) continue;
      if (child.end !== 'none') {
        const result = this.#compareEnds(before, meant(old, child.end), after, meant(now, child.end));
        if (result !== 'same') return result;
        if (child.end === 'any') continue;
      }
      if (child.children.length === 0) continue;
      const oldTree = this.#trees.find(before, treeAt(old));
      const newTree = oldTree && this.#trees.find(after, treeAt(now));
      if (oldTree === undefined || newTree === undefined) return 'waiting';
      const result = this.#compareAt(oldTree, newTree, child);
      if (result !== 'same') return result;
    }
    return 'same';
  }

  /** Two entries at a path that is looked at as a whole. */
  #compareEnds(before: Uint8Array, old: Entry | undefined, after: Uint8Array, now: Entry | undefined): PathComparison {
    if ((old && !isTreeMode(old.mode)) || (now && !isTreeMode(now.mode))) {
      return old && now && this.#isSame(before, old, after, now) ? 'same' : 'different';
    }
    const oldTree = this.#trees.find(before, treeAt(old));
    const newTree = oldTree && this.#trees.find(after, treeAt(now));
    if (oldTree === undefined || newTree === undefined) return 'waiting';
    return this.#compareAll(oldTree, newTree, '', true);
  }

  /** Go through two trees until a file differs, any or one that is meant. */
  #compareAll(before: Uint8Array, after: Uint8Array, base: string, isAny: boolean): PathComparison {
    const old = new TreeCursor(before, this.#oidLength);
    const now = new TreeCursor(after, this.#oidLength);
    skipEqualEntries(old, now);
    let hasOld = old.next();
    let hasNow = now.next();
    while (hasOld || hasNow) {
      const order = !hasOld ? 1 : !hasNow ? -1 : compareCursors(old, now);
      if (order !== 0 || !this.#isSame(before, old, after, now)) {
        const entry = order <= 0 ? old : now;
        const path = isAny ? '' : base + latin1(entry.body, entry.nameStart, entry.nameEnd);
        if (!isTreeMode(entry.mode)) {
          if (isAny || this.#specs.some((spec) => isMeant(path, entry.mode, spec))) return 'different';
        } else if (isAny || this.#specs.some((spec) => mayHold(path, spec))) {
          const oldTree = this.#trees.find(before, order <= 0 ? old.oidStart : -1);
          const newTree = oldTree && this.#trees.find(after, order >= 0 ? now.oidStart : -1);
          if (oldTree === undefined || newTree === undefined) return 'waiting';
          const result = this.#compareAll(oldTree, newTree, isAny ? '' : `${path}/`, isAny);
          if (result !== 'same') return result;
        }
        if (order === 0) skipEqualEntries(old, now);
      }
      if (order <= 0) hasOld = old.next();
      if (order >= 0) hasNow = now.next();
    }
    return 'same';
  }

  #isSame(before: Uint8Array, old: Entry, after: Uint8Array, now: Entry): boolean {
    return (
      canonicalMode(old.mode) === canonicalMode(now.mode) &&
      equalRange(before, old.oidStart, after, now.oidStart, this.#oidLength)
    );
  }

  #find(tree: Uint8Array, { name, places }: PathNode): Entry | undefined {
    for (const place of places) if (place?.tree === tree) return place.entry;
    const entry = findEntry(tree, name, this.#oidLength);
    places[1] = places[0];
    places[0] = { tree, entry };
    return entry;
  }
}

/** What an end of a path means: where only a directory is meant, no file. */
function meant(entry: Entry | undefined, end: PathNode['end']): Entry | undefined {
  if (entry === undefined || end !== 'directory' || isTreeMode(entry.mode) || isGitlinkMode(entry.mode)) return entry;
  return undefined;
}

function treeAt(entry: Entry | undefined): number {
  return entry !== undefined && isTreeMode(entry.mode) ? entry.oidStart : -1;
}

const SPACE = 0x20;

/** Entries are sorted, so none comes after one whose first byte is higher. */
function findEntry(tree: Uint8Array, name: Uint8Array, oidLength: number): Entry | undefined {
  const first = name[0] as number;
  for (let at = 0; tree.length > 0; ) {
    const modeStart = at;
    while (at < tree.length && tree[at] !== SPACE) at++;
    const nameStart = at + 1;
    at = nameStart;
    while (at < tree.length && tree[at] !== 0) at++;
    const start = tree[nameStart] as number;
    if (start === first) {
      if (at - nameStart === name.length && equalRange(tree, nameStart, name, 0, name.length)) {
        if (at + 1 + oidLength > tree.length) break;
        return { mode: modeAt(tree, modeStart), oidStart: at + 1 };
      }
    } else if (start > first) return undefined;
    at += 1 + oidLength;
    if (at >= tree.length) {
      if (at === tree.length) return undefined;
      break;
    }
  }
  if (tree.length === 0) return undefined;
  throw new MalformedError('tree', tree.length, 'its last entry is cut short');
}

function modeAt(tree: Uint8Array, start: number): number {
  let mode = 0;
  for (let at = start; tree[at] !== SPACE && at < tree.length; at++) mode = mode * 8 + ((tree[at] as number) & 7);
  return mode === 0 ? FileMode.regular : mode;
}

function isMeant(path: string, mode: number, { path: wanted, isDirectory, glob }: Pathspec): boolean {
  if (wanted === '' || path.startsWith(`${wanted}/`)) return true;
  if (path === wanted && (!isDirectory || isGitlinkMode(mode))) return true;
  return glob?.test(path) ?? false;
}

/** Whether something that is meant may be in this directory. */
function mayHold(directory: string, { path, fixed, glob }: Pathspec): boolean {
  const inside = `${directory}/`;
  if (path === '' || inside.startsWith(`${path}/`) || path.startsWith(inside)) return true;
  return glob !== undefined && (inside.startsWith(fixed) || fixed.startsWith(inside));
}

function makeNode(name: string): PathNode {
  return {
    name: Uint8Array.from(name, (char) => char.charCodeAt(0)),
    end: 'none',
    children: [],
    places: [undefined, undefined],
  };
}

/** The path itself first, which is the least likely to have changed, and then the directories above it. */
function keysOf(path: string): PathFilterKey[] {
  const keys: PathFilterKey[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    keys.push(pathFilterKey(path.slice(0, end)));
  return keys;
}
