import { GitError, isTreeMode, NotFoundError, type Oid, parseCommitLinks, type RawObject } from '@git-kv/objects';
import { isAncestor, pushFailure } from '@git-kv/repository';
import { isValueMode } from '../changes.js';
import { Committer } from '../committer.js';
import { Draft } from '../draft.js';
import type { DraftResult } from '../draft-result.js';
import { dictionaryExpected, KvConflictError } from '../errors.js';
import type { Key } from '../key.js';
import { CommitMerge } from '../merge/commit-merge.js';
import { keyMerges } from '../merge/key-merges.js';
import { type KeyConflict, type MergeRules, wrapRules } from '../merge/merge.js';
import type { KvOptions } from '../options.js';
import { TreeCache } from '../tree/tree-cache.js';
import { History } from './history.js';
import type { Place } from './place.js';
import type { Workspace, WorkspaceEntry } from './workspace.js';

const DEFAULT_RETRIES = 16;
const BACK_OFF_MS = 20;
const MAX_BACK_OFF_MS = 1000;

/** How commits are made and merged. */
export interface RepositoryWorkspaceOptions extends Omit<KvOptions, 'merge' | 'retries'> {
  readonly merge?: MergeRules | undefined;
  readonly retries?: number | undefined;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** A merge that waits for somebody to decide about some files. */
interface Merging {
  readonly theirsOid: Oid;
  /** What both sides come to, ours where somebody has to decide. */
  readonly treeOid: Oid;
  /** By printed key. */
  readonly undecided: Map<string, KeyConflict>;
}

/** Files of a branch in a repository with its history: of a remote, of the caller's, or a temporary one. */
export class RepositoryWorkspace implements Workspace {
  readonly maxBytes: number;
  readonly history: History;
  readonly #place: Place;
  readonly #options: RepositoryWorkspaceOptions;
  readonly #trees: TreeCache;
  readonly #committer: Committer;
  /** Where we stand: the remote's commit, or ours on top of it. */
  #headOid: Oid | undefined;
  /** What the remote is known to have. */
  #remoteOid: Oid | undefined;
  #draft: Draft;
  #hasChanges = false;
  #merging: Merging | undefined;

  private constructor(place: Place, options: RepositoryWorkspaceOptions, trees: TreeCache, draft: Draft) {
    this.#place = place;
    this.#options = options;
    this.#trees = trees;
    this.#committer = new Committer(place.repository, options);
    this.#draft = draft;
    this.maxBytes = options.maxBytes;
    this.history = new History(
      place.repository,
      () => this.#headOid,
      () => this.#completeHistory(),
    );
  }

  static async open(place: Place, options: RepositoryWorkspaceOptions): Promise<RepositoryWorkspace> {
    const trees = new TreeCache(place.repository.objects);
    const draft = await Draft.open(trees, undefined, options.maxBytes);
    const workspace = new RepositoryWorkspace(place, options, trees, draft);
    const oid = await place.find();
    if (oid !== undefined) await place.fetch(oid, 'tip', []);
    workspace.#remoteOid = oid;
    await workspace.#standOn(oid);
    return workspace;
  }

  get refName(): string {
    return this.#place.refName;
  }

  get headOid(): Oid | undefined {
    return this.#headOid;
  }

  get hasChanges(): boolean {
    return this.#hasChanges;
  }

  get conflicts(): readonly KeyConflict[] {
    return [...(this.#merging?.undecided.values() ?? [])];
  }

  async find(key: Key): Promise<WorkspaceEntry | undefined> {
    const draft = this.#draft;
    const found = await draft.tree.find(key);
    if (found === undefined) return undefined;
    if (isTreeMode(found.mode)) return { kind: 'dictionary' };
    if (!isValueMode(found.mode) || found.directory !== undefined) return { kind: 'other' };
    const { oid } = found;
    const held = draft.blob(oid);
    return { kind: 'value', load: async () => (held ?? (await this.#read(oid, 'blob'))).body };
  }

  async list(key: Key): Promise<string[] | undefined> {
    const { tree } = this.#draft;
    const found = await tree.find(key);
    if (found === undefined) return undefined;
    if (!isTreeMode(found.mode)) throw dictionaryExpected(key);
    return (await tree.list(found)).map(({ name }) => name);
  }

  async set(key: Key, bytes: Uint8Array): Promise<void> {
    await this.#draft.set(key, bytes);
    this.#decided(key);
  }

  async remove(key: Key): Promise<void> {
    await this.#draft.remove(key);
    this.#decided(key);
  }

  async commit(message: string): Promise<Oid | undefined> {
    this.#options.signal?.throwIfAborted();
    const merging = this.#merging;
    if (merging !== undefined && merging.undecided.size > 0) throw new KvConflictError('commit', this.conflicts);
    const result = this.#draft.seal();
    if (result === undefined && merging === undefined) {
      this.#hasChanges = false;
      return undefined;
    }
    const head = this.#headOid;
    const parents = [head, merging?.theirsOid].filter((oid) => oid !== undefined);
    await this.#write(result ?? { treeOid: merging?.treeOid as Oid, objects: [] }, parents, message);
    if (merging !== undefined) this.#remoteOid = merging.theirsOid;
    return this.#headOid;
  }

  async pull(): Promise<void> {
    const { signal } = this.#options;
    if (this.#hasChanges || this.#merging !== undefined) {
      throw new GitError(
        'STORE_MODIFIED',
        `Cannot pull ${this.refName}: there are changes that are not committed; commit or discard them first`,
      );
    }
    const { objects, shallow } = this.#place.repository;
    const theirs = await this.#place.find();
    const ours = this.#headOid;
    if (theirs === undefined || theirs === this.#remoteOid) return;
    const haves = [ours, this.#remoteOid].filter((oid) => oid !== undefined);
    const isOurs = ours === undefined || ours === this.#remoteOid;
    const isCut = ours === undefined || (await shallow.read()).size > 0;
    await this.#place.fetch(theirs, isOurs && isCut ? 'tip' : 'since-here', haves);
    const options = { shallow: await shallow.read(), ...(signal && { signal }) };
    if (isOurs || (await isAncestor(objects, ours, theirs, options))) {
      this.#remoteOid = theirs;
      return await this.#standOn(theirs);
    }
    await this.#merge(ours, theirs);
  }

  async push(): Promise<void> {
    const { retries = DEFAULT_RETRIES } = this.#options;
    if (this.#merging !== undefined) throw new KvConflictError('push', this.conflicts);
    for (let attempt = 0; ; attempt++) {
      const head = this.#headOid;
      if (head === undefined || head === this.#remoteOid) return;
      const result = await this.#place.push(this.#remoteOid, head);
      if (result.status === 'updated') {
        this.#remoteOid = head;
        return;
      }
      if (result.status === 'rejected' && /checked out/i.test(result.reason)) throw this.#checkedOut();
      const known = this.#remoteOid;
      if (attempt >= retries) throw pushFailure(result);
      if (attempt > 0) await backOff(attempt, this.#options.signal);
      await this.pull();
      // It did not move, so that nobody else is the reason.
      if (result.status === 'rejected' && this.#remoteOid === known && !/lock|failed to update/i.test(result.reason)) {
        throw pushFailure(result);
      }
    }
  }

  async discard(): Promise<void> {
    this.#merging = undefined;
    await this.#standOn(this.#headOid);
  }

  /** Give up commits that the remote does not have, too. */
  async reset(): Promise<void> {
    this.#merging = undefined;
    const oid = await this.#place.find();
    const haves = this.#remoteOid === undefined ? [] : [this.#remoteOid];
    if (oid !== undefined && oid !== this.#remoteOid) await this.#place.fetch(oid, 'tip', haves);
    this.#remoteOid = oid;
    await this.#standOn(oid);
  }

  async close(): Promise<void> {
    await this.#place.close();
  }

  async #merge(ours: Oid, theirs: Oid): Promise<void> {
    const { merge: rules } = this.#options;
    const { objects } = this.#place.repository;
    const merge = await this.#openMerge(ours, theirs);
    const sides = [
      { oid: ours, ...(await this.#links(ours)) },
      { oid: theirs, ...(await this.#links(theirs)) },
    ] as const;
    const merged = await merge.run(...sides);
    if (merged.status === 'merged') {
      const branch = this.refName.slice('refs/heads/'.length);
      await this.#write(merged, [ours, theirs], `Merge branch '${branch}' of ${this.#place.display}\n`);
      this.#remoteOid = theirs;
      return;
    }
    // As far as it goes, with ours where somebody has to decide: a commit on top of it is the merge.
    const partial = merged.hasMore ? merged : await merge.run(...sides, orOurs(rules));
    if (partial.status === 'merged') {
      await objects.writeMany(partial.objects);
      this.#draft = await Draft.open(this.#trees, partial.treeOid, this.maxBytes);
      const undecided = new Map(merged.conflicts.map((conflict) => [conflict.key.toString(), conflict]));
      this.#merging = { theirsOid: theirs, treeOid: partial.treeOid, undecided };
    }
    throw new KvConflictError('merge', merged.conflicts, merged.hasMore);
  }

  async #openMerge(ours: Oid, theirs: Oid): Promise<CommitMerge> {
    const { signal, merge: rules } = this.#options;
    const { repository } = this.#place;
    const merge = await CommitMerge.open(repository, ours, theirs, { rules, signal });
    if (merge.baseOids.length > 0 || (await repository.shallow.read()).size === 0) return merge;
    await this.#place.fetch(theirs, 'all', []);
    return await CommitMerge.open(repository, ours, theirs, { rules, signal });
  }

  async #write(draft: DraftResult, parentOids: readonly Oid[], message: string): Promise<void> {
    const { head, object } = await this.#committer.make({ treeOid: draft.treeOid, parentOids }, { message });
    await this.#place.repository.objects.writeMany([...draft.objects, object]);
    this.#merging = undefined;
    await this.#standOn(head.oid);
  }

  async #standOn(oid: Oid | undefined): Promise<void> {
    const treeOid = oid === undefined ? undefined : await this.#treeOf(oid);
    this.#draft = await Draft.open(this.#trees, treeOid, this.maxBytes);
    this.#headOid = oid;
    this.#hasChanges = false;
  }

  #decided(key: Key): void {
    this.#hasChanges = true;
    this.#merging?.undecided.delete(key.toString());
  }

  async #completeHistory(): Promise<void> {
    const remote = this.#remoteOid;
    if (remote === undefined || (await this.#place.repository.shallow.read()).size === 0) return;
    await this.#place.fetch(remote, 'all', [remote]);
  }

  async #treeOf(oid: Oid | undefined): Promise<Oid> {
    if (oid === undefined) return this.#place.repository.algorithm.emptyTreeOid;
    return (await this.#links(oid)).treeOid;
  }

  async #links(oid: Oid): Promise<ReturnType<typeof parseCommitLinks>> {
    return parseCommitLinks((await this.#read(oid, 'commit')).body);
  }

  async #read(oid: Oid, kind: RawObject['kind']): Promise<RawObject> {
    const object = await this.#place.repository.objects.read(oid);
    if (object?.kind === kind) return object;
    const problem = object === undefined ? 'it is missing' : `it is a ${object.kind}`;
    throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read ${kind} ${oid}: ${problem}`);
  }

  #checkedOut(): GitError {
    return new GitError(
      'BRANCH_CHECKED_OUT',
      `Cannot push ${this.refName} to ${this.#place.display}: it is checked out there; ` +
        'use a bare repository, or set receive.denyCurrentBranch to ignore there and check its files out afterwards',
    );
  }
}

/** The same rules, and ours where they do not bring it together. */
function orOurs(rules: MergeRules | undefined): MergeRules {
  const wrapped = wrapRules(rules, (merge) => async (sides) => {
    const outcome = await merge(sides);
    return outcome.status === 'merged' ? outcome : { status: 'merged', value: sides.ours };
  });
  return [...wrapped, { prefix: '*', merge: keyMerges.ours }];
}

/** Wait a while that nobody else waits, so that writers do not meet again. */
async function backOff(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const most = Math.min(BACK_OFF_MS * 2 ** attempt, MAX_BACK_OFF_MS);
  await new Promise<void>((resolve) => setTimeout(resolve, Math.random() * most));
  signal?.throwIfAborted();
}
