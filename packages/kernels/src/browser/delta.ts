import { applyDelta as plainApplyDelta } from '../delta.js';
import { wasm } from './switch.js';

/** As the plain `applyDelta`. */
export const applyDelta: typeof plainApplyDelta = (...args) => (wasm?.applyDelta ?? plainApplyDelta)(...args);
