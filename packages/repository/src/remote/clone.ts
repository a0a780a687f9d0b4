import { GitError, NotFoundError, type Oid } from '@git-kv/objects';
import {
  connectUploadPack,
  type OnRemoteProgress,
  type RemoteRef,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import type { Progress } from '../object-store.js';
import { peelTag } from '../ref-resolve.js';
import type { RefName, RefUpdate } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { type FetchIntoOptions, fetchInto } from './fetch.js';

/** What a clone takes of the remote. */
export interface CloneIntoOptions {
  /** Commits of each branch, the tip included; absent for all. A depth takes one branch only, as git's --depth does. */
  readonly depth?: number;
  /** Take this branch (a short name) and make HEAD name it; absent for the remote's own. */
  readonly branch?: string;
  /** Take one branch only. Default: where `depth` is given. */
  readonly singleBranch?: boolean;
  /** As of a fetch: see {@link FetchIntoOptions}. What a filter left out is read with `backFill`. */
  readonly filter?: string | undefined;
  readonly remoteName?: string | undefined;
  readonly checkObjects?: FetchIntoOptions['checkObjects'];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly onRemoteProgress?: OnRemoteProgress | undefined;
}

/** What a clone brought. */
export interface CloneSummary {
  /** The branch that HEAD names, `refs/heads/main` say. */
  readonly head: RefName | undefined;
  readonly refCount: number;
  readonly objectCount: number;
}

/**
 * Fill an empty repository as `git clone --bare` does: branches and tags under the remote's own names, HEAD on its branch.
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where `branch` is not there
 */
export async function cloneInto(
  repository: Repository,
  transport: Transport,
  options: CloneIntoOptions = {},
): Promise<CloneSummary> {
  const client = await connectUploadPack(transport, { signal: options.signal });
  try {
    return await cloneFrom(repository, client, options);
  } finally {
    await client.close();
  }
}

async function cloneFrom(
  repository: Repository,
  client: UploadPackClient,
  options: CloneIntoOptions,
): Promise<CloneSummary> {
  const { signal } = options;
  const all = await client.lsRefs({ prefixes: ['HEAD', 'refs/heads/', 'refs/tags/'], signal });
  const remoteHead = all.find(({ name }) => name === 'HEAD');
  const head = headBranch(all, remoteHead, options.branch);
  const isSingle = options.singleBranch ?? options.depth !== undefined;
  const refs = all.filter((ref) => isWanted(ref, isSingle, head));
  const wants = new Set<Oid>(refs.flatMap(({ oid }) => (oid === undefined ? [] : [oid])));
  if (head === undefined && remoteHead?.oid !== undefined) wants.add(remoteHead.oid);

  const { objectCount } = await fetchInto(repository, client, {
    wants: [...wants],
    includeTag: isSingle,
    ...(options.depth === undefined ? {} : { depth: options.depth }),
    filter: options.filter,
    remoteName: options.remoteName,
    wantedRefs: refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [{ name, oid }])),
    checkObjects: options.checkObjects,
    signal,
    onProgress: options.onProgress,
    onRemoteProgress: options.onRemoteProgress,
  });

  const updates: RefUpdate[] = refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [{ name, next: { oid } }]));
  if (isSingle) for (const update of await arrivedTags(repository, all, refs)) updates.push(update);
  const headValue =
    head !== undefined ? { target: head } : remoteHead?.oid === undefined ? undefined : { oid: remoteHead.oid };
  if (headValue !== undefined) updates.push({ name: 'HEAD', next: headValue });
  if (updates.length > 0) {
    const outcome = await repository.refs.update(updates, signal ? { signal } : {});
    if (outcome.status !== 'updated')
      throw new GitError('REF_CONFLICT', 'Cannot clone: the repository changed meanwhile');
  }
  return { head, refCount: updates.length, objectCount };
}

function headBranch(
  refs: readonly RemoteRef[],
  remoteHead: RemoteRef | undefined,
  branch: string | undefined,
): RefName | undefined {
  if (branch === undefined) return remoteHead?.target;
  const name = `refs/heads/${branch}`;
  if (!refs.some((ref) => ref.name === name)) {
    throw new NotFoundError('REMOTE_REF_NOT_FOUND', name, `Cannot clone: remote branch ${branch} does not exist`);
  }
  return name;
}

function isWanted(ref: RemoteRef, isSingle: boolean, head: RefName | undefined): boolean {
  return isSingle ? ref.name === head : ref.name.startsWith('refs/heads/') || ref.name.startsWith('refs/tags/');
}

/** Tags that point to what was fetched of one branch: git takes those along. */
async function arrivedTags(
  repository: Repository,
  all: readonly RemoteRef[],
  taken: readonly RemoteRef[],
): Promise<RefUpdate[]> {
  const names = new Set(taken.map(({ name }) => name));
  const updates: RefUpdate[] = [];
  for (const { name, oid, peeledOid } of all) {
    if (!name.startsWith('refs/tags/') || names.has(name) || oid === undefined) continue;
    const end = peeledOid ?? oid;
    if ((await repository.objects.stat(end)) === undefined) continue;
    // The tag itself came, and every tag between it and its end.
    if (((await peelTag(repository.objects, oid)) ?? oid) === end) updates.push({ name, next: { oid } });
  }
  return updates;
}
