/**
 * Git repositories over any storage: the seams an engine implements, walks, tree edits and diffs, fetch, push, clone, and the
 * server's side of both services over byte streams. Engines are entries of their own: `@git-kv/repository/memory`,
 * `@git-kv/repository/file` (over a small `Fs` interface) and `@git-kv/repository/node-fs`.
 *
 * It opens no sockets and listens on none: transports come from `@git-kv/protocol`, servers from `@git-kv/server`.
 *
 * ```ts
 * import { createHttpTransport } from '@git-kv/protocol';
 * import { cloneInto } from '@git-kv/repository';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository();
 * await cloneInto(repository, createHttpTransport('https://example.com/notes.git', { fetch }), { depth: 1 });
 * ```
 *
 * @module
 */

export type * from './audit.js';
export * from './bundle/index.js';
export { type CommitGraphProblem, type VerifyCommitGraphOptions, verifyCommitGraph } from './commit-graph/verify.js';
export { type MakeCommitGraphOptions, makeCommitGraph } from './commit-graph/write.js';
export type { BatchOptions } from './engines/batch/batch.js';
export { type BatchedRepository, batchWrites } from './engines/batch/repository.js';
export { type GlobOptions, globPattern, isGlob } from './glob.js';
export {
  type FsckArea,
  type FsckFinding,
  type FsckFindingType,
  type FsckOptions,
  fsck,
} from './maintenance/fsck/fsck.js';
export type { TreeRules } from './materialize/check-trees.js';
export * from './materialize/materialize.js';
export { type AttributeDriverOptions, attributeDriver } from './merge/attribute-driver.js';
export { mergeDrivers } from './merge/drivers.js';
export * from './merge/merge-commits.js';
export type * from './merge/merge-driver.js';
export type { MergeConflict, MergeConflictKind, MergeMessage, MergeStage } from './merge/merge-report.js';
export { type MergedTrees, type MergeTreeOids, type MergeTreesOptions, mergeTrees } from './merge/merge-trees.js';
export type * from './object-store.js';
export { type PackContentOptions, packContent } from './pack-content.js';
export { packInputs } from './pack-inputs.js';
export type { PackContent, PackListingOptions } from './pack-listing.js';
export type { BackFillOptions, ConnectPromisor, PromisorClient } from './promisor/back-fill.js';
export {
  type BackFilledObjectStore,
  type BackFilledRepository,
  backFill,
} from './promisor/back-filled-repository.js';
export {
  type OpenRemoteOptions,
  openRemote,
  type RemotePath,
  type RemoteSnapshot,
} from './promisor/open-remote.js';
export type { HandshakeOptions } from './promisor/remote-door.js';
export {
  type FetchCommitOptions,
  openRemoteRepository,
  type RemoteRepository,
  type RemoteRepositoryOptions,
} from './promisor/remote-repository.js';
export type { ReceiveCheckOptions } from './receive-check.js';
export { findRefs, peelTag, type RefMatch, type ResolvedRef, resolveRef } from './ref-resolve.js';
export { shortenRefName } from './ref-shorten.js';
export type * from './ref-store.js';
export { connectBundle } from './remote/bundle-client.js';
export { type CloneIntoOptions, type CloneLayout, type CloneSummary, cloneInto } from './remote/clone.js';
export {
  type FetchIntoOptions,
  type FetchSummary,
  fetchInto,
  findRemoteRef,
  type RemoteBranch,
} from './remote/fetch.js';
export type { FetchRole, FetchWish, PlannedRef, TagWish } from './remote/fetch-plan.js';
export {
  type FetchedRefResult,
  type FetchRefsOptions,
  type FetchRefsReport,
  fetchRefs,
} from './remote/fetch-refs.js';
export {
  createInProcessTransport,
  createRepositoryTransport,
  type InProcessServices,
  type ServiceFunction,
} from './remote/in-process.js';
export { type LocalCommitsOptions, localCommits } from './remote/local-commits.js';
export { type PushContent, type PushFromOptions, pushFailure, pushFrom } from './remote/push.js';
export { PushOutcomeUnknownError, type PushResultStatus, type PushUpdate } from './remote/push-outcome.js';
export { type PlannedPush, PushRefspecError, type PushWish, planPushes } from './remote/push-plan.js';
export {
  type PushedRefResult,
  type PushLease,
  type PushRefsOptions,
  type PushRefsReport,
  type PushRejection,
  pushRefs,
} from './remote/push-refs.js';
export { isFastForward, type RefJudgement, type RejectionReason } from './remote/ref-judge.js';
export {
  defaultPushRemote,
  defaultRemote,
  listRemotes,
  type RemoteConfig,
  type RemoteSettings,
  readRemote,
  readUpstream,
} from './remote/settings.js';
export type * from './repository.js';
export {
  Abbreviations,
  AmbiguousRevisionError,
  type PreferredKind,
  type ShortenOptions,
  shortestUnique,
} from './revision/abbreviation.js';
export { peelTo } from './revision/peel.js';
export { type PosixPatternOptions, type PosixSyntax, posixPattern } from './revision/posix-pattern.js';
export { type FindRevisionOptions, findRevision, resolveRevision } from './revision/revision.js';
export { type ConversationOptions, serveConversation } from './serve/conversation.js';
export type * from './serve/push-hooks.js';
export {
  type AdvertiseReceivePackOptions,
  advertiseReceivePack,
  type PushVerdict,
  type ReceiveRules,
  type ServeReceivePackOptions,
  serveReceivePack,
} from './serve/receive-pack.js';
export {
  type AdvertiseOptions,
  advertiseUploadPack,
  type ServeUploadPackOptions,
  serveUploadPack,
  type UploadPackCommand,
} from './serve/upload-pack.js';
export type { UploadRules } from './serve/upload-rules.js';
export { isRefHidden, type RefReader, type RefVisibility, readHiddenRefs, visibleRefs } from './serve/visible-refs.js';
export * from './signatures/index.js';
export * from './three-tree-diff.js';
export * from './tree-diff.js';
export * from './tree-edit.js';
export * from './tree-path.js';
export * from './walk/index.js';
