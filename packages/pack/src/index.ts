/**
 * Git packs: scan, index, read and write them, and their idx. Bytes come from and go to small seams (`ByteSource`,
 * `PackStorage`), so a pack may lie in memory, in a file or in a bucket; nothing here knows of repositories or networks.
 *
 * ```ts
 * import { indexPack, memoryPackStorage, memorySource, packBytes, PackReader, parsePackIndex } from '@git-kv/pack';
 * import { sha1 } from '@git-kv/objects';
 *
 * const objects = [{ kind: 'blob' as const, body: new TextEncoder().encode('hello\n') }];
 * const { bytes } = await packBytes({ algorithm: sha1, objects, objectCount: 1 });
 *
 * const storage = memoryPackStorage();
 * const { index } = await indexPack((async function* () { yield bytes; })(), { algorithm: sha1, storage });
 *
 * const reader = new PackReader({ source: await storage.source(), index: parsePackIndex(index, sha1) });
 * await reader.read('ce013625030ba8dba906f756967f9e9ca394464a'); // { kind: 'blob', body: 'hello\n' }
 * ```
 *
 * @module
 */
export { type ByteSource, memorySource } from './byte-source.js';
export * from './commit-graph/index.js';
export { encodeEntryHeader, encodeOfsDistance } from './entry-encoding.js';
export { decodeEntryHeader, type EntryHeader, emptyEntryHeader } from './entry-header.js';
export type { PackIndex } from './idx/pack-index.js';
export { parsePackIndex, verifyPackIndex } from './idx/parse.js';
export {
  type PackIndexColumns,
  type PackIndexEntry,
  serializePackIndex,
  serializePackIndexColumns,
} from './idx/serialize.js';
export { indexPack } from './indexer/index-pack.js';
export type { IndexedEntries, IndexedPack, IndexPackOptions } from './indexer/index-pack-options.js';
export type { PackCheckOptions } from './indexer/pack-check.js';
export {
  type ResolveTask,
  type ResolveWorker,
  type ResolveWorkers,
  resolveShare,
} from './indexer/resolve-share.js';
export type { VisitedObject } from './indexer/visited-object.js';
export { DEFAULT_PACK_LIMITS, type PackLimits } from './limits.js';
export type { MultiPackIndex } from './midx/multi-pack-index.js';
export { parseMultiPackIndex } from './midx/parse.js';
export { type IndexedPackFile, type MultiPackIndexParts, serializeMultiPackIndex } from './midx/serialize.js';
export { type MultiPackIndexProblem, verifyMultiPackIndex } from './midx/verify.js';
export { type PackMtimes, parsePackMtimes } from './mtimes/parse.js';
export { serializePackMtimes } from './mtimes/serialize.js';
export type { PackSummary } from './pack-output.js';
export type { PackProgress } from './progress.js';
export type { CursorStep, ObjectCursor } from './reader/bulk-read.js';
export { iterateCursors, listCursor } from './reader/cursor-iterator.js';
export { type BaseSlot, createDeltaBaseCache, type DeltaBaseCache, type PackBases } from './reader/delta-base-cache.js';
export { listPack, type PackListEntry, type PackListing } from './reader/list-pack.js';
export {
  PackReader,
  type PackReaderOptions,
  type PackReadManyOptions,
  type PackReadOptions,
} from './reader/pack-reader.js';
export { type StreamedEntry, streamEntry } from './reader/stream-entry.js';
export { parseReverseIndex, verifyReverseIndex } from './rev/parse.js';
export type { ReverseIndex } from './rev/reverse-index.js';
export { serializeReverseIndex } from './rev/serialize.js';
export { PackScanner, type PackVisitor, type ScannedEntry } from './scanner.js';
export type { DeltaOptions } from './select/delta-search.js';
export { packNameHash } from './select/name-hash.js';
export { type PackItem, PackItemList } from './select/pack-items.js';
export { type PackObjectsOptions, type PackObjectsSummary, packObjects } from './select/pack-objects.js';
export type { PackEntry, PackEntryHead, PackSource } from './select/pack-source.js';
export { type MemoryPackStorage, memoryPackStorage, type PackStorage } from './storage.js';
export { hasValidTrailer } from './trailer.js';
export { kindOfTypeCode, TypeCode, typeCodeOfKind } from './type-code.js';
export { type UnpackOptions, unpackObjects } from './unpack-objects.js';
export { decodeOfsDistance } from './varint.js';
export { type VerifyPackOptions, verifyPack } from './verify-pack.js';
export { gatherPack, type PackInput, type PackInputs, packBytes, type WritePackOptions, writePack } from './writer.js';
