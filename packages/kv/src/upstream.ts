import { GitError, NotFoundError, type Oid } from '@git-kv/objects';
import {
  connectReceivePack,
  connectUploadPack,
  type ReceivePackClient,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import {
  fetchInto,
  findRemoteRef,
  type Progress,
  type PushContent,
  pushFailure,
  pushFrom,
  type RefValue,
  type Repository,
  type RepositoryObjects,
} from '@git-kv/repository';
import { type Added, contentOf } from './added.js';
import { inflateLimit, type KvLimits } from './options.js';

/** What both directions of a sync take. */
export interface SyncOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a push takes. */
export interface UpstreamPushOptions extends SyncOptions {
  /** What is new in the commits that are pushed, where all below them was pushed. Default: found out. */
  readonly added?: Added | undefined;
  /** What {@link Upstream.findForPush} has found, where that is what is expected: the push need not ask again. */
  readonly tip?: UpstreamTip | undefined;
}

/** What a fetch takes. */
export interface UpstreamFetchOptions extends SyncOptions {
  /** The repository is a store's own, in which nothing is missing. */
  readonly isWhole?: boolean;
}

/** The place that a store's branch is shared through. */
export interface Upstream {
  /** For messages; safe to print. */
  readonly display: string;
  /** Whether commits must be kept after they were pushed: the repository is the caller's. */
  readonly keepsHistory: boolean;
  /**
   * What the branch holds there, with a way to bring it here; `undefined` where there is nothing at all yet.
   * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where there are other branches, but not this one
   */
  find(options: SyncOptions): Promise<UpstreamTip | undefined>;
  /**
   * The same for who will push next. Present where that takes fewer requests. It asks who takes pushes: who hands out objects may be
   * another by now, or know less, which shows as its `fetch` fails.
   */
  findForPush?(options: SyncOptions): Promise<UpstreamTip | undefined>;
  /**
   * Move the branch from `expected` (`undefined`: it must not exist) to `next`, whose objects are in the repository.
   * @returns why it did not move, where that was the answer
   * @throws {GitError} PUSH_OUTCOME_UNKNOWN where it may have moved; after any other error it has not
   */
  push(expected: Oid | undefined, next: Oid, options: UpstreamPushOptions): Promise<UpstreamRefusal | undefined>;
  /**
   * The store needs `tips` from now on (`undefined`: whatever there is), and no history below `boundary`. Present where the upstream
   * itself decides what stays in memory.
   */
  settle?(tips: readonly Oid[] | undefined, boundary: Oid | undefined): Promise<void>;
  /** Let go of connections that are kept. */
  close?(): Promise<void>;
}

/** A push that was answered with no. */
export interface UpstreamRefusal {
  readonly error: GitError;
  /** Another writer was faster, or is at it; else the branch may have moved all the same. */
  readonly isRace: boolean;
  /** The branch had moved before anything was sent, maybe long ago. */
  readonly isStale?: boolean;
}

/** The commit that a branch of an {@link Upstream} stood at when it was asked. */
export interface UpstreamTip {
  readonly oid: Oid;
  /**
   * Bring the commit with its trees and values. `tip` leaves its history out; `history` brings the commits between
   * `haves` and it too, by which ancestry can be told.
   */
  fetch(what: 'tip' | 'history', haves: readonly Oid[], options: UpstreamFetchOptions): Promise<void>;
  /** Over requests: who has told of it, and takes a push. */
  readonly receiver?: ReceivePackClient;
}

/** The same behind a transport, where all of a history may be said to be had. */
export interface RemoteTip extends UpstreamTip {
  fetch(
    what: 'tip' | 'history',
    haves: Iterable<Oid> | AsyncIterable<Oid>,
    options: UpstreamFetchOptions,
  ): Promise<void>;
}

/** How servers say that the branch was not what it was a moment ago, or that another push holds its lock. */
const RACE = /failed to (?:update|lock)|(?:cannot|unable to) lock|has moved|fetch first|but expected|already exists/i;

/** {@link Upstream.push} of what `repository` has to where a transport leads. */
export async function pushBranch(
  repository: RepositoryObjects,
  transport: Transport,
  move: { readonly name: string; readonly expected: Oid | undefined; readonly next: Oid },
  { signal, content, tip }: UpstreamPushOptions & { readonly content?: PushContent | undefined },
): Promise<UpstreamRefusal | undefined> {
  const updates = [{ ...move, expected: move.expected ?? null }];
  const client = tip?.oid === move.expected ? tip?.receiver : undefined;
  const [result] = await pushFrom(repository, transport, { updates, signal, content, ...(client && { client }) });
  if (result === undefined) throw new Error('BUG: a push without result');
  if (result.status === 'updated') return undefined;
  const isStale = result.status === 'stale';
  return { error: pushFailure(result), isRace: isStale || RACE.test(result.reason), isStale };
}

/** A branch behind a transport. */
export class RemoteUpstream implements Upstream {
  readonly display: string;
  readonly keepsHistory = false;
  readonly #repository: RepositoryObjects;
  readonly #transport: Transport;
  readonly #refName: string;
  /** The first connection was made to learn the object format, and serves the first pull too. */
  #connected: UploadPackClient | undefined;
  /** The client of the last pull. It may be asked to fetch until the next one. */
  #last: UploadPackClient | undefined;
  readonly #limits: KvLimits | undefined;

  constructor(
    repository: RepositoryObjects,
    transport: Transport,
    refName: string,
    { connected, limits }: { readonly connected?: UploadPackClient; readonly limits?: KvLimits | undefined } = {},
  ) {
    this.#repository = repository;
    this.#transport = transport;
    this.#refName = refName;
    this.#connected = connected;
    this.#limits = limits;
    this.display = transport.url;
  }

  async find(options: SyncOptions): Promise<RemoteTip | undefined> {
    const { signal } = options;
    const client = this.#connected ?? (await connectUploadPack(this.#transport, { signal }));
    this.#connected = undefined;
    await this.#last?.close();
    this.#last = client;
    const branch = await findRemoteRef(client, this.#refName, { signal });
    if (branch.status === 'empty') return undefined;
    if (branch.status === 'absent') {
      const message = `Cannot fetch ${this.#refName} from ${this.display}: it does not exist`;
      throw new NotFoundError('REMOTE_REF_NOT_FOUND', this.#refName, message);
    }
    const { oid } = branch;
    return {
      oid,
      fetch: async (what, haves, fetchOptions) => {
        await this.#fetch(client, oid, what, haves, fetchOptions);
        await client.close();
      },
    };
  }

  /**
   * What takes the push says where the branch is, and over requests still takes it after a fetch; and what a server of fetches can do was
   * learned before.
   */
  async findForPush(options: SyncOptions): Promise<RemoteTip | undefined> {
    const { signal } = options;
    const client = this.#last;
    if (!('exchange' in this.#transport) || client?.version !== 2) return await this.find(options);
    const receiver = await connectReceivePack(this.#transport, { signal });
    const oid = receiver.refs.find(({ name }) => name === this.#refName)?.oid;
    if (oid === undefined) return await this.find(options); // it knows an absent branch from an empty remote
    return {
      oid,
      receiver,
      fetch: (what, haves, fetchOptions) => this.#fetch(client, oid, what, haves, fetchOptions),
    };
  }

  async #fetch(
    client: UploadPackClient,
    oid: Oid,
    what: 'tip' | 'history',
    haves: Iterable<Oid> | AsyncIterable<Oid>,
    options: UpstreamFetchOptions,
  ): Promise<void> {
    const depth = what === 'tip' ? { depth: 1 } : {};
    const given = { ...depth, ...inflateLimit(this.#limits), ...options };
    await fetchInto(this.#repository, client, { wants: [oid], haves, ...given });
  }

  async push(
    expected: Oid | undefined,
    next: Oid,
    { added, ...options }: UpstreamPushOptions,
  ): Promise<UpstreamRefusal | undefined> {
    const content = added && (await contentOf(this.#repository.objects, added));
    const move = { name: this.#refName, expected, next };
    return await pushBranch(this.#repository, this.#transport, move, { ...options, content });
  }

  async close(): Promise<void> {
    await (this.#connected ?? this.#last)?.close();
  }
}

/** A branch of the repository that the store itself works on. */
export class LocalUpstream implements Upstream {
  readonly display: string;
  readonly keepsHistory = true;
  readonly #repository: Repository;
  readonly #refName: string;

  constructor(repository: Repository, refName: string) {
    this.#repository = repository;
    this.#refName = refName;
    this.display = 'the repository';
  }

  async find(): Promise<UpstreamTip | undefined> {
    const value = await this.#repository.refs.read(this.#refName);
    if (value === undefined) return undefined;
    return { oid: directOid(this.#refName, value), fetch: async () => {} };
  }

  async push(expected: Oid | undefined, next: Oid, options: SyncOptions): Promise<UpstreamRefusal | undefined> {
    const update = {
      name: this.#refName,
      expected: expected === undefined ? null : { oid: expected },
      next: { oid: next },
    };
    const { signal } = options;
    const outcome = await this.#repository.refs.update([update], signal === undefined ? {} : { signal });
    if (outcome.status === 'updated') return undefined;
    const message = `Cannot move ${this.#refName}: another writer moved it; pull first`;
    return { error: new GitError('PUSH_REJECTED', message), isRace: outcome.status === 'conflict' };
  }
}

function directOid(refName: string, value: RefValue): Oid {
  if ('oid' in value) return value.oid;
  throw new GitError('UNSUPPORTED', `Cannot use ${refName} as a branch: it is a symbolic ref`);
}
