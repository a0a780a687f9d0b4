// Deflate: what src/deflate.ts and src/deflate/match.ts do, to the bit.
import { adler32 } from './adler32';
import { addLiteral, addMatch, beginBlocks, endBlocks, writeBlock, writeStored } from './deflate-block';
import { HEADS, PREVIOUS } from './layout';

const WINDOW_MASK: u32 = 32767;
const HASH_BITS: u32 = 15;
const LEAST_MATCH: u32 = 4;
const MAX_MATCH: u32 = 258;
/** Stands for all that are too far as well. */
const MAX_DISTANCE: u32 = 0xffff;
const MAX_PLACE: u32 = 0x7fffffff;

let base: u32 = 1;
let matchLength: u32 = 0;
let matchDistance: u32 = 0;

// The input, and the settings of the level (src/deflate/levels.ts).
let input: usize = 0;
let inputSize: u32 = 0;
let goodLength: u32 = 0;
let lazyLength: u32 = 0;
let niceLength: u32 = 0;
let chainLength: u32 = 0;

/**
 * Deflate `size` bytes at `from` to the stream at `to`, without its two bytes of header. Gives the end of the stream. The bytes at
 * `to` must be as many as `deflatedBound` says; up to sixteen bytes after the input are read.
 */
export function deflate(
  from: usize,
  size: u32,
  to: usize,
  level: u32,
  isLazy: bool,
  good: u32,
  lazy: u32,
  nice: u32,
  chain: u32,
): usize {
  input = from;
  inputSize = size;
  goodLength = good;
  lazyLength = lazy;
  niceLength = nice;
  chainLength = chain;
  beginBlocks(to);
  if (level === 0) writeStored(from, from + size, true);
  else {
    if (size > MAX_PLACE - base) {
      memory.fill(HEADS, 0, 4 << HASH_BITS);
      base = 1;
    }
    if (isLazy) writeLazily();
    else writeGreedily();
    base += size;
  }
  const end = endBlocks();
  store<u32>(end, bswap<u32>(adler32(from, from + size, 1)));
  return end + 4;
}

/** Enter the place `at` into its chain, and give the place before it, counted from `base`; negative when there is none. */
function enter(at: u32): i32 {
  const bytes = load<u32>(input + at);
  const head = HEADS + (((bytes * 0x9e3779b1) >> (32 - HASH_BITS)) << 2);
  const before = load<u32>(head);
  const place = base + at;
  store<u16>(PREVIOUS + ((place & WINDOW_MASK) << 1), <u16>min<u32>(place - before, MAX_DISTANCE));
  store<u32>(head, place);
  return <i32>(before - base);
}

function findMatch(at: u32, candidate: i32, leastLength: u32, tries: u32): void {
  const maxLength = min<u32>(MAX_MATCH, inputSize - at);
  const enough = min<u32>(niceLength, maxLength);
  const farthest: i32 = max<i32>(0, <i32>at - <i32>WINDOW_MASK);
  matchLength = leastLength;
  if (maxLength <= leastLength || candidate < farthest) return;
  let best = leastLength;
  const here = input + at;
  const places = base;
  const bytes = input;
  // A longer match has these bytes, the last of which is one more than the best so far.
  let offset: usize = best - 3;
  let wanted = load<u32>(here + offset);
  let from = candidate;
  do {
    const there = bytes + from;
    if (load<u32>(there + offset) === wanted) {
      const length = equalLength(here, there, maxLength);
      if (length > best) {
        best = length;
        matchDistance = at - from;
        if (best >= enough) break;
        offset = best - 3;
        wanted = load<u32>(here + offset);
      }
    }
    from -= <i32>load<u16>(PREVIOUS + (((places + from) & WINDOW_MASK) << 1));
  } while (from >= farthest && --tries > 0);
  matchLength = best;
}

/** How many bytes are the same, `most` at most. */
function equalLength(here: usize, there: usize, most: u32): u32 {
  let length: u32 = 0;
  while (length < most) {
    const different = load<u64>(here + length) ^ load<u64>(there + length);
    if (different !== 0) return min<u32>(most, length + <u32>(ctz<u64>(different) >> 3));
    length += 8;
  }
  return most;
}

function writeGreedily(): void {
  const end = inputSize;
  const lastEntry = <i32>end - <i32>LEAST_MATCH;
  let blockStart: u32 = 0;
  let at: u32 = 0;
  while (at < end) {
    let isFull: bool;
    matchLength = 0;
    if (<i32>at <= lastEntry) {
      findMatch(at, enter(at), LEAST_MATCH - 1, chainLength);
    }
    if (matchLength >= LEAST_MATCH) {
      const next = at + matchLength;
      isFull = addMatch(matchLength, matchDistance);
      if (matchLength <= lazyLength) {
        for (at++; at < next && <i32>at <= lastEntry; at++) enter(at);
      }
      at = next;
    } else {
      isFull = addLiteral(load<u8>(input + at));
      at++;
    }
    if (isFull) {
      writeBlock(input + blockStart, input + at, false);
      blockStart = at;
    }
  }
  writeBlock(input + blockStart, input + end, true);
}

function writeLazily(): void {
  const end = inputSize;
  const lastEntry = <i32>end - <i32>LEAST_MATCH;
  let blockStart: u32 = 0;
  let at: u32 = 0;
  let heldLength: u32 = 0;
  let heldDistance: u32 = 0;
  let isHeld = false;
  while (at < end) {
    matchLength = 0;
    if (<i32>at <= lastEntry) {
      const candidate = enter(at);
      if (heldLength < lazyLength) {
        const tries = heldLength >= goodLength ? chainLength >> 2 : chainLength;
        findMatch(at, candidate, max<u32>(LEAST_MATCH - 1, heldLength), tries);
      }
    }
    let isFull = false;
    if (heldLength >= LEAST_MATCH && matchLength <= heldLength) {
      const next = at - 1 + heldLength;
      isFull = addMatch(heldLength, heldDistance);
      for (at++; at < next; at++) if (<i32>at <= lastEntry) enter(at);
      at = next;
      heldLength = 0;
      isHeld = false;
    } else {
      if (isHeld) isFull = addLiteral(load<u8>(input + at - 1));
      isHeld = true;
      heldLength = matchLength >= LEAST_MATCH ? matchLength : 0;
      heldDistance = matchDistance;
      at++;
    }
    if (isFull) {
      const written = isHeld ? at - 1 : at;
      writeBlock(input + blockStart, input + written, false);
      blockStart = written;
    }
  }
  if (isHeld) addLiteral(load<u8>(input + end - 1));
  writeBlock(input + blockStart, input + end, true);
}
