import { createDelta as createPlainDelta, createDeltaIndex as createPlainIndex } from '../delta-create.js';
import { wasm } from './switch.js';

/** As the plain `createDelta`. */
export const createDelta: typeof createPlainDelta = (...args) => (wasm?.createDelta ?? createPlainDelta)(...args);

/** As the plain `createDeltaIndex`. */
export const createDeltaIndex: typeof createPlainIndex = (...args) =>
  (wasm?.createDeltaIndex ?? createPlainIndex)(...args);
