/**
 * Indexing of packs alone, for programs whose start counts: the package's main entry has it too, and all else.
 *
 * ```ts
 * import { indexPack } from '@git-kv/pack/indexer';
 * import { memoryPackStorage, packBytes } from '@git-kv/pack';
 * import { sha1 } from '@git-kv/objects';
 *
 * const { bytes } = await packBytes({ algorithm: sha1, objects: [{ kind: 'blob', body: new Uint8Array(9) }], objectCount: 1 });
 * const pack = (async function* () { yield bytes; })();
 * const { objectCount } = await indexPack(pack, { algorithm: sha1, storage: memoryPackStorage() });
 * objectCount; // 1
 * ```
 *
 * @module
 */
export type { ByteSource } from '../byte-source.js';
export type { PackLimits } from '../limits.js';
export type { PackProgress } from '../progress.js';
export type { PackStorage } from '../storage.js';
export { indexPack } from './index-pack.js';
export type { IndexedEntries, IndexedPack, IndexPackOptions } from './index-pack-options.js';
export type { PackCheckOptions } from './pack-check.js';
export type { ResolveTask, ResolveWorker, ResolveWorkers } from './resolve-share.js';
export type { VisitedObject } from './visited-object.js';
