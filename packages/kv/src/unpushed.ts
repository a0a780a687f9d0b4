import { type Oid, parseCommit, type RawObject } from '@git-kv/objects';
import { mergeBases, type RepositoryObjects } from '@git-kv/repository';
import { KvConflictError } from './errors.js';
import type { Head } from './head.js';
import type { Key } from './key.js';
import { LastChanges } from './last-change.js';
import type { CommitMaker, MadeCommit } from './made-commit.js';
import { CommitMerge } from './merge/commit-merge.js';
import type { MergeRules, SideTimes } from './merge/merge.js';
import { type MergedKeys, type MergeKeysOptions, mergeKeys } from './merge/merge-keys.js';

/** What bringing two lines of commits together takes. */
export interface UnpushedTools {
  readonly repository: RepositoryObjects;
  readonly committer: Pick<CommitMaker, 'makeWith'>;
  /** Told of what was stored. */
  readonly retention: { wrote(objects: readonly RawObject[]): void };
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
  const changes = new LastChanges(repository.objects, await repository.shallow.read(), tools.signal);
  let parent = theirs;
  for (const { oid, body, baseTreeOid, isMerge } of commits) {
    const { treeOid, parentOids, author, message, encoding, committer: made } = parseCommit(body);
    const { timestamp } = made;
    const times = { ours: timestamp, theirs: theirs.timestamp };
    const timesOf = async (key: Key): Promise<SideTimes> => ({ ...times, theirs: await changes.find(theirs, key) });
    const merged = isMerge
      ? await mergeCommits(tools, { ...divergence, unpushed: { oid, treeOid, parentOids, timestamp } })
      : await mergeTrees(tools, { base: baseTreeOid, ours: treeOid, theirs: parent.treeOid }, { times, timesOf });
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
  const { unpushed, theirs } = divergence;
  const treeOid = await mergeCommits(tools, divergence);
  const parentOids = [unpushed.oid, theirs.oid];
  const merge: MadeCommit = await tools.committer.makeWith({ treeOid, parentOids }, { message: tools.title });
  await store(tools, [merge.object]);
  return merge.head;
}

/** One commit of ours, and the tree that it changed. */
interface OwnCommit {
  readonly oid: Oid;
  readonly body: Uint8Array;
  readonly baseTreeOid: Oid | undefined;
  /** Then it is the first, and stands for all that it merged. */
  readonly isMerge: boolean;
}

/**
 * Our commits since what the remote had, the oldest first. One that was made on top of what others pushed in the meantime stands on
 * commits of theirs, which are not made again.
 */
async function readChain(
  repository: RepositoryObjects,
  { unpushed, theirs, pushedOid }: Divergence,
): Promise<readonly OwnCommit[]> {
  const shallow = await repository.shallow.read();
  const shared = new Set(await mergeBases(repository.objects, unpushed.oid, [theirs.oid], { shallow }));
  if (pushedOid !== undefined) shared.add(pushedOid);
  const chain: OwnCommit[] = [];
  for (let oid: Oid | undefined = unpushed.oid; oid !== undefined && !shared.has(oid); ) {
    const body = await readCommit(repository, oid);
    if (body === undefined) break; // behind the boundary of what was saved
    const { parentOids } = parseCommit(body);
    const isMerge = parentOids.length > 1;
    const parentOid: Oid | undefined = isMerge ? undefined : parentOids[0];
    chain.push({ oid, body, isMerge, baseTreeOid: await treeOf(repository, parentOid) });
    oid = parentOid;
  }
  return chain.reverse();
}

async function readCommit(repository: RepositoryObjects, oid: Oid): Promise<Uint8Array | undefined> {
  return (await repository.objects.read(oid))?.body;
}

async function treeOf(repository: RepositoryObjects, commitOid: Oid | undefined): Promise<Oid | undefined> {
  const body = commitOid === undefined ? undefined : await readCommit(repository, commitOid);
  return body && parseCommit(body).treeOid;
}

/** What both sides come to, over all that they have in common. */
async function mergeCommits(tools: UnpushedTools, { unpushed, theirs, pushedOid }: Divergence): Promise<Oid> {
  const { repository, rules, signal } = tools;
  const merge = await CommitMerge.open(repository, unpushed.oid, theirs.oid, { rules, signal, baseOid: pushedOid });
  return await stored(tools, await merge.run(unpushed, theirs));
}

async function mergeTrees(
  tools: UnpushedTools,
  sides: { readonly base: Oid | undefined; readonly ours: Oid; readonly theirs: Oid },
  times: Pick<MergeKeysOptions, 'times' | 'timesOf'>,
): Promise<Oid> {
  const { repository, rules, signal } = tools;
  const options = { ...times, ...(signal && { signal }) };
  return await stored(tools, await mergeKeys(repository.objects, sides, rules, options));
}

/** The tree of a merge, once it is stored. @throws {KvConflictError} */
async function stored(tools: UnpushedTools, merged: MergedKeys): Promise<Oid> {
  if (merged.status === 'conflict') throw new KvConflictError('pull', merged.conflicts, merged.hasMore);
  await store(tools, merged.objects);
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
