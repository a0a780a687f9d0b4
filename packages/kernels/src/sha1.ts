import { compressKeepingWords } from './collision/compress.js';

/** Bytes of a SHA-1 or SHA-256 block. */
const BLOCK_BYTES = 64;

/** Words that nobody reads. Shared by all: nothing here is ever interrupted. */
const words: Int32Array = /* @__PURE__ */ new Int32Array(80);

/** Write the state SHA-1 starts from into `state`. */
export function startSha1(state: Int32Array): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
}

/**
 * Run the SHA-1 compression function over whole 64-byte blocks of `input`, from `start` to `end`. It keeps words as if attacks were looked
 * for: a function of its own is no faster, and takes a page 1 kB.
 * @see FIPS 180-4, 6.1.2
 */
export function compressSha1(state: Int32Array, input: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += BLOCK_BYTES) compressKeepingWords(state, input, at, words);
}
