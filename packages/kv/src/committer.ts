import {
  assertObjectSize,
  buildCommit,
  buildIdentity,
  GitError,
  hashObject,
  type Identity,
  type Oid,
} from '@git-kv/objects';
import type { RepositoryObjects } from '@git-kv/repository';
import type { CommitWords, MadeCommit } from './made-commit.js';
import type { MergeRules } from './merge/merge.js';
import type { ChangeOptions, KvOptions } from './options.js';
import { isWellFormed } from './well-formed.js';

const DEFAULT_AUTHOR = 'Git KV';
const DEFAULT_EMAIL = 'git-noreply@robur.coop';
const DEFAULT_MESSAGE = 'Committed by git-kv';

/** In whose name commits are made, and how. */
export interface CommitterOptions
  extends Pick<KvOptions, 'author' | 'authorEmail' | 'clock' | 'sign' | 'deterministic'> {
  /** Of the dates, `+hhmm`. Default `+0000`. */
  readonly timezone?: string;
  /** Where steps are counted, the commits of two writers are not one, whatever `deterministic` says. */
  readonly merge?: MergeRules | undefined;
}

type Author = Pick<ChangeOptions, 'author' | 'authorEmail'>;

/** Makes commits in the name of a store, signed where it signs. */
export class Committer {
  readonly #repository: RepositoryObjects;
  readonly #options: CommitterOptions;

  constructor(repository: RepositoryObjects, options: CommitterOptions) {
    this.#repository = repository;
    this.#options = options;
    this.identity(); // a wrong default author is told now, not at the first write
  }

  /** The commit of one write. */
  async make(
    place: { readonly treeOid: Oid; readonly parentOids: readonly Oid[] },
    options: Author & Pick<ChangeOptions, 'message' | 'merge'>,
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
    options: Author & Pick<ChangeOptions, 'merge'>,
  ): Promise<MadeCommit> {
    const { algorithm } = this.#repository;
    const committer = this.identity(options);
    const { message } = words;
    if (typeof message === 'string') assertText('the message', message);
    const { sign, merge, deterministic = false } = this.#options;
    const extraHeaders = deterministic && !countsSteps(options.merge ?? merge) ? [] : [nonce()];
    const unsigned = buildCommit({ treeOid, parentOids, author: committer, committer, extraHeaders, ...words });
    const body =
      sign === undefined ? unsigned : await (await import('./later.js')).signCommit(unsigned, algorithm, sign);
    assertObjectSize('commit', body.length); // nobody would read it
    const oid = hashObject(algorithm, 'commit', body);
    const { timestamp } = committer;
    return { head: { oid, treeOid, parentOids, timestamp }, object: { oid, kind: 'commit', body } };
  }

  /** Who commits, now. @throws {RangeError} for what git would not take; {GitError} INVALID_VALUE */
  identity(by: Author = {}): Identity {
    const { author = DEFAULT_AUTHOR, authorEmail = DEFAULT_EMAIL, clock = Date.now, timezone } = this.#options;
    const [name, email] = [by.author ?? author, by.authorEmail ?? authorEmail];
    assertText('the author', name + email);
    return buildIdentity({
      name,
      email,
      timestamp: Math.floor(clock() / 1000),
      ...(timezone !== undefined && { timezone }),
    });
  }
}

/** @throws {GitError} INVALID_VALUE for what would silently become another text */
function assertText(what: string, text: string): void {
  if (isWellFormed(text)) return;
  throw new GitError('INVALID_VALUE', `Cannot commit: ${what} has half a character (a lone surrogate)`);
}

/** Whether equal changes of two writers are two: {@link KeyMerge.mergesEqual}. */
function countsSteps(rules: MergeRules | undefined): boolean {
  if (typeof rules === 'function') return rules.mergesEqual === true;
  return rules?.some(({ merge }) => merge.mergesEqual) === true;
}

/**
 * Two writers may make the very same change on the same commit in one second. Without this, that would be one commit, and one step, also
 * for a rule that counts steps and that nobody thought of until a later merge.
 */
function nonce(): { readonly name: string; readonly value: string } {
  return { name: 'git-kv-nonce', value: `${crypto.getRandomValues(new BigUint64Array(1))}` };
}
