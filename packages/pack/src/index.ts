export { type ByteSource, memorySource } from './byte-source.js';
export {
  decodeEntryHeader,
  type EntryHeader,
  emptyEntryHeader,
  encodeEntryHeader,
  kindOfTypeCode,
  TypeCode,
  typeCodeOfKind,
} from './entry-header.js';
export type { PackIndex } from './idx/pack-index.js';
export { parsePackIndex, verifyPackIndex } from './idx/parse.js';
export {
  type PackIndexColumns,
  type PackIndexEntry,
  serializePackIndex,
  serializePackIndexColumns,
} from './idx/serialize.js';
export { type IndexedPack, type IndexPackOptions, indexPack } from './indexer/index-pack.js';
export { DEFAULT_PACK_LIMITS, type PackLimits } from './limits.js';
export type { PackProgress } from './progress.js';
export { createDeltaBaseCache, type DeltaBaseCache, type PackBases } from './reader/delta-base-cache.js';
export { PackReader, type PackReaderOptions, type PackReadOptions } from './reader/pack-reader.js';
export { PackScanner, type PackVisitor, type ScannedEntry } from './scanner.js';
export { type MemoryPackStorage, memoryPackStorage, type PackStorage } from './storage.js';
export { decodeOfsDistance, encodeOfsDistance } from './varint.js';
export { type PackInput, type PackSummary, packBytes, type WritePackOptions, writePack } from './writer.js';
