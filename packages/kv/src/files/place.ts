import { assertRefName, GitError, NotFoundError, type Oid } from '@git-kv/objects';
import { connectUploadPack, type RemoteRef, type Transport, type UploadPackClient } from '@git-kv/protocol';
import {
  fetchInto,
  type Progress,
  type PushResultStatus,
  pushFrom,
  type Repository,
  resolveRef,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { inflateLimit, type KvLimits } from '../options.js';

const HEADS = 'refs/heads/';
const DEFAULT_BRANCH = 'main';

/** How a place is talked to. */
export interface PlaceOptions {
  /** Short name of the branch. Default: that which HEAD names there. */
  readonly branch?: string | undefined;
  readonly limits?: KvLimits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** How much of history is wanted. */
export type Extent = 'tip' | 'since-here' | 'all';

/** Where a branch is shared with others. */
export interface Place {
  /** For messages; safe to print. */
  readonly display: string;
  readonly refName: string;
  /** Holds what was fetched. */
  readonly repository: Repository;
  /** The commit that the branch is at; `undefined` where there is no branch yet. */
  find(): Promise<Oid | undefined>;
  /** Bring `oid`, with as much of its history as is asked for. */
  fetch(oid: Oid, extent: Extent, haves: readonly Oid[]): Promise<void>;
  push(expected: Oid | undefined, next: Oid): Promise<PushResultStatus>;
  close(): Promise<void>;
}

/** A branch behind a transport. What is fetched of it is in memory. */
export class RemotePlace implements Place {
  readonly display: string;
  readonly refName: string;
  readonly repository: Repository;
  readonly #transport: Transport;
  readonly #options: PlaceOptions;
  /** The first connection told the branch, once, and serves the first fetch too. */
  #first: { readonly client: UploadPackClient; readonly oid: Oid | undefined; isTold: boolean } | undefined;

  private constructor(
    transport: Transport,
    refName: string,
    first: { readonly client: UploadPackClient; readonly oid: Oid | undefined },
    options: PlaceOptions,
  ) {
    this.#transport = transport;
    this.refName = refName;
    this.#first = { ...first, isTold: false };
    this.#options = options;
    this.display = transport.url;
    this.repository = createMemoryRepository({ algorithm: first.client.algorithm });
  }

  /** @throws {NotFoundError} REMOTE_REF_NOT_FOUND where the remote has branches but not the one that is meant */
  static async open(transport: Transport, options: PlaceOptions): Promise<RemotePlace> {
    const { branch, signal } = options;
    if (branch !== undefined) assertRefName(`${HEADS}${branch}`);
    const client = await connectUploadPack(transport, { signal });
    try {
      const refs = await client.lsRefs({ prefixes: ['HEAD', HEADS], peel: false, signal });
      const refName = branch === undefined ? branchOfHead(refs) : `${HEADS}${branch}`;
      const oid = oidOf(refs, refName, transport.url);
      return new RemotePlace(transport, refName, { client, oid }, options);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  async find(): Promise<Oid | undefined> {
    if (this.#first?.isTold === false) {
      this.#first.isTold = true;
      return this.#first.oid;
    }
    await this.#letGo(); // what was true once may not be so any more
    const { signal } = this.#options;
    const client = await connectUploadPack(this.#transport, { signal });
    try {
      const refs = await client.lsRefs({ prefixes: [HEADS], peel: false, signal });
      return oidOf(refs, this.refName, this.display);
    } finally {
      await client.close();
    }
  }

  async fetch(oid: Oid, extent: Extent, haves: readonly Oid[]): Promise<void> {
    const { limits, signal, onProgress } = this.#options;
    const client = this.#first?.client ?? (await connectUploadPack(this.#transport, { signal }));
    this.#first = undefined;
    const depth = extent === 'tip' ? { depth: 1 } : extent === 'all' ? { unshallow: true } : {};
    try {
      const given = { ...depth, ...inflateLimit(limits), signal, onProgress };
      await fetchInto(this.repository, client, { wants: [oid], haves, ...given });
    } finally {
      await client.close();
    }
  }

  async push(expected: Oid | undefined, next: Oid): Promise<PushResultStatus> {
    await this.#letGo();
    const updates = [{ name: this.refName, expected: expected ?? null, next }];
    const [result] = await pushFrom(this.repository, this.#transport, { updates, signal: this.#options.signal });
    if (result === undefined) throw new Error('BUG: a push without result');
    return result;
  }

  async close(): Promise<void> {
    await this.#letGo();
    await this.#transport.close?.().catch(() => {}); // there is nothing a caller could do about it
  }

  async #letGo(): Promise<void> {
    await this.#first?.client.close();
    this.#first = undefined;
  }
}

/** A branch of a repository at hand: the caller's, or a temporary one. */
export class LocalPlace implements Place {
  readonly display: string = 'the repository';
  readonly refName: string;
  readonly repository: Repository;

  private constructor(repository: Repository, refName: string) {
    this.repository = repository;
    this.refName = refName;
  }

  static async open(repository: Repository, { branch }: PlaceOptions): Promise<LocalPlace> {
    if (branch !== undefined) {
      assertRefName(`${HEADS}${branch}`);
      return new LocalPlace(repository, `${HEADS}${branch}`);
    }
    const head = await resolveRef(repository.refs, 'HEAD');
    const refName = head?.name.startsWith(HEADS) ? head.name : undefined;
    if (head?.oid !== undefined && refName === undefined) throw detached('the repository');
    return new LocalPlace(repository, refName ?? `${HEADS}${DEFAULT_BRANCH}`);
  }

  async find(): Promise<Oid | undefined> {
    const value = await this.repository.refs.read(this.refName);
    if (value === undefined || 'oid' in value) return value?.oid;
    throw new GitError('UNSUPPORTED', `Cannot use ${this.refName} as a branch: it is a symbolic ref`);
  }

  async fetch(): Promise<void> {
    // It is all here.
  }

  async push(expected: Oid | undefined, next: Oid): Promise<PushResultStatus> {
    const name = this.refName;
    if ((await this.repository.checkedOutBranches?.())?.has(name)) {
      return { name, status: 'rejected', reason: 'branch is currently checked out' };
    }
    const update = { name, expected: expected === undefined ? null : { oid: expected }, next: { oid: next } };
    const outcome = await this.repository.refs.update([update]);
    if (outcome.status === 'updated') return { name, status: 'updated' };
    const actual =
      outcome.status === 'conflict' && outcome.actual && 'oid' in outcome.actual ? outcome.actual.oid : null;
    return { name, status: 'stale', actual };
  }

  async close(): Promise<void> {
    // The repository is its owner's to close.
  }
}

/** The branch that HEAD names, also where there is no commit yet. @throws {GitError} UNSUPPORTED */
function branchOfHead(refs: readonly RemoteRef[]): string {
  const head = refs.find(({ name }) => name === 'HEAD');
  if (head?.target?.startsWith(HEADS)) return head.target;
  if (head?.oid === undefined) return `${HEADS}${DEFAULT_BRANCH}`;
  // A server that does not tell what HEAD names: the branch at the same commit, `main` and `master` first.
  const same = refs.filter(({ name, oid }) => name.startsWith(HEADS) && oid === head.oid).map(({ name }) => name);
  const found = [`${HEADS}${DEFAULT_BRANCH}`, `${HEADS}master`].find((name) => same.includes(name)) ?? same[0];
  if (found === undefined) throw detached('the remote');
  return found;
}

function detached(where: string): GitError {
  return new GitError('UNSUPPORTED', `Cannot tell which branch is meant: HEAD of ${where} names none; give one`);
}

function oidOf(refs: readonly RemoteRef[], refName: string, display: string): Oid | undefined {
  const found = refs.find(({ name }) => name === refName);
  if (found?.oid !== undefined) return found.oid;
  if (!refs.some(({ name, oid }) => name.startsWith(HEADS) && oid !== undefined)) return undefined;
  throw new NotFoundError(
    'REMOTE_REF_NOT_FOUND',
    refName,
    `Cannot fetch ${refName} from ${display}: it does not exist`,
  );
}
