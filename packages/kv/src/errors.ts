import { GitError } from '@git-kv/objects';
import { type Key, KvError } from './key.js';
import type { KeyConflict } from './merge/merge.js';

/** A value (or link) stands where a dictionary is needed. */
export function dictionaryExpected(key: Key): KvError {
  return new KvError('DICTIONARY_EXPECTED', key, `Expecting a dictionary for the key ${key.format()}`);
}

/** A dictionary (or link) stands where a value is needed. */
export function valueExpected(key: Key): KvError {
  return new KvError('VALUE_EXPECTED', key, `Expecting a value for the key ${key.format()}`);
}

/** The root is no entry of anything. */
export function rootRemoved(key: Key): KvError {
  return new KvError('INVALID_KEY', key, 'Cannot remove the key /: the root dictionary is always there');
}

/** The state of a store, read from outside, cannot be one. */
export function invalidState(problem: string, cause?: unknown): GitError {
  return new GitError('INVALID_STATE', `Cannot read the state: ${problem}`, { cause });
}

/**
 * A write or a pull met changes of others to the same keys, and no rule brought them together. Nothing was changed here or there:
 * `conflicts` holds the three sides of each key, for whoever decides.
 */
export class KvConflictError extends GitError {
  override readonly name: string = 'KvConflictError';
  /** In the order of keys; never empty. */
  readonly conflicts: readonly KeyConflict[];
  /** There are more than `conflicts` holds. */
  readonly hasMore: boolean;

  constructor(verb: string, conflicts: readonly KeyConflict[], hasMore = false) {
    const [first] = conflicts;
    const others = conflicts.length - 1;
    const more = hasMore ? ' and many others' : others > 0 ? ` and ${others} more` : '';
    super('MERGE_CONFLICT', `Cannot ${verb} ${first?.key.format()}${more}: ${first?.reason}`);
    this.conflicts = conflicts;
    this.hasMore = hasMore;
  }
}
