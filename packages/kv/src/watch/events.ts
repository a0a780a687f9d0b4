import type { Oid } from '@git-kv/objects';
import type { Change } from '../changes.js';

/** A change of a key, with what the key then holds. */
export interface WatchedChange extends Change {
  /** The value after the change, read when it is asked for; `undefined` where it was removed. */
  value(): Promise<Uint8Array | undefined>;
}

/** A commit on the branch, with all that it changed below the prefix. */
export interface WatchedCommit {
  readonly kind: 'commit';
  readonly commit: Oid;
  /** The commit before it on the branch; `undefined` for the first. */
  readonly from: Oid | undefined;
  /** In the order of keys; never empty. */
  readonly changes: readonly WatchedChange[];
}

/**
 * - `rewritten`: the branch went another way (a rebase, a force-push), so `from` is no part of it any more.
 * - `removed`: the branch is gone.
 * - `too-many-commits`: more than `maxCommits` came at once.
 * - `missing`: history between `from` and `commit` cannot be had.
 */
export type WatchResetReason = 'rewritten' | 'removed' | 'too-many-commits' | 'missing';

/** The branch stands somewhere else, and the way there cannot be told commit by commit. */
export interface WatchReset {
  readonly kind: 'reset';
  readonly reason: WatchResetReason;
  /** Where the branch stands now; `undefined` where it is gone. */
  readonly commit: Oid | undefined;
  /** Where the watcher was. */
  readonly from: Oid | undefined;
  /** All that differs between the two; `undefined` where `from` cannot be read any more: then nothing that was known holds. */
  readonly changes: readonly WatchedChange[] | undefined;
}

/** What a watcher is told. */
export type WatchEvent = WatchedCommit | WatchReset;

/** How a store is watched. */
export interface WatchOptions {
  /** Tell what came after this commit: that of the last event, say. Default: where the store stands now. */
  readonly from?: Oid;
  /**
   * Milliseconds between two questions for where the branch is, after something happened: default 5000, and 250 for a repository at
   * hand. Each has up to a fifth more or less by chance.
   */
  readonly pollMs?: number;
  /** While nothing happens or the remote cannot be reached, the wait grows by half each time, up to this. Default four times `pollMs`. */
  readonly maxPollMs?: number;
  /** Commits at once that are told one by one; more are a `reset`. Default 10,000. */
  readonly maxCommits?: number;
  /** Told of a failure that the watch goes on after: it asks again, later. */
  readonly onError?: (error: unknown) => void;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}
