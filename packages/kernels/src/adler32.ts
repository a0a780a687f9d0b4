/** The largest prime below 2^16. */
const MODULUS = 65521;
/** So many bytes can be summed before the second sum might pass 2^31. */
const BYTES_BETWEEN_REDUCTIONS = 3840;

/**
 * The Adler-32 checksum of `bytes` from `start` to `end`, unsigned.
 * @param seed the checksum of what came before
 * @see RFC 1950, section 9
 */
export function adler32(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 1): number {
  let low = seed & 0xffff;
  let high = seed >>> 16;
  let at = start;
  while (at < end) {
    const stop = Math.min(end, at + BYTES_BETWEEN_REDUCTIONS);
    while (at < stop) {
      low += bytes[at++]!;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
