import { hashBatch as plainHashBatch } from '../hash-batch.js';
import { wasm } from './switch.js';

/** As the plain `hashBatch`. */
export const hashBatch: typeof plainHashBatch = (...args) => (wasm?.hashBatch ?? plainHashBatch)(...args);
