import type { Oid } from '@git-kv/objects';
import type { Key } from './key.js';
import type { WriteOptions } from './options.js';
import type { Permissions } from './permissions.js';

/** A value, with what git would make of it when it checks it out. */
export interface ValuePermissions {
  /** Default: what the key has; `normal` for a new one, and in the place of a link. */
  readonly permissions?: Permissions;
}

/** What has to stand under a key for a write to be made. */
export interface Expected {
  /**
   * The digest of what is there, as bytes or hex; `null`: nothing. Where something else is there, also by the work of others, the
   * write fails with MERGE_CONFLICT. Default: anything.
   */
  readonly expected?: Uint8Array | Oid | null;
}

/** How a value is put under a key. */
export interface SetOptions extends WriteOptions, ValuePermissions, Expected {}

/** How a key is taken away. */
export interface RemoveOptions extends WriteOptions, Expected {}

/** Where a write into a value begins. */
export interface WriteRange {
  /** Bytes from the start of the value. Default 0. */
  readonly offset?: number;
}

/** What every write takes, of a store or of a batch. */
export interface WriteSignal {
  /** Ends the write, where it has not begun; that of a store also while it is pushed. */
  readonly signal?: AbortSignal;
}

/** Writing by key: what a store and its batches have in common. */
export interface KvWriter {
  /**
   * Put `value` under `key`, with the dictionaries above it.
   * @throws {KvError} VALUE_EXPECTED where a dictionary stands, DICTIONARY_EXPECTED for a value among the key's prefixes
   * @throws {LimitError} `valueBytes`; {GitError} INVALID_VALUE for text with half a character (a lone surrogate)
   */
  set(key: string | Key, value: Uint8Array | string, options?: ValuePermissions & WriteSignal): Promise<void>;
  /**
   * Put `bytes` into the value from `offset` on. What follows them stays; a hole before them is filled with zeros. A key that is
   * missing is made.
   * @throws {KvError} VALUE_EXPECTED for a dictionary or link, DICTIONARY_EXPECTED as {@link set}, NO_SPACE where the value would
   *   be over the limit
   */
  setPartial(key: string | Key, range: WriteRange, bytes: Uint8Array | string, options?: WriteSignal): Promise<void>;
  /**
   * Make a value of `size` zeros.
   * @throws {KvError} ALREADY_PRESENT where anything stands, be it a link; NO_SPACE over the limit; DICTIONARY_EXPECTED
   */
  allocate(key: string | Key, size: number, options?: WriteSignal): Promise<void>;
  /** Take away a value, or a dictionary with all in it. Absence is no error. @throws {KvError} INVALID_KEY for the root */
  remove(key: string | Key, options?: WriteSignal): Promise<void>;
  /**
   * Move a value (or link), or a dictionary with all in it. A value at `destination` is replaced; into a dictionary there, the
   * source moves by its own name. Permissions stay. Moving a thing to where it is changes nothing.
   * @throws {KvError} KEY_NOT_FOUND for the source; VALUE_EXPECTED for a source that is a dictionary where a value is in its way;
   *   RENAME_SOURCE_PREFIX for a dictionary into itself; ALREADY_PRESENT where the dictionary it moves into has a dictionary of
   *   its name; DICTIONARY_EXPECTED for a value among the prefixes of where it goes
   */
  rename(source: string | Key, destination: string | Key, options?: WriteSignal): Promise<void>;
}
