/**
 * Codecs: what a value of a program is as the bytes of a file. Each gives equal bytes for equal values, refuses what it cannot
 * hold, and reads what other programs wrote in the format.
 *
 * ```ts
 * import { cborCodec, jsonCodec, withSchema } from '@git-kv/kv/codecs';
 *
 * const json = jsonCodec();
 * new TextDecoder().decode(json.encode({ b: 2, a: [1, null] })); // '{"a":[1,null],"b":2}'
 * cborCodec().decode(cborCodec().encode({ icon: Uint8Array.of(1, 2) })); // the same again
 * ```
 *
 * @module
 */
export { cborCodec } from './cbor.js';
export type { AsyncCodec, Codec } from './codec.js';
export { InvalidValueError, type ValueIssue } from './invalid-value.js';
export { type JsonCodecOptions, jsonCodec } from './json.js';
export { bytesCodec, textCodec } from './plain.js';
export { type StandardResult, type StandardSchema, withSchema } from './schema.js';
