import { inflate as plainInflate } from '../inflate.js';
import { wasm } from './switch.js';

/** As the plain `inflate`. */
export const inflate: typeof plainInflate = (...args) => (wasm?.inflate ?? plainInflate)(...args);
