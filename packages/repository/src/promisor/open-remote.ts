import {
  decodeUtf8,
  GitError,
  type HashAlgorithm,
  isGitError,
  isGitlinkMode,
  isOid,
  isTreeMode,
  NotFoundError,
  type Oid,
  parseCommitLinks,
  parseTree,
  type RawObject,
  sha1,
  sha256,
  type TreeEntry,
} from '@git-kv/objects';
import type { RemoteRef, Transport } from '@git-kv/protocol';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { assertKind, missingObject, readBody } from '../read-object.js';
import type { RefName } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type PathSegment, readTreePaths, type TreeTarget } from '../tree-path.js';
import { BackFill, type BackFillOptions } from './back-fill.js';
import { intoStore } from './back-filled-repository.js';
import { FillingReader } from './filling-reader.js';
import { ObjectCache } from './object-cache.js';
import { type HandshakeOptions, RemoteDoor } from './remote-door.js';

/** What of a remote is read, and how. */
export interface OpenRemoteOptions extends BackFillOptions, HandshakeOptions {
  /** `HEAD` (default), a ref by its whole name, a tag or branch by its short one, or the object id of a commit. */
  readonly ref?: string;
  /** Bytes of objects held in memory (default 64 MiB). */
  readonly cacheBytes?: number;
  /** Keep objects here, as in a partial clone of the remote, instead of in memory. It stays its owner's to close. */
  readonly cache?: Repository;
  /** What the cache calls the remote (default `origin`). */
  readonly remoteName?: string;
  /** What the remote is assumed to hash with (default: that of the cache, or of an object id in `ref`, or else sha1). */
  readonly algorithm?: HashAlgorithm;
  readonly signal?: AbortSignal;
}

/** A path in a remote's tree: components, or all of them joined by "/". */
export type RemotePath = string | readonly PathSegment[];

/** A commit of a remote, whose files are read one by one, without a clone. */
export interface RemoteSnapshot {
  /** The ref that was asked for, by its whole name; for `HEAD` what it points to. `undefined` for an object id. */
  readonly refName: RefName | undefined;
  readonly commitOid: Oid;
  /** All objects of the remote: what is missing here is fetched. Walks, diffs and `materialize` ask for a level at a time. */
  readonly objects: ObjectReader;
  /** Requests so far. */
  readonly requestCount: number;
  treeOid(options?: ReadOptions): Promise<Oid>;
  /** What stands at each path, in their order; `undefined` where nothing does. One request for each level of trees. */
  find(paths: readonly RemotePath[], options?: ReadOptions): Promise<(TreeTarget | undefined)[]>;
  /**
   * The files at the paths, in their order; `undefined` where nothing is. One request for each level of trees, and one for all files.
   * @throws {GitError} OBJECT_KIND_MISMATCH where a directory or a submodule is there
   */
  read(paths: readonly RemotePath[], options?: ReadOptions): Promise<(Uint8Array | undefined)[]>;
  /**
   * The entries of a directory, without what they hold; `undefined` where nothing is. An empty path is the root.
   * @throws {GitError} OBJECT_KIND_MISMATCH where a file is there
   */
  list(path: RemotePath, options?: ReadOptions): Promise<TreeEntry[] | undefined>;
  /** Let go of the connection. */
  close(): Promise<void>;
}

const CACHE_BYTES = 64 * 2 ** 20;

/**
 * Read a remote without cloning it. Of a commit only the root tree comes at first; then the trees on the way to what is read, a level at a
 * time, and the files themselves. Objects are checked by their ids and kept in memory, up to a number of bytes.
 *
 * ```ts
 * import { createHttpTransport } from '@git-kv/protocol';
 * import { openRemote } from '@git-kv/repository';
 *
 * const remote = await openRemote(createHttpTransport('https://example.com/project.git'), { ref: 'main' });
 * const [readme, missing] = await remote.read(['README', 'docs/license.txt']); // missing: undefined
 * await remote.close();
 * ```
 *
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND; {GitError} UNSUPPORTED where the remote has no filters
 */
export async function openRemote(transport: Transport, options: OpenRemoteOptions = {}): Promise<RemoteSnapshot> {
  const { cache, remoteName = 'origin', ref = 'HEAD' } = options;
  const named = isOid(ref) && ref.length === sha256.hexLength ? sha256 : undefined;
  const door = new RemoteDoor(transport, options.algorithm ?? cache?.algorithm ?? named ?? sha1, options);
  const given = options.signal ? { signal: options.signal } : {};
  let asked = 0;
  const entered = await door.enter(async (client): Promise<FoundCommit> => {
    // An object id needs no question.
    if (isOid(ref)) return { refName: undefined, commitOid: ref };
    asked++;
    return pickRef(await client.lsRefs({ prefixes: namesFor(ref), ...given }), ref);
  }, given);
  const { algorithm } = entered.client;
  if (cache !== undefined && cache.algorithm.name !== algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot keep objects of ${algorithm.name} in a repository of ${cache.algorithm.name}`,
    );
  }
  await cache?.promisors?.add({ name: remoteName, filter: 'tree:0' });
  const memory = new ObjectCache(algorithm, options.cacheBytes ?? CACHE_BYTES, options);
  const intake = cache ? intoStore(cache.objects, options) : memory;
  const fill = new BackFill(door.connect, intake, options, door);
  for (let spent = 0; spent < entered.requestCount + asked; spent++) fill.countRequest();
  return new Snapshot(entered.answer, new FillingReader(cache?.objects ?? memory, fill), fill);
}

/** What a remote said as it was entered. */
interface FoundCommit {
  readonly refName: RefName | undefined;
  readonly commitOid: Oid;
}

/** In the order in which git looks for a short name. */
function namesFor(ref: string): RefName[] {
  if (ref === 'HEAD' || ref.startsWith('refs/')) return [ref];
  return [`refs/tags/${ref}`, `refs/heads/${ref}`];
}

function pickRef(refs: readonly RemoteRef[], ref: string): FoundCommit {
  for (const name of namesFor(ref)) {
    const found = refs.find((one) => one.name === name);
    const oid = found?.peeledOid ?? found?.oid;
    if (oid !== undefined) return { refName: found?.target ?? name, commitOid: oid };
  }
  throw new NotFoundError('REMOTE_REF_NOT_FOUND', ref, `Cannot read ${ref}: the remote has no such ref`);
}

class Snapshot implements RemoteSnapshot {
  readonly refName: RefName | undefined;
  readonly commitOid: Oid;
  readonly objects: FillingReader;
  readonly #fill: BackFill;
  #treeOid: Promise<Oid> | undefined;

  constructor({ refName, commitOid }: FoundCommit, objects: FillingReader, fill: BackFill) {
    this.refName = refName;
    this.commitOid = commitOid;
    this.objects = objects;
    this.#fill = fill;
  }

  get requestCount(): number {
    return this.#fill.requestCount;
  }

  treeOid(options: ReadOptions = {}): Promise<Oid> {
    if (this.#treeOid === undefined) {
      const found = this.#findTree(options);
      this.#treeOid = found;
      found.catch(() => (this.#treeOid = undefined));
    }
    return this.#treeOid;
  }

  async find(paths: readonly RemotePath[], options: ReadOptions = {}): Promise<(TreeTarget | undefined)[]> {
    return readTreePaths(this.objects, await this.treeOid(options), paths.map(segmentsOf), options);
  }

  async read(paths: readonly RemotePath[], options: ReadOptions = {}): Promise<(Uint8Array | undefined)[]> {
    const targets = await this.find(paths, options);
    const wanted = new Set<Oid>();
    for (const [at, target] of targets.entries()) {
      if (target === undefined) continue;
      if (isTreeMode(target.mode) || isGitlinkMode(target.mode)) {
        const what = isTreeMode(target.mode) ? 'a directory' : 'a submodule';
        throw new GitError('OBJECT_KIND_MISMATCH', `Cannot read ${textOf(paths[at] as RemotePath)}: it is ${what}`);
      }
      wanted.add(target.oid);
    }
    const bodies = new Map<Oid, Uint8Array>();
    for await (const [oid, object] of this.objects.readMany(wanted, options)) {
      if (object === undefined) throw missingObject(oid, 'blob');
      assertKind(oid, object, 'blob');
      bodies.set(oid, object.body);
    }
    return targets.map((target) => target && bodies.get(target.oid));
  }

  async list(path: RemotePath, options: ReadOptions = {}): Promise<TreeEntry[] | undefined> {
    const [target] = await this.find([path], options);
    if (target === undefined) return undefined;
    if (!isTreeMode(target.mode)) {
      throw new GitError('OBJECT_KIND_MISMATCH', `Cannot list ${textOf(path)}: it is no directory`);
    }
    return parseTree(await readBody(this.objects, target.oid, 'tree', options), this.objects.algorithm.oidLength);
  }

  close(): Promise<void> {
    return this.#fill.close();
  }

  /** The commit and its root tree come together. */
  async #findTree(options: ReadOptions): Promise<Oid> {
    const { commitOid, objects } = this;
    const near = await objects.readNear(commitOid);
    const body =
      near?.body ??
      (await this.#requestTip(options)).get(commitOid)?.body ??
      (await readBody(objects, commitOid, 'commit', options));
    return parseCommitLinks(body).treeOid;
  }

  async #requestTip(options: ReadOptions): Promise<ReadonlyMap<Oid, RawObject | undefined>> {
    const wants = [this.commitOid];
    try {
      return await this.#fill.request(wants, { filter: 'tree:1', depth: 1 }, options);
    } catch (error) {
      // Some hosts take no filter but those of blobs: then all trees come.
      if (!isGitError(error, 'REMOTE_ERROR') || !error.message.includes('filter')) throw error;
      return await this.#fill.request(wants, { filter: 'blob:none', depth: 1 }, options);
    }
  }
}

function segmentsOf(path: RemotePath): readonly PathSegment[] {
  return typeof path === 'string' ? path.split('/').filter((segment) => segment !== '') : path;
}

function textOf(path: RemotePath): string {
  return typeof path === 'string'
    ? path
    : path.map((one) => (typeof one === 'string' ? one : decodeUtf8(one))).join('/');
}
