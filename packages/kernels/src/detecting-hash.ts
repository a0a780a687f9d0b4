import { type Algorithm, BlockHasher, digestBlocks } from './block-hash.js';
import { compressDetecting, FOUND_WORD } from './collision/detect.js';
import { startSha1 } from './sha1.js';
import type { DetectingHasher } from './types.js';

const DETECTING_SHA1: Algorithm = {
  digestWords: 5,
  stateWords: FOUND_WORD + 1,
  start(state) {
    startSha1(state);
    state[FOUND_WORD] = 0;
  },
  compress: compressDetecting,
};

/**
 * Write the SHA-1 digest of `input` from `start` to `end` at `outputStart` of `output`, and tell whether the message was made
 * by a collision attack. The digest is the ordinary one even then: whoever calls decides, and should refuse such bytes.
 *
 * Finds every attack of the known families, either message of the pair alone; never met by chance.
 *
 * @returns `true`: a collision attack was found
 * @throws {RangeError} when the range lies outside `input` or the digest outside `output`
 * @see Stevens, Shumow: Speeding up detection of SHA-1 collision attacks using unavoidable attack conditions (2017)
 */
export function digestDetecting(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): boolean {
  return digestBlocks(DETECTING_SHA1, input, start, end, output, outputStart)[FOUND_WORD] !== 0;
}

/** Start a SHA-1 computation that takes its message in pieces and looks for collision attacks, as `digestDetecting`. */
export function createDetectingHash(): DetectingHasher {
  return new CollisionHasher(DETECTING_SHA1);
}

/** A computation by an algorithm whose state has a FOUND_WORD. */
export class CollisionHasher extends BlockHasher implements DetectingHasher {
  get foundCollision(): boolean {
    return this.stateWord(FOUND_WORD) !== 0;
  }
}
