import {
  GitError,
  type HashAlgorithm,
  isGitError,
  type ObjectKind,
  type Oid,
  type RawObject,
  sha1,
} from '@git-kv/objects';
import { connectUploadPack, type Transport, type UploadPackClient } from '@git-kv/protocol';
import { createMemoryRepository } from '../engines/memory/repository.js';
import { LayeredReader } from '../engines/overlay/layered-reader.js';
import type { ObjectStore, Promises, ReadOptions } from '../object-store.js';
import type { RefName, RefOutcome, RefStore } from '../ref-store.js';
import { findRemoteRef, type RemoteBranch } from '../remote/fetch.js';
import type { Repository, RepositoryChange, ShallowStore } from '../repository.js';
import { objectsBetween } from '../walk/index.js';
import { BackFill, type BackFillOptions } from './back-fill.js';
import { type BackFilledObjectStore, FillingStore, intoStore } from './back-filled-repository.js';
import { ObjectCache } from './object-cache.js';
import { type HandshakeOptions, RemoteDoor } from './remote-door.js';

/** How a remote is taken for a repository. */
export interface RemoteRepositoryOptions extends BackFillOptions, HandshakeOptions {
  /** The ref that is asked for first. */
  readonly refName: RefName;
  /** Bytes of objects held in memory (default 64 MiB). */
  readonly cacheBytes?: number;
  /** Keep objects here, as in a partial clone of the remote, instead of in memory. It stays its owner's to close. */
  readonly cache?: Repository;
  /** What the cache calls the remote (default `origin`). */
  readonly remoteName?: string;
  readonly signal?: AbortSignal;
}

/** What a fetch of a commit brings along. */
export interface FetchCommitOptions extends ReadOptions {
  /**
   * As git spells it: `tree:1` (default) for the commit and its root, `tree:0` for commits alone, `blob:none` for all trees; `null` for
   * everything, from servers without filters.
   */
  readonly filter?: string | null;
  /** Commits at hand: what they have does not come, and history down to them does. */
  readonly haves?: readonly Oid[];
  /** Without `haves`, so many commits come (default 1: the commit itself). */
  readonly depth?: number;
}

/**
 * A remote that reads like a repository, without a clone of it: what is missing is fetched, and what is written stays in memory until it
 * is settled.
 */
export interface RemoteRepository extends Repository {
  readonly objects: BackFilledObjectStore;
  /** What was written and is not settled, as a repository of its own: a push from it sends that, and fetches nothing. */
  readonly written: Repository;
  /** What the remote says of a ref now. The first answer is that of opening, when it is of the same ref. */
  findRef(name: RefName, options?: ReadOptions): Promise<RemoteBranch>;
  /** Bring a commit, and what `filter` lets through. @throws {GitError} UNSUPPORTED where the remote has no filters */
  fetchCommit(oid: Oid, options?: FetchCommitOptions): Promise<void>;
  /** What was written belongs to the remote, or is of no use any more, unless one of `tips` reaches it. */
  settle(tips: readonly Oid[]): Promise<void>;
  /** Let go of connections. What is called after makes new ones. */
  disconnect(): Promise<void>;
}

const CACHE_BYTES = 64 * 2 ** 20;

/** Everything that is not here is the remote's. */
const ALL_PROMISED: Promises = { has: () => false, covers: async () => true, *oids() {} };

/**
 * Open a remote as a repository that holds nothing and can read all of it: objects are checked by their ids and kept in memory, up to a
 * number of bytes, or in a cache of the caller's. Its refs are its own.
 *
 * Reads of one turn go together in one request. No haves are sent but for {@link RemoteRepository.fetchCommit}.
 * @throws what connecting and asking for a ref throw
 */
export async function openRemoteRepository(
  transport: Transport,
  options: RemoteRepositoryOptions,
): Promise<RemoteRepository> {
  const { refName, cache, remoteName = 'origin' } = options;
  const given = options.signal ? { signal: options.signal } : {};
  const door = new RemoteDoor(transport, cache?.algorithm ?? sha1, options);
  const { client, answer, requestCount } = await door.enter((entered) => findRemoteRef(entered, refName, given), given);
  const { algorithm } = client;
  if (cache !== undefined && cache.algorithm.name !== algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot keep objects of ${algorithm.name} in a repository of ${cache.algorithm.name}`,
    );
  }
  await cache?.promisors?.add({ name: remoteName, filter: 'tree:0' });
  const memory = new ObjectCache(algorithm, options.cacheBytes ?? CACHE_BYTES, options);
  const fill = new BackFill(door.connect, cache ? intoStore(cache.objects, options) : memory, options, door);
  // One to ask for the ref.
  for (let spent = 0; spent < requestCount + 1; spent++) fill.countRequest();
  const asker = new RefAsker(transport, client, fill);
  return new RemoteBacked({ algorithm, fill, asker, memory, cache, first: { name: refName, branch: answer } });
}

/** Asks for refs, over and over: where requests stand alone, with one of them each time. */
class RefAsker {
  readonly #transport: Transport;
  readonly #fill: BackFill;
  #client: UploadPackClient | undefined;

  constructor(transport: Transport, client: UploadPackClient, fill: BackFill) {
    this.#transport = transport;
    this.#fill = fill;
    this.#keep(client);
  }

  async ask(name: RefName, options: ReadOptions): Promise<RemoteBranch> {
    for (;;) {
      const kept = this.#client;
      this.#client = undefined;
      if (kept === undefined) this.#fill.countRequest();
      const client = kept ?? (await connectUploadPack(this.#transport, options));
      try {
        if (client.version === 2) this.#fill.countRequest();
        const branch = await findRemoteRef(client, name, options);
        this.#keep(client);
        return branch;
      } catch (error) {
        // What a kept one was taken for may be wrong by now.
        if (kept === undefined || options.signal?.aborted || isGitError(error, 'TRANSPORT_FAILED')) throw error;
      } finally {
        if (this.#client !== client) await client.close();
      }
    }
  }

  /** Version 0 tells its refs only once; and a connection would stay open for nothing. */
  #keep(client: UploadPackClient): void {
    if (client.version === 2 && 'exchange' in this.#transport) this.#client = client;
  }
}

interface Parts {
  readonly algorithm: HashAlgorithm;
  readonly fill: BackFill;
  readonly asker: RefAsker;
  readonly memory: ObjectCache;
  readonly cache: Repository | undefined;
  readonly first: { readonly name: RefName; readonly branch: RemoteBranch };
}

class RemoteBacked implements RemoteRepository {
  readonly algorithm: HashAlgorithm;
  readonly objects: RemoteObjects;
  readonly written: Repository;
  readonly refs: RefStore;
  readonly shallow: ShallowStore;
  readonly #memory: Repository;
  readonly #parts: Parts;
  #first: Parts['first'] | undefined;

  constructor(parts: Parts) {
    const { algorithm, fill, memory, cache, first } = parts;
    this.algorithm = algorithm;
    this.#parts = parts;
    this.#first = first;
    this.#memory = createMemoryRepository({ algorithm });
    this.refs = this.#memory.refs;
    this.shallow = this.#memory.shallow;
    this.objects = new RemoteObjects(this.#memory.objects, cache?.objects ?? memory, fill);
    this.written = writtenPart(this.#memory);
  }

  async findRef(name: RefName, options: ReadOptions = {}): Promise<RemoteBranch> {
    const first = this.#first;
    this.#first = undefined;
    return first?.name === name ? first.branch : await this.#parts.asker.ask(name, options);
  }

  async fetchCommit(oid: Oid, options: FetchCommitOptions = {}): Promise<void> {
    const { filter = 'tree:1', haves, depth = 1, signal } = options;
    const given = signal ? { signal } : {};
    if (haves === undefined && depth === 1 && (await this.objects.readNear(oid)) !== undefined) return;
    const more = haves === undefined ? { depth } : { haves };
    const { fill } = this.#parts;
    try {
      await fill.request([oid], { ...(filter !== null && { filter }), ...more }, given);
    } catch (error) {
      // Some hosts take no filter but those of blobs: then all trees come.
      if (!isGitError(error, 'REMOTE_ERROR') || !error.message.includes('filter')) throw error;
      await fill.request([oid], { filter: 'blob:none', ...more }, given);
    }
  }

  async settle(tips: readonly Oid[]): Promise<void> {
    const { objects } = this.#memory;
    const here = new WrittenObjects(objects);
    const wants: Oid[] = [];
    for (const oid of new Set(tips)) if ((await here.stat(oid)) !== undefined) wants.push(oid);
    const isPromised = async (oid: Oid): Promise<boolean> => (await here.stat(oid)) === undefined;
    const keep = new Set<Oid>();
    for await (const { oid } of objectsBetween(here, { wants, isPromised })) keep.add(oid);
    const settled: RawObject[] = [];
    for await (const oid of objects.oids()) {
      const object = keep.has(oid) ? undefined : await objects.read(oid);
      if (object === undefined) continue;
      settled.push(object);
      if (this.#parts.cache === undefined) this.#parts.memory.put(oid, object);
    }
    if (settled.length === 0) return;
    await this.#parts.cache?.objects.writeMany(settled);
    await objects.prune((oid) => keep.has(oid));
  }

  transact(change: RepositoryChange): Promise<RefOutcome> {
    return this.#memory.transact(change);
  }

  disconnect(): Promise<void> {
    return this.#parts.fill.close();
  }

  async close(): Promise<void> {
    await this.disconnect();
    await this.#memory.close();
  }
}

function writtenPart(repository: Repository): Repository {
  return {
    algorithm: repository.algorithm,
    objects: new WrittenObjects(repository.objects),
    refs: repository.refs,
    // Its commits end at the remote's, which has their parents.
    shallow: { read: async () => new Set(), update: async () => {} },
    transact: (change) => repository.transact(change),
    close: async () => {}, // whoever has the whole closes it
  };
}

/** What is written, on top of what the remote has. */
class RemoteObjects extends FillingStore {
  constructor(written: ObjectStore, known: ConstructorParameters<typeof LayeredReader>[0][number], fill: BackFill) {
    super(written, fill, new LayeredReader([written, known]));
  }

  override async open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  > {
    const object = await this.read(oid, options);
    return object && { kind: object.kind, size: object.body.length, body: onePiece(object.body) };
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

/** A store whose missing objects are all the remote's, so that a walk for a push passes them over. */
class WrittenObjects implements ObjectStore {
  readonly algorithm: HashAlgorithm;
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.algorithm = store.algorithm;
    this.#store = store;
  }

  async openPromises(): Promise<Promises> {
    return ALL_PROMISED;
  }

  readonly read: ObjectStore['read'] = (oid, options) => this.#store.read(oid, options);
  readonly readMany: ObjectStore['readMany'] = (oids, options) => this.#store.readMany(oids, options);
  readonly stat: ObjectStore['stat'] = (oid, options) => this.#store.stat(oid, options);
  readonly open: ObjectStore['open'] = (oid, options) => this.#store.open(oid, options);
  readonly findByPrefix: ObjectStore['findByPrefix'] = (hex, limit) => this.#store.findByPrefix(hex, limit);
  readonly oids: ObjectStore['oids'] = (options) => this.#store.oids(options);
  readonly write: ObjectStore['write'] = (object) => this.#store.write(object);
  readonly writeMany: ObjectStore['writeMany'] = (objects) => this.#store.writeMany(objects);
  readonly receive: ObjectStore['receive'] = (pack, options) => this.#store.receive(pack, options);
  readonly prune: ObjectStore['prune'] = (keep, options) => this.#store.prune(keep, options);
  readonly close: ObjectStore['close'] = async () => {};
}
