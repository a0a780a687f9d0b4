import { MalformedError } from '@git-kv/objects';

/** A decoded number and the offset just past it; `undefined` where the input ends first. */
export interface DecodedNumber {
  readonly value: number;
  readonly end: number;
}

/**
 * Decode the distance from an ofs-delta entry back to its base.
 *
 *     bytes   C NNNNNNN   C: another byte follows; most significant group first,
 *                         and one is added before each further group, so every value has one encoding
 *
 * @param errorOffset what an error names as the place of the distance, where that is not `offset`
 * @throws {MalformedError} where the distance is over 53 bits
 * @see gitformat-pack(5), "offset encoding"
 */
export function decodeOfsDistance(
  input: Uint8Array,
  offset: number,
  inputEnd: number = input.length,
  errorOffset: number = offset,
): DecodedNumber | undefined {
  let at = offset;
  if (at >= inputEnd) return undefined;
  let byte = input[at++] as number;
  let value = byte & 0x7f;
  while (byte & 0x80) {
    if (at >= inputEnd) return undefined;
    byte = input[at++] as number;
    // Multiply instead of shifting: `<<` wraps at 32 bits and a distance may exceed 4 GiB.
    value = (value + 1) * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(value)) throw new MalformedError('ofs-delta distance', errorOffset, 'it is over 53 bits');
  }
  return { value, end: at };
}
