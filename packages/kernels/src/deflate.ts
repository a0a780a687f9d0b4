import { zlibSync } from 'fflate';

/**
 * Deflate `input` into a zlib stream (RFC 1950), in a fresh buffer.
 * @param level 0 (stored) to 9 (smallest)
 * @throws {RangeError} for another level
 */
export function deflate(input: Uint8Array, level = 6): Uint8Array {
  return zlibSync(input, { level: assertLevel(level) });
}

type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** @throws {RangeError} unless `level` is a whole number from 0 to 9 */
export function assertLevel(level: number): Level {
  if (Number.isInteger(level) && level >= 0 && level <= 9) return level as Level;
  throw new RangeError(`Cannot deflate at level ${level}: 0 to 9 are known`);
}
