import { digestInto, digestSize } from './hash.js';
import type { HashName } from './types.js';

/**
 * Digest many pieces of one buffer: the `n`-th digest lands at `n * 20` (or `n * 32`) of `output`.
 *
 * @param bounds `start, end` pairs, offsets into `input`; at least `count` pairs
 * @throws {RangeError} when `bounds` is too short, or a pair or its digest lies outside its buffer
 */
export function hashBatch(
  name: HashName,
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
): void {
  hashEach(digestInto, name, input, bounds, count, output);
}

/** `hashBatch` with a digest function of choice. */
export function hashEach(
  into: typeof digestInto,
  name: HashName,
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
): void {
  if (!(count * 2 <= bounds.length)) {
    throw new RangeError(`Cannot hash ${count} pieces: ${bounds.length} bounds are given`);
  }
  const size = digestSize(name);
  for (let piece = 0; piece < count; piece++) {
    into(name, input, bounds[2 * piece]!, bounds[2 * piece + 1]!, output, piece * size);
  }
}
