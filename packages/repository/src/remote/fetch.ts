import { GitError, NotFoundError, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { FetchAnswer, FetchOptions, OnRemoteProgress, RemoteRef, UploadPackClient } from '@git-kv/protocol';
import type { ObjectReader, Progress, Quarantine, ReceiveOptions } from '../object-store.js';
import type { ReceiveCheckOptions } from '../receive-check.js';
import type { RefName } from '../ref-store.js';
import type { PromisorRemote, RepositoryObjects } from '../repository.js';
import { isSelfContained } from '../self-contained.js';

/** What a fetch asks for. */
export interface FetchIntoOptions {
  /** Objects to have in the end. */
  readonly wants: readonly Oid[];
  /** Commits at hand with all they reach (up to the shallow boundary), newest first. */
  readonly haves?: Iterable<Oid> | AsyncIterable<Oid>;
  /**
   * Nothing is missing of what any object of the repository names, but beyond the shallow boundary, as in stores that take in and drop
   * only what is whole: then a small pack needs no walk to be known to be whole. Default false.
   */
  readonly isWhole?: boolean | undefined;
  /** Commits to get from each want, itself included; absent for all of history. */
  readonly depth?: number;
  /** `depth` counts from where history is cut here, as `git fetch --deepen` does. */
  readonly relative?: boolean;
  /** All of history, also where it is cut here (`git fetch --unshallow`). */
  readonly unshallow?: boolean;
  /** Commits from this time on, in seconds since 1970 (`--shallow-since`). */
  readonly since?: number;
  /** Commits that these refs of the remote do not reach (`--shallow-exclude`). */
  readonly not?: readonly string[];
  readonly includeTag?: boolean;
  /**
   * Become shallow where a remote is that is shallow itself (default true). Else the boundary stays as it is, and what ends at the
   * remote's is told as `refusedShallowOids`: no ref may point to what reaches that.
   */
  readonly takesShallow?: boolean | undefined;
  /**
   * Leave out what this says, as git spells it: `blob:none`, `blob:limit=1m`, `tree:0`. The remote becomes a promisor, and later fetches
   * from it leave out the same. Default: what is remembered of the remote, where it has filters; `null`: leave nothing out.
   */
  readonly filter?: string | null | undefined;
  /**
   * The remote as the configuration names it. Default: that of which a filter is remembered, or else `origin`. A fetch from one that is no
   * promisor, without a filter, is a plain one.
   */
  readonly remoteName?: string | undefined;
  /** What the wants are called there, for git's `.promisor` file. Default: by their ids. */
  readonly wantedRefs?: readonly { readonly name: RefName; readonly oid: Oid }[] | undefined;
  /** Bytes of pack accepted at most. Default: any number, as for a fetch of git's; a push has a limit of its own. */
  readonly maxPackBytes?: number;
  /** Bytes that objects may inflate to however short the pack is (default 64 MiB): above it, 200 times as many as the pack has. */
  readonly freeInflatedBytes?: number | undefined;
  /** Refuse objects whose content breaks a rule of fsck (fetch.fsckObjects): default false, as in git; with options, by these. */
  readonly checkObjects?: boolean | ReceiveCheckOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told what the remote says to a person, without control bytes. */
  readonly onRemoteProgress?: OnRemoteProgress | undefined;
}

/** What a fetch changed. Refs are the caller's business. */
export interface FetchSummary {
  /** Objects that came in the pack. */
  readonly objectCount: number;
  readonly shallowOids: readonly Oid[];
  readonly unshallowOids: readonly Oid[];
  /** Where the remote's history ends and this repository's does not ({@link FetchIntoOptions.takesShallow}). */
  readonly refusedShallowOids?: readonly Oid[];
}

/**
 * Bring `wants`, and all they reach up to the shallow boundary, from a remote into `repository`. The pack streams into
 * quarantine and becomes visible when it is whole and nothing is missing that a want reaches; on an error or an abort the
 * repository is as it was.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where the remote's pack lacks something, besides what the client and the store throw
 */
export async function fetchInto(
  repository: RepositoryObjects,
  client: UploadPackClient,
  options: FetchIntoOptions,
): Promise<FetchSummary> {
  const { signal, onProgress, onRemoteProgress } = options;
  // An empty remote of before protocol v2 does not say what it hashes with.
  if (options.wants.length === 0) return { objectCount: 0, shallowOids: [], unshallowOids: [] };
  assertSameFormat(repository, client);
  const haves: Oid[] = [];
  const promisor = await promisorOf(repository, client, options);
  const answer = await client.fetch({
    wants: options.wants,
    haves: remembered(options.haves ?? [], haves),
    shallow: [...(await repository.shallow.read())],
    // A base that was left out here would have to be fetched before the pack could be read.
    thin: promisor === undefined,
    ...(promisor?.filter === undefined ? {} : { filter: promisor.filter }),
    includeTag: options.includeTag ?? false,
    ...deepening(options),
    onProgress: onRemoteProgress,
    signal,
  });
  let quarantine: Quarantine | undefined;
  const release = repository.objects.spareMemory?.();
  try {
    // Who has nothing gets all, in one pack; of others, what a large pack names besides is little.
    const followLinks =
      promisor === undefined && (haves.length === 0 ? linksWithin(answer, options) : linksToOutside(answer));
    quarantine = await receiveAnswer(repository, answer, options, { promisor, followLinks });
    const unshallowOids = await grownFrom(repository, answer, options);
    const reader = quarantine?.reader ?? repository.objects;
    const shallowOids = await newBoundary(repository, reader, answer, options);
    if (quarantine?.isClosed?.(options.wants) === true && unshallowOids.length === 0) signal?.throwIfAborted();
    else if (promisor === undefined)
      await assertComplete(repository, quarantine, { haves, shallowOids, unshallowOids }, options);
    else await assertWantsArrived(reader, options);
    const objectCount = quarantine?.objectCount ?? 0;
    // Before the objects: who sees them knows where the rest is.
    if (promisor !== undefined) await repository.promisors?.add(promisor);
    await quarantine?.publish();
    const isRefused = options.takesShallow === false && shallowOids.length > 0 && !isDeepening(options);
    if (isRefused) return { objectCount, shallowOids: [], unshallowOids, refusedShallowOids: shallowOids };
    if (shallowOids.length + unshallowOids.length > 0) {
      await repository.shallow.update({ add: shallowOids, remove: unshallowOids });
    }
    onProgress?.({ phase: 'fetch', loaded: objectCount, total: objectCount });
    return { objectCount, shallowOids, unshallowOids };
  } finally {
    release?.();
    await quarantine?.discard();
  }
}

/** Which links of what arrives lead to what must arrive, too; `false` where only a walk can tell. */
function linksWithin(
  { shallowOids }: FetchAnswer,
  options: FetchIntoOptions,
): NonNullable<ReceiveOptions['followLinks']> {
  if (shallowOids.length === 0) return true;
  // A remote that is shallow itself may name any commit.
  return Object.keys(deepening(options)).length > 0 && { shallow: new Set(shallowOids) };
}

/**
 * Of a pack of fewer objects, nobody needs to know what it names besides them: a walk over them finds out in little memory what is
 * there, and reads less of what was here before.
 */
const LEAST_FOLLOWED = 4096;

/** Where history is cut, or grows, only a walk can tell what has to be there. */
function linksToOutside({ shallowOids, unshallowOids }: FetchAnswer): NonNullable<ReceiveOptions['followLinks']> {
  return shallowOids.length + unshallowOids.length === 0 && { toOutside: { leastObjects: LEAST_FOLLOWED } };
}

/** The promisor remote that is fetched from, and what is to be left out; `undefined` for a plain fetch. */
async function promisorOf(
  { promisors }: RepositoryObjects,
  { capabilities }: UploadPackClient,
  { filter, remoteName }: FetchIntoOptions,
): Promise<PromisorRemote | undefined> {
  const known = (await promisors?.read()) ?? [];
  if (known.length === 0 && (filter === undefined || filter === null)) return undefined;
  if (typeof filter === 'string' && promisors === undefined) {
    throw new GitError('UNSUPPORTED', 'Cannot fetch with a filter: the repository cannot keep who has the rest');
  }
  const { choosePromisor } = await import('../later.js');
  return choosePromisor(known, capabilities, { filter, remoteName });
}

/**
 * What else is missing, the remote has promised: as in git, it is enough that what was wanted is here.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
async function assertWantsArrived(reader: ObjectReader, { wants, signal }: FetchIntoOptions): Promise<void> {
  for (const oid of wants)
    if ((await reader.stat(oid, signal ? { signal } : {})) === undefined) throw notSent(wants, oid);
}

function notSent(wants: readonly Oid[], missingOid: Oid): NotFoundError {
  return new NotFoundError(
    'OBJECT_NOT_FOUND',
    missingOid,
    `Cannot fetch ${wants.join(', ').slice(0, 200)}: the remote sent a pack without ${missingOid}`,
  );
}

/** What git asks for where it means all of history. */
const INFINITE_DEPTH = 0x7fffffff;

/** Where history is to end, as the client puts it. @throws {TypeError} for wishes that contradict each other */
function deepening(
  options: FetchIntoOptions,
): Pick<FetchOptions, 'depth' | 'deepenRelative' | 'deepenSince' | 'deepenNot'> {
  const { depth, relative, unshallow = false, since, not = [] } = options;
  const isLimited = since !== undefined || not.length > 0;
  if ((depth !== undefined && isLimited) || (unshallow && (depth !== undefined || isLimited))) {
    throw new TypeError('Cannot fetch: a depth, all of history, and limits by time or refs exclude each other');
  }
  if (unshallow) return { depth: INFINITE_DEPTH };
  if (depth !== undefined) return { depth, ...(relative === true && { deepenRelative: true }) };
  return { ...(since !== undefined && { deepenSince: since }), ...(not.length > 0 && { deepenNot: not }) };
}

/**
 * The commits that are to be cut off from their parents. A depth that was asked for may cut what is here; without one, a
 * remote that is shallow itself has a say about the commits it sent (before protocol v2 it tells of others too) and those that lack
 * parents here, and must not hide history that is here.
 */
async function newBoundary(
  repository: RepositoryObjects,
  reader: ObjectReader,
  { shallowOids }: FetchAnswer,
  options: FetchIntoOptions,
): Promise<readonly Oid[]> {
  if (isDeepening(options)) return shallowOids;
  const known = await repository.shallow.read();
  const ends: Oid[] = [];
  for (const oid of shallowOids) {
    if (known.has(oid) || (await reader.stat(oid)) === undefined) continue;
    const isHere = (await repository.objects.stat(oid)) !== undefined;
    if (!isHere || (await lacksParent(repository, oid))) ends.push(oid);
  }
  return ends;
}

/** Whether a commit that is here lacks a parent: it came with a ref that was refused. */
async function lacksParent({ objects }: RepositoryObjects, oid: Oid): Promise<boolean> {
  const commit = await objects.read(oid);
  if (commit?.kind !== 'commit') return false;
  for (const parentOid of parseCommitLinks(commit.body).parentOids)
    if ((await objects.stat(parentOid)) === undefined) return true;
  return false;
}

const isDeepening = (options: FetchIntoOptions): boolean => Object.keys(deepening(options)).length > 0;

/**
 * The commits whose parents came. A server could name any: only where more of history was asked for, and of the commits where
 * it was cut, it has a say.
 */
async function grownFrom(
  repository: RepositoryObjects,
  { unshallowOids }: FetchAnswer,
  options: FetchIntoOptions,
): Promise<readonly Oid[]> {
  if (unshallowOids.length === 0 || !isDeepening(options)) return [];
  const boundary = await repository.shallow.read();
  return [...new Set(unshallowOids)].filter((oid) => boundary.has(oid));
}

/** So many objects are looked at one by one. */
const SMALL_OBJECTS = 16_384;

/** @throws {NotFoundError} OBJECT_NOT_FOUND where something is missing that a want, or a commit cut off no more, reaches */
async function assertComplete(
  repository: RepositoryObjects,
  quarantine: Quarantine | undefined,
  fetched: Record<'haves' | 'shallowOids' | 'unshallowOids', readonly Oid[]>,
  options: FetchIntoOptions,
): Promise<void> {
  const shallow = new Set(await repository.shallow.read());
  for (const oid of fetched.shallowOids) shallow.add(oid);
  for (const oid of fetched.unshallowOids) shallow.delete(oid);
  const { haves: told, unshallowOids } = fetched;
  // What is cut off no more was here before: nothing that arrived names what it needs.
  if (
    options.isWhole &&
    unshallowOids.length === 0 &&
    quarantine !== undefined &&
    quarantine.objectCount <= SMALL_OBJECTS
  ) {
    if (await isSelfContained(quarantine, options.wants, { shallow, haves: told })) return;
  }
  // Where history was deepened, what is behind the haves is what came.
  const haves = unshallowOids.length > 0 ? [] : told;
  const { checkConnectivity, isOutsideThere } = await import('../later.js');
  const outside = quarantine?.outside?.(options.wants);
  if (quarantine !== undefined && outside !== undefined) {
    const known = { haves: told, shallow, ...(options.signal && { signal: options.signal }) };
    if (await isOutsideThere({ reader: quarantine.reader, store: repository.objects }, outside, known)) return;
  }
  const outcome = await checkConnectivity(quarantine?.reader ?? repository.objects, {
    // Also those that no want reaches: nothing would tell later that their parents are missing.
    roots: [...options.wants, ...unshallowOids],
    haves,
    shallow,
    ...(options.signal && { signal: options.signal }),
  });
  if (outcome.connected) return;
  throw notSent(options.wants, outcome.missingOid);
}

async function receiveAnswer(
  repository: RepositoryObjects,
  answer: FetchAnswer,
  options: FetchIntoOptions,
  { promisor, followLinks }: Pick<ReceiveOptions, 'followLinks'> & { readonly promisor: PromisorRemote | undefined },
): Promise<Quarantine | undefined> {
  const { pack } = answer;
  if (pack === undefined) return undefined;
  const wanted = options.wantedRefs ?? options.wants.map((oid) => ({ oid, name: oid }));
  try {
    return await repository.objects.receive(pack, {
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      maxPackBytes: options.maxPackBytes ?? Number.MAX_SAFE_INTEGER,
      ...(options.freeInflatedBytes !== undefined && { freeInflatedBytes: options.freeInflatedBytes }),
      ...(followLinks && { followLinks }),
      ...(promisor && { promisor: wanted.map(({ oid, name }) => `${oid} ${name}\n`).join('') }),
      ...(options.checkObjects && { check: options.checkObjects === true ? {} : options.checkObjects }),
    });
  } finally {
    await pack.return?.(); // a store that cannot take it may not have begun to read
  }
}

/** `oids`, noting in `seen` how far they were read. */
async function* remembered(oids: Iterable<Oid> | AsyncIterable<Oid>, seen: Oid[]): AsyncGenerator<Oid> {
  for await (const oid of oids) {
    seen.push(oid);
    yield oid;
  }
}

/** @throws {GitError} UNSUPPORTED where the two do not hash alike */
function assertSameFormat(repository: RepositoryObjects, client: UploadPackClient): void {
  if (repository.algorithm.name !== client.algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot fetch from a remote in ${client.algorithm.name}: the repository is in ${repository.algorithm.name}`,
    );
  }
}

/** What a remote says of one branch. */
export type RemoteBranch =
  | { readonly status: 'found'; readonly oid: Oid }
  /** The remote has refs, and this is not among them. */
  | { readonly status: 'absent' }
  /** The remote has no branch and no tag at all. */
  | { readonly status: 'empty' };

/** Ask for one ref: a single request, and another only to tell an absent branch from an empty remote. */
export async function findRemoteRef(
  client: UploadPackClient,
  name: RefName,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RemoteBranch> {
  const { signal } = options;
  const exact = (refs: readonly RemoteRef[]): RemoteRef | undefined => refs.find((ref) => ref.name === name);
  const found = exact(await client.lsRefs({ prefixes: [name], peel: false, symrefs: false, signal }));
  if (found?.oid !== undefined) return { status: 'found', oid: found.oid };
  const others = await client.lsRefs({ prefixes: ['HEAD', 'refs/heads/', 'refs/tags/'], peel: false, signal });
  return others.some((ref) => ref.oid !== undefined) ? { status: 'absent' } : { status: 'empty' };
}
