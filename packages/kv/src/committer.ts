import { buildCommit, buildIdentity, hashObject, type Identity, type Oid, type RawObject } from '@git-kv/objects';
import { type Repository, signCommit } from '@git-kv/repository';
import type { Head } from './head.js';
import type { ChangeOptions, KvOptions } from './options.js';

const DEFAULT_AUTHOR = 'Git KV';
const DEFAULT_EMAIL = 'git-noreply@robur.coop';
const DEFAULT_MESSAGE = 'Committed by git-kv';

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
  readonly object: RawObject;
}

/** Makes commits in the name of a store, signed where it signs. */
export class Committer {
  readonly #repository: Repository;
  readonly #options: KvOptions;

  constructor(repository: Repository, options: KvOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#identity({}); // a wrong default author is told now, not at the first write
  }

  /** The commit of one write. */
  async make(
    place: { readonly treeOid: Oid; readonly parentOids: readonly Oid[] },
    options: ChangeOptions,
  ): Promise<MadeCommit> {
    return await this.#make(place, { message: options.message ?? DEFAULT_MESSAGE }, options);
  }

  /** A commit with words of its own, by the store. */
  async makeWith(
    place: { readonly treeOid: Oid; readonly parentOids: readonly Oid[] },
    words: CommitWords,
  ): Promise<MadeCommit> {
    return await this.#make(place, words, {});
  }

  async #make(
    { treeOid, parentOids }: { readonly treeOid: Oid; readonly parentOids: readonly Oid[] },
    words: CommitWords,
    options: ChangeOptions,
  ): Promise<MadeCommit> {
    const { algorithm } = this.#repository;
    const committer = this.#identity(options);
    const unsigned = buildCommit({ treeOid, parentOids, author: committer, committer, ...words });
    const { sign } = this.#options;
    const body = sign === undefined ? unsigned : await signCommit(unsigned, algorithm, sign);
    const oid = hashObject(algorithm, 'commit', body);
    return { head: { oid, treeOid, parentOids, timestamp: committer.timestamp }, object: { kind: 'commit', body } };
  }

  #identity(options: ChangeOptions): Identity {
    return buildIdentity({
      name: options.author ?? this.#options.author ?? DEFAULT_AUTHOR,
      email: options.authorEmail ?? this.#options.authorEmail ?? DEFAULT_EMAIL,
      timestamp: Math.floor((this.#options.clock ?? Date.now)() / 1000),
    });
  }
}
