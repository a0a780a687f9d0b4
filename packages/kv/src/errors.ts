import { GitError } from '@git-kv/objects';
import { type Key, KvError } from './key.js';

/** There is nothing under `key`, for callers that take absence for an error; the store itself returns `undefined`. */
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

/** A dictionary cannot be moved into itself. */
export function renameSourcePrefix(source: Key, destination: Key): KvError {
  const message = `Rename: source ${source.format()} is prefix of destination ${destination.format()}`;
  return new KvError('RENAME_SOURCE_PREFIX', source, message);
}

/** The state of a store, read from outside, cannot be one. */
export function invalidState(problem: string, cause?: unknown): GitError {
  return new GitError('INVALID_STATE', `Cannot read the state: ${problem}`, { cause });
}
