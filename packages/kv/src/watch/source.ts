import { GitError, type HashAlgorithm, isGitError, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import {
  type ObjectReader,
  openRemoteRepository,
  type ReadOptions,
  type RemoteRepository,
  type Repository,
  type RepositoryObjects,
} from '@git-kv/repository';
import { inflateLimit } from '../options.js';

/** Where a watch learns of a branch and reads its history. */
export interface WatchSource {
  /** Milliseconds between questions where the caller does not say. */
  readonly pollMs: number;
  /** All objects of the branch, wherever they are. */
  readonly reader: ObjectReader;
  /** An object that is here: asks no remote. */
  readNear(oid: Oid): Promise<RawObject | undefined>;
  /** Where the branch is; `undefined` where it is not. As cheap a question as there is. */
  findTip(options: ReadOptions): Promise<Oid | undefined>;
  /**
   * Bring the commits from `have` to `tip`, `depth` of them where nothing is had. `isKnown`: the trees of `have` were seen, so that those
   * of the others are worth to come along.
   */
  bring(tip: Oid, have: Oid | undefined, options: ReadOptions & { depth: number; isKnown: boolean }): Promise<void>;
  /** Told when the branch may have moved, where the source notices by itself. Ends with the signal. */
  follow?(onMoved: () => void, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const REMOTE_POLL_MS = 5000;
const LOCAL_POLL_MS = 250;
const CACHE_BYTES = 16 * 2 ** 20;

/** A branch of a repository at hand. */
export function localSource(repository: Repository, refName: string): WatchSource {
  return {
    pollMs: LOCAL_POLL_MS,
    reader: repository.objects,
    readNear: (oid) => repository.objects.read(oid),
    findTip: async () => {
      const value = await repository.refs.read(refName);
      if (value === undefined || 'oid' in value) return value?.oid;
      throw new GitError('UNSUPPORTED', `Cannot watch ${refName}: it is a symbolic ref`);
    },
    bring: async () => {},
    follow: async (onMoved, signal) => {
      for await (const { updates } of repository.refs.transactions?.({ signal }) ?? []) {
        if (updates.some(({ name }) => name === refName)) onMoved();
      }
    },
    close: async () => {},
  };
}

/** A branch behind a transport. What the store has is read there first, the rest is fetched as it is needed. */
export function remoteSource(near: RepositoryObjects, transport: Transport, refName: string): WatchSource {
  if (isRemoteRepository(near))
    return new RemoteSource(
      near.objects,
      refName,
      async () => near,
      async () => {},
    );
  let opened: Promise<RemoteRepository> | undefined;
  const open = (): Promise<RemoteRepository> => {
    // Its own signal: others go on with it when who came first has left.
    opened ??= openRemoteRepository(transport, {
      refName,
      cacheBytes: CACHE_BYTES,
      handshake: 'ask',
      ...inflateLimit(undefined),
    });
    opened.catch(() => (opened = undefined));
    return opened;
  };
  return new RemoteSource(new NearFirst(near.objects, open), refName, open, async () => {
    await (await opened?.catch(() => undefined))?.close();
  });
}

function isRemoteRepository(repository: RepositoryObjects): repository is RemoteRepository {
  return 'fetchCommit' in repository;
}

class RemoteSource implements WatchSource {
  readonly pollMs = REMOTE_POLL_MS;
  readonly reader: ObjectReader;
  readonly close: () => Promise<void>;
  readonly #refName: string;
  readonly #open: () => Promise<RemoteRepository>;
  #hasFilters = true;

  constructor(
    reader: ObjectReader,
    refName: string,
    open: () => Promise<RemoteRepository>,
    close: () => Promise<void>,
  ) {
    this.reader = reader;
    this.close = close;
    this.#refName = refName;
    this.#open = open;
  }

  async readNear(oid: Oid): Promise<RawObject | undefined> {
    const near = this.reader instanceof NearFirst ? await this.reader.near.read(oid) : undefined;
    return near ?? (await (await this.#open()).objects.readNear(oid));
  }

  async findTip(options: ReadOptions): Promise<Oid | undefined> {
    const branch = await (await this.#open()).findRef(this.#refName, options);
    return branch.status === 'found' ? branch.oid : undefined;
  }

  async bring(
    tip: Oid,
    have: Oid | undefined,
    { signal, depth, isKnown }: ReadOptions & { depth: number; isKnown: boolean },
  ): Promise<void> {
    const remote = await this.#open();
    const given = signal ? { signal } : {};
    const range = have === undefined ? { depth } : { haves: [have] };
    if (this.#hasFilters) {
      try {
        return await remote.fetchCommit(tip, { ...given, ...range, filter: isKnown ? 'blob:none' : 'tree:0' });
      } catch (error) {
        if (!isGitError(error, 'UNSUPPORTED')) throw error;
        this.#hasFilters = false;
      }
    }
    await remote.fetchCommit(tip, { ...given, ...range, filter: null });
  }
}

/** Reads what the store has, and what it lacks from the remote. */
class NearFirst implements ObjectReader {
  readonly algorithm: HashAlgorithm;
  readonly near: ObjectReader;
  readonly #open: () => Promise<RemoteRepository>;

  constructor(near: ObjectReader, open: () => Promise<RemoteRepository>) {
    this.algorithm = near.algorithm;
    this.near = near;
    this.#open = open;
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    return (await this.near.read(oid, options)) ?? (await this.#open()).objects.read(oid, options);
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    const missing: Oid[] = [];
    for await (const found of this.near.readMany(oids, options)) {
      if (found[1] === undefined) missing.push(found[0]);
      else yield found;
    }
    if (missing.length > 0) yield* (await this.#open()).objects.readMany(missing, options);
  }

  async stat(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return (await this.near.stat(oid, options)) ?? (await this.#open()).objects.stat(oid, options);
  }

  async prefetch(oids: Iterable<Oid>, options?: ReadOptions): Promise<void> {
    const missing: Oid[] = [];
    for (const oid of oids) if ((await this.near.stat(oid, options)) === undefined) missing.push(oid);
    if (missing.length > 0) await (await this.#open()).objects.prefetch(missing, options);
  }
}
