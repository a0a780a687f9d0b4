import { createArena } from './arena.js';
import { hashBatchDetecting } from './detecting-batch.js';
import { digestSize } from './hash.js';
import { hashBatch } from './hash-batch.js';
import { GatheringHashQueue } from './hash-queue.js';
import type { HashName, HashQueue, HashQueueOptions } from './types.js';

/** A queue that hashes what is added to it many pieces at a time. It holds about 2.1 MB. */
export function createHashQueue(name: HashName, options: HashQueueOptions): HashQueue {
  return new GatheringHashQueue({ createArena, digestSize, hashBatch, hashBatchDetecting }, name, options);
}
