import { type GitError, isGitError, type Oid } from '@git-kv/objects';
import type { AsyncCodec } from '../codecs/codec.js';
import type { Key } from '../key.js';
import { type KeyConflict, type KeyMerge, mergingEqual, type SideTimes } from '../merge/merge.js';

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
