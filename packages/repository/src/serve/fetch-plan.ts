import { GitError, type Oid } from '@git-kv/objects';
import type { FetchRequest, ShallowInfo, WantedRef } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { shallowBoundary } from '../walk/index.js';

/** What a request wants, as far as it may be had. */
export interface ResolvedWants {
  /** Objects that are here. */
  readonly oids: readonly Oid[];
  /** What the refs that were wanted by name hold now. */
  readonly refs: readonly WantedRef[];
}

/** What has to be sent for a request, but for what the client has of it. */
export interface FetchPlan {
  readonly wants: readonly Oid[];
  /** Where walks over history end. */
  readonly boundary: ReadonlySet<Oid>;
  /** All of it is sent, whatever the client has. */
  readonly isFresh: boolean;
  /** What to tell of how the client's boundary changes; absent where nothing is to be told. */
  readonly shallowInfo?: ShallowInfo;
}

/**
 * Look up what a request wants.
 * @throws {GitError} OBJECT_NOT_FOUND for what may not be had; UNSUPPORTED for what was not announced
 */
export async function resolveWants(
  repository: Repository,
  request: FetchRequest,
  options: ReadOptions,
): Promise<ResolvedWants> {
  refuseUnannounced(request);
  for (const oid of request.wants) {
    if ((await repository.objects.stat(oid, options)) === undefined) {
      throw new GitError('OBJECT_NOT_FOUND', `not our ref ${oid}`);
    }
  }
  return { oids: request.wants, refs: [] };
}

function refuseUnannounced(request: FetchRequest): void {
  const [argument] = [
    request.filter === undefined ? [] : ['filter'],
    request.deepenSince === undefined ? [] : ['deepen-since'],
    request.deepenNot.length === 0 ? [] : ['deepen-not'],
    request.wantRefs.length === 0 ? [] : ['want-ref'],
    request.deepenRelative ? ['deepen-relative'] : [],
  ].flat();
  if (argument !== undefined) {
    throw new GitError('UNSUPPORTED', `Cannot fetch with ${argument}: this server does not support it`);
  }
}

/** Settle where the client's history will end, and whether what it has counts. */
export async function planFetch(
  repository: Repository,
  request: FetchRequest,
  wants: readonly Oid[],
  options: ReadOptions,
): Promise<FetchPlan> {
  const ours = await repository.shallow.read();
  const theirs = new Set(request.shallow);
  const common = { wants, isFresh: false };
  if (request.depth === undefined) {
    const boundary = new Set([...ours, ...theirs]);
    if (ours.size === 0) return { ...common, boundary };
    // History that is cut here is cut for a client too, which has to be told.
    const commitOids = await commitsOf(repository, wants, options);
    const reached = await shallowBoundary(repository.objects, commitOids, Infinity, { ...options, shallow: ours });
    const shallowOids = reached.shallow.filter((oid) => !theirs.has(oid));
    const told = shallowOids.length === 0 ? {} : { shallowInfo: { shallowOids, unshallowOids: [] } };
    return { ...common, boundary, ...told };
  }
  const commitOids = await commitsOf(repository, wants, options);
  const { shallow, commits } = await shallowBoundary(repository.objects, commitOids, request.depth, {
    ...options,
    shallow: ours,
  });
  const boundary = new Set(shallow);
  const shallowOids = shallow.filter((oid) => !theirs.has(oid));
  const unshallowOids = commits.filter((oid) => theirs.has(oid) && !boundary.has(oid));
  const shallowInfo = { shallowOids, unshallowOids };
  if (unshallowOids.length > 0) {
    // What the client has no longer tells how far its history goes: it lacks what lies behind its old boundary. All within the
    // depth is sent, which is more than it needs and never too little.
    return { ...common, boundary, isFresh: true, shallowInfo };
  }
  return { ...common, boundary: new Set([...boundary, ...theirs]), shallowInfo };
}

/** The commits among `oids`, and those that tags among them come to. */
async function commitsOf(repository: Repository, oids: readonly Oid[], options: ReadOptions): Promise<Oid[]> {
  const commitOids: Oid[] = [];
  for (const oid of oids) {
    const target = (await peelTag(repository.objects, oid, options)) ?? oid;
    if ((await repository.objects.stat(target, options))?.kind === 'commit') commitOids.push(target);
  }
  return commitOids;
}
