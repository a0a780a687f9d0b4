import type { HashName, Oid } from '@git-kv/objects';
import type { CredentialsProvider, FetchFunction, Transport } from '@git-kv/protocol';
import type { PayloadSigner, Progress, Repository } from '@git-kv/repository';
import type { BackOff } from './back-off.js';
import type { Change } from './changes.js';
import type { MergeRules } from './merge/merge.js';
import type { PartialOptions } from './partial/options.js';

/**
 * What a pull does with commits of ours that the remote neither has nor can take as they stand, because the branch went
 * another way:
 *
 * - `reject` fails with UNPUSHED_COMMIT and changes nothing;
 * - `rebase` makes them again on top of what the remote has;
 * - `merge` makes a commit of both, with two parents;
 * - `theirs` gives them up.
 *
 * What `rebase` and `merge` make is not pushed: `push` does, and the next write.
 */
export type UnpushedPolicy = 'reject' | 'rebase' | 'merge' | 'theirs';

/**
 * What a write does that others were faster than: `rebase` makes it again on top of what they wrote and pushes it again, `fail`
 * is PUSH_REJECTED.
 */
export type ConflictPolicy = 'rebase' | 'fail';

/** Caps on what a store accepts. */
export interface KvLimits {
  /** Bytes of one value that is set. Default 512 MiB, which is also the most that is read of one. */
  readonly valueBytes?: number;
  /**
   * Bytes that what a pull, a read or a saved state brings may inflate to, however short it is; above it, 200 times as many as came.
   * Default 1 GiB: a value of zeros is a thousandth of its size on the way.
   */
  readonly inflatedBytes?: number;
  /**
   * Bytes of values that a batch holds. Default 16 MiB. What is over that is stored before the commit; where the batch comes to nothing,
   * it is left behind as objects that nothing leads to, for the next prune or gc. A write of the batch that fails because they cannot
   * be stored (a full disk, say) is in the batch all the same: what goes on after it commits that write too, where it can be stored then.
   */
  readonly heldBytes?: number;
}

/** {@link KvLimits.inflatedBytes}, as those take it who receive packs. */
export function inflateLimit(limits: KvLimits | undefined): { readonly freeInflatedBytes: number } {
  return { freeInflatedBytes: limits?.inflatedBytes ?? 2 ** 30 };
}

/** How every store can be set up. */
export interface KvOptions {
  /** Who commits where a change does not say. Default `Git KV`. */
  readonly author?: string;
  /** Default `git-noreply@robur.coop`. */
  readonly authorEmail?: string;
  /** The time of commits, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number;
  /** Signs every commit: `sshSigner(key)` of `@git-kv/repository`, say. Where it fails, nothing is written. */
  readonly sign?: PayloadSigner;
  /**
   * The same change of the same commit, by the same author in the same second, is the same commit. Default false: each commit has a
   * random header `git-kv-nonce`, so that no two writers make one commit, which a rule that counts steps would count once. Commits
   * under such a rule have it in any case.
   */
  readonly deterministic?: boolean;
  readonly limits?: KvLimits;
  /** How keys are merged that both a write and others changed. Without a rule for it, such a key is a conflict. */
  readonly merge?: MergeRules;
  /** Default `rebase`. */
  readonly onConflict?: ConflictPolicy;
  /** How often a write is tried again after others were faster. Default 16. */
  readonly retries?: number;
  /**
   * Waits between these tries. Default: a while that chance chooses, the longer the more often others were faster lately, 30 s at
   * most; on such a branch a first try waits, too.
   */
  readonly backOff?: BackOff;
  /**
   * Told what others had changed where a write was made on top of it: `pull` does not list that again. Not told where the list cannot
   * be made (a partial store whose remote does not answer, say): the write is none the worse for it.
   */
  readonly onRebase?: (changes: readonly Change[]) => void;
}

/** How a store that is synced with a remote can be set up. */
export interface ConnectOptions extends KvOptions {
  /** What carries requests over http and https. Default: the runtime's own `fetch`. */
  readonly fetch?: FetchFunction;
  /** Asked when the server wants credentials and the URL has none, or wrong ones. */
  readonly credentials?: CredentialsProvider;
  /** Further headers for the URL's own origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Give up when nothing moves for so long. Default five minutes; 0 for never. */
  readonly timeoutMs?: number;
  /** Takes the place of HTTP, for other schemes and for servers in this process. */
  readonly transport?: Transport;
  /** Default `reject`. */
  readonly onUnpushed?: UnpushedPolicy;
  /** Fetch only what is read, when it is read. Default: the whole branch is fetched, without history. */
  readonly partial?: boolean | PartialOptions;
  /** With `partial`: keep what was fetched here, as in a partial clone, instead of in memory. It stays its owner's to close. */
  readonly cache?: Repository;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** How a saved store is read. */
export interface OfOctetsOptions extends ConnectOptions {
  /** `URL[#branch]` of the remote to sync with. It is not asked for anything now. */
  readonly remote: string;
  /** The object format of a bare pack, which does not record it. Default `sha1`. */
  readonly objectFormat?: HashName;
}

/** One write outside a batch. */
export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Default: what the store was set up with. */
  readonly onConflict?: ConflictPolicy;
  /** Default: what the store was set up with. */
  readonly retries?: number;
  /** How keys are merged that others changed, too. Default: what the store was set up with. */
  readonly merge?: MergeRules;
}

/**
 * What a batch may rely on. `snapshot`: it reads one state, and is committed on top of what others pushed since, as long as they
 * changed other keys than it did. `serializable`: only as long as they left alone what it read, too, so that it is as if batches
 * had run one after another.
 */
export type Isolation = 'snapshot' | 'serializable';

/** Who made a change, and why. */
export interface ChangeOptions extends WriteOptions {
  /** Default `snapshot`. */
  readonly isolation?: Isolation;
  readonly author?: string;
  readonly authorEmail?: string;
  /** Written as it is. Default `Committed by git-kv`. */
  readonly message?: string;
}

/** How one pull goes. */
export interface PullOptions {
  /** List dictionaries among the changes too, the root included. */
  readonly directories?: boolean;
  /** Default: what the store was set up with. */
  readonly onUnpushed?: UnpushedPolicy;
  /** Told what became of a commit whose push had no known outcome. What it throws is no failure of the pull. */
  readonly onSettled?: (settled: SettledPush) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * `pushed`: the remote has it. `rolled-back`: it never arrived, and is gone. By policy, where the branch went another way:
 * `abandoned` (`theirs`), `rebased`, or `merged`.
 */
export interface SettledPush {
  readonly oid: Oid;
  readonly status: 'pushed' | 'rolled-back' | 'abandoned' | 'rebased' | 'merged';
}
