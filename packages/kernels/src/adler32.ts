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
    // Written out, and kept to 32 bits (no sum passes them): twice the speed of the loop below, inflate's last fifth.
    for (const wholeEnd = stop - 7; at < wholeEnd; at += 8) {
      low = (low + bytes[at]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 1]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 2]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 3]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 4]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 5]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 6]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 7]!) | 0;
      high = (high + low) | 0;
    }
    while (at < stop) {
      low += bytes[at++]!;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
