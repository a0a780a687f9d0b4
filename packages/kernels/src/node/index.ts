/**
 * The kernels as Node has them: names and results of the portable entry, with node:crypto, node:zlib and WebAssembly where
 * they measure faster.
 *
 * @module
 */
export { adler32 } from '../adler32.js';
export { deflatedBound } from '../deflate.js';
export { type DeltaSizes, readDeltaSizes } from '../delta.js';
export type { DeltaIndex } from '../delta-create.js';
export { digestSize } from '../hash.js';
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
} from '../types.js';
export { deflate, deflateInto, deflateSoon } from '../wasm/deflate.js';
export { applyDelta } from '../wasm/delta.js';
export { createDelta, createDeltaIndex } from '../wasm/delta-create.js';
export { createDetectingHash, digestDetecting, hashBatchDetecting } from '../wasm/hash.js';
export { createInflater } from '../wasm/inflater.js';
export { createArena } from '../wasm/instance.js';
export { createHash, digest, digestInto, hashBatch } from './hash.js';
export { createHashQueue } from './queue.js';
export { crc32, inflate } from './zlib.js';
