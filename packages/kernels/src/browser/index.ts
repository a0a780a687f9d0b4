/**
 * The kernels as bundles for browsers have them: the plain ones, until those in WebAssembly are there, which are loaded beside the page
 * when there is work that is worth it.
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
export { createArena } from './arena.js';
export { crc32 } from './crc32.js';
export { deflate, deflateInto } from './deflate.js';
export { deflateSoon } from './deflate-soon.js';
export { applyDelta } from './delta.js';
export { createDelta, createDeltaIndex } from './delta-create.js';
export { hashBatchDetecting } from './detecting-batch.js';
export { createDetectingHash, digestDetecting } from './detecting-hash.js';
export { createHash, digest, digestInto } from './hash.js';
export { hashBatch } from './hash-batch.js';
export { inflate } from './inflate.js';
export { createInflater } from './inflater.js';
export { createHashQueue } from './queue.js';
