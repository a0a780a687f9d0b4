import { type Algorithm, BlockHasher, digestBlocks } from '../block-hash.js';
import { compressDetecting, FOUND_WORD } from '../collision/detect.js';
import { hashBatchDetecting as plainDetectingBatch } from '../detecting-batch.js';
import { CollisionHasher } from '../detecting-hash.js';
import * as plain from '../hash.js';
import { hashBatch as plainBatch } from '../hash-batch.js';
import { compressSha1, startSha1 } from '../sha1.js';
import type { DetectingHasher, Hasher, HashName } from '../types.js';
import { copy } from './copy.js';
import { instanceOf, type KernelInstance, STAGE_BYTES, sharedInstance } from './instance.js';

const BLOCK_BYTES = 64;
/** The hashes, as assembly/hash-batch.ts numbers them. */
const HashNumber = { sha1: 0, detectingSha1: 1, sha256: 2 } as const;
type HashNumber = (typeof HashNumber)[keyof typeof HashNumber];

/** Fewer blocks than this are faster where they are than copied to wasm memory. */
const MIN_BLOCKS = 4;

function compressIn(
  instance: KernelInstance,
  state: Int32Array,
  input: Uint8Array,
  start: number,
  end: number,
  hashNumber: 0 | 1,
): void {
  const { run, bytes, words, stateStart, arenaStart } = instance;
  const stateAt = stateStart >> 2;
  const stateWords = STATE_WORDS[hashNumber];
  for (let word = 0; word < stateWords; word++) words[stateAt + word] = state[word]!;
  if (input.buffer === bytes.buffer) {
    run.hashBlocks(input.byteOffset + start, (end - start) / BLOCK_BYTES, hashNumber);
  } else {
    for (let at = start; at < end; at += STAGE_BYTES) {
      const partEnd = Math.min(end, at + STAGE_BYTES);
      bytes.set(input.subarray(at, partEnd), arenaStart);
      run.hashBlocks(arenaStart, (partEnd - at) / BLOCK_BYTES, hashNumber);
    }
  }
  for (let word = 0; word < stateWords; word++) state[word] = words[stateAt + word]!;
}

/** Words of the state, by hash. */
const STATE_WORDS = [5, FOUND_WORD + 1] as const;

const SHA1: Algorithm = {
  digestWords: 5,
  stateWords: STATE_WORDS[HashNumber.sha1],
  start: startSha1,
  compress(state, input, start, end) {
    const instance = end - start < MIN_BLOCKS * BLOCK_BYTES ? null : (instanceOf(input) ?? sharedInstance());
    if (instance === null) compressSha1(state, input, start, end);
    else compressIn(instance, state, input, start, end, HashNumber.sha1);
  },
};

const DETECTING_SHA1: Algorithm = {
  digestWords: 5,
  stateWords: STATE_WORDS[HashNumber.detectingSha1],
  start(state) {
    startSha1(state);
    state[FOUND_WORD] = 0;
  },
  compress(state, input, start, end) {
    const instance = end - start < MIN_BLOCKS * BLOCK_BYTES ? null : (instanceOf(input) ?? sharedInstance());
    if (instance === null) compressDetecting(state, input, start, end);
    else compressIn(instance, state, input, start, end, HashNumber.detectingSha1);
  },
};

/** As the plain `digestInto`. A single SHA-256 is as fast in plain code: 260 MB/s in both, of large messages. */
export function digestInto(
  name: HashName,
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): void {
  if (name === 'sha1') digestBlocks(SHA1, input, start, end, output, outputStart);
  else plain.digestInto(name, input, start, end, output, outputStart);
}

/** The digest of `bytes`, in a fresh buffer. */
export function digest(name: HashName, bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(plain.digestSize(name));
  digestInto(name, bytes, 0, bytes.length, output, 0);
  return output;
}

/** Start a digest computation that takes its message in pieces. */
export function createHash(name: HashName): Hasher {
  return name === 'sha1' ? new BlockHasher(SHA1) : plain.createHash(name);
}

/** As the plain `digestDetecting`. */
export function digestDetecting(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): boolean {
  return digestBlocks(DETECTING_SHA1, input, start, end, output, outputStart)[FOUND_WORD] !== 0;
}

/** As the plain `createDetectingHash`. */
export function createDetectingHash(): DetectingHasher {
  return new CollisionHasher(DETECTING_SHA1);
}

/**
 * As the plain `hashBatch`; four pieces at a time, in place where `input` lies in an arena. Of SHA-256, pieces of 64 bytes go at
 * 280 MB/s where the plain one does 110, of 4 KiB at 720 where it does 260 (in an arena, on Node 20).
 */
export function hashBatch(
  name: HashName,
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
): void {
  if (!hashInLanes(name, input, bounds, count, output, undefined, Infinity, digestInto)) {
    plainBatch(name, input, bounds, count, output);
  }
}

/** As the plain `hashBatchDetecting`; four pieces at a time, in place where `input` lies in an arena. */
export function hashBatchDetecting(
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
  found: Uint8Array,
): number {
  if (!hashInLanes('sha1', input, bounds, count, output, found, Infinity, digestInto)) {
    return plainDetectingBatch(input, bounds, count, output, found);
  }
  let foundCount = 0;
  for (let piece = 0; piece < count; piece++) foundCount += found[piece]!;
  return foundCount;
}

/**
 * Hash the pieces of a batch in the lanes of one call after another.
 * @param found detects SHA-1 collision attacks where it is given
 * @param aloneBytes pieces from this size up are hashed by `alone`
 * @returns `false` when nothing was done: there is no WebAssembly, or the arguments are for the plain kernel to refuse
 */
export function hashInLanes(
  name: HashName,
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
  found: Uint8Array | undefined,
  aloneBytes: number,
  alone: typeof digestInto,
): boolean {
  const digestBytes = plain.digestSize(name);
  const hashNumber = found === undefined ? HashNumber[name] : HashNumber.detectingSha1;
  const inPlace = instanceOf(input);
  const instance = inPlace ?? sharedInstance();
  if (instance === null || !areBoundsRight(input, bounds, count, output, found, digestBytes)) return false;
  const { bytes, words, messagesStart, maxMessages, arenaStart } = instance;
  let first = 0;
  let queued = 0;
  let staged = 0;
  for (let piece = 0; piece < count; piece++) {
    const start = bounds[2 * piece]!;
    const end = bounds[2 * piece + 1]!;
    const size = end - start;
    const isAlone = size >= aloneBytes || (inPlace === undefined && size > STAGE_BYTES);
    if (isAlone || queued === maxMessages || (inPlace === undefined && staged + size > STAGE_BYTES)) {
      finishLanes(instance, hashNumber, first, queued, output, found, digestBytes);
      first = piece;
      queued = 0;
      staged = 0;
    }
    if (isAlone) {
      if (found === undefined) alone(name, input, start, end, output, piece * digestBytes);
      else found[piece] = digestDetecting(input, start, end, output, piece * digestBytes) ? 1 : 0;
      first = piece + 1;
      continue;
    }
    let address = input.byteOffset + start;
    if (inPlace === undefined) {
      address = arenaStart + staged;
      copy(input, start, end, bytes, address);
      staged += size;
    }
    const at = (messagesStart >> 2) + 2 * queued;
    words[at] = address;
    words[at + 1] = size;
    queued++;
  }
  finishLanes(instance, hashNumber, first, queued, output, found, digestBytes);
  return true;
}

/** Hash what is queued: the pieces from `first` on. */
function finishLanes(
  instance: KernelInstance,
  hashNumber: HashNumber,
  first: number,
  queued: number,
  output: Uint8Array,
  found: Uint8Array | undefined,
  digestBytes: number,
): void {
  if (queued === 0) return;
  const { run, bytes, digestsStart, foundStart } = instance;
  run.hashMessages(queued, hashNumber);
  output.set(bytes.subarray(digestsStart, digestsStart + queued * digestBytes), first * digestBytes);
  found?.set(bytes.subarray(foundStart, foundStart + queued), first);
}

function areBoundsRight(
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
  found: Uint8Array | undefined,
  digestBytes: number,
): boolean {
  if (!(count >= 0 && count * 2 <= bounds.length && count * digestBytes <= output.length)) return false;
  if (found !== undefined && found.length < count) return false;
  for (let at = 0; at < count * 2; at += 2) {
    const start = bounds[at]!;
    const end = bounds[at + 1]!;
    if (!(start >= 0 && start <= end && end <= input.length)) return false;
  }
  return true;
}
