import type { Identity, NewObject, Oid } from '@git-kv/objects';
import type { Head } from './head.js';
import type { ChangeOptions } from './options.js';

/** What a commit says besides its place. */
export interface CommitWords {
  /** Default: who commits. */
  readonly author?: Identity;
  readonly message: Uint8Array | string;
  readonly encoding?: string;
}

/** A commit that is not stored yet. */
export interface MadeCommit {
  readonly head: Head;
  readonly object: NewObject;
}

/** Where a commit stands. */
export interface CommitPlace {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
}

/** Makes the commits of a store. */
export interface CommitMaker {
  /** The commit of one write. */
  make(
    place: CommitPlace,
    options: Pick<ChangeOptions, 'author' | 'authorEmail' | 'message' | 'merge'>,
  ): Promise<MadeCommit>;
  /** A commit with words of its own, by the store. */
  makeWith(place: CommitPlace, words: CommitWords): Promise<MadeCommit>;
}
