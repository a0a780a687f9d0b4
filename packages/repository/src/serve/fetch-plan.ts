import { GitError, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { FetchRequest, ObjectFilter, ShallowInfo } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { findRefs, peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { reachedCommits, type ShallowBoundary, shallowBoundary, shallowBoundaryWithin } from '../walk/index.js';
import { filterOf } from './upload-rules.js';
import { type RefReader, visibleRefs } from './visible-refs.js';
import { isServed, refTips, type WantOptions, withheld } from './wants.js';

/** What has to be sent for a request, besides what goes by the haves that the client tells of. */
export interface FetchPlan {
  readonly wants: readonly Oid[];
  /** What the client has, whatever it tells of. */
  readonly haves: readonly Oid[];
  /** Where walks over history end. */
  readonly boundary: ReadonlySet<Oid>;
  readonly filter?: ObjectFilter | undefined;
  /** What to tell of how the client's boundary changes; absent where nothing is to be told. */
  readonly shallowInfo?: ShallowInfo;
}

/** A depth from which on all of history is meant: what git sends for --unshallow. */
const INFINITE_DEPTH = 0x7fffffff;

/** Commits looked at to find which ends of the client's history refs still reach. */
const MAX_COMMITS = 1_000_000;

/**
 * Settle where the client's history will end, and what that means for what is sent.
 * @throws {GitError} UNSUPPORTED for a request that contradicts itself; OBJECT_NOT_FOUND where nothing is left of a history
 */
export async function planFetch(
  repository: Repository,
  request: FetchRequest,
  wants: readonly Oid[],
  options: WantOptions = {},
): Promise<FetchPlan> {
  const plan = new ShallowPlan(repository, request, options);
  return await plan.settle(wants);
}

class ShallowPlan {
  readonly #repository: Repository;
  readonly #request: FetchRequest;
  readonly #refs: RefReader;
  readonly #client: WantOptions;
  readonly #options: ReadOptions;

  constructor(repository: Repository, request: FetchRequest, options: WantOptions) {
    this.#repository = repository;
    this.#request = request;
    this.#refs = visibleRefs(repository.refs, options);
    this.#client = options;
    this.#options = options.signal ? { signal: options.signal } : {};
  }

  async settle(wants: readonly Oid[]): Promise<FetchPlan> {
    const { depth, deepenSince, deepenNot } = this.#request;
    const isLimited = deepenSince !== undefined || deepenNot.length > 0;
    if (depth !== undefined && isLimited) {
      const problem = 'deepen and deepen-since (or deepen-not) cannot be used together';
      throw new GitError('UNSUPPORTED', `Cannot fetch: ${problem}`);
    }
    const filter = this.#request.filter === undefined ? undefined : filterOf(this.#request.filter);
    const ours = await this.#repository.shallow.read();
    const theirs = await this.#theirBoundary();
    const boundary = new Set([...ours, ...theirs]);
    const isDeepened = depth !== undefined || isLimited;
    if (!isDeepened && ours.size === 0) return { wants, haves: [], boundary, filter };
    if (depth !== undefined && depth >= INFINITE_DEPTH && ours.size === 0) {
      // What is behind them will be wanted, so they have to be what the client might have wanted itself.
      const hidden = await withheld(this.#repository, [...theirs], this.#client);
      const unshallowOids = [...theirs].filter((oid) => !hidden.has(oid));
      return await this.#whole(wants, { boundary, filter, shallowOids: [], unshallowOids });
    }
    const commits = await commitsOf(this.#repository, wants, this.#options);
    const reached = isLimited
      ? await this.#within(commits, ours)
      : await this.#toDepth(commits, ours, isDeepened ? ours : boundary, theirs);
    const cut = new Set(reached.shallow);
    const shallowOids = reached.shallow.filter((oid) => !theirs.has(oid));
    for (const oid of shallowOids) boundary.add(oid);
    // History that is cut here is cut for a client too, which has to be told; without a depth, it is told of nothing else.
    const unshallowOids = isDeepened ? reached.commits.filter((oid) => theirs.has(oid) && !cut.has(oid)) : [];
    if (!isDeepened && shallowOids.length === 0) return { wants, haves: [], boundary, filter };
    return await this.#whole(wants, { boundary, filter, shallowOids, unshallowOids });
  }

  /** What is behind the old ends of the client's history is wanted now, and what is before them it has. */
  async #whole(
    wants: readonly Oid[],
    { boundary, filter, ...shallowInfo }: ShallowInfo & Pick<FetchPlan, 'boundary' | 'filter'>,
  ): Promise<FetchPlan> {
    const { unshallowOids } = shallowInfo;
    const behind = new Set(wants);
    for await (const [, commit] of this.#repository.objects.readMany(unshallowOids, this.#options)) {
      if (commit !== undefined) for (const oid of parseCommitLinks(commit.body).parentOids) behind.add(oid);
    }
    return { wants: [...behind], haves: unshallowOids, boundary, filter, shallowInfo };
  }

  async #toDepth(
    commits: readonly Oid[],
    ours: ReadonlySet<Oid>,
    shallow: ReadonlySet<Oid>,
    theirs: ReadonlySet<Oid>,
  ): Promise<ShallowBoundary> {
    const { objects } = this.#repository;
    const { depth: requested = INFINITE_DEPTH, deepenRelative } = this.#request;
    const depth = requested >= INFINITE_DEPTH ? Number.POSITIVE_INFINITY : requested;
    const options = { ...this.#options, shallow };
    if (!deepenRelative) return await shallowBoundary(objects, commits, depth, options);
    const tips = await refTips(this.#repository, this.#refs, this.#options);
    const ends = await reachedCommits(objects, tips.commits, theirs, {
      ...this.#options,
      shallow: ours,
      budget: MAX_COMMITS,
    });
    return await shallowBoundary(objects, ends, depth + 1, options);
  }

  async #within(commits: readonly Oid[], ours: ReadonlySet<Oid>): Promise<ShallowBoundary> {
    const { deepenSince, deepenNot } = this.#request;
    const not: Oid[] = [];
    for (const name of deepenNot) {
      const [match, ...more] = (await findRefs(this.#refs, name)).filter((found) => isServed(found.name));
      if (match === undefined || more.length > 0) {
        throw new GitError('UNSUPPORTED', `Cannot fetch: ambiguous deepen-not: ${name}`);
      }
      not.push(...(await commitsOf(this.#repository, [match.oid], this.#options)));
    }
    const reached = await shallowBoundaryWithin(
      this.#repository.objects,
      commits,
      { since: deepenSince, not },
      { ...this.#options, shallow: ours },
    );
    if (reached.commits.length > 0) return reached;
    throw new GitError('OBJECT_NOT_FOUND', 'no commits selected for shallow requests');
  }

  /** Where the client's history ends, as far as it is known here. */
  async #theirBoundary(): Promise<ReadonlySet<Oid>> {
    const theirs = new Set<Oid>();
    for (const oid of this.#request.shallow) {
      const stat = await this.#repository.objects.stat(oid, this.#options);
      if (stat === undefined) continue;
      if (stat.kind !== 'commit') {
        throw new GitError('UNSUPPORTED', `Cannot fetch: shallow ${oid} is no commit`);
      }
      theirs.add(oid);
    }
    return theirs;
  }
}

/** The commits among `oids`, and those that tags among them come to. */
async function commitsOf(repository: Repository, oids: readonly Oid[], options: ReadOptions): Promise<Oid[]> {
  const commitOids: Oid[] = [];
  for (const oid of oids) {
    const target = (await peelTag(repository.objects, oid, options)) ?? oid;
    if ((await repository.objects.stat(target, options))?.kind === 'commit') commitOids.push(target);
  }
  return commitOids;
}
