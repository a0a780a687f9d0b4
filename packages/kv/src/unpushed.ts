import { type Oid, parseCommit, type RawObject } from '@git-kv/objects';
import { commonAncestors, type RepositoryObjects } from '@git-kv/repository';
import type { Committer, MadeCommit } from './committer.js';
import { KvConflictError } from './errors.js';
import type { Head } from './head.js';
import type { MergeRules, SideTimes } from './merge/merge.js';
import { mergeKeys } from './merge/merge-keys.js';
import type { Retention } from './retention.js';

export { isAncestor } from '@git-kv/repository';
export { mergeKeys } from './merge/merge-keys.js';

/** What bringing two lines of commits together takes. */
export interface UnpushedTools {
  readonly repository: RepositoryObjects;
  readonly committer: Pick<Committer, 'makeWith'>;
  readonly retention: Pick<Retention, 'wrote'>;
  readonly rules: MergeRules | undefined;
  /** The message of a merge. */
  readonly title: string;
  readonly signal?: AbortSignal;
}

/** Commits of ours up to `unpushed`, and those of others up to `theirs`. */
export interface Divergence {
  readonly unpushed: Head;
  readonly theirs: Head;
  /** The last commit that the remote is known to have had. */
  readonly pushedOid: Oid | undefined;
}

/**
 * Make our commits again on top of theirs, with the authors and messages they have. A merge among them becomes one change, with
 * all that came before it.
 * @throws {KvConflictError}
 */
export async function rebaseUnpushed(tools: UnpushedTools, divergence: Divergence): Promise<Head> {
  const { repository, committer } = tools;
  const { theirs } = divergence;
  const commits = await readChain(repository, divergence);
  let parent = theirs;
  for (const { body, treeOid, baseTreeOid } of commits) {
    const { author, message, encoding, committer: made } = parseCommit(body);
    const times = { ours: made.timestamp, theirs: theirs.timestamp };
    const sides = { base: baseTreeOid, ours: treeOid, theirs: parent.treeOid };
    const merged = await mergeTrees(tools, sides, times);
    if (merged === parent.treeOid) continue; // others made the same change
    const words = { author, message, ...(encoding !== undefined && { encoding }) };
    const again = await committer.makeWith({ treeOid: merged, parentOids: [parent.oid] }, words);
    await store(tools, [again.object]);
    parent = again.head;
  }
  return parent;
}

/** Make one commit of both, whose parents are our commit and theirs. @throws {KvConflictError} */
export async function mergeUnpushed(tools: UnpushedTools, divergence: Divergence): Promise<Head> {
  const { unpushed, theirs, pushedOid } = divergence;
  const baseOid = (await findBases(tools.repository, unpushed.oid, theirs.oid))[0] ?? pushedOid;
  const base = await treeOf(tools.repository, baseOid);
  const times = { ours: unpushed.timestamp, theirs: theirs.timestamp };
  const treeOid = await mergeTrees(tools, { base, ours: unpushed.treeOid, theirs: theirs.treeOid }, times);
  const parentOids = [unpushed.oid, theirs.oid];
  const merge: MadeCommit = await tools.committer.makeWith({ treeOid, parentOids }, { message: tools.title });
  await store(tools, [merge.object]);
  return merge.head;
}

/** One commit of ours, and the tree that it changed. */
interface OwnCommit {
  readonly body: Uint8Array;
  readonly treeOid: Oid;
  readonly baseTreeOid: Oid | undefined;
}

/**
 * Our commits since what the remote had, the oldest first. One that was made on top of what others pushed in the meantime stands on
 * commits of theirs, which are not made again.
 */
async function readChain(
  repository: RepositoryObjects,
  { unpushed, theirs, pushedOid }: Divergence,
): Promise<readonly OwnCommit[]> {
  const shared = new Set(await findBases(repository, unpushed.oid, theirs.oid));
  const baseOid = pushedOid ?? [...shared][0];
  if (pushedOid !== undefined) shared.add(pushedOid);
  const chain: OwnCommit[] = [];
  for (let oid: Oid | undefined = unpushed.oid; oid !== undefined && !shared.has(oid); ) {
    const body = await readCommit(repository, oid);
    if (body === undefined) break; // behind the boundary of what was saved
    const { treeOid, parentOids } = parseCommit(body);
    const isMerge = parentOids.length > 1;
    const parentOid: Oid | undefined = isMerge ? baseOid : parentOids[0];
    chain.push({ body, treeOid, baseTreeOid: await treeOf(repository, parentOid) });
    oid = isMerge ? undefined : parentOid;
  }
  return chain.reverse();
}

async function findBases(repository: RepositoryObjects, oneOid: Oid, otherOid: Oid): Promise<readonly Oid[]> {
  const shallow = await repository.shallow.read();
  return await commonAncestors(repository.objects, oneOid, otherOid, { shallow });
}

async function readCommit(repository: RepositoryObjects, oid: Oid): Promise<Uint8Array | undefined> {
  return (await repository.objects.read(oid))?.body;
}

async function treeOf(repository: RepositoryObjects, commitOid: Oid | undefined): Promise<Oid | undefined> {
  const body = commitOid === undefined ? undefined : await readCommit(repository, commitOid);
  return body && parseCommit(body).treeOid;
}

async function mergeTrees(
  { repository, retention, rules, signal }: UnpushedTools,
  sides: { readonly base: Oid | undefined; readonly ours: Oid; readonly theirs: Oid },
  times: SideTimes,
): Promise<Oid> {
  const merged = await mergeKeys(repository.objects, sides, rules, { times, ...(signal && { signal }) });
  if (merged.status === 'conflict') throw new KvConflictError('pull', merged.conflicts, merged.hasMore);
  await store({ repository, retention }, merged.objects);
  return merged.treeOid;
}

async function store(
  { repository, retention }: Pick<UnpushedTools, 'repository' | 'retention'>,
  objects: readonly RawObject[],
): Promise<void> {
  if (objects.length === 0) return;
  await repository.objects.writeMany(objects);
  retention.wrote(objects);
}
