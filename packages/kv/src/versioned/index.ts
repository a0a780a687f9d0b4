/**
 * A key-value store that keeps its versions: branches, history, merges and tags of values, in a git repository on any engine. What
 * values are as bytes is a codec's business (`@git-kv/kv/codecs`), how keys are merged is that of rules (`@git-kv/kv/merge`).
 *
 * ```ts
 * import { jsonCodec } from '@git-kv/kv/codecs';
 * import { VersionedStore } from '@git-kv/kv/versioned';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const store = await VersionedStore.open(createMemoryRepository(), { codec: jsonCodec() });
 * const main = store.branch('main');
 * await main.set('limits/upload', 20);
 * const draft = await store.createBranch('draft');
 * await draft.set('limits/upload', 40);
 * await main.merge('draft'); // a fast-forward
 * await main.get('limits/upload'); // 40
 * ```
 *
 * @module
 */

export type { ProvenRead } from '../proof/proof.js';
export {
  type MergeBranchOptions,
  type MergeConflictOutcome,
  type MergeOptions,
  type MergeOutcome,
  type RebaseOutcome,
  type RevertOutcome,
  type TransactOutcome,
  VersionedBranch,
} from './branch.js';
export type { VersionedCommit } from './commit.js';
export type { DiffOptions, VersionedDifference } from './diff.js';
export type { VersionedDraft } from './draft.js';
export type { HistoryEntry, HistoryOptions } from './history.js';
export {
  type ConflictSide,
  type ValueMergeOutcome,
  type ValueSides,
  type VersionedConflict,
  valueMerge,
} from './merge.js';
export type {
  Author,
  CallOptions,
  CommitOptions,
  Expectations,
  ExpectedOid,
  FailedExpectation,
  TransactOptions,
  VersionedOptions,
} from './options.js';
export type {
  PullBranchOptions,
  PullOutcome,
  PushBranchOptions,
  PushOutcome,
  RemoteCallOptions,
  RemoteOptions,
  SyncBranchOptions,
  SyncOutcome,
  VersionedRemote,
} from './remote.js';
export type { ShareTagsOptions } from './remote-tags.js';
export { VersionedSnapshot } from './snapshot.js';
export { VersionedStore } from './store.js';
export type { TagOptions, VersionedTag } from './tags.js';
export type { VersionedChange, VersionedWatchEvent } from './watch.js';
