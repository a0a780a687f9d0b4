/**
 * Repositories on the file system of this computer, for Node. The engine itself is `@git-kv/repository/file`.
 *
 * ```ts
 * import { initRepository, openRepository } from '@git-kv/repository/node-fs';
 *
 * await initRepository('project.git', { objectFormat: 'sha1', initialBranch: 'main' });
 * const repository = await openRepository('project.git');
 * const oid = await repository.objects.write({ kind: 'blob', body: new TextEncoder().encode('hello\n') });
 * await repository.close();
 * ```
 *
 * @module
 */
export {
  type CollectGarbageOptions,
  type CollectGarbageReport,
  type CollectionNeedOptions,
  collectionNeed,
  type Durability,
  type ExpireLogsOptions,
  expireLogs,
  FileError,
  FileRepository,
  type FileRepositoryOptions,
  type GcOwner,
  GcRunningError,
  type InitOptions,
  type LocalPack,
  type LogExpiry,
  listLocalPacks,
  type MaintenanceOptions,
  type PackRefsOptions,
  type PackRefsReport,
  type PrunedObject,
  type PruneUnreachableOptions,
  type PruneUnreachableReport,
  packRefs,
  pruneUnreachable,
  type RemovedFile,
  type RepackOptions,
  type RepackReport,
  repack,
  updateServerInfo,
} from '../engines/file/index.js';
export type { MultiPackIndexReport, WriteMultiPackIndexOptions } from '../engines/file/multi-pack-index.js';
export { type MaterializeDirectoryOptions, materializeDirectory } from './directory-sink.js';
export { collectGarbage, nodeGcOwner } from './gc.js';
export { verifyMultiPackIndex, writeMultiPackIndex } from './multi-pack-index.js';
export { nodeFs } from './node-fs.js';
export { filePackStorage, openPackFile, type PackFileStorage } from './pack-source.js';
export { createPathTransport, type PathTransportOptions } from './path-transport.js';
export { nodeProcesses } from './processes.js';
export { initRepository, openConfigFile, openRepository } from './repository.js';
export { SshAgent, type SshAgentOptions } from './ssh-agent.js';
