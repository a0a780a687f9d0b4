import { assertRefName, GitError, isGitError, NotFoundError } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { Repository } from '@git-kv/repository';
import { Key } from '../key.js';
import { VersionedBranch } from './branch.js';
import { VersionedContext } from './context.js';
import { type DiffOptions, diffVersions, type VersionedDifference } from './diff.js';
import { type HistoryEntry, type HistoryOptions, historyOf } from './history.js';
import type { CallOptions, ExpectedOid, VersionedOptions } from './options.js';
import type { RemoteOptions, VersionedRemote } from './remote.js';
import { VersionedSnapshot } from './snapshot.js';
import { createTag, deleteTag, listTags, type TagOptions, type VersionedTag } from './tags.js';

const HEADS = 'refs/heads/';

/**
 * A store that keeps its versions, in a git repository on any engine: values under keys, a commit for each version, branches, merges
 * and tags. Git programs may read and write the same repository.
 *
 * A revision is what git takes for one: a branch, a tag, an object id or an abbreviation, `main~2`. Texts of strangers are not to be
 * taken for revisions; their object ids are.
 */
export class VersionedStore<T> {
  readonly repository: Repository;
  readonly #context: VersionedContext<T>;
  readonly #defaultBranch: string;

  private constructor(context: VersionedContext<T>, defaultBranch: string) {
    this.repository = context.repository;
    this.#context = context;
    this.#defaultBranch = defaultBranch;
  }

  /**
   * A store over `repository`, empty or not. It stays the caller's to close.
   * @throws {GitError} INVALID_REF_NAME; {RangeError} for an author or timezone that git would not take
   */
  static async open<T>(repository: Repository, options: VersionedOptions<T>): Promise<VersionedStore<T>> {
    const context = new VersionedContext(repository, options, () => import('./later.js'));
    const store = new VersionedStore(context, options.branch ?? (await headBranch(repository)));
    store.branch();
    return store;
  }

  /** A handle of a branch, which need not exist. Without a name: that of the store. @throws {GitError} INVALID_REF_NAME */
  branch(name: string = this.#defaultBranch): VersionedBranch<T> {
    return new VersionedBranch(this.#context, name, branchRefName(name));
  }

  /**
   * A remote to share branches with: a URL that HTTP leads to, or any transport, such as `openTransport` of `@git-kv/kv/node` makes for
   * ssh, `git://` and paths, and `createRepositoryTransport` of `@git-kv/repository` for a repository of this process. Nothing is asked
   * of it now. To be disconnected after use.
   * @throws {GitError} INVALID_URL; INVALID_REF_NAME for a `name` that cannot be one; UNSUPPORTED for other schemes
   */
  async remote(where: string | Transport, options: RemoteOptions = {}): Promise<VersionedRemote<T>> {
    const { VersionedRemote } = await import('./later.js');
    return new VersionedRemote(this.#context, where, options, (name) => this.branch(name));
  }

  /** The branches that exist, by name. */
  async *branches(options: CallOptions = {}): AsyncGenerator<VersionedBranch<T>, void, undefined> {
    for await (const { name } of this.repository.refs.list(HEADS)) {
      options.signal?.throwIfAborted();
      yield this.branch(name.slice(HEADS.length));
    }
  }

  /**
   * Make a branch at a revision, by default where the store's own is.
   * @throws {GitError} ALREADY_PRESENT; INVALID_REF_NAME; {NotFoundError} OBJECT_NOT_FOUND
   */
  async createBranch(name: string, from: string = this.branch().refName): Promise<VersionedBranch<T>> {
    const branch = this.branch(name);
    const commit = await this.#context.resolve(from);
    const note = `branch: Created from ${from}`;
    const isMade = await this.#context.move(branch.refName, undefined, commit, note).catch((cause: unknown) => {
      if (!isGitError(cause, 'REF_CONFLICT')) throw cause;
      throw new GitError('ALREADY_PRESENT', `Cannot create branch ${name}: another is in the way`, { cause });
    });
    if (isMade) return branch;
    throw new GitError('ALREADY_PRESENT', `Cannot create branch ${name}: it is there`);
  }

  /**
   * Delete a branch. Versions that nothing else leads to are left to collections.
   * @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} REF_CONFLICT where it is not at `expect`
   */
  async deleteBranch(name: string, options: { readonly expect?: ExpectedOid | undefined } = {}): Promise<void> {
    const { refName } = this.branch(name);
    const tip = await this.#context.tip(refName);
    if (tip === undefined)
      throw new NotFoundError('OBJECT_NOT_FOUND', refName, `Cannot find branch ${name}: it does not exist`);
    const isExpected = !('expect' in options) || options.expect === tip.oid;
    const outcome =
      isExpected && (await this.repository.refs.update([{ name: refName, expected: { oid: tip.oid }, next: null }]));
    if (outcome === false || outcome.status !== 'updated') {
      throw new GitError('REF_CONFLICT', `Cannot delete branch ${name}: it is elsewhere`);
    }
  }

  /** The version that a revision names. @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} OBJECT_KIND_MISMATCH, AMBIGUOUS_REVISION */
  async at(revision: string): Promise<VersionedSnapshot<T>> {
    return new VersionedSnapshot(this.#context, await this.#context.resolve(revision));
  }

  /** What differs from one version to another, by key. @throws as {@link at} */
  async *diff(
    from: string,
    to: string,
    options: DiffOptions = {},
  ): AsyncGenerator<VersionedDifference<T>, void, undefined> {
    const [before, after] = [await this.#context.resolve(from), await this.#context.resolve(to)];
    yield* diffVersions(this.#context, before.treeOid, after.treeOid, options);
  }

  /** The commits that changed `key` or anything below it, newest first; without one, all commits. @throws as {@link at} */
  async *history(
    key: string | Key = Key.root,
    options: HistoryOptions = {},
  ): AsyncGenerator<HistoryEntry<T>, void, undefined> {
    const from = await this.#context.resolve(options.from ?? this.branch().refName);
    yield* historyOf(this.#context, from.oid, Key.of(key), options);
  }

  /** Give a version a name that stays. @throws {GitError} ALREADY_PRESENT, INVALID_REF_NAME; as {@link at} */
  async createTag(
    name: string,
    revision: string = this.branch().refName,
    options: TagOptions = {},
  ): Promise<VersionedTag> {
    return await createTag(this.#context, name, await this.#context.resolve(revision), options);
  }

  /** The tags that name versions, by name. */
  tags(options: CallOptions = {}): AsyncGenerator<VersionedTag, void, undefined> {
    return listTags(this.#context, options);
  }

  /** @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} REF_CONFLICT */
  async deleteTag(name: string): Promise<void> {
    await deleteTag(this.#context, name);
  }
}

/** Branches alone are moved, and they are named short: a full name is most likely a mistake. */
function branchRefName(name: string): string {
  const refName = `${HEADS}${name}`;
  if (name.startsWith('refs/')) {
    throw new GitError('INVALID_REF_NAME', `Cannot use ${JSON.stringify(name)} as a branch: give its short name`);
  }
  assertRefName(refName);
  return refName;
}

async function headBranch(repository: Repository): Promise<string> {
  const head = await repository.refs.read('HEAD');
  const isBranch = head !== undefined && 'target' in head && head.target.startsWith(HEADS);
  return isBranch ? head.target.slice(HEADS.length) : 'main';
}
