import { adler32 } from './adler32.js';
import { beginBlocks, endBlocks, writeStored } from './deflate/block.js';
import { LEVELS } from './deflate/levels.js';
import { writeMatches } from './deflate/match.js';

/**
 * Deflate `input` into a zlib stream (RFC 1950), in a fresh buffer. The same input and level give the same bytes, in every entry
 * of this package; they are not those of zlib, but as many: within 0.1% on objects of source histories, at level 6.
 * @param level 0 (stored) to 9 (smallest)
 * @throws {RangeError} for another level
 */
export function deflate(input: Uint8Array, level = 6): Uint8Array {
  const output = new Uint8Array(deflatedBound(input.length));
  return output.slice(0, deflateInto(input, level, output, 0));
}

/**
 * The same stream at `outputStart` of `output`, where there must be room for `deflatedBound(input.length)` bytes: some behind the stream
 * may be written to. Allocates nothing for what is small.
 * @returns where the stream ends
 * @throws {RangeError} for another level, or where there is no such room
 */
export function deflateInto(input: Uint8Array, level: number, output: Uint8Array, outputStart: number): number {
  assertLevel(level);
  assertRoom(input.length, output, outputStart);
  output[outputStart] = 0x78;
  output[outputStart + 1] = headerFlags(level);
  beginBlocks(output, outputStart + HEADER_BYTES);
  if (level === 0) writeStored(input, 0, input.length, true);
  else writeMatches(input, LEVELS[level]!);
  const end = endBlocks();
  const checksum = adler32(input);
  output[end] = checksum >>> 24;
  output[end + 1] = checksum >>> 16;
  output[end + 2] = checksum >>> 8;
  output[end + 3] = checksum;
  return end + CHECKSUM_BYTES;
}

export const HEADER_BYTES = 2;
const CHECKSUM_BYTES = 4;

/** Bytes that a stream of so many bytes takes at most, with some to spare: six more for every stored block. */
export function deflatedBound(size: number): number {
  return size + Math.floor(size / 2048) + 64;
}

/** @throws {RangeError} unless a stream of `size` bytes has room at `start` of `output` */
export function assertRoom(size: number, output: Uint8Array, start: number): void {
  if (!(Number.isInteger(start) && start >= 0 && start + deflatedBound(size) <= output.length)) {
    throw new RangeError(`Cannot deflate ${size} bytes at ${start}: the output has ${output.length}`);
  }
}

/** The second byte of a stream, which tells the level in four steps and makes the header a multiple of 31. */
export function headerFlags(level: number): number {
  if (level < 2) return 0x01;
  if (level < 6) return 0x5e;
  return level === 6 ? 0x9c : 0xda;
}

/** @throws {RangeError} unless `level` is a whole number from 0 to 9 */
export function assertLevel(level: number): void {
  if (!(Number.isInteger(level) && level >= 0 && level <= 9)) {
    throw new RangeError(`Cannot deflate at level ${level}: 0 to 9 are known`);
  }
}
