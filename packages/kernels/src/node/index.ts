/**
 * The kernels as Node has them: the names and results of the portable entry, with node:crypto and node:zlib where they are faster.
 *
 * @module
 */
export { adler32 } from '../adler32.js';
export { crc32 } from '../crc32.js';
export { deflate } from '../deflate.js';
export { applyDelta, type DeltaSizes, readDeltaSizes } from '../delta.js';
export { createHash, digest, digestInto, digestSize } from '../hash.js';
export { hashBatch } from '../hash-batch.js';
export { inflate } from '../inflate.js';
export { DeltaStatus, type Hasher, type HashName, type InflateResult, InflateStatus } from '../types.js';
