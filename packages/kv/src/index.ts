/**
 * A key-value store that lives in a git repository: keys are paths, values are files, writes are commits. It is held in
 * memory and synced with a branch on any git host over smart HTTP, without a git program.
 *
 * Only the newest commit is kept, and no working copy: this is a store, not a version-control client. Object formats,
 * the wire and storage are the packages below; Node's own `fetch` and environment are in `@git-kv/kv/node`.
 *
 * ```ts
 * import { GitKv } from '@git-kv/kv';
 *
 * const store = await GitKv.connect('https://example.com/notes.git#main');
 * await store.set('greeting', 'Hello World!'); // one commit, pushed
 * await store.changeAndPush(async (batch) => {
 *   await batch.set('config/limit', '20');
 *   await batch.remove('config/old');
 * }); // one commit for both
 * await store.getText('greeting'); // 'Hello World!'
 * for (const { kind, key } of await store.pull()) console.log(kind, String(key)); // what others changed
 * ```
 *
 * @module
 */
export type { BackOff } from './back-off.js';
export type { KvBatch } from './batch.js';
export { type Change, type ChangesOptions, diffKeys } from './changes.js';
export { alreadyPresent, keyNotFound, noSpace, renameSourcePrefix } from './edit-errors.js';
export { dictionaryExpected, KvConflictError, valueExpected } from './errors.js';
export { Key, KvError, type KvErrorCode } from './key.js';
export { historyMissing } from './last-change.js';
export type * from './merge/types.js';
export type { ToOctetsOptions } from './octets/write.js';
export type {
  ChangeOptions,
  ConflictPolicy,
  ConnectOptions,
  Isolation,
  KvLimits,
  KvOptions,
  OfOctetsOptions,
  PullOptions,
  SettledPush,
  UnpushedPolicy,
  WriteOptions,
} from './options.js';
export type { PartialOptions } from './partial/options.js';
export type { Permissions } from './permissions.js';
export type { KvProof, ProvenRead } from './proof/proof.js';
export {
  type KvCommit,
  type KvEntry,
  type KvKind,
  KvReader,
  type KvReadOptions,
  type LastModifiedOptions,
  type PermittedValue,
  type ReadRange,
} from './reader.js';
export { parseRemoteUrl, type RemoteUrl } from './remote-url.js';
export type { KvSnapshot } from './snapshot.js';
export { GitKv, type OpenOptions } from './store.js';
export type {
  WatchEvent,
  WatchedChange,
  WatchedCommit,
  WatchOptions,
  WatchReset,
  WatchResetReason,
} from './watch/events.js';
export type {
  Expected,
  KvWriter,
  RemoveOptions,
  SetOptions,
  ValuePermissions,
  WriteRange,
  WriteSignal,
} from './writer.js';
