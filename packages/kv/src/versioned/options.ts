import type { Oid } from '@git-kv/objects';
import type { PayloadSigner } from '@git-kv/repository';
import type { AsyncCodec } from '../codecs/codec.js';
import type { Key } from '../key.js';
import type { MergeRules } from '../merge/merge.js';

/** Who a commit is by. */
export interface Author {
  readonly name: string;
  readonly email: string;
}

/** How a {@link VersionedStore} is opened. */
export interface VersionedOptions<T> {
  /** What values are as bytes: `jsonCodec()`, say. */
  readonly codec: AsyncCodec<T>;
  /** Short name of the branch that is meant where none is named. Default: the one that HEAD points to. */
  readonly branch?: string;
  /** Who commits where a change does not say. Default `Git KV <git-noreply@robur.coop>`. */
  readonly author?: Author;
  /** Of the dates of commits and tags, `+hhmm`. Default `+0000`. */
  readonly timezone?: string;
  /** The time of commits, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number;
  /** Signs every commit and annotated tag: `sshSigner(key)` of `@git-kv/repository`, say. */
  readonly sign?: PayloadSigner;
  /**
   * The same change of the same commit, by the same author in the same second, is the same commit. Default false: each commit has a
   * random header `git-kv-nonce`, so that no two writers make one commit, which a rule that counts steps would count once. Commits of
   * a store that was opened with such a rule (`counter()`, or one with `mergesEqual`) have it in any case.
   */
  readonly deterministic?: boolean;
  /** How keys are merged where a merge does not say. Without it, keys that both sides changed apart are conflicts. */
  readonly merge?: MergeRules;
  /** Caps on what is written. */
  readonly limits?: {
    /** Bytes of one value. Default 512 MiB. */
    readonly valueBytes?: number;
  };
}

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What a commit says. */
export interface CommitOptions extends CallOptions {
  /** Written as it is. */
  readonly message?: string;
  /** Default: that of the store. */
  readonly author?: Author;
}

/** The object id of what a key holds, of a commit or of a root tree; `null`: there is none. */
export type ExpectedOid = Oid | null;

/**
 * What has to be true of a branch for a transaction to go on it. All that is given is asked for: `undefined` that is given means
 * `null`, as `head()` and `version()` give it where there is nothing.
 */
export interface Expectations {
  /** The commit that the branch is at. */
  readonly commit?: ExpectedOid | undefined;
  /** The root tree of that commit. The same content may come back in a later commit: `commit` tells them apart. */
  readonly tree?: ExpectedOid | undefined;
  /** By key: the version of its value, as `version()` tells it. A dictionary's is the object id of its tree. */
  readonly keys?: Readonly<Record<string, ExpectedOid | undefined>>;
}

/** How a transaction goes. */
export interface TransactOptions extends CommitOptions {
  readonly expect?: Expectations;
  /** Commits that become further parents: the transaction is the merge of them, made by hand. Revisions, as `at` takes them. */
  readonly merges?: readonly string[];
  /** Commit even where nothing changes. */
  readonly allowEmpty?: boolean;
  /** How often it is done again on what another writer has made of the branch. Default 16. */
  readonly retries?: number;
}

/** Why a transaction did not go: what was expected, and what is there. */
export type FailedExpectation =
  | { readonly what: 'commit' | 'tree'; readonly expected: ExpectedOid; readonly actual: ExpectedOid }
  | { readonly what: 'key'; readonly key: Key; readonly expected: ExpectedOid; readonly actual: ExpectedOid };
