import { canonicalMode, compareCursors, isTreeMode, TreeCursor } from '@git-kv/objects';
import { fullPathFilter, MAX_FILTER_PATHS, makePathFilter, type PathFilterSettings } from '@git-kv/pack';
import type { ObjectReader } from '../object-store.js';
import type { CommitSource } from '../walk/commit-source.js';
import { equalRange, latin1, skipEqualEntries, TreeCache } from '../walk/tree-cache.js';

/** Makes the changed-path filters of commits. */
export class ChangedPaths {
  readonly #reader: ObjectReader;
  readonly #trees: TreeCache;
  readonly #settings: PathFilterSettings;
  #paths: string[] = [];

  constructor(reader: ObjectReader, source: CommitSource | undefined, settings: PathFilterSettings) {
    this.#reader = reader;
    this.#trees = new TreeCache(reader, source);
    this.#settings = settings;
  }

  /**
   * The filter of a commit whose tree stands at `treeAt` and the one of its first parent at `parentTreeAt` (-1: none).
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a tree that is missing
   */
  async filter(trees: Uint8Array, treeAt: number, parentTreeAt: number): Promise<Uint8Array> {
    for (;;) {
      this.#paths = [];
      const outcome = this.#compareTrees(trees, parentTreeAt, trees, treeAt, '');
      if (outcome === 'done') return makePathFilter(this.#paths, this.#settings);
      if (outcome === 'too many') return fullPathFilter();
      // Once more, with the tree that could not be had at once.
      await this.#trees.fetchWanted();
    }
  }

  /** Collect the paths of leaves that differ below `prefix`. An offset of -1 stands for no tree. */
  #compareTrees(
    oldOids: Uint8Array,
    oldAt: number,
    newOids: Uint8Array,
    newAt: number,
    prefix: string,
  ): 'done' | 'too many' | 'waiting' {
    const { oidLength } = this.#reader.algorithm;
    if (oldAt >= 0 && newAt >= 0 && equalRange(oldOids, oldAt, newOids, newAt, oidLength)) return 'done';
    const before = this.#trees.find(oldOids, oldAt);
    if (before === undefined) return 'waiting';
    const after = this.#trees.find(newOids, newAt);
    if (after === undefined) return 'waiting';
    const old = new TreeCursor(before, oidLength);
    const now = new TreeCursor(after, oidLength);
    skipEqualEntries(old, now);
    let hasOld = old.next();
    let hasNow = now.next();
    while (hasOld || hasNow) {
      const order = !hasOld ? 1 : !hasNow ? -1 : compareCursors(old, now);
      const isSame =
        order === 0 &&
        canonicalMode(old.mode) === canonicalMode(now.mode) &&
        equalRange(before, old.oidStart, after, now.oidStart, oidLength);
      if (!isSame) {
        const entry = order <= 0 ? old : now;
        const path = prefix + latin1(entry.body, entry.nameStart, entry.nameEnd);
        if (!isTreeMode(entry.mode)) this.#paths.push(path);
        else {
          const oldTreeAt = order <= 0 ? old.oidStart : -1;
          const newTreeAt = order >= 0 ? now.oidStart : -1;
          const outcome = this.#compareTrees(before, oldTreeAt, after, newTreeAt, `${path}/`);
          if (outcome !== 'done') return outcome;
        }
        if (this.#paths.length > MAX_FILTER_PATHS) return 'too many';
        if (order === 0) skipEqualEntries(old, now);
      }
      if (order <= 0) hasOld = old.next();
      if (order >= 0) hasNow = now.next();
    }
    return 'done';
  }
}
