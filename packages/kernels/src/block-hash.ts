import type { Hasher } from './types.js';

const BLOCK_BYTES = 64;
/** The message length, in bits, takes the last eight bytes of the last block. */
const LENGTH_BYTES = 8;

/** What the digests differ in. Padding and byte order are the same. */
export interface Algorithm {
  /** Words of the digest: the first ones of the state. */
  readonly digestWords: number;
  /** Words of the state, which may hold more than the digest. */
  readonly stateWords: number;
  readonly start: (state: Int32Array) => void;
  readonly compress: (state: Int32Array, input: Uint8Array, start: number, end: number) => void;
}

const sharedState: Int32Array = /* @__PURE__ */ new Int32Array(8);
/** The end of a message with its padding. Shared by all: nothing here is ever interrupted. */
const lastBlocks: Uint8Array = /* @__PURE__ */ new Uint8Array(2 * BLOCK_BYTES);

/**
 * Compress the last bytes of a message, fewer than a block, with their padding.
 *
 *     padding = 0x80 *0x00 length          ; length: 64 bits, big-endian, in bits
 */
function finish(
  algorithm: Algorithm,
  state: Int32Array,
  input: Uint8Array,
  start: number,
  end: number,
  messageSize: number,
): void {
  let size = 0;
  for (let at = start; at < end; at++) lastBlocks[size++] = input[at]!;
  const paddedSize = size + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  lastBlocks[size++] = 0x80;
  while (size < paddedSize - LENGTH_BYTES) lastBlocks[size++] = 0;
  // Divide instead of shifting: `<<` wraps at 32 bits.
  const high = Math.floor(messageSize / 0x2000_0000);
  const low = messageSize << 3;
  for (let shift = 24; shift >= 0; shift -= 8, size++) {
    lastBlocks[size] = high >>> shift;
    lastBlocks[size + 4] = low >>> shift;
  }
  algorithm.compress(state, lastBlocks, 0, paddedSize);
}

function writeState(state: Int32Array, words: number, output: Uint8Array, outputStart: number): void {
  for (let word = 0, at = outputStart; word < words; word++, at += 4) {
    const value = state[word]!;
    output[at] = value >>> 24;
    output[at + 1] = value >>> 16;
    output[at + 2] = value >>> 8;
    output[at + 3] = value;
  }
}

/**
 * Write the digest of `input` from `start` to `end` at `outputStart` of `output`.
 * @returns the state at the end, until the next call
 * @throws {RangeError} when the range lies outside `input` or the digest outside `output`
 */
export function digestBlocks(
  algorithm: Algorithm,
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): Int32Array {
  assertDigestRange(input, start, end, output, outputStart, algorithm.digestWords * 4);
  const tailStart = end - ((end - start) % BLOCK_BYTES);
  algorithm.start(sharedState);
  algorithm.compress(sharedState, input, start, tailStart);
  finish(algorithm, sharedState, input, tailStart, end, end - start);
  writeState(sharedState, algorithm.digestWords, output, outputStart);
  return sharedState;
}

/** @throws {RangeError} when the range lies outside `input` or the digest outside `output` */
export function assertDigestRange(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
  size: number,
): void {
  if (!(start >= 0 && start <= end && end <= input.length)) {
    throw new RangeError(`Cannot hash bytes ${start} to ${end}: the input has ${input.length}`);
  }
  if (!(outputStart >= 0 && outputStart + size <= output.length)) {
    throw new RangeError(`Cannot write a digest at ${outputStart}: the output has ${output.length} bytes`);
  }
}

/** A digest computation that takes its message in pieces. */
export class BlockHasher implements Hasher {
  readonly #algorithm: Algorithm;
  readonly #state: Int32Array;
  /** Bytes that do not fill a block yet. No longer, because V8 makes arrays over 64 bytes several times as slowly. */
  readonly #tail: Uint8Array = new Uint8Array(BLOCK_BYTES);
  #tailSize = 0;
  #messageSize = 0;
  #isEnded = false;

  constructor(algorithm: Algorithm) {
    this.#algorithm = algorithm;
    this.#state = new Int32Array(algorithm.stateWords);
    algorithm.start(this.#state);
  }

  update(chunk: Uint8Array): this {
    this.#assertOpen();
    let at = 0;
    if (this.#tailSize > 0) {
      at = Math.min(chunk.length, BLOCK_BYTES - this.#tailSize);
      this.#keep(chunk, 0, at);
      if (this.#tailSize === BLOCK_BYTES) {
        this.#algorithm.compress(this.#state, this.#tail, 0, BLOCK_BYTES);
        this.#tailSize = 0;
      }
    }
    const wholeEnd = chunk.length - ((chunk.length - at) % BLOCK_BYTES);
    if (wholeEnd > at) this.#algorithm.compress(this.#state, chunk, at, wholeEnd);
    this.#keep(chunk, Math.max(at, wholeEnd), chunk.length);
    this.#messageSize += chunk.length;
    return this;
  }

  digest(): Uint8Array {
    this.#assertOpen();
    this.#isEnded = true;
    finish(this.#algorithm, this.#state, this.#tail, 0, this.#tailSize, this.#messageSize);
    const output = new Uint8Array(this.#algorithm.digestWords * 4);
    writeState(this.#state, this.#algorithm.digestWords, output, 0);
    return output;
  }

  /** The word of the state at `index`, as it stands. */
  stateWord(index: number): number {
    return this.#state[index]!;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#tail[this.#tailSize++] = chunk[at]!;
  }

  #assertOpen(): void {
    if (this.#isEnded) throw new TypeError('Cannot go on hashing: the digest was already taken');
  }
}
