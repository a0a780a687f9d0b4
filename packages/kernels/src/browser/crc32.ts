import { crc32 as plainCrc32 } from '../crc32.js';
import { wasm } from './switch.js';

/** As the plain `crc32`. */
export const crc32: typeof plainCrc32 = (...args) => (wasm?.crc32 ?? plainCrc32)(...args);
