/**
 * A repository in files, in git's own layout, over an injected {@link Fs}: git processes may work on it at the same
 * time. Knows no platform; `@git-kv/repository/node-fs` has the one of Node.
 *
 * ```ts
 * import { initFileRepository, openFileRepository } from '@git-kv/repository/file';
 * import { nodeFs } from '@git-kv/repository/node-fs';
 *
 * await initFileRepository(nodeFs, 'project.git');
 * const repository = await openFileRepository(nodeFs, 'project.git');
 * await repository.refs.read('HEAD'); // { target: 'refs/heads/main' }
 * ```
 *
 * @module
 */
export { Config, type ConfigEntry, parseConfig } from '../../config/config.js';
export { ConfigDocument } from '../../config/document.js';
export { type ExpireLogsOptions, expireLogs, type LogExpiry, logJudge } from '../../maintenance/expire-logs.js';
export {
  type CollectGarbageOptions,
  type CollectGarbageReport,
  collectGarbage,
} from '../../maintenance/gc.js';
export { type GcOwner, GcRunningError } from '../../maintenance/gc-lock.js';
export { type LocalPack, listLocalPacks } from '../../maintenance/local-packs.js';
export { type CollectionNeedOptions, collectionNeed } from '../../maintenance/need.js';
export type { MaintenanceOptions, RemovedFile } from '../../maintenance/options.js';
export { packRefs } from '../../maintenance/pack-refs.js';
export {
  type PrunedObject,
  type PruneUnreachableOptions,
  type PruneUnreachableReport,
  pruneUnreachable,
} from '../../maintenance/prune.js';
export { repack } from '../../maintenance/repack.js';
export type { RepackOptions, RepackReport } from '../../maintenance/repack-options.js';
export { updateServerInfo } from '../../maintenance/server-info.js';
export type { ConfigFile } from './config-file.js';
export { type Durability, FileError } from './disk.js';
export { fsFromPromises, type PromisedFs, type PromisedStat } from './from-promises.js';
export {
  type DirectoryEntry,
  type FileAccess,
  type FileHandle,
  type FileKind,
  type FileStat,
  type Fs,
  fsCode,
  type NewFileOptions,
} from './fs.js';
export { type InitOptions, initFileRepository } from './init.js';
export type { RecoveryFinding } from './journal/finding.js';
export type { LockOwner, Processes } from './journal/owner.js';
export type { RepositoryLayout } from './layout.js';
export type { EditLogOptions } from './log-editing.js';
export type { LogLine, LogPlace } from './log-rewriting.js';
export type { PackRefsOptions, PackRefsReport } from './ref-packing.js';
export { FileRepository, type FileRepositoryOptions, openFileRepository } from './repository.js';
