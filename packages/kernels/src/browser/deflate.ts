import { deflate as plainDeflate, deflateInto as plainDeflateInto } from '../deflate.js';
import { wasm } from './switch.js';

/** As the plain `deflate`. */
export const deflate: typeof plainDeflate = (...args) => (wasm?.deflate ?? plainDeflate)(...args);

/** As the plain `deflateInto`. */
export const deflateInto: typeof plainDeflateInto = (...args) => (wasm?.deflateInto ?? plainDeflateInto)(...args);
