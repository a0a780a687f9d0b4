/**
 * Whether these two bytes open a zlib stream that we read: no preset dictionary.
 *
 *     CMF = window bits - 8 (high 4 bits) | method 8 (low 4 bits)
 *     FLG = level (2 bits) | preset dictionary (1 bit) | check (5 bits): CMF * 256 + FLG is a multiple of 31
 *
 * @see RFC 1950, 2.2
 */
export function isStreamHeader(cmf: number, flags: number): boolean {
  return (cmf & 0x0f) === 8 && cmf >> 4 <= 7 && (flags & 0x20) === 0 && ((cmf << 8) | flags) % 31 === 0;
}
