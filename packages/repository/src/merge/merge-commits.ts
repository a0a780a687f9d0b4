import {
  buildCommit,
  hashObject,
  type Identity,
  LimitError,
  type ObjectKind,
  type Oid,
  parseCommitLinks,
  type RawObject,
} from '@git-kv/objects';
import { LayeredReader, type ReadLayer } from '../engines/overlay/layered-reader.js';
import type { ObjectReader } from '../object-store.js';
import { readBody } from '../read-object.js';
import type { Repository } from '../repository.js';
import { mergeBases } from '../walk/merge-bases.js';
import { type MergedTrees, type MergeTreesOptions, mergeTreesAt } from './merge-trees.js';

/** How two commits are merged. */
export interface MergeCommitsOptions extends MergeTreesOptions {
  /** Merge histories with nothing in common, as if they had begun with an empty tree (default: no). */
  readonly allowUnrelatedHistories?: boolean;
  /** Merges of bases that may be needed: more make a LIMIT_EXCEEDED (default 256). */
  readonly maxBaseMerges?: number;
}

/**
 * What became of a merge. `merged` and `conflicted` made a new tree; `already-merged` (theirs is part of ours) and
 * `fast-forward` (ours is part of theirs) have the tree of the side that holds both, and need no commit.
 */
export type MergedCommits =
  | { readonly status: 'unrelated' }
  | (MergedTrees & {
      readonly status: 'already-merged' | 'fast-forward' | 'merged' | 'conflicted';
      /** The best common ancestors, oldest first. With several, the base was a merge of them. */
      readonly baseOids: readonly Oid[];
    });

const MAX_BASE_MERGES = 256;
const BASE_LABELS = { ours: 'Temporary merge branch 1', theirs: 'Temporary merge branch 2' };

/**
 * Merge two commits, as git's ort does where no file was renamed: several best common ancestors are first merged into one,
 * with conflicts drawn in it, and so are theirs. Nothing is written, and conflicts are data.
 * @throws {NotFoundError} OBJECT_NOT_FOUND; {LimitError} baseMerges
 */
export async function mergeCommits(
  repository: Pick<Repository, 'objects' | 'shallow'>,
  oursOid: Oid,
  theirsOid: Oid,
  options: MergeCommitsOptions = {},
): Promise<MergedCommits> {
  const shallow = await repository.shallow.read();
  const merge = new CommitMerge(repository.objects, shallow, options);
  const baseOids = await merge.basesOf([oursOid], theirsOid);
  if (baseOids.length === 0 && options.allowUnrelatedHistories !== true) return { status: 'unrelated' };
  const [ours, theirs] = [await merge.commit(oursOid), await merge.commit(theirsOid)];
  const merged = await merge.merge(0, ours, theirs, baseOids);
  const status = baseOids.includes(theirsOid)
    ? 'already-merged'
    : baseOids.includes(oursOid)
      ? 'fast-forward'
      : merged.conflicts.length > 0
        ? 'conflicted'
        : 'merged';
  return { ...merged, objects: [...merge.drafts(merged), ...merged.objects], status, baseOids };
}

/** A commit, or what a merge of several would be. */
interface Side {
  readonly treeOid: Oid;
  /** The commits it stands for, which reach all of its history. */
  readonly commitOids: readonly Oid[];
  /** Says how it was made. */
  readonly key: string;
}

class CommitMerge {
  readonly #objects: ObjectReader;
  readonly #reader: ObjectReader;
  readonly #made: MadeObjects;
  readonly #shallow: ReadonlySet<Oid>;
  readonly #options: MergeCommitsOptions;
  readonly #bases = new Map<string, Side>();

  constructor(objects: ObjectReader, shallow: ReadonlySet<Oid>, options: MergeCommitsOptions) {
    this.#objects = objects;
    this.#made = new MadeObjects(objects);
    this.#reader = new LayeredReader([this.#made, objects]);
    this.#shallow = shallow;
    this.#options = options;
  }

  async commit(oid: Oid): Promise<Side> {
    const { treeOid } = parseCommitLinks(await readBody(this.#objects, oid, 'commit', this.#options));
    return { treeOid, commitOids: [oid], key: oid };
  }

  /** Oldest first, as git merges them. */
  async basesOf(commitOids: readonly Oid[], theirsOid: Oid): Promise<Oid[]> {
    const { signal } = this.#options;
    const options = { ...(this.#shallow.size > 0 && { shallow: this.#shallow }), ...(signal && { signal }) };
    const bases =
      commitOids.length === 1
        ? await mergeBases(this.#objects, commitOids[0] as Oid, [theirsOid], options)
        : await mergeBases(this.#objects, theirsOid, commitOids, options);
    return bases.reverse();
  }

  async merge(depth: number, ours: Side, theirs: Side, baseOids: readonly Oid[]): Promise<MergedTrees> {
    const [oldest, ...others] = baseOids;
    let base = oldest === undefined ? undefined : await this.commit(oldest);
    for (const oid of others) base = await this.#mergeOfBases(depth + 1, base as Side, await this.commit(oid));
    const treeOids = { base: base?.treeOid, ours: ours.treeOid, theirs: theirs.treeOid };
    const options = depth === 0 ? this.#options : { ...this.#options, labels: BASE_LABELS };
    const reader = this.#bases.size === 0 ? this.#objects : this.#reader;
    return await mergeTreesAt(depth, reader, treeOids, options);
  }

  async #mergeOfBases(depth: number, first: Side, next: Side): Promise<Side> {
    const key = `(${first.key} ${next.key})`;
    const known = this.#bases.get(`${depth} ${key}`);
    if (known !== undefined) return known;
    const { maxBaseMerges = MAX_BASE_MERGES } = this.#options;
    const count = this.#bases.size + depth;
    if (count > maxBaseMerges) throw new LimitError('baseMerges', count, maxBaseMerges);
    const baseOids = await this.basesOf(first.commitOids, next.key);
    const { treeOid, objects } = await this.merge(depth, first, next, baseOids);
    for (const object of objects) this.#made.add(object);
    const made = { treeOid, commitOids: [...first.commitOids, ...next.commitOids], key };
    this.#bases.set(`${depth} ${key}`, made);
    return made;
  }

  /** Blobs of bases that were made, as far as the conflicts of a merge name them. */
  drafts({ stages }: MergedTrees): RawObject[] {
    const oids = new Set(stages.filter(({ stage }) => stage === 1).map(({ oid }) => oid));
    return [...oids].flatMap((oid) => this.#made.get(oid) ?? []);
  }
}

/** Objects of bases that were made, under those of the repository. */
class MadeObjects implements ReadLayer {
  readonly algorithm: ObjectReader['algorithm'];
  readonly #objects = new Map<Oid, RawObject>();

  constructor({ algorithm }: ObjectReader) {
    this.algorithm = algorithm;
  }

  add(object: RawObject): void {
    this.#objects.set(hashObject(this.algorithm, object.kind, object.body), object);
  }

  get(oid: Oid): RawObject | undefined {
    return this.#objects.get(oid);
  }

  async read(oid: Oid): Promise<RawObject | undefined> {
    return this.#objects.get(oid);
  }

  async *readMany(oids: Iterable<Oid>): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    for (const oid of oids) yield [oid, this.#objects.get(oid)];
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const object = this.#objects.get(oid);
    return object && { kind: object.kind, size: object.body.length };
  }
}

/** What a merge commit says. */
export interface MergeCommitFields {
  readonly treeOid: Oid;
  readonly oursOid: Oid;
  readonly theirsOid: Oid;
  readonly author: Identity;
  /** Default: the author. */
  readonly committer?: Identity;
  readonly message: string | Uint8Array;
}

/**
 * The commit that records a merge, not written yet.
 * @throws {RangeError} for what cannot stand in a commit
 */
export function buildMergeCommit(fields: MergeCommitFields): RawObject {
  const { treeOid, oursOid, theirsOid, author, committer = author, message } = fields;
  return {
    kind: 'commit',
    body: buildCommit({ treeOid, parentOids: [oursOid, theirsOid], author, committer, message }),
  };
}

const KINDS: readonly (readonly [prefix: string, kind: string])[] = [
  ['refs/heads/', 'branch'],
  ['refs/tags/', 'tag'],
  ['refs/remotes/', 'remote-tracking branch'],
];

/**
 * The message git gives a merge: `Merge branch 'topic' into main`.
 * @param theirs a full ref name, or anything else that names a commit
 * @param into the full name of the branch that is merged into; git leaves `master` out
 */
export function mergeMessage(theirs: string, into?: string): string {
  const found = KINDS.find(([prefix]) => theirs.startsWith(prefix));
  const what = found ? `${found[1]} '${theirs.slice(found[0].length)}'` : `commit '${theirs}'`;
  const branch = into?.replace(/^refs\/heads\//, '');
  return `Merge ${what}${branch === undefined || branch === 'master' ? '' : ` into ${branch}`}\n`;
}
