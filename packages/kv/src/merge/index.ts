/**
 * Merging the work of several writers by key: three root trees to one, by rules that say for each key how. git's own merge of
 * files, with conflicts in them, is in `@git-kv/repository`.
 *
 * ```ts
 * import { Key } from '@git-kv/kv';
 * import { keyMerges } from '@git-kv/kv/merge';
 *
 * const bytes = (text) => new TextEncoder().encode(text);
 * const sides = { key: Key.of('visits'), base: bytes('10'), ours: bytes('13'), theirs: bytes('11') };
 * const outcome = await keyMerges.counter()(sides);
 * new TextDecoder().decode(outcome.value); // '14'
 * ```
 *
 * @module
 */
export { KvConflictError } from '../errors.js';
export { keyMerges } from './key-merges.js';
export { type MergedKeys, type MergeKeysOptions, mergeKeys } from './merge-keys.js';
export type * from './types.js';
