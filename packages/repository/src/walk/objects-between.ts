import { isGitError, type Oid, parseTagLinks, type RawObject } from '@git-kv/objects';
import type { ObjectFilter } from '@git-kv/protocol';
import type { ObjectReader } from '../object-store.js';
import { missingObject } from '../read-object.js';
import { type CommitNode, CommitNodes } from './commit-nodes.js';
import type { CommitWalkOptions } from './commits.js';
import { DateQueue } from './date-queue.js';
import { filterRules, walkFilteredTrees } from './filtered-trees.js';
import { LastTrees } from './last-trees.js';
import { OidSet } from './oid-set.js';
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
  const walk = await walkCommits(reader, options);
  yield walk.tips;
  const isLong = walk.commits.length >= LEAST_VERSIONS;
  const rules = options.filter && filterRules(options.filter);
  const commits: WalkedObject[] = [];
  const roots: Oid[] = [];
  for (const node of walk.commits) {
    if (node.flags & KNOWN) continue;
    if (rules?.kinds.commit !== false || node.flags & GIVEN) commits.push({ oid: node.oid, kind: 'commit' });
    roots.push(node.treeOid);
  }
  yield commits;
  const known = [...walk.knownTrees];
  const edges = [...walk.edges()];
  for (const node of edges) known.push(node.treeOid);
  for (const node of await walk.behind(edges, options.knownHistory ?? 0)) known.push(node.treeOid);
  const given = walk.wantedTrees;
  const last = isLong ? new LastTrees(reader.algorithm.oidLength) : undefined;
  const below = { ...options, ...passedOver(options), last };
  if (rules !== undefined) yield* walkFilteredTrees(reader, { known, given, roots }, rules, walk.seen, below);
  else yield* walkTrees(reader, { known, wanted: given.concat(roots), depth: 0 }, walk.seen, below);
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

/** The commit half: which commits the wants reach and the haves do not, as git's limit_list() finds it. */
class CommitWalk {
  /** Popped commits in walk order; those flagged KNOWN are not part of the answer. */
  readonly commits: CommitNode[] = [];
  /** Tags and blobs named by the wants. */
  readonly tips: WalkedObject[] = [];
  /** Trees named by the wants. */
  readonly wantedTrees: Oid[] = [];
  readonly knownTrees: Oid[] = [];
  /** Tags, trees and blobs that are listed or known. */
  readonly seen: OidSet;
  private readonly haveCommits: CommitNode[] = [];
  private readonly queue = new DateQueue();
  /** Queued commits that are not known: the walk ends when none is left. */
  private open = 0;
  private readonly reader: ObjectReader;
  private readonly options: ObjectsBetweenOptions;
  private readonly nodes: CommitNodes;
  /** Haves that are not read: known where the walk meets them. */
  private readonly unread: ReadonlySet<Oid>;

  constructor(reader: ObjectReader, options: ObjectsBetweenOptions, unread: ReadonlySet<Oid> = new Set()) {
    this.reader = reader;
    this.unread = unread;
    this.options = options;
    this.seen = new OidSet(reader.algorithm);
    this.nodes = new CommitNodes(reader, options.shallow, options.signal);
  }

  async addHaves(oids: Iterable<Oid>): Promise<void> {
    for await (const [oid, object] of this.resolve(oids)) {
      if (object === undefined) continue;
      if (object.kind === 'commit') {
        const node = this.nodes.add(oid, object);
        this.haveCommits.push(node);
        this.enqueue(node, true);
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
        const node = this.nodes.add(oid, object);
        node.flags |= GIVEN;
        this.enqueue(node, false);
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
    if (this.open > 0 || this.commits.length === 0 || this.wantedTrees.length > 0) return false;
    return this.commits.every(({ flags, parentOids }) => {
      return flags & KNOWN || (parentOids.length > 0 && parentOids.every((oid) => this.nodes.get(oid) !== undefined));
    });
  }

  /** @param most commits to look at */
  async limit(most = Number.POSITIVE_INFINITY): Promise<void> {
    const turns = new Turns(this.options.signal);
    while (this.open > 0 && this.commits.length < most) {
      await turns.step();
      const node = this.queue.pop() as CommitNode;
      node.flags |= DONE;
      const isKnown = (node.flags & KNOWN) !== 0;
      if (!isKnown) {
        this.open--;
        this.commits.push(node);
      }
      await this.nodes.prefetch(node.parentOids);
      for (const parentOid of node.parentOids) await this.visitParent(parentOid, isKnown);
    }
  }

  /** Known commits next to listed ones, whose trees tell what the receiver has. */
  *edges(): Generator<CommitNode> {
    const edges = new Set<CommitNode>();
    for (const node of this.commits) {
      if (node.flags & KNOWN) continue;
      for (const parentOid of node.parentOids) {
        const parent = this.nodes.get(parentOid);
        if (parent && parent.flags & KNOWN) edges.add(parent);
      }
    }
    if (isCut(this.options) || edges.size === 0)
      for (const node of this.haveCommits.slice(0, MAX_EXTRA_EDGES)) edges.add(node);
    yield* edges;
  }

  /** The newest commits that known ones have as ancestors. */
  async behind(known: readonly CommitNode[], count: number): Promise<CommitNode[]> {
    const found = new Set<CommitNode>();
    if (count === 0) return [];
    const queue = new DateQueue();
    const met = new Set(known);
    for (const node of known) queue.push(node);
    for (let node = queue.pop(); node !== undefined && found.size < count; node = queue.pop()) {
      await this.nodes.prefetch(node.parentOids);
      for (const parentOid of node.parentOids) {
        const parent = this.nodes.get(parentOid);
        if (parent === undefined || met.has(parent)) continue;
        met.add(parent);
        found.add(parent);
        queue.push(parent);
      }
    }
    return [...found];
  }

  private async visitParent(oid: Oid, isKnown: boolean): Promise<void> {
    const node = this.nodes.get(oid);
    if (node === undefined) {
      // What the other side has may end in history that we lack; what it lacks may not.
      if (isKnown || (await this.isPromised(oid))) return;
      throw missingObject(oid, 'commit');
    }
    if (isKnown || this.unread.has(oid)) this.enqueue(node, true);
    else if (node.flags & SEEN) this.enqueue(node, false);
    else this.enqueue(node, await this.isKnown(oid));
  }

  private enqueue(node: CommitNode, isKnown: boolean): void {
    if (node.flags & SEEN) {
      if (isKnown && !(node.flags & KNOWN)) this.spread(node);
      return;
    }
    node.flags |= isKnown ? SEEN | KNOWN : SEEN;
    if (!isKnown) this.open++;
    this.queue.push(node);
  }

  /** Mark a visited commit and its visited ancestors as known after all. */
  private spread(from: CommitNode): void {
    const stack = [from];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.flags & KNOWN) continue;
      node.flags |= KNOWN;
      if (!(node.flags & DONE)) {
        this.open--;
        continue;
      }
      for (const parentOid of node.parentOids) {
        const parent = this.nodes.get(parentOid);
        if (parent && parent.flags & SEEN) stack.push(parent);
      }
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
