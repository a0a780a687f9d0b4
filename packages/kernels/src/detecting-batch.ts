import { digestDetecting } from './detecting-hash.js';

const DIGEST_BYTES = 20;

/**
 * `hashBatch` for SHA-1 with `digestDetecting`: the `n`-th digest lands at `20 * n` of `output`.
 *
 * @param bounds `start, end` pairs, offsets into `input`; at least `count` pairs
 * @param found byte `n` becomes 1 when piece `n` was made by a collision attack, else 0; at least `count` bytes
 * @returns how many pieces that is
 * @throws {RangeError} when `bounds` or `found` is too short, or a pair or its digest lies outside its buffer
 */
export function hashBatchDetecting(
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
  found: Uint8Array,
): number {
  if (!(count * 2 <= bounds.length && count <= found.length)) {
    throw new RangeError(`Cannot hash ${count} pieces: there is room for ${found.length}, and ${bounds.length} bounds`);
  }
  let foundCount = 0;
  for (let piece = 0; piece < count; piece++) {
    const start = bounds[2 * piece]!;
    const isFound = digestDetecting(input, start, bounds[2 * piece + 1]!, output, piece * DIGEST_BYTES);
    found[piece] = isFound ? 1 : 0;
    if (isFound) foundCount++;
  }
  return foundCount;
}
