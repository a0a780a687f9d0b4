import { digestSize } from '../hash.js';
import { GatheringHashQueue } from '../hash-queue.js';
import type { HashName, HashQueue, HashQueueOptions } from '../types.js';
import { createArena } from './arena.js';
import { hashBatchDetecting } from './detecting-batch.js';
import { hashBatch } from './hash-batch.js';

/** As the plain `createHashQueue`; it goes on in WebAssembly as soon as that is there. */
export function createHashQueue(name: HashName, options: HashQueueOptions): HashQueue {
  return new GatheringHashQueue({ createArena, digestSize, hashBatch, hashBatchDetecting }, name, options);
}
