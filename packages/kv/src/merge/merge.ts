import type { Oid } from '@git-kv/objects';
import type { Key } from '../key.js';

/** One key that both sides of a merge changed; `undefined` where a side does not have it. */
export interface KeySides {
  readonly key: Key;
  /** What both sides came from. */
  readonly base: Uint8Array | undefined;
  /** The change that is brought in: a write of this store that is re-applied, or the branch that is merged into. */
  readonly ours: Uint8Array | undefined;
  /** What others made of it: on the remote, or on the other branch. */
  readonly theirs: Uint8Array | undefined;
  /** When each side was committed, in seconds since 1970, where commits are merged: see {@link KeyMerge.byTime}. */
  readonly times?: SideTimes;
  /** What git keeps of each side beside its bytes, which tells a link from a file. Given to a {@link KeyMerge}. */
  readonly modes?: SideModes;
}

/** When the two sides of a merge were committed, in seconds since 1970. */
export interface SideTimes {
  readonly ours: number;
  readonly theirs: number;
}

/** The modes of the two sides in their trees, such as 0o100644; `undefined` where a side does not have the key. */
export interface SideModes {
  readonly ours: number | undefined;
  readonly theirs: number | undefined;
}

/** What a {@link KeyMerge} made of the sides; a `value` of `undefined` takes the key away. */
export type KeyMergeOutcome =
  | { readonly status: 'merged'; readonly value: Uint8Array | undefined }
  | { readonly status: 'conflict'; readonly reason?: string };

/**
 * Merges what two sides made of one key. Asked for keys that both changed to different contents, or that one removed and the
 * other changed. Has to be a function of its input, as it may be asked again.
 */
export interface KeyMerge {
  (sides: KeySides): KeyMergeOutcome | Promise<KeyMergeOutcome>;
  /**
   * Asked, too, where both sides changed a key to the same content: for values that tell of steps, as counters do, where two
   * equal changes are still two. Otherwise that content stands. What both removed is gone, and nobody is asked.
   */
  readonly mergesEqual?: boolean;
  /**
   * Told when each side changed the key itself, which is looked for in history. Otherwise the times are those of the newest commits,
   * which may have changed other keys alone.
   */
  readonly byTime?: boolean;
}

/** A {@link KeyMerge} for a key and all below it; the prefix `*` fits every key. */
export interface MergeRule {
  readonly prefix: string;
  readonly merge: KeyMerge;
}

/** How keys are merged: all in one way, or each by the first rule that fits it. A key that none fits is a conflict. */
export type MergeRules = KeyMerge | readonly MergeRule[];

/** Where the sides of a key cannot be brought together. A value that is too large to be read is left out, and has an oid. */
export interface KeyConflict extends KeySides {
  readonly reason: string;
  /** What stands under the key: a value, a link or a submodule. Absent where a side has none of these. */
  readonly oids: { readonly base?: Oid; readonly ours?: Oid; readonly theirs?: Oid };
}

/** The merge for a key by the first of `rules` that fits. */
export function findKeyMerge(rules: MergeRules | undefined, key: Key): KeyMerge | undefined {
  if (rules === undefined || typeof rules === 'function') return rules;
  return rules.find(({ prefix }) => prefix === '*' || isBelow(key, prefix))?.merge;
}

/** Whether a rule for `key`, or for something below it, is to be asked about equal changes: {@link KeyMerge.mergesEqual}. */
export function mayMergeEqual(rules: MergeRules | undefined, key: Key): boolean {
  for (const { prefix, merge } of listRules(rules)) {
    const fits = prefix === '*' || isBelow(key, prefix);
    if (merge.mergesEqual === true && (fits || isAbove(key, prefix))) return true;
    if (fits) return false; // it is the first for all that is below
  }
  return false;
}

/** Rules that do as `wrap` makes of each, and are asked where the rule itself is. */
export function wrapRules(rules: MergeRules | undefined, wrap: (merge: KeyMerge) => KeyMerge): readonly MergeRule[] {
  return listRules(rules).map(({ prefix, merge }) => {
    const wrapped = wrap(merge);
    const { mergesEqual = false, byTime = false } = merge;
    return { prefix, merge: Object.assign((sides: KeySides) => wrapped(sides), { mergesEqual, byTime }) };
  });
}

/** The same merge, asked about equal changes, too. */
export function mergingEqual(merge: KeyMerge): KeyMerge {
  return Object.assign((sides: KeySides) => merge(sides), { mergesEqual: true });
}

function listRules(rules: MergeRules | undefined): readonly MergeRule[] {
  if (rules === undefined) return [];
  return typeof rules === 'function' ? [{ prefix: '*', merge: rules }] : rules;
}

function isBelow(key: Key, prefix: string): boolean {
  return segmentsOf(prefix).every((segment, at) => key.segments[at] === segment);
}

function isAbove(key: Key, prefix: string): boolean {
  const segments = segmentsOf(prefix);
  return key.segments.every((segment, at) => segments[at] === segment);
}

function segmentsOf(prefix: string): string[] {
  return prefix.split('/').filter((segment) => segment !== '');
}
