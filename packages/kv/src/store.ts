import { assertRefName, hashAlgorithm, isGitError, NotFoundError, type Oid } from '@git-kv/objects';
import { connectUploadPack, type Transport } from '@git-kv/protocol';
import type { Repository } from '@git-kv/repository';
import { createMemoryObjects } from '@git-kv/repository/memory';
import { KvBatch } from './batch.js';
import type { Change } from './changes.js';
import { StoreCore } from './core.js';
import { Draft } from './draft.js';
import { allocateIn, removeIn, renameIn, setIn, setPartialIn } from './draft-writes.js';
import { invalidState } from './errors.js';
import { expectationOf } from './expectation.js';
import type { Head } from './head.js';
import { Key } from './key.js';
import { Mutex } from './mutex.js';
import type { ToOctetsOptions } from './octets/write.js';
import type {
  ChangeOptions,
  ConnectOptions,
  KvOptions,
  OfOctetsOptions,
  PullOptions,
  WriteOptions,
} from './options.js';
import type { PartialOptions } from './partial/options.js';
import type { ProvenRead } from './proof/proof.js';
import { type KvCommit, KvReader, type KvReadOptions, type ReadView } from './reader.js';
import { parseRemoteUrl } from './remote-url.js';
import { endWhenForgotten } from './retention.js';
import { KvSnapshot } from './snapshot.js';
import { Transaction } from './transaction.js';
import { openTransport } from './transport.js';
import { LocalUpstream, RemoteUpstream } from './upstream.js';
import type { WatchEvent, WatchOptions } from './watch/events.js';
import type { Watching } from './watch/watching.js';
import type { KvWriter, RemoveOptions, SetOptions, WriteRange } from './writer.js';

const HEADS = 'refs/heads/';

/** How a store over a repository of the caller's can be set up. */
export interface OpenOptions extends KvOptions {
  /** Short name of the branch. Default `main`. */
  readonly branch?: string;
}

/**
 * A key-value store on a branch of a git repository. Keys are paths, values are files; each write is a commit.
 *
 * {@link GitKv.connect} and {@link GitKv.ofOctets} give stores in memory that a remote is pulled into and pushed from;
 * {@link GitKv.open} works on a repository at hand. Calls may overlap: writes run one after another.
 */
export class GitKv extends KvReader implements KvWriter {
  readonly #core: StoreCore;
  /** Where the branch is shared. */
  readonly #shared: Transport | Repository;
  /** What those who watch have in common. */
  #watched: Promise<Watching> | undefined;
  /** One batch at a time. */
  readonly #batches = new Mutex();

  private constructor(core: StoreCore, shared: Transport | Repository) {
    super();
    this.#core = core;
    this.#shared = shared;
  }

  /**
   * A store in memory of the branch that `URL[#branch]` names (`main` by default), pulled now. An empty remote makes
   * an empty store, and the first write makes the branch.
   * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where the remote has branches but not this one
   * @throws {GitError} INVALID_URL, INVALID_REF_NAME, UNSUPPORTED for schemes other than http and https, and what goes
   *   wrong on the way
   */
  static async connect(url: string, options: ConnectOptions = {}): Promise<GitKv> {
    const remote = parseRemoteUrl(url);
    const transport = options.transport ?? openTransport(remote, options);
    const { signal, onProgress, onUnpushed = 'reject', partial = false } = options;
    const settings = partial === true ? {} : partial;
    if (settings !== false) {
      try {
        return await GitKv.#connectPartial(remote.refName, transport, options, settings);
      } catch (error) {
        if (settings.withoutFilters !== 'whole' || !isGitError(error, 'UNSUPPORTED')) throw error;
      }
    }
    const client = await connectUploadPack(transport, { signal });
    // What is taken apart needs no idx and no look-up in packs: a page with a small store never loads these.
    const repository = createMemoryObjects({ algorithm: client.algorithm, unpackLimit: Infinity });
    const upstream = new RemoteUpstream(repository, transport, remote.refName, {
      connected: client,
      limits: options.limits,
    });
    const reporting = { ...(signal !== undefined && { signal }), ...(onProgress !== undefined && { onProgress }) };
    const core = { ...options, repository, upstream, refName: remote.refName, onUnpushed };
    return await GitKv.#start(core, transport, reporting);
  }

  /** A store that was pulled; where that fails nothing stays connected. */
  static async #start(
    settings: Parameters<typeof StoreCore.open>[0],
    transport: Transport,
    reporting: Pick<PullOptions, 'signal' | 'onProgress'>,
  ): Promise<GitKv> {
    try {
      const core = await StoreCore.open(settings);
      await core.exclusively(() => core.pull({ ...reporting, isOpening: true }));
      loadRest();
      return new GitKv(core, transport);
    } catch (error) {
      await settings.upstream.close?.().catch(() => {});
      throw error;
    }
  }

  static async #connectPartial(
    refName: string,
    transport: Transport,
    options: ConnectOptions,
    partial: PartialOptions,
  ): Promise<GitKv> {
    const { signal, onUnpushed = 'reject' } = options;
    const { connectPartial } = await import('./later.js');
    const { repository, upstream } = await connectPartial(refName, transport, options, partial);
    const settings = { ...options, repository, upstream, refName, onUnpushed };
    return await GitKv.#start(settings, transport, signal === undefined ? {} : { signal });
  }

  /**
   * The store that {@link toOctets} saved, as bundle or pack, whole or in chunks. No network is used: `pull` it when it is
   * wanted.
   * @throws {GitError} INVALID_STATE for bytes that are no saved store, with the cause
   */
  static async ofOctets(octets: Uint8Array | AsyncIterable<Uint8Array>, options: OfOctetsOptions): Promise<GitKv> {
    const remote = parseRemoteUrl(options.remote);
    const transport = options.transport ?? openTransport(remote, options);
    const { signal, onUnpushed = 'reject' } = options;
    const algorithm = hashAlgorithm(options.objectFormat ?? 'sha1');
    const { readOctets } = await import('./later.js');
    const { repository, state } = await readOctets(octets, {
      refName: remote.refName,
      algorithm,
      limits: options.limits,
      ...(signal !== undefined && { signal }),
    });
    const refName = remote.branch === undefined ? (state.refName ?? remote.refName) : remote.refName;
    if (state.refName !== undefined && state.refName !== refName) {
      throw invalidState(`it is of ${state.refName}, not of ${refName}`);
    }
    const upstream = new RemoteUpstream(repository, transport, refName, { limits: options.limits });
    const core = await StoreCore.open({ ...options, repository, upstream, refName, onUnpushed, position: state });
    loadRest();
    return new GitKv(core, transport);
  }

  /**
   * A store on a branch of `repository`, without a remote: a write moves the branch, `pull` takes over what others
   * wrote to it. The branch need not exist. The repository stays the caller's to close.
   * @throws {GitError} INVALID_REF_NAME
   */
  static async open(repository: Repository, options: OpenOptions = {}): Promise<GitKv> {
    const refName = `${HEADS}${options.branch ?? 'main'}`;
    assertRefName(refName);
    const upstream = new LocalUpstream(repository, refName);
    const core = await StoreCore.open({ ...options, repository, upstream, refName, onUnpushed: 'reject' });
    const store = new GitKv(core, repository);
    await core.exclusively(() => core.pull({ isOpening: true }));
    loadRest();
    return store;
  }

  /** Short name of the branch. */
  get branch(): string {
    return this.#core.refName.slice(HEADS.length);
  }

  /** Full name of the branch. */
  get refName(): string {
    return this.#core.refName;
  }

  /** The commit that reads see; `undefined` in an empty store. */
  override get commit(): KvCommit | undefined {
    return this.#core.head && { state: 'clean', oid: this.#core.head.oid };
  }

  /** A commit whose push has no known outcome (PUSH_OUTCOME_UNKNOWN). The next pull settles it. */
  get pendingCommit(): Oid | undefined {
    return this.#core.pending?.oid;
  }

  /**
   * Put `value` under `key`, with the dictionaries above it: one commit, pushed. A value that the store has there already makes no
   * commit, and the remote is not asked but for what is `expected`. Resolves when the remote has it; after an error the store is as it was.
   * @throws {KvError} VALUE_EXPECTED where a dictionary stands, DICTIONARY_EXPECTED for a value among the key's prefixes
   * @throws {GitError} INVALID_VALUE for text with half a character (a lone surrogate)
   * @throws {KvConflictError} MERGE_CONFLICT where others changed the key too, and no rule brings the two together
   * @throws {GitError} PUSH_REJECTED where the server refuses it, or other writers were faster too often; PUSH_OUTCOME_UNKNOWN where
   *   the answer was lost and the remote does not say that it has the commit (which is then pending); UNPUSHED_COMMIT while an
   *   earlier one is pending
   */
  async set(key: string | Key, value: Uint8Array | string, options: SetOptions = {}): Promise<void> {
    const expects = expectationOf(Key.of(key), options.expected);
    await this.#core.write(setIn(key, value, options), options, expects);
  }

  /**
   * Put `bytes` into a value from `offset` on: one commit, pushed. What follows them stays; a hole before them is filled with zeros.
   * A key that is missing is made.
   * @throws {KvError} VALUE_EXPECTED for a dictionary or link, DICTIONARY_EXPECTED for a value among the key's prefixes, NO_SPACE
   *   where the value would be over the limit; {GitError} as {@link set} does
   */
  async setPartial(
    key: string | Key,
    range: WriteRange,
    bytes: Uint8Array | string,
    options: WriteOptions = {},
  ): Promise<void> {
    await this.#core.write(setPartialIn(key, range, bytes), options);
  }

  /**
   * Make a value of `size` zeros: one commit, pushed.
   * @throws {KvError} ALREADY_PRESENT where anything stands, be it a link; NO_SPACE over the limit; DICTIONARY_EXPECTED for a value
   *   among the key's prefixes; {GitError} as {@link set} does
   */
  async allocate(key: string | Key, size: number, options: WriteOptions = {}): Promise<void> {
    await this.#core.write(allocateIn(key, size), options);
  }

  /**
   * Take away a value, or a dictionary with all in it: one commit, pushed. Absence is no error and makes no commit.
   * @throws {KvError} INVALID_KEY for the root; {GitError} as {@link set} does
   */
  async remove(key: string | Key, options: RemoveOptions = {}): Promise<void> {
    const expects = expectationOf(Key.of(key), options.expected);
    await this.#core.write(removeIn(key), options, expects);
  }

  /**
   * Move a value (or link), or a dictionary with all in it: one commit, pushed. A value at `destination` is replaced; into a
   * dictionary there, the source moves by its own name. Permissions stay. Moving a thing to where it is makes no commit.
   * @throws {KvError} KEY_NOT_FOUND for the source; VALUE_EXPECTED for a source that is a dictionary where a value is in its way;
   *   RENAME_SOURCE_PREFIX for a dictionary into itself; ALREADY_PRESENT where the dictionary it moves into has a dictionary of
   *   its name; DICTIONARY_EXPECTED for a value among the prefixes of where it goes; {GitError} as {@link set} does
   */
  async rename(source: string | Key, destination: string | Key, options: WriteOptions = {}): Promise<void> {
    await this.#core.write(renameIn(source, destination), options);
  }

  /**
   * Run `change` on a view of the store that sees its own writes, then make one commit of them and push it. Without a
   * net change there is no commit. When `change` throws, nothing is kept. Calls wait for each other, so one that is
   * awaited inside another never ends: inside, use the batch.
   *
   * Where others pushed in the meantime, the commit is made again on top of theirs, as it is; with `isolation: 'serializable'`
   * only while they left alone what the batch has read, and else `change` is run again on what they left.
   * @returns what `change` returns
   * @throws {GitError} STORE_MODIFIED where the store itself was written to or pulled in the meantime: those writes stay,
   *   the batch does not; otherwise as {@link set} does
   */
  changeAndPush<T>(change: (batch: KvBatch) => T | Promise<T>, options: ChangeOptions = {}): Promise<T> {
    return this.#batches.run(() => this.#transact(change, options, false));
  }

  /**
   * As {@link changeAndPush}, in turn with writes and pulls, which wait for it, so that none comes in between. For a change that uses
   * nothing of the store but its batch.
   * @internal
   */
  changeInTurn<T>(change: (batch: KvBatch) => Promise<T>, options: ChangeOptions = {}): Promise<T> {
    return this.#batches.run(() => this.#core.exclusively(() => this.#transact(change, options, true)));
  }

  async #transact<T>(
    change: (batch: KvBatch) => T | Promise<T>,
    options: ChangeOptions,
    isInTurn: boolean,
  ): Promise<T> {
    const core = this.#core;
    core.assertSettled();
    const transaction = new Transaction(core, options, isInTurn);
    return await transaction.run((base, options) => KvBatch.open(core, base, options), change);
  }

  /**
   * Take over what the remote has, and say what changed: the keys of values, in order.
   * @throws {GitError} UNPUSHED_COMMIT where that would lose a commit of ours, unless the policy is `theirs`
   */
  pull(options: PullOptions = {}): Promise<Change[]> {
    return this.#core.exclusively(() => this.#core.pull(options));
  }

  /** Push what the remote does not have, as a saved store may hold. Writes do so by themselves. @throws as {@link set} */
  push(options: WriteOptions = {}): Promise<void> {
    return this.#core.exclusively(() => this.#core.push(options));
  }

  /**
   * The store as bytes, for {@link ofOctets}: the same bytes for the same state. Without history, but with commits that
   * the remote does not have.
   */
  toOctets(options: ToOctetsOptions = {}): AsyncGenerator<Uint8Array, void> {
    const { retention } = this.#core;
    let isHeld = false;
    const hold = (isWanted: boolean): void => {
      if (isWanted === isHeld) return;
      isHeld = isWanted;
      if (isHeld) retention.hold();
      else retention.unhold();
    };
    const octets = this.#toOctets(options, hold);
    endWhenForgotten(octets, () => hold(false));
    return octets;
  }

  async *#toOctets(options: ToOctetsOptions, hold: (isWanted: boolean) => void): AsyncGenerator<Uint8Array, void> {
    const core = this.#core;
    const { writeOctets } = await import('./later.js');
    hold(true);
    try {
      const { state, shallow } = await core.standing();
      yield* writeOctets(core.repository.objects, state, shallow, options);
    } finally {
      hold(false);
    }
  }

  /**
   * What happens to the branch, below `prefix`: each commit once and in order, with all its changes, whoever made it. Own writes are told
   * at once, those of others when the remote is asked for its branch the next time; one watch after another may begin where the last one
   * ended (`from`). A history that was rewritten is told as a `reset`. The store itself goes nowhere: pull it to read what is new.
   *
   * Ends when the signal says so or the store is disconnected, without an error.
   * @throws {GitError} what asking again cannot mend: ACCESS_DENIED, say. What it can goes to `onError`
   */
  watch(prefix: string | Key = Key.root, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void> {
    const core = this.#core;
    const at = Key.of(prefix);
    const from = options.from ?? core.head?.oid;
    if (this.#watched === undefined) {
      const loading = import('./later.js').then(({ Watching }) => new Watching(core, this.#shared));
      this.#watched = loading;
      loading.catch(() => {
        if (this.#watched === loading) this.#watched = undefined; // the next watch tries again
      });
    }
    return watchLater(this.#watched, at, from, options);
  }

  /** Let go of connections. Never fails; what was pulled stays readable. */
  async disconnect(): Promise<void> {
    const watched = this.#watched;
    this.#watched = undefined;
    // There is nothing a caller could do about a failure.
    await watched?.then((watching) => watching.close()).catch(() => {});
    await this.#core.disconnect().catch(() => {});
    // The repository is the caller's to close.
    if (!('refs' in this.#shared)) await this.#shared.close?.().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  /** What reads see now, for as long as it is wanted. Close it after use: until then nothing of it is dropped. */
  snapshot(): KvSnapshot {
    const { head, retention } = this.#core;
    const release = retention.pin(head?.treeOid);
    return new KvSnapshot(this.commit, (read) => this.#viewAt(head, read), release);
  }

  /**
   * The value of `key`, in a fresh buffer. With `proof`, what proves it to those who have no repository: see `verifyProof` of
   * `@git-kv/kv/proof`.
   * @throws {KvError} VALUE_EXPECTED for a dictionary; {NotFoundError} OBJECT_NOT_FOUND for a proof of an empty store
   */
  override get(key: string | Key, options: KvReadOptions & { readonly proof: true }): Promise<ProvenRead<Uint8Array>>;
  override get(key: string | Key, options?: KvReadOptions): Promise<Uint8Array | undefined>;
  override async get(
    key: string | Key,
    options: KvReadOptions & { readonly proof?: boolean } = {},
  ): Promise<Uint8Array | ProvenRead<Uint8Array> | undefined> {
    if (options.proof !== true) return await super.get(key, options);
    const at = Key.of(key);
    const { head, repository, retention } = this.#core;
    if (head === undefined) {
      throw new NotFoundError('OBJECT_NOT_FOUND', at.toString(), `Cannot prove ${at.format()}: there is no commit`);
    }
    retention.hold();
    try {
      const { createProof } = await import('./later.js');
      const proof = await createProof(repository.objects, head.oid, at, options);
      return { value: proof.value?.slice(), proof };
    } finally {
      retention.unhold();
    }
  }

  protected override view<T>(read: (view: ReadView) => Promise<T>): Promise<T> {
    return this.#viewAt(this.#core.head, read);
  }

  #viewAt<T>(head: Head | undefined, read: (view: ReadView) => Promise<T>): Promise<T> {
    const core = this.#core;
    const { objects } = core.repository;
    return core.retention.pinned(head?.treeOid, async () => {
      const draft = await Draft.open(core.trees, head?.treeOid, core.maxValueBytes);
      return await read({
        tree: draft.tree,
        readObject: (oid, options) => objects.read(oid, options),
        statObject: (oid) => objects.stat(oid),
        openObject: (oid, options) => objects.open(oid, options),
        base: head,
        trees: core.trees,
        shallow: () => core.repository.shallow.read(),
        now: undefined,
      });
    });
  }
}

/** What has a store and may be off line when it first needs the rest, as pages and their workers may, loads it now, beside all else. */
function loadRest(): void {
  const { navigator } = globalThis as { readonly navigator?: object };
  if (navigator === undefined || !('onLine' in navigator)) return;
  void import('./later.js').catch(() => {}); // tried again when it is needed
}

async function* watchLater(
  watched: Promise<Watching>,
  prefix: Key,
  from: Oid | undefined,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void> {
  yield* (await watched).watch(prefix, from, options);
}
