import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable, type CommitTableOptions } from './commit-table.js';
import { RowQueue } from './row-queue.js';
import { Turns } from './turns.js';

const FROM_FIRST = 1;
const FROM_OTHERS = 2;
const BOTH = FROM_FIRST | FROM_OTHERS;
/** Below a commit that both reach. */
const STALE = 4;
const FOUND = 8;
/** How often a row is queued is counted in the flags from here on up. */
const QUEUED = 16;

/** Above every date: commits without a generation number come before all that have one. */
export const BEYOND_GENERATIONS: number = 2 ** 50;

/**
 * What a walk from children to parents takes first: the highest generation number, and of commits that have none the
 * newest. With generation numbers no commit is taken before all of its descendants.
 */
export function walkKey(table: CommitTable, row: number): number {
  const generation = table.generations[row] as number;
  return generation === Number.POSITIVE_INFINITY ? BEYOND_GENERATIONS + (table.dates[row] as number) : generation;
}

/**
 * The best common ancestors of a commit and what a merge of the others would be: those that no other common ancestor reaches,
 * newest first. With one other, what `git merge-base --all` prints of two commits.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a commit that is named is missing; the walk ends at parents that are
 */
export async function mergeBases(
  reader: ObjectReader,
  firstOid: Oid,
  otherOids: readonly Oid[],
  options: CommitTableOptions = {},
): Promise<Oid[]> {
  return await withAncestry(reader, options, (ancestry) => ancestry.bases(firstOid, otherOids));
}

/** {@link mergeBases} of two commits. */
export async function commonAncestors(
  reader: ObjectReader,
  firstOid: Oid,
  secondOid: Oid,
  options: CommitTableOptions = {},
): Promise<Oid[]> {
  return await mergeBases(reader, firstOid, [secondOid], options);
}

/**
 * The best common ancestors of all of `oids`: where a merge of all of them at once begins.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function octopusMergeBases(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: CommitTableOptions = {},
): Promise<Oid[]> {
  return await withAncestry(reader, options, async (ancestry) => {
    let bases = oids.slice(0, 1);
    for (const oid of oids.slice(1)) {
      const next: Oid[] = [];
      for (const base of bases) next.push(...(await ancestry.bases(oid, [base])));
      bases = next;
    }
    return await ancestry.independent(bases);
  });
}

/**
 * Those of `oids` that no other one of them reaches, each once, in their order.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function independentCommits(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: CommitTableOptions = {},
): Promise<Oid[]> {
  return await withAncestry(reader, options, (ancestry) => ancestry.independent(oids));
}

async function withAncestry(
  reader: ObjectReader,
  options: CommitTableOptions,
  ask: (ancestry: Ancestry) => Promise<Oid[]>,
): Promise<Oid[]> {
  const isPlain = (options.shallow?.size ?? 0) === 0 && options.ignoreGraph !== true;
  const table = (isPlain && (await takeKept(reader, options))) || (await CommitTable.open(reader, options));
  try {
    return await ask(new Ancestry(table, options.signal));
  } finally {
    await table.close();
    if (isPlain && table.count <= MAX_KEPT_ROWS) kept.set(reader, table);
  }
}

/** Rows of a table that is kept for the next question, at most: 10 MB. */
const MAX_KEPT_ROWS = 1 << 17;

/** Tables that nobody works with. Who merges many branches asks about the same history again and again. */
const kept = /* @__PURE__ */ new WeakMap<ObjectReader, CommitTable>();

async function takeKept(reader: ObjectReader, { signal }: CommitTableOptions): Promise<CommitTable | undefined> {
  const table = kept.get(reader);
  kept.delete(reader);
  return table && (await table.reopen(signal ? { signal } : {})) ? table : undefined;
}

/** Questions about one table of commits, one after the other. */
class Ancestry {
  readonly #table: CommitTable;
  readonly #turns: Turns;
  /** Rows whose flags are set. */
  #touched: number[] = [];

  constructor(table: CommitTable, signal: AbortSignal | undefined) {
    this.#table = table;
    this.#turns = new Turns(signal);
  }

  async bases(firstOid: Oid, otherOids: readonly Oid[]): Promise<Oid[]> {
    const table = this.#table;
    if (otherOids.length === 0) return [firstOid];
    const first = await this.#load(firstOid);
    const others: number[] = [];
    for (const oid of otherOids) others.push(await this.#load(oid));
    if (others.includes(first)) return [firstOid];
    const found = await this.#paint(first, others);
    const candidates = found.filter((row) => ((table.flags[row] as number) & STALE) === 0);
    this.#forget();
    // Stable: of equal dates, the one that was found first.
    const byDate = candidates.sort((a, b) => (table.dates[b] as number) - (table.dates[a] as number));
    return (await this.#reduce(byDate)).map((row) => table.oidAt(row));
  }

  async independent(oids: readonly Oid[]): Promise<Oid[]> {
    const rows = new Set<number>();
    for (const oid of oids) rows.add(await this.#load(oid));
    return (await this.#reduce([...rows])).map((row) => this.#table.oidAt(row));
  }

  async #load(oid: Oid): Promise<number> {
    const row = this.#table.rowOf(oid);
    if (!(await this.#table.loadTip(row))) throw missingObject(oid, 'commit');
    return row;
  }

  /** The rows that no other one of `rows` reaches, in their order. */
  async #reduce(rows: readonly number[]): Promise<readonly number[]> {
    if (rows.length < 2) return rows;
    const { graph } = this.#table;
    const hasGenerations = graph !== undefined && graph.generationKind !== 'none';
    const redundant = hasGenerations ? await this.#reachedAbove(rows) : await this.#reachedByPainting(rows);
    return rows.filter((row) => !redundant.has(row));
  }

  /** Go down from the parents of all, no further than to the lowest of them. */
  async #reachedAbove(rows: readonly number[]): Promise<ReadonlySet<number>> {
    const table = this.#table;
    const floor = rows.reduce((lowest, row) => Math.min(lowest, walkKey(table, row)), BEYOND_GENERATIONS);
    const queue = new RowQueue();
    const pushParents = async (row: number): Promise<void> => {
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parent = table.parentAt(row, index);
        if (table.flags[parent] !== 0) continue;
        if (!table.loadSync(parent) && !(await table.load(parent))) continue;
        this.#flag(parent, STALE);
        queue.push(parent, walkKey(table, parent));
      }
    };
    for (const row of rows) await pushParents(row);
    while (queue.size > 0 && queue.topKey >= floor) {
      const turn = this.#turns.step();
      if (turn) await turn;
      await pushParents(queue.pop());
    }
    const reached = new Set(rows.filter((row) => table.flags[row] !== 0));
    this.#forget();
    return reached;
  }

  /** Compare each with all the others. */
  async #reachedByPainting(rows: readonly number[]): Promise<ReadonlySet<number>> {
    const table = this.#table;
    const reached = new Set<number>();
    for (const row of rows) {
      if (reached.has(row)) continue;
      const others = rows.filter((other) => other !== row && !reached.has(other));
      await this.#paint(row, others);
      if (((table.flags[row] as number) & FROM_OTHERS) !== 0) reached.add(row);
      for (const other of others) if (((table.flags[other] as number) & FROM_FIRST) !== 0) reached.add(other);
      this.#forget();
    }
    return reached;
  }

  /**
   * Go down from both sides, until all that is left lies below what both reach. The flags stay set.
   * @returns what both reach, as it was found; some of it may be stale in the end
   * @see git's commit-reach.c, paint_down_to_common()
   */
  async #paint(first: number, others: readonly number[]): Promise<number[]> {
    const table = this.#table;
    const queue = new RowQueue();
    const found: number[] = [];
    /** Queued rows that are not stale. */
    let open = 0;
    const paint = (row: number, paints: number): void => {
      const before = table.flags[row] as number;
      if ((before & paints) === paints) return;
      if (before >= QUEUED && (before & STALE) === 0) open--;
      const after = (before | paints) + QUEUED;
      if ((after & STALE) === 0) open++;
      this.#flag(row, after);
      queue.push(row, walkKey(table, row));
    };
    paint(first, FROM_FIRST);
    for (const row of others) paint(row, FROM_OTHERS);
    while (open > 0) {
      const row = queue.pop();
      const turn = this.#turns.step();
      if (turn) await turn;
      const flags = (table.flags[row] as number) - QUEUED;
      if (flags < QUEUED && (flags & STALE) === 0) open--;
      let paints = flags & (BOTH | STALE);
      table.flags[row] = flags;
      if (paints === BOTH) {
        if ((flags & FOUND) === 0) found.push(row);
        table.flags[row] = flags | FOUND;
        paints |= STALE;
      }
      for (let index = 0; index < (table.parentCounts[row] as number); index++) {
        const parent = table.parentAt(row, index);
        if (((table.flags[parent] as number) & paints) === paints) continue;
        if (table.loadSync(parent) || (await table.load(parent))) paint(parent, paints);
      }
    }
    return found;
  }

  #flag(row: number, flags: number): void {
    if (this.#table.flags[row] === 0) this.#touched.push(row);
    this.#table.flags[row] = flags;
  }

  #forget(): void {
    for (const row of this.#touched) this.#table.flags[row] = 0;
    this.#touched = [];
  }
}
