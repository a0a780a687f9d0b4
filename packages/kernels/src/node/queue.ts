import { digestSize } from '../hash.js';
import { GatheringHashQueue } from '../hash-queue.js';
import type { HashName, HashQueue, HashQueueOptions } from '../types.js';
import { hashBatchDetecting } from '../wasm/hash.js';
import { createArena } from '../wasm/instance.js';
import { hashBatch } from './hash.js';

/** A queue that hashes what is added to it many pieces at a time. It holds about 2.6 MB. */
export function createHashQueue(name: HashName, options: HashQueueOptions): HashQueue {
  return new GatheringHashQueue({ createArena, digestSize, hashBatch, hashBatchDetecting }, name, options);
}
