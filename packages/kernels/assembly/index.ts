// The kernels that are compiled to WebAssembly: one module, one memory. What lies at ARENA and after belongs to who loaded it.
export { crc32 } from './crc32';
export { deflate } from './deflate';
export { applyInstructions } from './delta';
export { createDelta, indexBase } from './delta-create';
export { hashBlocks, hashMessages } from './hash-batch';
export { beginStream, continueStream, inflate, slideStream } from './inflate';
export {
  BYTE_HASHES,
  CODE_LENGTH_SYMBOLS,
  DIFFERENCES,
  DIGESTS,
  DISTANCE_SYMBOLS,
  EQUAL_STEPS,
  FOUND,
  LAYOUT_END,
  MAX_MESSAGES,
  MESSAGES,
  RESULT,
  SCRATCH,
  SCRATCH_BYTES,
  STATE,
  SYMBOLS,
} from './layout';

/** The first address that the kernels do not use themselves. */
export const ARENA: usize = (__heap_base + 63) & ~63;
