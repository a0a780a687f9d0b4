/**
 * Byte kernels: zlib streams, git deltas, digests and checksums. They know bytes and nothing of git objects: they return
 * statuses and offsets, and the packages above make errors of them. A `RangeError` or `TypeError` means a wrong call, never
 * wrong bytes.
 *
 * The package entry has faster functions of the same names, in WebAssembly or of Node; `@git-kv/kernels/portable` is this module
 * everywhere.
 *
 * @example
 * ```ts
 * import { deflate, inflate, InflateStatus } from '@git-kv/kernels';
 *
 * const stream = deflate(new TextEncoder().encode('what is up, doc?'));
 * const output = new Uint8Array(16);
 * const result = { consumed: 0, produced: 0 };
 * const status = inflate(stream, 0, output, 0, output.length, result);
 * console.log(status === InflateStatus.done, result.consumed === stream.length); // true true
 * ```
 *
 * @module
 */
export { adler32 } from './adler32.js';
export { createArena } from './arena.js';
export { crc32 } from './crc32.js';
export { deflate, deflatedBound, deflateInto } from './deflate.js';
export { deflateSoon } from './deflate-soon.js';
export { applyDelta, type DeltaSizes, readDeltaSizes } from './delta.js';
export { createDelta, createDeltaIndex, type DeltaIndex } from './delta-create.js';
export { hashBatchDetecting } from './detecting-batch.js';
export { createDetectingHash, digestDetecting } from './detecting-hash.js';
export { createHash, digest, digestInto, digestSize } from './hash.js';
export { hashBatch } from './hash-batch.js';
export { inflate } from './inflate.js';
export { createInflater } from './inflater.js';
export { createHashQueue } from './portable-queue.js';
export {
  type DeflateSoon,
  DeltaStatus,
  type DetectingHasher,
  type Hasher,
  type HashName,
  type HashQueue,
  type HashQueueOptions,
  type InflateResult,
  type Inflater,
  type InflaterOptions,
  InflateStatus,
} from './types.js';
