import { type Key, KvError } from './key.js';

/** There is nothing under `key` to rename; also for callers that take any absence for an error, where the store returns `undefined`. */
export function keyNotFound(key: Key): KvError {
  return new KvError('KEY_NOT_FOUND', key, `Cannot find the key ${key.format()}`);
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
