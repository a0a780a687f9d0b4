/**
 * The kernels as runtimes without node:crypto have them: names and results of the portable entry, in WebAssembly where that is
 * faster and where the runtime has it, with its vectors. It falls back to the portable functions by itself.
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
export { crc32 } from './crc32.js';
export { deflate, deflateInto, deflateSoon } from './deflate.js';
export { applyDelta } from './delta.js';
export { createDelta, createDeltaIndex } from './delta-create.js';
export {
  createDetectingHash,
  createHash,
  digest,
  digestDetecting,
  digestInto,
  hashBatch,
  hashBatchDetecting,
} from './hash.js';
export { inflate } from './inflate.js';
export { createInflater } from './inflater.js';
export { createArena } from './instance.js';
export { createHashQueue } from './queue.js';
