import { assertRefName, GitError, isGitError, NotFoundError, type Oid } from '@git-kv/objects';
import { connectUploadPack, type Transport } from '@git-kv/protocol';
import { isAncestor, localCommits, type Progress } from '@git-kv/repository';
import { type BackOff, sleep } from '../back-off.js';
import { Contention, MAX_UNMOVED } from '../contention.js';
import { Key } from '../key.js';
import { Mutex } from '../mutex.js';
import type { ConnectOptions, UnpushedPolicy } from '../options.js';
import { parseRemoteUrl } from '../remote-url.js';
import { openTransport } from '../transport.js';
import { RemoteUpstream, type UpstreamRefusal } from '../upstream.js';
import type { WatchOptions } from '../watch/events.js';
import { type Watched, Watching } from '../watch/watching.js';
import type { MergeBranchOptions, MergeConflictOutcome, MergeOutcome, VersionedBranch } from './branch.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { CallOptions, ExpectedOid } from './options.js';
import { fetchTags, listRemoteTags, pushTags, type ShareTagsOptions } from './remote-tags.js';
import { type VersionedWatchEvent, watchVersions } from './watch.js';

/** How a remote is reached, and what it is called here. */
export interface RemoteOptions extends Pick<ConnectOptions, 'fetch' | 'credentials' | 'headers' | 'timeoutMs'> {
  /** Where its branches were when they were last seen is kept below `refs/remotes/<name>/`, as git does. Default `origin`. */
  readonly name?: string;
}

/** What all calls take that bring a branch here. */
export interface RemoteCallOptions extends CallOptions {
  /** Told how far that is. A push, that of a sync too, tells nothing. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How a branch of a remote is brought in. */
export interface PullBranchOptions extends RemoteCallOptions, Omit<MergeBranchOptions, 'fastForward'> {
  /**
   * What becomes of commits here that the remote does not have, where it has others: `merge` (the default) and `rebase` bring the two
   * together, `reject` is the outcome `diverged`, `theirs` gives ours up.
   */
  readonly onUnpushed?: UnpushedPolicy;
}

/** What became of a pull. `reset`: ours were given up. `empty`: the remote has no branch at all. */
export type PullOutcome<T> =
  | MergeOutcome<T>
  | { readonly status: 'rebased' | 'reset'; readonly commit: VersionedCommit }
  | { readonly status: 'empty' };

/** How a branch is pushed. */
export interface PushBranchOptions extends CallOptions {
  /** Where the remote's branch has to be for it to be moved; `null`: nowhere. Default: where it was when it was last seen. */
  readonly expected?: ExpectedOid | undefined;
  /** Move it also where commits go from it by that. Default: no. */
  readonly isForced?: boolean;
}

/**
 * What became of a push. `stale`: the remote's branch is not where it is expected. `diverged`: it has commits that ours has not, and
 * would lose them.
 */
export type PushOutcome =
  | { readonly status: 'pushed' | 'up-to-date'; readonly commit: VersionedCommit }
  | { readonly status: 'stale' | 'diverged' };

/** How a branch is brought in and pushed. */
export interface SyncBranchOptions extends PullBranchOptions {
  /** How often it is done again after others were faster. Default 16. */
  readonly retries?: number;
  /** Waits between these tries. Default: a while that chance chooses, the longer the more often others were faster. */
  readonly backOff?: BackOff;
}

/** What became of a sync: where both stand now, or why they could not be brought together. */
export type SyncOutcome<T> =
  | {
      readonly status: 'synced';
      /** `undefined` where there is nothing, here and there. */
      readonly commit: VersionedCommit | undefined;
      /** Whether the remote was moved. */
      readonly isPushed: boolean;
    }
  | { readonly status: 'diverged' | 'unrelated' }
  | MergeConflictOutcome<T>;

const HEADS = 'refs/heads/';
const DEFAULT_RETRIES = 16;

/** One branch, here and there. */
interface Line<T> {
  readonly branch: VersionedBranch<T>;
  /** Where it was there when it was last seen. */
  readonly seenName: string;
  readonly upstream: RemoteUpstream;
  readonly turns: Mutex;
  readonly contention: Contention;
  readonly watched: Watched;
  watching: Watching | undefined;
}

/**
 * A remote that branches of a {@link VersionedStore} are shared with: brought in with all their history, merged by the rules of the
 * store, pushed where others did not move them. What is called for one branch runs one after the other.
 */
export class VersionedRemote<T> implements AsyncDisposable {
  readonly name: string;
  /** For messages; safe to print. */
  readonly display: string;
  readonly #context: VersionedContext<T>;
  readonly #transport: Transport;
  readonly #branchOf: (name: string | undefined) => VersionedBranch<T>;
  readonly #lines = new Map<string, Line<T>>();

  /** @internal */
  constructor(
    context: VersionedContext<T>,
    where: string | Transport,
    options: RemoteOptions,
    branchOf: (name: string | undefined) => VersionedBranch<T>,
  ) {
    this.name = options.name ?? 'origin';
    assertRefName(`refs/remotes/${this.name}/x`);
    this.#context = context;
    this.#transport = typeof where === 'string' ? transportTo(where, options) : where;
    this.display = this.#transport.url;
    this.#branchOf = branchOf;
  }

  /** The branches that the remote has, by their short names, and where they are. */
  async branches({ signal }: CallOptions = {}): Promise<ReadonlyMap<string, Oid>> {
    const client = await connectUploadPack(this.#transport, { signal });
    try {
      const refs = await client.lsRefs({ prefixes: [HEADS], peel: false, symrefs: false, signal });
      const branches = new Map<string, Oid>();
      for (const { name, oid } of refs) {
        if (name.startsWith(HEADS) && oid !== undefined) branches.set(name.slice(HEADS.length), oid);
      }
      return branches;
    } finally {
      await client.close();
    }
  }

  /**
   * Bring a branch with its history here, and move none of ours: it is `origin/main` then, for revisions.
   * @returns where it is; `undefined` where the remote has no branch at all
   * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where it has others
   */
  fetch(branch?: string, options: RemoteCallOptions = {}): Promise<VersionedCommit | undefined> {
    const line = this.#line(branch);
    return line.turns.run(() => this.#fetch(line, options));
  }

  /**
   * Bring in what the remote's branch has. Keys that both changed are for the rules; where they do not settle them, the outcome has the
   * three sides of each, and the branch here stays where it was.
   * @throws {NotFoundError} REMOTE_REF_NOT_FOUND; what {@link VersionedBranch.merge} throws
   */
  pull(branch?: string, options: PullBranchOptions = {}): Promise<PullOutcome<T>> {
    const line = this.#line(branch);
    return line.turns.run(async () => {
      const theirs = await this.#fetch(line, options);
      return theirs === undefined ? { status: 'empty' } : await this.#join(line, theirs, options);
    });
  }

  /**
   * Move the remote's branch to where ours is, if it is where it is expected to be.
   * @throws {NotFoundError} OBJECT_NOT_FOUND where there is no such branch here
   * @throws {GitError} PUSH_REJECTED where the server says no; PUSH_OUTCOME_UNKNOWN where its answer was lost: the next pull or sync finds
   *   out
   */
  push(branch?: string, options: PushBranchOptions = {}): Promise<PushOutcome> {
    const line = this.#line(branch);
    return line.turns.run(() => this.#pushExpecting(line, options));
  }

  /**
   * Pull, then push, over again where others move the remote's branch in between. A branch that one of the two does not have is made there.
   * @throws {GitError} PUSH_REJECTED where the server says no, or others were faster more often than `retries` allows, or so the server
   *   says again and again while the branch stands still; PUSH_OUTCOME_UNKNOWN as {@link push}
   */
  sync(branch?: string, options: SyncBranchOptions = {}): Promise<SyncOutcome<T>> {
    const line = this.#line(branch);
    return line.turns.run(() => this.#sync(line, options));
  }

  /** The tags that the remote has, by their short names, and the version each leads to. */
  tags(options: CallOptions = {}): Promise<ReadonlyMap<string, Oid>> {
    return listRemoteTags(this.#transport, options);
  }

  /**
   * Bring tags here, with the versions they lead to.
   * @returns the names of those that are new here, or were moved
   * @throws {GitError} ALREADY_PRESENT for a tag that is here at another version, unless `isForced`: then no tag is made
   * @throws {NotFoundError} REMOTE_REF_NOT_FOUND for one of `names` that the remote does not have
   */
  fetchTags(options: ShareTagsOptions = {}): Promise<string[]> {
    return fetchTags(this.#context, this.#transport, this.display, options);
  }

  /**
   * Push tags, with the versions they lead to.
   * @returns the names of those that are new there, or were moved
   * @throws {GitError} ALREADY_PRESENT for a tag that is there at another version, unless `isForced`: then no tag is pushed;
   *   PUSH_REJECTED for one that the server refuses, or that another writer made just now: others may have been pushed
   * @throws {NotFoundError} OBJECT_NOT_FOUND for one of `names` that is not here
   */
  pushTags(options: ShareTagsOptions = {}): Promise<string[]> {
    return pushTags(this.#context, this.#transport, this.display, options);
  }

  /**
   * What happens to the remote's branch, below `prefix`: as {@link VersionedBranch.watch}, by asking for it again and again; what is pushed
   * from here is told at once. Begins, without `from`, where the branch was when it was last seen, or with its first commit.
   */
  watch(
    branch?: string,
    prefix: string | Key = Key.root,
    options: WatchOptions = {},
  ): AsyncGenerator<VersionedWatchEvent<T>, void> {
    const line = this.#line(branch);
    line.watching ??= new Watching(line.watched, this.#transport);
    const from = options.from === undefined ? this.#seen(line) : Promise.resolve(options.from);
    return watchVersions(this.#context.codec, line.watching, from, Key.of(prefix), options);
  }

  /** End watches, and let go of connections. Never fails; what is called after makes new ones, where the transport can. */
  async disconnect(): Promise<void> {
    for (const line of this.#lines.values()) {
      const { watching } = line;
      line.watching = undefined;
      await watching?.close().catch(() => {}); // there is nothing a caller could do about it
      await line.upstream.close().catch(() => {});
    }
    await this.#transport.close?.().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  #line(name: string | undefined): Line<T> {
    const branch = this.#branchOf(name);
    const { refName } = branch;
    let line = this.#lines.get(refName);
    if (line === undefined) {
      const { repository } = this.#context;
      line = {
        branch,
        seenName: `refs/remotes/${this.name}/${branch.name}`,
        upstream: new RemoteUpstream(repository, this.#transport, refName, { limits: this.#context.options.limits }),
        turns: new Mutex(),
        contention: new Contention(),
        watched: { repository, refName, onMoved: undefined },
        watching: undefined,
      };
      this.#lines.set(refName, line);
    }
    return line;
  }

  async #fetch(line: Line<T>, options: RemoteCallOptions): Promise<VersionedCommit | undefined> {
    const seen = await this.#seen(line);
    const tip = await line.upstream.find(options).catch(async (error: unknown) => {
      if (isGitError(error, 'REMOTE_REF_NOT_FOUND')) await this.#see(line, seen, undefined);
      throw error;
    });
    if (tip === undefined || tip.oid === seen) {
      if (tip === undefined) await this.#see(line, seen, undefined);
      return tip && (await this.#context.commit(tip.oid));
    }
    const { repository } = this.#context;
    const { signal } = options;
    if (!(await this.#isOurs(line, tip.oid, signal))) {
      await tip.fetch('history', localCommits(repository, { signal }), options);
    }
    const commit = await this.#context.commit(tip.oid);
    await this.#see(line, seen, tip.oid);
    return commit;
  }

  /** Whether our branch has a commit already. */
  async #isOurs(line: Line<T>, oid: Oid, signal: AbortSignal | undefined): Promise<boolean> {
    const { objects, shallow } = this.#context.repository;
    const head = await line.branch.head();
    if (head === undefined || (await objects.stat(oid)) === undefined) return false;
    return await isAncestor(objects, oid, head.oid, { shallow: await shallow.read(), ...(signal && { signal }) });
  }

  async #join(
    line: Line<T>,
    theirs: VersionedCommit,
    { onUnpushed = 'merge', ...options }: PullBranchOptions,
  ): Promise<PullOutcome<T>> {
    const { branch } = line;
    if (onUnpushed === 'rebase') return await branch.rebase(theirs.oid, options);
    const message = options.message ?? `Merge ${branch.name} of ${this.display}`;
    const fastForward = onUnpushed === 'merge' ? 'auto' : 'only';
    const outcome = await branch.merge(theirs.oid, { ...options, message, fastForward });
    if (outcome.status !== 'diverged' || onUnpushed === 'reject') return outcome;
    return { status: 'reset', commit: await branch.reset(theirs.oid) };
  }

  async #pushExpecting(line: Line<T>, options: PushBranchOptions): Promise<PushOutcome> {
    const { signal } = options;
    const { objects, shallow } = this.#context.repository;
    const commit = await line.branch.head();
    if (commit === undefined) throw absent(line.branch);
    const expected = ('expected' in options ? options.expected : await this.#seen(line)) ?? undefined;
    if (expected === commit.oid) {
      const tip = await line.upstream.find({ signal }).catch(noneIfAbsent);
      return tip?.oid === expected ? { status: 'up-to-date', commit } : { status: 'stale' };
    }
    if (expected !== undefined && options.isForced !== true) {
      const walk = { shallow: await shallow.read(), ...(signal && { signal }) };
      if (!(await isAncestor(objects, expected, commit.oid, walk))) return { status: 'diverged' };
    }
    const refusal = await this.#push(line, expected, commit, options);
    if (refusal === undefined) return { status: 'pushed', commit };
    if (refusal.isRace) return { status: 'stale' };
    throw refusal.error;
  }

  async #sync(line: Line<T>, options: SyncBranchOptions): Promise<SyncOutcome<T>> {
    const { retries = DEFAULT_RETRIES, backOff, signal } = options;
    const { contention } = line;
    let refused: { readonly by: UpstreamRefusal; readonly at: Oid | undefined } | undefined;
    let unmoved = 0;
    for (let attempt = 1; ; attempt++) {
      const start = performance.now();
      const theirs = await this.#fetch(line, options).catch(noneIfAbsent);
      if (refused !== undefined) {
        unmoved = refused.at === theirs?.oid ? unmoved + 1 : 0;
        // It did not move, so that nobody else is the reason; a push that is under way there may be, for a while.
        if (unmoved > (refused.by.isRace ? MAX_UNMOVED : 0)) throw refused.by.error;
      }
      const joined = theirs && (await this.#join(line, theirs, options));
      if (joined?.status === 'conflict' || joined?.status === 'diverged' || joined?.status === 'unrelated')
        return joined;
      const commit = await line.branch.head();
      if (commit === undefined || commit.oid === theirs?.oid) return { status: 'synced', commit, isPushed: false };
      const refusal = await this.#push(line, theirs?.oid, commit, options);
      const tookMs = performance.now() - start;
      if (refusal === undefined) {
        contention.won(tookMs);
        return { status: 'synced', commit, isPushed: true };
      }
      if (attempt > retries) throw refusal.error;
      refused = { by: refusal, at: theirs?.oid };
      contention.lost(tookMs);
      await (backOff === undefined ? sleep(contention.delay(), signal) : backOff(attempt, signal));
    }
  }

  async #push(
    line: Line<T>,
    expected: Oid | undefined,
    commit: VersionedCommit,
    { signal }: CallOptions,
  ): Promise<UpstreamRefusal | undefined> {
    const refusal = await line.upstream.push(expected, commit.oid, { signal });
    if (refusal !== undefined) return refusal;
    line.watched.onMoved?.(commit);
    await this.#see(line, undefined, commit.oid).catch(() => {}); // the remote has it; where it is noted is a hint that a fetch mends
    return undefined;
  }

  async #seen({ seenName }: Line<T>): Promise<Oid | undefined> {
    const value = await this.#context.repository.refs.read(seenName);
    return value !== undefined && 'oid' in value ? value.oid : undefined;
  }

  /** Note where the branch is there. */
  async #see({ seenName }: Line<T>, seen: Oid | undefined, oid: Oid | undefined): Promise<void> {
    if (seen === oid) return;
    const { refs } = this.#context.repository;
    const { name, email, timestamp, timezone } = this.#context.identity({});
    const outcome = await refs.update([{ name: seenName, next: oid === undefined ? null : { oid } }], {
      reflog: { name, email, timestamp, timezone, message: `update by ${this.name}` },
    });
    if (outcome.status === 'updated') return;
    throw new GitError('REF_CONFLICT', `Cannot move ${seenName}: another ref is in the way`);
  }
}

function transportTo(url: string, options: RemoteOptions): Transport {
  const remote = parseRemoteUrl(url);
  if (remote.branch === undefined) return openTransport(remote, options);
  throw new GitError('INVALID_URL', 'Cannot use the remote URL: it names a branch, and every call names its own');
}

/** A branch that is missing at a remote which has others, as one that is missing where there are none. */
function noneIfAbsent(error: unknown): undefined {
  if (!isGitError(error, 'REMOTE_REF_NOT_FOUND')) throw error;
}

function absent({ name, refName }: { readonly name: string; readonly refName: string }): NotFoundError {
  return new NotFoundError('OBJECT_NOT_FOUND', refName, `Cannot push branch ${name}: it does not exist`);
}
