import { createHash as createPlainHash, digest as plainDigest, digestInto as plainDigestInto } from '../hash.js';
import { wasm } from './switch.js';

/** As the plain `createHash`. */
export const createHash: typeof createPlainHash = (name) => (wasm?.createHash ?? createPlainHash)(name);

/** As the plain `digest`. */
export const digest: typeof plainDigest = (name, bytes) => (wasm?.digest ?? plainDigest)(name, bytes);

/** As the plain `digestInto`. */
export const digestInto: typeof plainDigestInto = (...args) => (wasm?.digestInto ?? plainDigestInto)(...args);
