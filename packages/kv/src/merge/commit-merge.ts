import {
  encodeUtf8,
  equalBytes,
  hashObject,
  LimitError,
  NotFoundError,
  type Oid,
  parseCommitLinks,
} from '@git-kv/objects';
import { mergeBases, type ObjectStore, type RepositoryObjects } from '@git-kv/repository';
import { createMemoryObjects } from '@git-kv/repository/memory';
import { overlayObjects } from '@git-kv/repository/overlay';
import type { Head } from '../head.js';
import type { Key } from '../key.js';
import { LastChanges } from '../last-change.js';
import { type KeyConflict, type KeyMerge, type KeySides, type MergeRules, type SideTimes, wrapRules } from './merge.js';
import { type MergedKeys, mergeKeys } from './merge-keys.js';

/** Merges of common ancestors that one merge may need. */
const MAX_BASE_MERGES = 256;

/** How commits are merged. */
export interface CommitMergeOptions {
  readonly rules: MergeRules | undefined;
  /** Stands for what two commits have in common where that is not here. */
  readonly baseOid?: Oid | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Merges the trees of two commits over what they have in common. */
export class CommitMerge {
  /** The best common ancestors, the oldest first. */
  readonly baseOids: readonly Oid[];
  readonly #repository: RepositoryObjects;
  readonly #rules: MergeRules | undefined;
  readonly #options: { readonly signal?: AbortSignal };
  readonly #shallow: ReadonlySet<Oid>;
  /** Holds, too, what merges of common ancestors made, which is nobody's to keep. */
  #fork: ObjectStore | undefined;
  /** Contents that stand for "the ancestors do not agree". */
  readonly #disagreements = new Set<Oid>();
  readonly #made = new Map<string, Side>();
  #baseConflict: MergedKeys | undefined;

  private constructor(
    repository: RepositoryObjects,
    baseOids: readonly Oid[],
    shallow: ReadonlySet<Oid>,
    { rules, signal }: CommitMergeOptions,
  ) {
    this.#repository = repository;
    this.baseOids = baseOids;
    this.#shallow = shallow;
    this.#rules = rules;
    this.#options = signal ? { signal } : {};
  }

  /** Find what two commits have in common. */
  static async open(
    repository: RepositoryObjects,
    ours: Oid,
    theirs: Oid,
    options: CommitMergeOptions,
  ): Promise<CommitMerge> {
    const { baseOid, signal } = options;
    const shallow = await repository.shallow.read();
    const bases = await mergeBases(repository.objects, ours, [theirs], { shallow, ...(signal && { signal }) });
    const baseOids = bases.length === 0 && baseOid !== undefined ? [baseOid] : bases.reverse();
    return new CommitMerge(repository, baseOids, shallow, options);
  }

  /**
   * The trees merged. Several common ancestors are first merged into one, and theirs before them; where they do not agree on a
   * key, the merge has no base for it.
   * @param rules in place of those that it was opened with, by which ancestors are merged
   */
  async run(ours: Head, theirs: Head, rules: MergeRules | undefined = this.#rules): Promise<MergedKeys> {
    const base = await this.#baseTree(this.baseOids, 0);
    if (this.#baseConflict !== undefined) return this.#baseConflict;
    const times = { ours: ours.timestamp, theirs: theirs.timestamp };
    const changes = new LastChanges(this.#repository.objects, this.#shallow, this.#options.signal);
    const timesOf = async (key: Key): Promise<SideTimes> => ({
      ours: await changes.find(ours, key),
      theirs: await changes.find(theirs, key),
    });
    const sides = { base, ours: ours.treeOid, theirs: theirs.treeOid };
    const objects = this.#fork ?? this.#repository.objects;
    const merged = await mergeKeys(objects, sides, this.#withoutBase(rules), { times, timesOf, ...this.#options });
    if (merged.status === 'merged') return merged;
    return { ...merged, conflicts: merged.conflicts.map((conflict) => this.#told(conflict)) };
  }

  async #baseTree(baseOids: readonly Oid[], depth: number): Promise<Oid | undefined> {
    const [oldest, ...others] = baseOids;
    if (oldest === undefined) return undefined;
    let side = await this.#side(oldest);
    for (const oid of others) side = await this.#mergeBase(side, oid, depth);
    return side.treeOid;
  }

  async #side(oid: Oid): Promise<Side> {
    const object = await this.#repository.objects.read(oid, this.#options);
    if (object?.kind === 'commit')
      return { treeOid: parseCommitLinks(object.body).treeOid, commitOids: [oid], name: oid };
    throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot merge: commit ${oid} is missing`);
  }

  async #mergeBase(first: Side, oid: Oid, depth: number): Promise<Side> {
    const name = `(${first.name} ${oid})`;
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    if (this.#made.size + depth >= MAX_BASE_MERGES) {
      throw new LimitError('baseMerges', this.#made.size + depth + 1, MAX_BASE_MERGES);
    }
    const { algorithm, objects } = this.#repository;
    this.#fork ??= overlayObjects([createMemoryObjects({ algorithm }).objects, objects]);
    const next = await this.#side(oid);
    const bases = await mergeBases(objects, oid, first.commitOids, {
      shallow: this.#shallow,
      ...this.#options,
    });
    const base = await this.#baseTree(bases.reverse(), depth + 1);
    const sides = { base, ours: first.treeOid, theirs: next.treeOid };
    const merged = await mergeKeys(this.#fork, sides, this.#agreement(), this.#options);
    const side = { treeOid: first.treeOid, commitOids: [...first.commitOids, oid], name };
    if (merged.status === 'merged') {
      await this.#fork.writeMany(merged.objects);
      side.treeOid = merged.treeOid;
    } else {
      const reasons = merged.conflicts.map((conflict) => {
        return { ...this.#told(conflict), reason: `the common ancestors conflict: ${conflict.reason}` };
      });
      this.#baseConflict ??= { ...merged, conflicts: reasons };
    }
    this.#made.set(name, side);
    return side;
  }

  /** In a merge of ancestors a conflict is no end: what is put there is like nothing that anybody has written. */
  #agreement(): MergeRules {
    const disagree: KeyMerge = () => {
      const value = encodeUtf8(`The common ancestors disagree: ${crypto.randomUUID()}\n`);
      this.#disagreements.add(this.#oidOf(value));
      return { status: 'merged', value };
    };
    const rules = wrapRules(this.#withoutBase(this.#rules), (merge) => async (sides) => {
      const outcome = await merge(sides);
      return outcome.status === 'merged' ? outcome : await disagree(sides);
    });
    return [...rules, { prefix: '*', merge: disagree }];
  }

  /** Rules that are told of no base where there is none to agree on. */
  #withoutBase(rules: MergeRules | undefined): MergeRules {
    return wrapRules(rules, (merge) => (sides) => {
      if (!this.#isDisagreement(sides)) return merge(sides);
      const { ours, theirs } = sides;
      // With nothing to count from, both can only mean what they say.
      if (ours !== undefined && theirs !== undefined && equalBytes(ours, theirs)) {
        return { status: 'merged', value: ours };
      }
      return merge({ ...sides, base: undefined });
    });
  }

  #isDisagreement({ base }: KeySides): boolean {
    return this.#disagreements.size > 0 && base !== undefined && this.#disagreements.has(this.#oidOf(base));
  }

  #told(conflict: KeyConflict): KeyConflict {
    const { base, ...oids } = conflict.oids;
    if (base === undefined || !this.#disagreements.has(base)) return conflict;
    return { ...conflict, base: undefined, oids };
  }

  #oidOf(value: Uint8Array): Oid {
    return hashObject(this.#repository.algorithm, 'blob', value);
  }
}

/** A commit, or what a merge of several would be. */
interface Side {
  treeOid: Oid;
  /** The commits it stands for. */
  readonly commitOids: readonly Oid[];
  /** Says how it was made. */
  readonly name: string;
}
