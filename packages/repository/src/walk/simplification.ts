import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import type { CommitTable } from './commit-table.js';
import { PathChanges } from './path-changes.js';
import type { Pathspec } from './pathspec.js';

/** Flags of rows that a walk limited to paths sets; a walk's own are below these. */
export const TREE_SAME = 8;
export const SIMPLIFIED = 16;
/** Named as excluded, not only reached: it belongs to the history that is shown. */
export const BOTTOM = 32;

/** Reached from what is excluded. */
export const KNOWN = 2;

/** How a history is cut down to what changed some paths. */
export interface SimplificationOptions {
  readonly paths: readonly Pathspec[];
  /** Keep all parents of a merge, and not only one that has the same at these paths. */
  readonly isFullHistory: boolean;
  readonly isFirstParentOnly: boolean;
  /** Default true: use the commit-graph's filters. */
  readonly useFilters?: boolean;
  /** Whether {@link Simplification.update} will be asked for. */
  readonly isLimited: boolean;
}

/**
 * git's simplification of history: a commit is the same as its parents where nothing at the paths differs, and a merge that
 * is the same as one parent has only that one. Parents are replaced in the table itself.
 * @see git-rev-list(1), "History Simplification"; git's revision.c, try_to_simplify_commit()
 */
export class Simplification {
  readonly #table: CommitTable;
  readonly #options: SimplificationOptions;
  readonly #changes: PathChanges;
  /** Of merges, which parents have the same; where all of them are kept. */
  readonly #sameParents = new Map<number, boolean[]>();

  constructor(table: CommitTable, reader: ObjectReader, options: SimplificationOptions) {
    this.#table = table;
    this.#options = options;
    this.#changes = new PathChanges(table, reader, options.paths, options.useFilters ?? true);
  }

  /** Simplify a loaded row that is not known, if that takes no waiting. @returns whether it is done */
  simplifySync(row: number): boolean {
    const { table, isFullHistory, isFirstParentOnly, isLimited } = { table: this.#table, ...this.#options };
    const count = table.parentCounts[row] as number;
    if (count === 0) {
      const result = this.#changes.compare(-1, row, true);
      if (result === 'waiting') return false;
      if (result === 'same') this.#set(row, TREE_SAME);
      return true;
    }
    const isKept = isFullHistory && isLimited && !isFirstParentOnly && count > 1;
    const same: boolean[] = [];
    let relevant = 0;
    let hasRelevantChange = false;
    let hasOtherChange = false;
    for (let index = 0; index < count; index++) {
      const parent = table.parentAt(row, index);
      const isRelevant = this.isRelevant(parent);
      if (isRelevant) relevant++;
      if (index === 1 && isFirstParentOnly) break;
      if (!table.loadSync(parent)) return false;
      const result = this.#changes.compare(parent, row, index === 0);
      if (result === 'waiting') return false;
      same.push(result === 'same');
      if (result === 'same') {
        if (isFullHistory || !isRelevant) continue;
        table.edges[table.edgeStarts[row] as number] = parent;
        table.parentCounts[row] = 1;
        this.#set(row, TREE_SAME);
        return true;
      }
      if (isRelevant) hasRelevantChange = true;
      else hasOtherChange = true;
    }
    if (isKept) this.#sameParents.set(row, same);
    if (relevant > 0 ? !hasRelevantChange : !hasOtherChange) this.#set(row, TREE_SAME);
    return true;
  }

  /** {@link simplifySync}, with waiting. @throws {NotFoundError} OBJECT_NOT_FOUND for a parent or tree that is missing */
  async simplify(row: number): Promise<void> {
    const table = this.#table;
    while (!this.simplifySync(row)) {
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parent = table.parentAt(row, index);
        if (!(await table.load(parent))) throw missingObject(table.oidAt(parent), 'commit');
        if (this.#options.isFirstParentOnly) break;
      }
      await this.#changes.wait();
    }
  }

  /** What is known about parents has grown since a row was simplified: look at it again. */
  update(row: number): void {
    const table = this.#table;
    const same = this.#sameParents.get(row);
    if (same === undefined || (table.flags[row] as number) & (KNOWN | TREE_SAME)) return;
    let relevant = 0;
    let hasRelevantChange = false;
    let hasOtherChange = false;
    for (const [index, isSame] of same.entries()) {
      if (this.isRelevant(table.parentAt(row, index))) {
        relevant++;
        if (!isSame) hasRelevantChange = true;
      } else if (!isSame) hasOtherChange = true;
    }
    if (relevant > 0 ? !hasRelevantChange : !hasOtherChange) this.#set(row, TREE_SAME);
  }

  /** Whether a commit belongs to the history that is shown. */
  isRelevant(row: number): boolean {
    return ((this.#table.flags[row] as number) & (KNOWN | BOTTOM)) !== KNOWN;
  }

  isSame(row: number): boolean {
    return ((this.#table.flags[row] as number) & TREE_SAME) !== 0;
  }

  /** How many parents of a row belong to the history that is shown. */
  relevantParents(row: number): number {
    let count = 0;
    for (let index = 0; index < (this.#table.parentCounts[row] as number); index++) {
      if (this.isRelevant(this.#table.parentAt(row, index))) count++;
    }
    return count;
  }

  /** The only parent that may stand for a row that is the same as it, or -1. */
  onlyParent(row: number): number {
    const table = this.#table;
    const count = table.parentCounts[row] as number;
    if (this.#options.isFirstParentOnly || count === 1) return table.parentAt(row, 0);
    let only = -1;
    for (let index = 0; index < count; index++) {
      const parent = table.parentAt(row, index);
      if (!this.isRelevant(parent)) continue;
      if (only >= 0) return -1;
      only = parent;
    }
    return only;
  }

  #set(row: number, flag: number): void {
    this.#table.flags[row] = (this.#table.flags[row] as number) | flag;
  }
}
