import { isGitError, type Oid, oidFromBytes, parseTagLinks, type RawObject } from '@git-kv/objects';
import type { ObjectFilter } from '@git-kv/protocol';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { CommitTable } from './commit-table.js';
import type { CommitWalkOptions } from './commits.js';
import { filterRules, walkFilteredTrees } from './filtered-trees.js';
import { LastTrees } from './last-trees.js';
import { OidSet } from './oid-set.js';
import { RowList } from './row-list.js';
import { RowQueue } from './row-queue.js';
import { walkTrees } from './tree-walk.js';
import { Turns } from './turns.js';
import type { WalkedObject } from './walked-object.js';

/** What a receiver wants and has. */
export interface ObjectsBetweenOptions extends CommitWalkOptions {
  /** Objects of any kind; all that they reach is listed. */
  readonly wants: Iterable<Oid>;
  /** Objects that are already there with all they reach. Those the store does not have are ignored. */
  readonly haves?: Iterable<Oid>;
  /** An object that is already there with all it reaches: not listed, not followed. Asked for each object met. */
  readonly isKnown?: (oid: Oid) => Promise<boolean>;
  /** An object that is not here and is to be had elsewhere (see `ObjectReader.openPromises`): passed over, as if it were known. */
  readonly isPromised?: (oid: Oid) => Promise<boolean>;
  /**
   * Told of trees and blobs that the receiver has, at the paths that the walk compares: what a thin pack's deltas can be made
   * against. Some may be told of more than once.
   */
  readonly onKnown?: (object: WalkedObject) => void;
  /** List only what the filter takes, besides the `wants` themselves. */
  readonly filter?: ObjectFilter | undefined;
  /**
   * So many commits of what the receiver has are looked at behind those next to listed ones (default 0): what was there before and
   * comes again, as by a revert, is then not listed.
   */
  readonly knownHistory?: number;
  /**
   * Where haves are many, so many commits of the wants are looked at (default 16) before haves are read. If all of their history ends at
   * some haves till then, no others are read, and what these have of it is listed, too.
   */
  readonly firstCommits?: number;
}

const SEEN = 1;
const KNOWN = 2;
const DONE = 4;
/** It is one of the wants. */
const GIVEN = 8;

/** Of fewer commits, it is not worth it to compare each version of a tree with the next. */
const LEAST_VERSIONS = 16;

/** From so many haves on they are not read at first: each may be one of hundreds of branches. */
const MANY_HAVES = 64;

/** Mostly what is new ends at some of the haves long before. */
const FIRST_COMMITS = 16;

/** Commits listed at a time. */
const LISTED = 1024;

/** Haves whose trees are compared although no wanted commit has them as a parent: where history is cut, or wants share none. */
const MAX_EXTRA_EDGES = 64;

/**
 * The objects that a pack must hold for someone who has `haves` to get `wants`: commits (newest first) and tags, then trees
 * and blobs. Each is listed once. As in git, an object that the haves reach may still be listed where finding out would mean
 * reading history or trees beyond the boundary: never too few, at times too many.
 *
 * For a shallow receiver, `shallow` holds its boundary as it will be, and its old one.
 * @throws {NotFoundError} OBJECT_NOT_FOUND for a missing commit, tag or tree; blobs are not read
 */
export async function* objectsBetween(
  reader: ObjectReader,
  options: ObjectsBetweenOptions,
): AsyncGenerator<WalkedObject> {
  for await (const batch of objectBatchesBetween(reader, options)) yield* batch;
}

/** {@link objectsBetween}, many objects at a time. */
export async function* objectBatchesBetween(
  reader: ObjectReader,
  options: ObjectsBetweenOptions,
): AsyncGenerator<readonly WalkedObject[]> {
  const rules = options.filter && filterRules(options.filter);
  // Let go of before trees are read: it may know a hundred thousand commits.
  let walk: CommitWalk | undefined = await walkCommits(reader, options);
  yield walk.tips;
  for (const batch of walk.listed(rules?.kinds.commit !== false)) yield batch;
  const { seen, isLong } = walk;
  const trees = await walk.trees(options.knownHistory ?? 0);
  walk = undefined;
  const { oidLength } = reader.algorithm;
  const last = isLong ? new LastTrees(oidLength, { isTransient: reader.readTransientSync !== undefined }) : undefined;
  const below = { ...options, ...passedOver(options), last };
  if (rules !== undefined) yield* walkFilteredTrees(reader, trees, rules, seen, below);
  else yield* walkTrees(reader, { known: trees.known, wanted: trees.given.concat(trees.roots), depth: 0 }, seen, below);
}

async function walkCommits(reader: ObjectReader, options: ObjectsBetweenOptions): Promise<CommitWalk> {
  const wants = [...options.wants];
  const haves = new Set(options.haves);
  const short = haves.size < MANY_HAVES || isCut(options) ? undefined : await shortWalk(reader, options, wants, haves);
  if (short !== undefined) return short;
  const walk = new CommitWalk(reader, options);
  await walk.addHaves(haves);
  await walk.addWants(wants);
  await walk.limit();
  return walk;
}

/** The walk where the wants are few commits on top of haves: these are not read then. One that others of them reach may be listed. */
async function shortWalk(
  reader: ObjectReader,
  options: ObjectsBetweenOptions,
  wants: readonly Oid[],
  haves: ReadonlySet<Oid>,
): Promise<CommitWalk | undefined> {
  if (wants.some((oid) => haves.has(oid))) return undefined;
  const walk = new CommitWalk(reader, options, haves);
  try {
    await walk.addWants(wants);
    await walk.limit(options.firstCommits ?? FIRST_COMMITS);
  } catch (error) {
    // Perhaps something that nobody looks for where haves reach it.
    if (isGitError(error, 'OBJECT_NOT_FOUND')) return undefined;
    throw error;
  }
  return walk.endsAtKnown ? walk : undefined;
}

function isCut({ shallow }: ObjectsBetweenOptions): boolean {
  return shallow !== undefined && shallow.size > 0;
}

/** In trees, what is promised is left out as what is known. */
function passedOver({ isKnown, isPromised }: ObjectsBetweenOptions): Pick<ObjectsBetweenOptions, 'isKnown'> {
  if (isPromised === undefined) return isKnown ? { isKnown } : {};
  return { isKnown: async (oid) => (await isKnown?.(oid)) === true || isPromised(oid) };
}

/** Object ids of everything reachable from `rootOids`: what to keep when the rest is dropped. */
export async function reachableOids(
  reader: ObjectReader,
  rootOids: Iterable<Oid>,
  options: CommitWalkOptions = {},
): Promise<Set<Oid>> {
  const oids = new Set<Oid>();
  for await (const batch of objectBatchesBetween(reader, { ...options, wants: rootOids })) {
    for (const { oid } of batch) oids.add(oid);
  }
  return oids;
}

/** The commit half: which commits the wants reach and the haves do not, as git's limit_list() finds it. Commits are rows of a table. */
class CommitWalk {
  /** Tags and blobs named by the wants. */
  readonly tips: WalkedObject[] = [];
  /** Tags, trees and blobs that are listed or known. */
  readonly seen: OidSet;
  /** Popped commits in walk order; those flagged KNOWN are not part of the answer. */
  private readonly commits = new RowList();
  /** Trees named by the wants. */
  private readonly wantedTrees: Oid[] = [];
  private readonly knownTrees: Oid[] = [];
  private readonly haveRows: number[] = [];
  private readonly queue = new RowQueue();
  /** Queued commits that are not known: the walk ends when none is left. */
  private open = 0;
  private readonly reader: ObjectReader;
  private readonly options: ObjectsBetweenOptions;
  private readonly table: CommitTable;
  /** Haves that are not read: known where the walk meets them. */
  private readonly unread: ReadonlySet<Oid>;

  constructor(reader: ObjectReader, options: ObjectsBetweenOptions, unread: ReadonlySet<Oid> = new Set()) {
    const { shallow, signal } = options;
    this.reader = reader;
    this.unread = unread;
    this.options = options;
    this.seen = new OidSet(reader.algorithm);
    this.table = CommitTable.over(reader, { ...(shallow && { shallow }), ...(signal && { signal }) });
  }

  /** Whether so many commits are listed that versions of a tree are likely. */
  get isLong(): boolean {
    return this.commits.count >= LEAST_VERSIONS;
  }

  /** The commits that are not known, newest first. @param hasAll not only those that were named */
  *listed(hasAll: boolean): Generator<WalkedObject[]> {
    const { flags } = this.table;
    let batch: WalkedObject[] = [];
    for (const row of this.commits.rows()) {
      const flag = flags[row] as number;
      if (flag & KNOWN || !(hasAll || flag & GIVEN)) continue;
      batch.push({ oid: this.table.oidAt(row), kind: 'commit' });
      if (batch.length < LISTED) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  /** The trees to compare and to list. @param knownHistory commits looked at behind known ones */
  async trees(knownHistory: number): Promise<{ known: Oid[]; given: Oid[]; roots: Oid[] }> {
    const known = this.knownTrees;
    const edges = this.edges();
    for (const row of edges) known.push(this.treeOf(row));
    for (const row of await this.behind(edges, knownHistory)) known.push(this.treeOf(row));
    const roots: Oid[] = [];
    for (const row of this.commits.rows()) if (!this.has(row, KNOWN)) roots.push(this.treeOf(row));
    return { known, given: this.wantedTrees, roots };
  }

  async addHaves(oids: Iterable<Oid>): Promise<void> {
    for await (const [oid, object] of this.resolve(oids)) {
      if (object === undefined) continue;
      if (object.kind === 'commit') {
        const row = this.add(oid, object);
        this.haveRows.push(row);
        this.enqueue(row, true);
      } else {
        if (object.kind === 'tree') this.knownTrees.push(oid);
        this.seen.add(oid);
      }
    }
  }

  async addWants(oids: Iterable<Oid>): Promise<void> {
    for await (const [oid, object] of this.resolve(oids)) {
      if (object === undefined) {
        if (this.seen.has(oid) || (await this.isPromised(oid))) continue;
        throw missingObject(oid);
      }
      if (object.kind === 'commit') {
        if (await this.isKnown(oid)) continue;
        const row = this.add(oid, object);
        this.flag(row, GIVEN);
        this.enqueue(row, false);
      } else if (object.kind === 'tree') {
        this.wantedTrees.push(oid);
      } else if (!this.seen.has(oid) && !(await this.isKnown(oid))) {
        this.seen.add(oid);
        this.tips.push({ oid, kind: object.kind });
      }
    }
  }

  /** Whether there are wanted commits, and known ones are all that is left of their history. */
  get endsAtKnown(): boolean {
    if (this.open > 0 || this.commits.count === 0 || this.wantedTrees.length > 0) return false;
    for (const row of this.commits.rows()) {
      if (this.has(row, KNOWN)) continue;
      const parents = this.parentsOf(row);
      if (parents.length === 0 || !parents.every((parent) => this.table.isLoaded(parent))) return false;
    }
    return true;
  }

  /** @param most commits to look at */
  async limit(most = Number.POSITIVE_INFINITY): Promise<void> {
    const turns = new Turns(this.options.signal);
    while (this.open > 0 && this.commits.count < most) {
      await turns.step();
      const row = this.queue.pop();
      this.flag(row, DONE);
      const isKnown = this.has(row, KNOWN);
      if (!isKnown) {
        this.open--;
        this.commits.push(row);
      }
      const { table } = this;
      const start = table.edgeStarts[row] as number;
      const end = start + (table.parentCounts[row] as number);
      let at = start;
      while (at < end && table.loadSync(table.edges[at] as number)) at++;
      if (at < end) await this.load(this.parentsOf(row));
      for (at = start; at < end; at++) {
        const parent = table.edges[at] as number;
        // Nobody is waited for where there is nothing to ask.
        const waits = this.visitParent(parent, isKnown);
        if (waits) await waits;
      }
    }
  }

  /** Known commits next to listed ones, whose trees tell what the receiver has. */
  private edges(): number[] {
    const edges = new Set<number>();
    for (const row of this.commits.rows()) {
      if (this.has(row, KNOWN)) continue;
      for (const parent of this.parentsOf(row)) {
        if (this.table.isLoaded(parent) && this.has(parent, KNOWN)) edges.add(parent);
      }
    }
    if (isCut(this.options) || edges.size === 0)
      for (const row of this.haveRows.slice(0, MAX_EXTRA_EDGES)) edges.add(row);
    return [...edges];
  }

  /** The newest commits that known ones have as ancestors. */
  private async behind(known: readonly number[], count: number): Promise<Set<number>> {
    const found = new Set<number>();
    if (count === 0) return found;
    const queue = new RowQueue();
    const met = new Set(known);
    for (const row of known) queue.push(row, this.table.dates[row] as number);
    for (let row = queue.pop(); row >= 0 && found.size < count; row = queue.pop()) {
      const parents = this.parentsOf(row);
      await this.load(parents);
      for (const parent of parents) {
        if (!this.table.isLoaded(parent) || met.has(parent)) continue;
        met.add(parent);
        found.add(parent);
        queue.push(parent, this.table.dates[parent] as number);
      }
    }
    return found;
  }

  private visitParent(row: number, isKnown: boolean): Promise<void> | undefined {
    if (!this.table.isLoaded(row)) {
      // What the other side has may end in history that we lack; what it lacks may not.
      return isKnown ? undefined : this.assertPromised(this.table.oidAt(row));
    }
    if (isKnown || (this.unread.size > 0 && this.unread.has(this.table.oidAt(row)))) this.enqueue(row, true);
    else if (this.has(row, SEEN) || this.options.isKnown === undefined) this.enqueue(row, false);
    else return this.ask(row);
    return undefined;
  }

  private async ask(row: number): Promise<void> {
    this.enqueue(row, await this.isKnown(this.table.oidAt(row)));
  }

  private async assertPromised(oid: Oid): Promise<void> {
    if (!(await this.isPromised(oid))) throw missingObject(oid, 'commit');
  }

  private enqueue(row: number, isKnown: boolean): void {
    if (this.has(row, SEEN)) {
      if (isKnown && !this.has(row, KNOWN)) this.spread(row);
      return;
    }
    this.flag(row, isKnown ? SEEN | KNOWN : SEEN);
    if (!isKnown) this.open++;
    this.queue.push(row, this.table.dates[row] as number);
  }

  /** Mark a visited commit and its visited ancestors as known after all. */
  private spread(from: number): void {
    const stack = [from];
    for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
      if (this.has(row, KNOWN)) continue;
      this.flag(row, KNOWN);
      if (!this.has(row, DONE)) {
        this.open--;
        continue;
      }
      for (const parent of this.parentsOf(row)) if (this.has(parent, SEEN)) stack.push(parent);
    }
  }

  private has(row: number, flag: number): boolean {
    return ((this.table.flags[row] as number) & flag) !== 0;
  }

  private flag(row: number, flag: number): void {
    this.table.flags[row] = (this.table.flags[row] as number) | flag;
  }

  private treeOf(row: number): Oid {
    const { oidLength } = this.reader.algorithm;
    return oidFromBytes(this.table.treeBytes, row * oidLength, oidLength);
  }

  private parentsOf(row: number): Int32Array {
    const { edges, edgeStarts, parentCounts } = this.table;
    const start = edgeStarts[row] as number;
    return edges.subarray(start, start + (parentCounts[row] as number));
  }

  private add(oid: Oid, object: RawObject): number {
    const row = this.table.rowOf(oid);
    this.table.take(row, object);
    return row;
  }

  /** Load those of `rows` that exist, in one call of the engine. */
  private async load(rows: Int32Array): Promise<void> {
    const { table } = this;
    const missing: Oid[] = [];
    for (const row of rows) if (!table.loadSync(row)) missing.push(table.oidAt(row));
    if (missing.length === 0) return;
    const { signal } = this.options;
    for await (const [oid, object] of this.reader.readMany(missing, signal ? { signal } : {})) {
      if (object) this.add(oid, object);
    }
  }

  private async isPromised(oid: Oid): Promise<boolean> {
    return this.options.isPromised === undefined ? false : this.options.isPromised(oid);
  }

  private async isKnown(oid: Oid): Promise<boolean> {
    return this.options.isKnown === undefined ? false : this.options.isKnown(oid);
  }

  /** The objects, and after each tag what it points to. */
  private async *resolve(oids: Iterable<Oid>): AsyncGenerator<readonly [Oid, RawObject | undefined]> {
    const asked = new Set<Oid>();
    for (let batch = [...new Set(oids)]; batch.length > 0; ) {
      const targets: Oid[] = [];
      for (const oid of batch) asked.add(oid);
      for await (const pair of this.reader.readMany(
        batch,
        this.options.signal ? { signal: this.options.signal } : {},
      )) {
        const [, object] = pair;
        if (object?.kind === 'tag') {
          const { targetOid } = parseTagLinks(object.body);
          if (!asked.has(targetOid)) targets.push(targetOid);
        }
        yield pair;
      }
      batch = [...new Set(targets)];
    }
  }
}
