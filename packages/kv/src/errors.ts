import { GitError, type Oid } from '@git-kv/objects';
import { type Key, KvError } from './key.js';
import type { KeyConflict } from './merge/merge.js';

/** There is nothing under `key` to rename; also for callers that take any absence for an error, where the store returns `undefined`. */
export function keyNotFound(key: Key): KvError {
  return new KvError('KEY_NOT_FOUND', key, `Cannot find the key ${key.format()}`);
}

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

/** The store cannot take more. */
export function noSpace(key: Key, cause?: unknown): KvError {
  return new KvError('NO_SPACE', key, 'No space left on device', { cause });
}

/** Something is under `key` already. */
export function alreadyPresent(key: Key): KvError {
  return new KvError('ALREADY_PRESENT', key, `Key ${key.format()} is already present`);
}

/** When a key was changed is told by commits that are not here: the store is shallow. */
export function historyMissing(key: Key, oid: Oid): KvError {
  const message = `Cannot tell when ${key.format()} was changed: history ends at commit ${oid}`;
  return new KvError('HISTORY_MISSING', key, message);
}

/** A dictionary cannot be moved into itself. */
export function renameSourcePrefix(source: Key, destination: Key): KvError {
  const message = `Rename: source ${source.format()} is prefix of destination ${destination.format()}`;
  return new KvError('RENAME_SOURCE_PREFIX', source, message);
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
