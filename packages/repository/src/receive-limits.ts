import type { PackLimits } from '@git-kv/pack';
import type { ReceiveOptions } from './object-store.js';

const DEFAULT_MAX_PACK_BYTES = 2 ** 31;

/** The caps of a pack that is received, as every engine hands them to the indexer. */
export function receiveLimits(options: ReceiveOptions): Partial<PackLimits> {
  const { maxPackBytes, maxInflatedBytes, freeInflatedBytes, maxObjectBytes } = options;
  return {
    packBytes: maxPackBytes ?? DEFAULT_MAX_PACK_BYTES,
    ...(maxInflatedBytes !== undefined && { inflatedBytes: maxInflatedBytes }),
    ...(freeInflatedBytes !== undefined && { expansionFreeBytes: freeInflatedBytes }),
    ...(maxObjectBytes !== undefined && { objectBytes: maxObjectBytes }),
  };
}
