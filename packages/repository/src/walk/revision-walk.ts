import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable } from './commit-table.js';
import { BEYOND_GENERATIONS, walkKey } from './merge-bases.js';
import type { RevisionWalkOptions } from './revision-options.js';
import { RowList } from './row-list.js';
import { RowQueue } from './row-queue.js';
import { BOTTOM, KNOWN, SIMPLIFIED, Simplification } from './simplification.js';
import { sortTopologically } from './topological-order.js';
import { Turns } from './turns.js';

const SEEN = 1;
const QUEUED = 4;
/** It was listed. */
const GIVEN = 64;

/** Known commits that a walk looks at after it seems to be at its end, for dates that are not in order. */
const SLOP = 5;

const MAX_DATE = Number.POSITIVE_INFINITY;

/**
 * The commits that some tips reach and others do not, in git's order: the same commits, and equal dates broken the same
 * way, as `git rev-list`. Commits are rows of `table`, which the walk owns.
 *
 * Nothing is allocated per commit. Without `exclude` and in date order the walk goes no further than what was asked for.
 * @see git's revision.c, limit_list() and get_revision()
 */
export class RevisionWalk {
  readonly table: CommitTable;
  readonly #options: RevisionWalkOptions;
  readonly #queue = new RowQueue();
  readonly #turns: Turns;
  readonly #until: number;
  readonly #since: number;
  /** Queued rows that are not known. */
  #open = 0;
  /** The answer where it is made before the first commit is given, and how far it was given. */
  #list: Int32Array | undefined;
  #given = 0;
  #failure: { readonly error: unknown } | undefined;
  #byGeneration = false;
  #simplification: Simplification | undefined;
  #edges: readonly number[] | undefined;

  private constructor(table: CommitTable, options: RevisionWalkOptions) {
    this.table = table;
    this.#options = options;
    this.#turns = new Turns(options.signal);
    this.#since = options.since ?? Number.NEGATIVE_INFINITY;
    this.#until = options.until ?? MAX_DATE;
  }

  /**
   * Prepare a walk; to be closed.
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a tip or a parent that is missing; {GitError} OBJECT_KIND_MISMATCH
   */
  static async open(reader: ObjectReader, options: RevisionWalkOptions): Promise<RevisionWalk> {
    const { shallow, signal } = options;
    const table = await CommitTable.open(reader, { ...(shallow && { shallow }), ...(signal && { signal }) });
    const walk = new RevisionWalk(table, options);
    try {
      await walk.#begin(reader);
    } catch (error) {
      await table.close();
      throw error;
    }
    return walk;
  }

  async close(): Promise<void> {
    await this.table.close();
  }

  /** Whether the row was found to be reached from what is excluded. */
  isKnown(row: number): boolean {
    return ((this.table.flags[row] as number) & KNOWN) !== 0;
  }

  /**
   * Known commits next to those to be listed: what their trees hold need not be listed either. Asked for before the first
   * commit. As in git, where a topological walk goes by generation numbers, only those next to the tips are found.
   */
  *edges(): Iterable<number> {
    if (this.#edges !== undefined) yield* this.#edges;
    else if (this.#list !== undefined) yield* this.#edgesOf(this.#list);
  }

  *#edgesOf(rows: Iterable<number>): Iterable<number> {
    const { table } = this;
    for (const row of rows) {
      if (this.isKnown(row)) {
        yield row;
        continue;
      }
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parent = table.parentAt(row, index);
        if (this.isKnown(parent) && table.isLoaded(parent)) yield parent;
      }
    }
  }

  /**
   * The next rows of the answer, at most `limit`; none at its end.
   * @throws {NotFoundError} OBJECT_NOT_FOUND for a missing parent
   */
  async next(limit: number): Promise<number[]> {
    if (this.#failure) throw this.#failure.error;
    const rows: number[] = [];
    try {
      while (rows.length < limit) {
        const row = this.#list ? this.#nextListed() : await this.#nextByDate();
        if (row < 0) break;
        if (!this.#isShown(row)) continue;
        if (this.#simplification && this.#options.rewritesParents) await this.#rewriteParents(row);
        this.table.flags[row] = (this.table.flags[row] as number) | GIVEN;
        rows.push(row);
      }
    } catch (error) {
      // What came before it is given first.
      this.#failure = { error };
      if (rows.length === 0) throw error;
    }
    return rows;
  }

  #nextListed(): number {
    const list = this.#list as Int32Array;
    return this.#given < list.length ? (list[this.#given++] as number) : -1;
  }

  async #nextByDate(): Promise<number> {
    const { table } = this;
    for (;;) {
      const row = this.#queue.pop();
      if (row < 0) return -1;
      const turn = this.#turns.step();
      if (turn) await turn;
      if ((table.dates[row] as number) < this.#since) continue;
      const waiting = this.#expand(row);
      if (waiting) await waiting;
      return row;
    }
  }

  /** Queue the parents of a row, or those that its simplification leaves. */
  #expand(row: number): Promise<void> | undefined {
    if (this.#simplification !== undefined) {
      const { flags } = this.table;
      const before = flags[row] as number;
      if ((before & SIMPLIFIED) !== 0) return undefined;
      flags[row] = before | SIMPLIFIED;
      if (!this.#simplification.simplifySync(row)) return this.#expandSlowly(row, this.#simplification);
    }
    const waiting = this.#pushParents(row, 0);
    return waiting >= 0 ? this.#pushParentsSlowly(row, waiting) : undefined;
  }

  async #expandSlowly(row: number, simplification: Simplification): Promise<void> {
    await simplification.simplify(row);
    await this.#pushParentsSlowly(row, this.#pushParents(row, 0));
  }

  /** Put in the place of each parent the next commit that is listed. @see git's revision.c, rewrite_parents() */
  async #rewriteParents(row: number): Promise<void> {
    const { table } = this;
    const parents = new Set<number>();
    for (let index = 0; index < (table.parentCounts[row] as number); index++) {
      const parent = await this.#nextListedFrom(table.parentAt(row, index));
      if (parent >= 0) parents.add(parent);
    }
    let end = table.edgeStarts[row] as number;
    for (const parent of parents) table.edges[end++] = parent;
    table.parentCounts[row] = parents.size;
  }

  /** @returns the row, or -1 where there is none */
  async #nextListedFrom(start: number): Promise<number> {
    const { table } = this;
    const simplification = this.#simplification as Simplification;
    for (let row = start; ; ) {
      const turn = this.#turns.step();
      if (turn) await turn;
      if (!table.isLoaded(row)) return row; // a further parent, which a walk along first parents does not look at
      if (this.#list === undefined && !this.isKnown(row)) {
        const waiting = this.#expand(row);
        if (waiting) await waiting;
      }
      if (this.isKnown(row) || !simplification.isSame(row)) return row;
      // git forgets the parents of what it has printed, which may come before its children where dates are equal.
      if (table.parentCounts[row] === 0 || ((table.flags[row] as number) & GIVEN) !== 0) return -1;
      const parent = simplification.onlyParent(row);
      if (parent < 0) return row;
      row = parent;
    }
  }

  #isShown(row: number): boolean {
    const { table } = this;
    if (((table.flags[row] as number) & KNOWN) !== 0) return false;
    if ((table.dates[row] as number) > this.#until) return false;
    const { minParents, maxParents } = this.#options;
    const count = table.parentCounts[row] as number;
    if ((minParents !== undefined && count < minParents) || (maxParents !== undefined && count > maxParents))
      return false;
    const simplification = this.#simplification;
    if (simplification === undefined || !simplification.isSame(row)) return true;
    return this.#options.rewritesParents === true && simplification.relevantParents(row) > 1;
  }

  async #begin(reader: ObjectReader): Promise<void> {
    const { table } = this;
    const { include, exclude = [], order = 'date', isFirstParentOnly = false, paths = [] } = this.#options;
    const tips: number[] = [];
    const addTip = async (oid: Oid, flags: number): Promise<void> => {
      const row = table.rowOf(oid);
      if (!(await table.loadTip(row))) throw missingObject(oid, 'commit');
      if (flags !== 0) {
        table.flags[row] = (table.flags[row] as number) | BOTTOM;
        this.#mark(row);
        this.#markParents(row);
      }
      if (((table.flags[row] as number) & SEEN) !== 0) return;
      table.flags[row] = (table.flags[row] as number) | SEEN;
      tips.push(row);
    };
    for (const oid of include) await addTip(oid, 0);
    for (const oid of exclude) await addTip(oid, KNOWN);
    const hasKnown = tips.some((row) => this.isKnown(row));
    this.#byGeneration = order !== 'date' && table.graph !== undefined && table.graph.generationKind !== 'none';
    if (paths.length > 0) {
      const isLimited = !this.#byGeneration && (hasKnown || order !== 'date');
      const { isFullHistory = false, ignoresFilters = false } = this.#options;
      const options = { paths, isFullHistory, isFirstParentOnly, isLimited, useFilters: !ignoresFilters };
      this.#simplification = new Simplification(table, reader, options);
    }
    for (const row of tips) this.#enqueue(row);
    if (order === 'date') {
      if (hasKnown) this.#list = await this.#limit();
    } else if (this.#byGeneration) {
      const list = await this.#limitByGeneration(tips);
      // The tips come in the order of their dates, as they would in a walk by date.
      const byDate = tips.sort((a, b) => (table.dates[b] as number) - (table.dates[a] as number));
      this.#list = sortTopologically(table, list, order, {
        tips: byDate,
        isFirstParentOnly,
      });
    } else {
      this.#list = sortTopologically(table, await this.#limit(), order);
    }
  }

  /** Walk all of the answer. Of known commits, so many that no one turns out to be known later, as far as dates allow. */
  async #limit(): Promise<Int32Array> {
    const { table } = this;
    const rows = new RowList();
    let slop = SLOP;
    let date = MAX_DATE;
    for (let row = this.#pop(); row >= 0; row = this.#pop()) {
      const turn = this.#turns.step();
      if (turn) await turn;
      const rowDate = table.dates[row] as number;
      if (rowDate < this.#since) this.#mark(row);
      if (this.isKnown(row)) {
        await this.#pushKnownParents(row);
        this.#markParents(row);
        if (this.#queue.size === 0) break;
        slop = date <= this.#queue.topKey || this.#open > 0 ? SLOP : slop - 1;
        if (slop === 0) break;
        continue;
      }
      const waiting = this.#expand(row);
      if (waiting) await waiting;
      if (rowDate > this.#until) continue;
      date = rowDate;
      rows.push(row);
    }
    for (const row of rows.rows()) this.#simplification?.update(row);
    return rows.rows();
  }

  /**
   * Walk all of the answer, no commit before all of its descendants: what is known is known for certain, whatever the
   * dates say.
   */
  async #limitByGeneration(tips: readonly number[]): Promise<Int32Array> {
    const { table } = this;
    const rows = new RowList();
    const lowestTip = tips.reduce((lowest, row) => Math.min(lowest, walkKey(table, row)), Number.POSITIVE_INFINITY);
    for (;;) {
      if (this.#edges === undefined && (this.#queue.size === 0 || this.#queue.topKey < lowestTip)) {
        this.#edges = [...this.#edgesOf(tips)];
      }
      // Among commits without a generation number dates may mislead: all of them are looked at.
      if (this.#open === 0 && (this.#queue.size === 0 || this.#queue.topKey < BEYOND_GENERATIONS)) break;
      const row = this.#pop();
      const turn = this.#turns.step();
      if (turn) await turn;
      if ((table.dates[row] as number) < this.#since) this.#mark(row);
      if (this.isKnown(row)) {
        await this.#pushKnownParents(row);
        this.#markParents(row);
        continue;
      }
      const waiting = this.#expand(row);
      if (waiting) await waiting;
      rows.push(row);
    }
    this.#edges ??= [...this.#edgesOf(tips)];
    return rows.rows();
  }

  #enqueue(row: number): void {
    const { flags, dates } = this.table;
    flags[row] = (flags[row] as number) | QUEUED;
    if (((flags[row] as number) & KNOWN) === 0) this.#open++;
    this.#queue.push(row, this.#byGeneration ? walkKey(this.table, row) : (dates[row] as number));
  }

  #pop(): number {
    const row = this.#queue.pop();
    if (row < 0) return row;
    const { flags } = this.table;
    flags[row] = (flags[row] as number) & ~QUEUED;
    if (((flags[row] as number) & KNOWN) === 0) this.#open--;
    return row;
  }

  #parentLimit(row: number): number {
    const count = this.table.parentCounts[row] as number;
    return this.#options.isFirstParentOnly === true && count > 1 ? 1 : count;
  }

  /** Queue parents that are new, from the `from`th on. @returns -1, or the one that cannot be loaded without waiting */
  #pushParents(row: number, from: number): number {
    const { table } = this;
    const count = this.#parentLimit(row);
    for (let index = from; index < count; index++) {
      const parent = table.parentAt(row, index);
      const flags = table.flags[parent] as number;
      if ((flags & SEEN) !== 0) continue;
      if (!table.loadSync(parent)) return index;
      table.flags[parent] = flags | SEEN;
      this.#enqueue(parent);
    }
    return -1;
  }

  async #pushParentsSlowly(row: number, from: number): Promise<void> {
    const { table } = this;
    for (let index = from; index >= 0; index = this.#pushParents(row, index)) {
      const parent = table.parentAt(row, index);
      if (!(await table.load(parent))) throw missingObject(table.oidAt(parent), 'commit');
    }
  }

  /** Of what is known, whatever is there is walked; what is missing does not matter. */
  async #pushKnownParents(row: number): Promise<void> {
    const { table } = this;
    const count = table.parentCounts[row] as number;
    for (let index = 0; index < count; index++) {
      const parent = table.parentAt(row, index);
      this.#mark(parent);
      if (!table.loadSync(parent) && !(await table.load(parent))) continue;
      this.#markParents(parent);
      const flags = table.flags[parent] as number;
      if ((flags & SEEN) !== 0) continue;
      table.flags[parent] = flags | SEEN;
      this.#enqueue(parent);
    }
  }

  #mark(row: number): void {
    const { flags } = this.table;
    const before = flags[row] as number;
    if ((before & KNOWN) !== 0) return;
    flags[row] = before | KNOWN;
    if ((before & QUEUED) !== 0) this.#open--;
  }

  /** Mark the parents of a known row, and on through what is loaded and was not known. */
  #markParents(row: number): void {
    const { table } = this;
    const stack = [row];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (!table.isLoaded(at)) continue;
      const count = table.parentCounts[at] as number;
      for (let index = 0; index < count; index++) {
        const parent = table.parentAt(at, index);
        if (this.isKnown(parent)) continue;
        this.#mark(parent);
        stack.push(parent);
      }
    }
  }
}
