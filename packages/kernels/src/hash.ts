import { type Algorithm, BlockHasher, digestBlocks } from './block-hash.js';
import { compressSha1, startSha1 } from './sha1.js';
import { compressSha256, startSha256 } from './sha256.js';
import type { Hasher, HashName } from './types.js';

const SHA1: Algorithm = { digestWords: 5, stateWords: 5, start: startSha1, compress: compressSha1 };
const SHA256: Algorithm = { digestWords: 8, stateWords: 8, start: startSha256, compress: compressSha256 };

function algorithmNamed(name: HashName): Algorithm {
  if (name === 'sha1') return SHA1;
  if (name === 'sha256') return SHA256;
  throw new TypeError(`Cannot hash with ${JSON.stringify(name)}: sha1 and sha256 are known`);
}

/** Bytes of a digest: 20 or 32. */
export function digestSize(name: HashName): number {
  return algorithmNamed(name).digestWords * 4;
}

/**
 * Write the digest of `input` from `start` to `end` at `outputStart` of `output`: 20 or 32 bytes. Allocates nothing.
 * @throws {RangeError} when the range lies outside `input` or the digest outside `output`
 */
export function digestInto(
  name: HashName,
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): void {
  digestBlocks(algorithmNamed(name), input, start, end, output, outputStart);
}

/** The digest of `bytes`, in a fresh buffer. */
export function digest(name: HashName, bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(digestSize(name));
  digestInto(name, bytes, 0, bytes.length, output, 0);
  return output;
}

/** Start a digest computation that takes its message in pieces. */
export function createHash(name: HashName): Hasher {
  return new BlockHasher(algorithmNamed(name));
}
