import { GitError, NotFoundError, type Oid } from '@git-kv/objects';
import { KvConflictError } from '../errors.js';
import { Key } from '../key.js';
import { CommitMerge } from '../merge/commit-merge.js';
import type { MergeRules } from '../merge/merge.js';
import { mergeKeys } from '../merge/merge-keys.js';
import type { ProvenRead } from '../proof/proof.js';
import type { WatchOptions } from '../watch/events.js';
import { subjectOf, type VersionedCommit } from './commit.js';
import type { NewCommit, VersionedContext } from './context.js';
import { VersionedDraft } from './draft.js';
import { failedExpectation } from './expectations.js';
import { type HistoryEntry, type HistoryOptions, historyOf } from './history.js';
import { decodeConflicts, type VersionedConflict } from './merge.js';
import type { CallOptions, CommitOptions, ExpectedOid, FailedExpectation, TransactOptions } from './options.js';
import { headOf, rebasedCommit } from './rebase.js';
import { VersionedSnapshot } from './snapshot.js';
import { type VersionedWatchEvent, watchVersions } from './watch.js';

/** What became of a transaction. Where nothing changed there is no new commit. */
export type TransactOutcome<R> =
  | { readonly status: 'committed'; readonly commit: VersionedCommit; readonly result: R }
  | { readonly status: 'unchanged'; readonly commit: VersionedCommit | undefined; readonly result: R }
  | { readonly status: 'conflict'; readonly failed: FailedExpectation };

/** How a merge or a revert goes. */
export interface MergeOptions extends CommitOptions {
  /** How keys are merged that both sides changed. Default: that of the store. */
  readonly rules?: MergeRules;
  readonly retries?: number;
}

/** How a branch is merged. */
export interface MergeBranchOptions extends MergeOptions {
  /** `auto` (the default) moves the branch alone where it has nothing of its own, `never` makes a commit then, `only` no other. */
  readonly fastForward?: 'auto' | 'never' | 'only';
  /** Merge histories that have nothing in common, over an empty tree. Default: no. */
  readonly allowUnrelated?: boolean;
}

/** Keys that could not be brought together; nothing was written. */
export interface MergeConflictOutcome<T> {
  readonly status: 'conflict';
  /** In the order of keys. */
  readonly conflicts: readonly VersionedConflict<T>[];
  /** There are more than are told. */
  readonly hasMore: boolean;
}

/**
 * What became of a merge. `diverged`: it is no fast-forward, and `only` that was wanted. `unrelated`: the two have nothing in common.
 */
export type MergeOutcome<T> =
  | { readonly status: 'merged' | 'fast-forward' | 'up-to-date'; readonly commit: VersionedCommit }
  | { readonly status: 'diverged' | 'unrelated' }
  | MergeConflictOutcome<T>;

/** What became of a rebase. `unrelated`: the two have nothing in common. */
export type RebaseOutcome<T> =
  | { readonly status: 'rebased' | 'fast-forward' | 'up-to-date'; readonly commit: VersionedCommit }
  | { readonly status: 'unrelated' }
  | MergeConflictOutcome<T>;

/** What became of a revert. `unchanged`: what the commit did is undone already. */
export type RevertOutcome<T> =
  | { readonly status: 'reverted' | 'unchanged'; readonly commit: VersionedCommit }
  | MergeConflictOutcome<T>;

const DEFAULT_RETRIES = 16;

/**
 * A branch of a {@link VersionedStore}: a name for the newest of a line of versions. A handle costs nothing and holds nothing; the
 * branch need not exist, and its first commit makes it. Reads are of what it is at now.
 *
 * Writes of one store to one branch run one after the other, so one that is awaited within another never ends. Others, in other
 * stores and processes, are met by compare-and-swap: what lost the race is done again on top of what won.
 */
export class VersionedBranch<T> {
  /** Short, as in `main`. */
  readonly name: string;
  /** In full: `refs/heads/main`. */
  readonly refName: string;
  readonly #context: VersionedContext<T>;

  /** @internal */
  constructor(context: VersionedContext<T>, name: string, refName: string) {
    this.#context = context;
    this.name = name;
    this.refName = refName;
  }

  /** The commit that the branch is at; `undefined` where it has none yet. */
  head(): Promise<VersionedCommit | undefined> {
    return this.#context.tip(this.refName);
  }

  /** The version that the branch is at now, for good. */
  async snapshot(): Promise<VersionedSnapshot<T>> {
    return new VersionedSnapshot(this.#context, await this.head());
  }

  /** The value of `key`, decoded; with `proof`, and what proves it. @throws as {@link VersionedSnapshot.get} */
  get(key: string | Key, options: CallOptions & { readonly proof: true }): Promise<ProvenRead<T>>;
  get(key: string | Key, options?: CallOptions): Promise<T | undefined>;
  async get(
    key: string | Key,
    options: CallOptions & { readonly proof?: boolean } = {},
  ): Promise<T | ProvenRead<T> | undefined> {
    return await (await this.snapshot()).get(key, options as CallOptions & { readonly proof: true });
  }

  /** The value of a key that has to be there. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED */
  async require(key: string | Key, options?: CallOptions): Promise<T> {
    return await (await this.snapshot()).require(key, options);
  }

  /** The object id of a key's value, for {@link transact} to expect. @throws {KvError} VALUE_EXPECTED */
  async version(key: string | Key): Promise<Oid | undefined> {
    return await (await this.snapshot()).version(key);
  }

  /** The keys of all values at `prefix` and below it, in the order of keys, of the version that the branch is at when it begins. */
  async *keys(prefix: string | Key = Key.root, options: CallOptions = {}): AsyncGenerator<Key, void, undefined> {
    yield* (await this.snapshot()).keys(prefix, options);
  }

  /** The commits that changed `key` or anything below it, newest first. Without one, all commits. */
  async *history(
    key: string | Key = Key.root,
    options: Omit<HistoryOptions, 'from'> = {},
  ): AsyncGenerator<HistoryEntry<T>, void, undefined> {
    const tip = await this.head();
    if (tip !== undefined) yield* historyOf(this.#context, tip.oid, Key.of(key), options);
  }

  /**
   * What happens to the branch, below `prefix`: each commit once and in order, with all its changes, whoever made it. What this store
   * writes, and others in this process on engines that tell, is told at once; the rest when the branch is looked at the next time. A
   * branch that was put elsewhere is told as a `reset`.
   *
   * Begins where the branch is now, or after `from`. Ends when the signal says so, without an error.
   * @throws {GitError} what looking again cannot mend; what it can goes to `onError`
   */
  watch(prefix: string | Key = Key.root, options: WatchOptions = {}): AsyncGenerator<VersionedWatchEvent<T>, void> {
    const { codec } = this.#context;
    const from = options.from === undefined ? this.head().then((tip) => tip?.oid) : Promise.resolve(options.from);
    return watchVersions(codec, this.#context.watching(this.refName), from, Key.of(prefix), options);
  }

  /** Put one value: one commit, or none where it is there already. @returns the commit that the branch is at then */
  async set(key: string | Key, value: T, options: CommitOptions = {}): Promise<VersionedCommit> {
    const at = Key.of(key);
    const message = options.message ?? `Update ${at.segments.join('/')}`;
    return await this.#change((draft) => draft.set(at, value), { ...options, message });
  }

  /** Take away a value, or a dictionary with all in it. Absence is no error, and makes no commit. */
  async remove(key: string | Key, options: CommitOptions = {}): Promise<VersionedCommit | undefined> {
    const at = Key.of(key);
    const message = options.message ?? `Remove ${at.segments.join('/')}`;
    return await this.#change((draft) => draft.remove(at), { ...options, message });
  }

  /** Make one commit of several changes. @returns the commit that the branch is at then */
  async commit(
    change: (draft: VersionedDraft<T>) => unknown,
    options: CommitOptions = {},
  ): Promise<VersionedCommit | undefined> {
    return await this.#change(change, options);
  }

  /**
   * Make one commit of what `change` does to a draft, if `expect` holds. When `change` throws, nothing is kept. Where another writer
   * moves the branch meanwhile, expectations are looked at again and `change` is run again on what is there then.
   * @throws {GitError} REF_CONFLICT where that happened more often than `retries` allows, or at once where another branch is in the way
   *   (`a` of `a/b`)
   */
  async transact<R>(
    options: TransactOptions,
    change: (draft: VersionedDraft<T>) => R | Promise<R>,
  ): Promise<TransactOutcome<R>> {
    return await this.#retry<TransactOutcome<R>>(options, async (tip) => {
      const failed = await failedExpectation(this.#context, tip, options.expect);
      if (failed !== undefined) return { status: 'conflict', failed };
      const draft = await VersionedDraft.open(this.#context, tip);
      try {
        const result = await change(draft);
        const drafted = await draft.finish();
        const parentOids = await this.#parentOids(tip, options.merges);
        const hasMerged = parentOids.length > (tip === undefined ? 0 : 1);
        if (drafted === undefined && options.allowEmpty !== true && !hasMerged) {
          return { status: 'unchanged', commit: tip, result };
        }
        const { emptyTreeOid } = this.#context.repository.algorithm;
        const commit = await this.#advance('commit', tip, {
          ...options,
          treeOid: drafted?.treeOid ?? tip?.treeOid ?? emptyTreeOid,
          objects: drafted?.objects ?? [{ kind: 'tree', body: new Uint8Array(0) }],
          parentOids,
          message: options.message ?? 'Committed by git-kv',
        });
        return commit && { status: 'committed', commit, result };
      } finally {
        draft.close();
      }
    });
  }

  /**
   * Bring in what another branch, or any commit, has: key by key, over the best common ancestors (merged first where there are
   * several). The commit that records it has two parents.
   * @throws {NotFoundError} OBJECT_NOT_FOUND where there is no such revision; what a rule throws
   */
  async merge(revision: string, options: MergeBranchOptions = {}): Promise<MergeOutcome<T>> {
    const { fastForward = 'auto', rules = this.#context.options.merge, signal } = options;
    return await this.#retry<MergeOutcome<T>>(options, async (tip) => {
      const theirs = await this.#context.resolve(revision);
      if (tip === undefined) return await this.#fastForward(undefined, theirs, revision);
      const merge = await CommitMerge.open(this.#context.repository, tip.oid, theirs.oid, { rules, signal });
      const { baseOids } = merge;
      if (baseOids.includes(theirs.oid)) return { status: 'up-to-date', commit: tip };
      const isBehind = baseOids.includes(tip.oid);
      if (isBehind && fastForward !== 'never') return await this.#fastForward(tip, theirs, revision);
      if (fastForward === 'only') return { status: 'diverged' };
      if (baseOids.length === 0 && options.allowUnrelated !== true) return { status: 'unrelated' };
      const merged = await merge.run(headOf(tip), headOf(theirs));
      if (merged.status === 'conflict') return await this.#conflict(merged);
      const commit = await this.#advance(`merge ${revision}`, tip, {
        ...options,
        ...merged,
        parentOids: [tip.oid, theirs.oid],
        message: options.message ?? `Merge ${revision} into ${this.name}`,
      });
      return commit && { status: 'merged', commit };
    });
  }

  /**
   * Make the commits that another branch, or any commit, does not have again on top of it, with the authors and messages they have: one
   * line in place of a merge. A merge among them becomes one change, with all that came before it.
   * @throws {NotFoundError} OBJECT_NOT_FOUND where there is no such revision; what a rule throws
   */
  async rebase(
    revision: string,
    options: MergeOptions & { readonly allowUnrelated?: boolean } = {},
  ): Promise<RebaseOutcome<T>> {
    const { rules = this.#context.options.merge, signal } = options;
    return await this.#retry<RebaseOutcome<T>>(options, async (tip) => {
      const theirs = await this.#context.resolve(revision);
      if (tip === undefined) return await this.#fastForward(undefined, theirs, revision);
      const { repository } = this.#context;
      const { baseOids } = await CommitMerge.open(repository, tip.oid, theirs.oid, { rules, signal });
      if (baseOids.includes(theirs.oid)) return { status: 'up-to-date', commit: tip };
      if (baseOids.includes(tip.oid)) return await this.#fastForward(tip, theirs, revision);
      if (baseOids.length === 0 && options.allowUnrelated !== true) return { status: 'unrelated' };
      try {
        const commit = await rebasedCommit(this.#context, tip, theirs, rules, signal);
        const isMoved = await this.#context.move(this.refName, tip, commit, `rebase: onto ${revision}`);
        return isMoved ? { status: 'rebased', commit } : undefined;
      } catch (error) {
        if (error instanceof KvConflictError) return await this.#conflict(error);
        throw error;
      }
    });
  }

  /**
   * Undo what one commit did, in a new commit: what was changed since stays, and what was changed since at the same key is a
   * conflict. Of a merge, `mainline` says which parent (from 1 on) it is undone to. Rules get no times, since what is put back is no
   * later writing: `lastWriterWins` keeps what was changed since.
   * @throws {GitError} UNSUPPORTED for a merge without `mainline`
   */
  async revert(
    revision: string,
    options: MergeOptions & { readonly mainline?: number } = {},
  ): Promise<RevertOutcome<T>> {
    const { rules = this.#context.options.merge, signal } = options;
    const reverted = await this.#context.resolve(revision);
    const parent = await this.#parentOf(reverted, options.mainline);
    return await this.#retry<RevertOutcome<T>>(options, async (tip) => {
      if (tip === undefined) throw this.#absent();
      const sides = { base: reverted.treeOid, ours: tip.treeOid, theirs: parent?.treeOid };
      const merged = await mergeKeys(this.#context.repository.objects, sides, rules, signal ? { signal } : {});
      if (merged.status === 'conflict') return await this.#conflict(merged);
      if (merged.treeOid === tip.treeOid) return { status: 'unchanged', commit: tip };
      const subject = subjectOf(reverted.message);
      const commit = await this.#advance('revert', tip, {
        ...options,
        ...merged,
        parentOids: [tip.oid],
        message: options.message ?? `Revert "${subject}"\n\nThis reverts commit ${reverted.oid}.\n`,
      });
      return commit && { status: 'reverted', commit };
    });
  }

  /**
   * Put the branch at any commit that is there, and leave the versions that it had to collections. It is made where it is missing.
   * @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} REF_CONFLICT where it is not at `expect`, or another branch is in the way
   */
  async reset(revision: string, options: { readonly expect?: ExpectedOid | undefined } = {}): Promise<VersionedCommit> {
    const commit = await this.#context.resolve(revision);
    return await this.#context.writes(this.refName).run(async () => {
      const tip = await this.head();
      const isExpected = !('expect' in options) || (options.expect ?? null) === (tip?.oid ?? null);
      if (!isExpected || !(await this.#context.move(this.refName, tip, commit, `reset: moving to ${revision}`)))
        throw this.#lost('is elsewhere');
      return commit;
    });
  }

  async #change(change: (draft: VersionedDraft<T>) => unknown, options: CommitOptions): Promise<VersionedCommit> {
    const outcome = await this.transact(options, change);
    if (outcome.status === 'conflict') throw new Error('BUG: nothing was expected');
    return outcome.commit as VersionedCommit;
  }

  /** Run `attempt` on the tip of the branch until it has an outcome: it has none where another writer was faster. */
  #retry<O>(
    options: CallOptions & { readonly retries?: number },
    attempt: (tip: VersionedCommit | undefined) => Promise<O | undefined>,
  ): Promise<O> {
    return this.#context.writes(this.refName).run(async () => {
      for (let left = options.retries ?? DEFAULT_RETRIES; left >= 0; left--) {
        options.signal?.throwIfAborted();
        const outcome = await attempt(await this.head());
        if (outcome !== undefined) return outcome;
      }
      throw this.#lost('other writers were faster');
    });
  }

  async #advance(
    what: string,
    tip: VersionedCommit | undefined,
    fields: NewCommit,
  ): Promise<VersionedCommit | undefined> {
    const commit = await this.#context.writeCommit(fields);
    return (await this.#context.move(this.refName, tip, commit, `${what}: ${subjectOf(commit.message)}`))
      ? commit
      : undefined;
  }

  async #fastForward(
    tip: VersionedCommit | undefined,
    commit: VersionedCommit,
    revision: string,
  ): Promise<{ readonly status: 'fast-forward'; readonly commit: VersionedCommit } | undefined> {
    const isMoved = await this.#context.move(this.refName, tip, commit, `merge ${revision}: Fast-forward`);
    return isMoved ? { status: 'fast-forward', commit } : undefined;
  }

  async #conflict(merged: Pick<KvConflictError, 'conflicts' | 'hasMore'>): Promise<MergeConflictOutcome<T>> {
    const conflicts = await decodeConflicts(this.#context.codec, merged.conflicts);
    return { status: 'conflict', conflicts, hasMore: merged.hasMore };
  }

  async #parentOf(commit: VersionedCommit, mainline: number | undefined): Promise<VersionedCommit | undefined> {
    const { parentOids } = commit;
    if (mainline === undefined && parentOids.length > 1) {
      throw new GitError('UNSUPPORTED', `Cannot revert ${commit.oid}: it is a merge, and no mainline is given`);
    }
    if (mainline !== undefined && parentOids[mainline - 1] === undefined) {
      throw new RangeError(`Cannot revert ${commit.oid}: it has no parent ${mainline}`);
    }
    const parentOid = parentOids[(mainline ?? 1) - 1];
    return parentOid === undefined ? undefined : await this.#context.commit(parentOid);
  }

  /** The tip and what is merged into it, each commit once. */
  async #parentOids(tip: VersionedCommit | undefined, merges: readonly string[] = []): Promise<readonly Oid[]> {
    const merged = await Promise.all(merges.map((revision) => this.#context.resolve(revision)));
    return [...new Set([...(tip === undefined ? [] : [tip.oid]), ...merged.map(({ oid }) => oid)])];
  }

  #absent(): NotFoundError {
    return new NotFoundError('OBJECT_NOT_FOUND', this.refName, `Cannot find branch ${this.name}: it does not exist`);
  }

  #lost(reason: string): GitError {
    return new GitError('REF_CONFLICT', `Cannot move ${this.refName}: ${reason}`);
  }
}
