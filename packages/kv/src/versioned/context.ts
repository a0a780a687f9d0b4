import {
  defaultLimits,
  GitError,
  type Identity,
  isOid,
  NotFoundError,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import { peelTo, type RefValue, type Repository, resolveRevision } from '@git-kv/repository';
import type { AsyncCodec } from '../codecs/codec.js';
import { Committer } from '../committer.js';
import type { Key } from '../key.js';
import { Mutex } from '../mutex.js';
import { TreeCache } from '../tree/tree-cache.js';
import type { rebaseUnpushed } from '../unpushed.js';
import { checkedBlob } from '../value.js';
import type { Watched, Watching } from '../watch/watching.js';
import { type VersionedCommit, versionedCommit } from './commit.js';
import type { Author, CommitOptions, VersionedOptions } from './options.js';

const KEPT_COMMITS = 1000;

/** What a new commit is made of. */
export interface NewCommit extends CommitOptions {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  readonly message: string;
  /** What the tree needs and the store may not have. */
  readonly objects: readonly RawObject[];
}

/** What is loaded when it is first needed: see `later.ts`. */
export interface Later {
  readonly Watching: typeof Watching;
  readonly rebaseUnpushed: typeof rebaseUnpushed;
}

/** What the parts of a versioned store share: the repository, and how it is read and written. */
export class VersionedContext<T> {
  readonly repository: Repository;
  readonly codec: AsyncCodec<T>;
  readonly options: VersionedOptions<T>;
  readonly trees: TreeCache;
  readonly maxValueBytes: number;
  readonly committer: Committer;
  readonly later: () => Promise<Later>;
  readonly #commits = new Map<Oid, VersionedCommit>();
  readonly #writes = new Map<string, Mutex>();
  /** By the full names of branches. */
  readonly #watched = new Map<string, { readonly branch: Watched; readonly watching: Promise<Watching> }>();

  constructor(repository: Repository, options: VersionedOptions<T>, later: () => Promise<Later>) {
    this.repository = repository;
    this.codec = options.codec;
    this.options = options;
    this.later = later;
    this.trees = new TreeCache(repository.objects);
    this.maxValueBytes = options.limits?.valueBytes ?? defaultLimits.objectBytes;
    const { author, clock, sign, timezone, deterministic, merge } = options;
    this.committer = new Committer(repository, {
      ...namesOf(author),
      ...(clock !== undefined && { clock }),
      ...(sign !== undefined && { sign }),
      ...(timezone !== undefined && { timezone }),
      ...(deterministic !== undefined && { deterministic }),
      merge,
    });
  }

  identity({ author }: CommitOptions): Identity {
    return this.committer.identity(namesOf(author));
  }

  /** What moves a branch goes one after the other, as far as this store does it. */
  writes(refName: string): Mutex {
    let mutex = this.#writes.get(refName);
    if (mutex === undefined) this.#writes.set(refName, (mutex = new Mutex()));
    return mutex;
  }

  /** The commit that a revision comes to. @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} OBJECT_KIND_MISMATCH */
  async resolve(revision: string): Promise<VersionedCommit> {
    const isWhole = isOid(revision) && revision.length === this.repository.algorithm.hexLength;
    const oid = isWhole ? revision : await resolveRevision(this.repository, revision, { prefer: 'commit-ish' });
    const commitOid = await peelTo(this.repository, oid, 'commit');
    if (commitOid !== undefined) return await this.commit(commitOid);
    if ((await this.repository.objects.stat(oid)) === undefined) throw missing(revision);
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot use ${revision}: it is no commit, and leads to none`);
  }

  async commit(oid: Oid): Promise<VersionedCommit> {
    const kept = this.#commits.get(oid);
    if (kept !== undefined) return kept;
    const object = await this.repository.objects.read(oid);
    if (object === undefined) throw missing(oid);
    if (object.kind !== 'commit') {
      throw new GitError('OBJECT_KIND_MISMATCH', `Cannot use ${oid}: it is a ${object.kind}, not a commit`);
    }
    return this.#keep(versionedCommit(oid, object.body));
  }

  /** Write a commit and what it needs. No branch leads to it yet. */
  async writeCommit(fields: NewCommit): Promise<VersionedCommit> {
    const { author, message } = fields;
    const { head, object } = await this.committer.make(fields, { ...namesOf(author), message });
    await this.repository.objects.writeMany([...fields.objects, object]);
    return this.#keep(versionedCommit(head.oid, object.body));
  }

  /** The commit that a branch is at; `undefined` where there is no such branch. */
  async tip(refName: string): Promise<VersionedCommit | undefined> {
    const value = await this.repository.refs.read(refName);
    return value && (await this.commit(directOid(refName, value)));
  }

  /**
   * Move a branch, unless it is not where it was.
   * @param message for the log of the branch, where the engine keeps one
   * @returns whether it was moved
   * @throws {GitError} REF_CONFLICT where another branch is in the way, which trying again does not help; INVALID_REF_NAME for a new
   *   branch that git would not make
   */
  async move(
    refName: string,
    from: VersionedCommit | undefined,
    to: VersionedCommit,
    message: string,
  ): Promise<boolean> {
    if (from === undefined) assertNewBranch(refName);
    const { name, email, timestamp, timezone } = to.committer;
    const outcome = await this.repository.refs.update(
      [{ name: refName, expected: from === undefined ? null : { oid: from.oid }, next: { oid: to.oid } }],
      { reflog: { name, email, timestamp, timezone, message } },
    );
    if (outcome.status === 'conflict' && outcome.name !== refName) {
      throw new GitError('REF_CONFLICT', `Cannot move ${refName}: ${outcome.name} is in the way`);
    }
    if (outcome.status !== 'updated') return false;
    this.#watched.get(refName)?.branch.onMoved?.(to);
    return true;
  }

  /** What those who watch a branch have in common. */
  watching(refName: string): Promise<Watching> {
    const known = this.#watched.get(refName);
    if (known !== undefined) return known.watching;
    const branch: Watched = { repository: this.repository, refName, onMoved: undefined };
    const watching = this.later().then(({ Watching }) => new Watching(branch, this.repository));
    this.#watched.set(refName, { branch, watching });
    watching.catch(() => this.#watched.delete(refName)); // the next watch tries again
    return watching;
  }

  /** The value with this oid. */
  async value(key: Key, oid: Oid, options?: { readonly signal?: AbortSignal }): Promise<T> {
    return await this.codec.decode(
      checkedBlob(key, oid, await this.repository.objects.read(oid, options)).body.slice(),
    );
  }

  #keep(commit: VersionedCommit): VersionedCommit {
    if (this.#commits.size >= KEPT_COMMITS) this.#commits.clear();
    this.#commits.set(commit.oid, commit);
    return commit;
  }
}

function namesOf(author: Author | undefined): { readonly author?: string; readonly authorEmail?: string } {
  return author === undefined ? {} : { author: author.name, authorEmail: author.email };
}

/** Programs of git would take such a name for something else. One that is there can be read, moved and deleted. */
function assertNewBranch(refName: string): void {
  if (refName === 'refs/heads/HEAD' || refName.startsWith('refs/heads/-')) {
    throw new GitError('INVALID_REF_NAME', `Cannot make branch ${refName}: git makes none of this name`);
  }
}

function directOid(refName: string, value: RefValue): Oid {
  if ('oid' in value) return value.oid;
  throw new GitError('UNSUPPORTED', `Cannot use ${refName} as a branch: it is a symbolic ref`);
}

function missing(revision: string): NotFoundError {
  return new NotFoundError('OBJECT_NOT_FOUND', revision, `Cannot read commit ${revision}: it is missing`);
}
