import { createDetectingHash as createPlainHash, digestDetecting as plainDigestDetecting } from '../detecting-hash.js';
import { wasm } from './switch.js';

/** As the plain `digestDetecting`. */
export const digestDetecting: typeof plainDigestDetecting = (...args) =>
  (wasm?.digestDetecting ?? plainDigestDetecting)(...args);

/** As the plain `createDetectingHash`. */
export const createDetectingHash: typeof createPlainHash = () => (wasm?.createDetectingHash ?? createPlainHash)();
