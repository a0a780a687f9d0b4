import { encodeUtf8, equalBytes, type GitError, hashObject, isGitError, LimitError, type Oid } from '@git-kv/objects';
import { mergeBases, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { forkRepository } from '@git-kv/repository/overlay';
import type { AsyncCodec } from '../codecs/codec.js';
import type { Key } from '../key.js';
import {
  type KeyConflict,
  type KeyMerge,
  type KeySides,
  type MergeRules,
  mergingEqual,
  type SideTimes,
  wrapRules,
} from '../merge/merge.js';
import { type MergedKeys, mergeKeys } from '../merge/merge-keys.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import type { CallOptions } from './options.js';

/** One side of a conflict. */
export interface ConflictSide<T> {
  /** The object id of what stands there. */
  readonly version: Oid;
  /** Absent where it was too large to be read. */
  readonly bytes?: Uint8Array;
  readonly value?: T;
  /** Why there is no value: the codec cannot decode the bytes. */
  readonly error?: GitError;
}

/** A key that a merge cannot bring together; a side that does not have it is `undefined`. */
export interface VersionedConflict<T> {
  readonly key: Key;
  readonly reason: string;
  readonly base: ConflictSide<T> | undefined;
  readonly ours: ConflictSide<T> | undefined;
  readonly theirs: ConflictSide<T> | undefined;
}

/** Values in place of bytes: see {@link valueMerge}. */
export interface ValueSides<T> {
  readonly key: Key;
  readonly base: T | undefined;
  readonly ours: T | undefined;
  readonly theirs: T | undefined;
  readonly times?: SideTimes;
}

/** What became of merging a key by values; `undefined` takes the key away. */
export type ValueMergeOutcome<T> =
  | { readonly status: 'merged'; readonly value: T | undefined }
  | { readonly status: 'conflict'; readonly reason?: string };

/**
 * A rule over values, for the rules of a merge. Has to be a function of its input. With `mergesEqual` it is asked, too, where both
 * sides changed a key to the same content, as sums have to be.
 */
export function valueMerge<T>(
  codec: AsyncCodec<T>,
  merge: (sides: ValueSides<T>) => ValueMergeOutcome<T> | Promise<ValueMergeOutcome<T>>,
  { mergesEqual = false }: { readonly mergesEqual?: boolean } = {},
): KeyMerge {
  const read = async (bytes: Uint8Array | undefined): Promise<T | undefined> =>
    bytes === undefined ? undefined : await codec.decode(bytes);
  const rule: KeyMerge = async ({ key, base, ours, theirs, times }) => {
    const sides = { key, base: await read(base), ours: await read(ours), theirs: await read(theirs) };
    const outcome = await merge({ ...sides, ...(times !== undefined && { times }) });
    if (outcome.status === 'conflict') return outcome;
    return { status: 'merged', value: outcome.value === undefined ? undefined : await codec.encode(outcome.value) };
  };
  return mergesEqual ? mergingEqual(rule) : rule;
}

/** Merges of common ancestors that one merge may need. */
const MAX_BASE_MERGES = 256;

/** Merges the trees of two commits over what they have in common. */
export class CommitMerge<T> {
  readonly baseOids: readonly Oid[];
  readonly #context: VersionedContext<T>;
  readonly #rules: MergeRules | undefined;
  readonly #options: CallOptions;
  readonly #shallow: ReadonlySet<Oid>;
  /** Holds what merges of common ancestors made, which is nobody's to keep. */
  #fork: Repository | undefined;
  /** Contents that stand for "the ancestors do not agree". */
  readonly #disagreements = new Set<Oid>();
  readonly #made = new Map<string, Side>();
  #baseConflict: MergedKeys | undefined;

  private constructor(
    context: VersionedContext<T>,
    baseOids: readonly Oid[],
    shallow: ReadonlySet<Oid>,
    rules: MergeRules | undefined,
    options: CallOptions,
  ) {
    this.#context = context;
    this.baseOids = baseOids;
    this.#shallow = shallow;
    this.#rules = rules;
    this.#options = options;
  }

  /** Find what two commits have in common. */
  static async open<T>(
    context: VersionedContext<T>,
    ours: Oid,
    theirs: Oid,
    rules: MergeRules | undefined,
    options: CallOptions,
  ): Promise<CommitMerge<T>> {
    const { objects, shallow } = context.repository;
    const boundary = await shallow.read();
    const walk = { shallow: boundary, ...(options.signal !== undefined && { signal: options.signal }) };
    const baseOids = await mergeBases(objects, ours, [theirs], walk);
    return new CommitMerge(context, baseOids.reverse(), boundary, rules, options);
  }

  /**
   * The trees merged. Several common ancestors are first merged into one, and theirs before them; where they do not agree on a
   * key, the merge has no base for it.
   */
  async run(ours: VersionedCommit, theirs: VersionedCommit): Promise<MergedKeys> {
    const base = await this.#baseTree(this.baseOids, 0);
    if (this.#baseConflict !== undefined) return this.#baseConflict;
    const times = { ours: ours.committer.timestamp, theirs: theirs.committer.timestamp };
    const sides = { base, ours: ours.treeOid, theirs: theirs.treeOid };
    const { objects } = this.#fork ?? this.#context.repository;
    const merged = await mergeKeys(objects, sides, this.#rulesWithoutBase(), { times, ...this.#options });
    if (merged.status === 'merged') return merged;
    return { ...merged, conflicts: merged.conflicts.map((conflict) => this.#withoutBase(conflict)) };
  }

  async #baseTree(baseOids: readonly Oid[], depth: number): Promise<Oid | undefined> {
    const [oldest, ...others] = baseOids;
    if (oldest === undefined) return undefined;
    let side = await this.#side(oldest);
    for (const oid of others) side = await this.#mergeBase(side, oid, depth);
    return side.treeOid;
  }

  async #side(oid: Oid): Promise<Side> {
    return { treeOid: (await this.#context.commit(oid)).treeOid, commitOids: [oid], name: oid };
  }

  async #mergeBase(first: Side, oid: Oid, depth: number): Promise<Side> {
    const name = `(${first.name} ${oid})`;
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    if (this.#made.size + depth >= MAX_BASE_MERGES) {
      throw new LimitError('baseMerges', this.#made.size + depth + 1, MAX_BASE_MERGES);
    }
    const { repository } = this.#context;
    this.#fork ??= forkRepository(repository, createMemoryRepository({ algorithm: repository.algorithm }));
    const next = await this.#side(oid);
    const bases = await mergeBases(repository.objects, oid, first.commitOids, {
      shallow: this.#shallow,
      ...this.#options,
    });
    const base = await this.#baseTree(bases.reverse(), depth + 1);
    const sides = { base, ours: first.treeOid, theirs: next.treeOid };
    const merged = await mergeKeys(this.#fork.objects, sides, this.#agreement(), this.#options);
    const side = { treeOid: first.treeOid, commitOids: [...first.commitOids, oid], name };
    if (merged.status === 'merged') {
      await this.#fork.objects.writeMany(merged.objects);
      side.treeOid = merged.treeOid;
    } else {
      const reasons = merged.conflicts.map((conflict) => {
        return { ...this.#withoutBase(conflict), reason: `the common ancestors conflict: ${conflict.reason}` };
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
    const rules = wrapRules(this.#rulesWithoutBase(), (merge) => async (sides) => {
      const outcome = await merge(sides);
      return outcome.status === 'merged' ? outcome : await disagree(sides);
    });
    return [...rules, { prefix: '*', merge: disagree }];
  }

  /** The rules, which are told of no base where there is none to agree on. */
  #rulesWithoutBase(): MergeRules {
    return wrapRules(this.#rules, (merge) => (sides) => {
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

  #withoutBase(conflict: KeyConflict): KeyConflict {
    const { base, ...oids } = conflict.oids;
    if (base === undefined || !this.#disagreements.has(base)) return conflict;
    return { ...conflict, base: undefined, oids };
  }

  #oidOf(value: Uint8Array): Oid {
    return hashObject(this.#context.repository.algorithm, 'blob', value);
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

/** Conflicts with their sides decoded. */
export async function decodeConflicts<T>(
  codec: AsyncCodec<T>,
  conflicts: readonly KeyConflict[],
): Promise<VersionedConflict<T>[]> {
  const side = async (
    version: Oid | undefined,
    bytes: Uint8Array | undefined,
  ): Promise<ConflictSide<T> | undefined> => {
    if (version === undefined) return undefined;
    if (bytes === undefined) return { version };
    try {
      return { version, bytes, value: await codec.decode(bytes.slice()) };
    } catch (error) {
      if (!isGitError(error)) throw error;
      return { version, bytes, error };
    }
  };
  return await Promise.all(
    conflicts.map(async ({ key, reason, base, ours, theirs, oids }) => ({
      key,
      reason,
      base: await side(oids.base, base),
      ours: await side(oids.ours, ours),
      theirs: await side(oids.theirs, theirs),
    })),
  );
}
