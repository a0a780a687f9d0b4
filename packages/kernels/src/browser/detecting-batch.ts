import { hashBatchDetecting as plainHashBatch } from '../detecting-batch.js';
import { wasm } from './switch.js';

/** As the plain `hashBatchDetecting`. */
export const hashBatchDetecting: typeof plainHashBatch = (...args) =>
  (wasm?.hashBatchDetecting ?? plainHashBatch)(...args);
