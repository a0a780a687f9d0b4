import { addLiteral, addMatch, writeBlock } from './block.js';
import type { LevelSettings } from './levels.js';

const WINDOW_BYTES = 32_768;
const WINDOW_MASK = WINDOW_BYTES - 1;
const HASH_BITS = 15;
/** Matches of three bytes are not looked for: they save next to nothing, and to look for them takes half as long again. */
const LEAST_MATCH = 4;
const MAX_MATCH = 258;

/**
 * The last place of each hash of four bytes, and for each place of the window how far before it the last one with the same hash is.
 * Places count on from call to call, so that nothing has to be cleared: what lies before `base` is of other inputs.
 */
const heads: Int32Array = /* @__PURE__ */ new Int32Array(1 << HASH_BITS);
const previous: Uint16Array = /* @__PURE__ */ new Uint16Array(WINDOW_BYTES);
let base = 1;
const MAX_PLACE = 0x7fffffff;
/** Stands for all that are too far as well. */
const MAX_DISTANCE = 0xffff;

/** The length of the last match that was found. */
let matchLength = 0;
let matchDistance = 0;

/** Write blocks that stand for all of `input`. */
export function writeMatches(input: Uint8Array, level: LevelSettings): void {
  if (input.length > MAX_PLACE - base) {
    heads.fill(0);
    base = 1;
  }
  if (level.isLazy) writeLazily(input, level);
  else writeGreedily(input, level);
  base += input.length;
}

/** Enter the place `at` into its chain. @returns the place before it, counted from `base`; negative when there is none */
function enter(input: Uint8Array, at: number): number {
  const bytes = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
  const hash = Math.imul(bytes, 0x9e3779b1) >>> (32 - HASH_BITS);
  const before = heads[hash]!;
  const place = base + at;
  previous[place & WINDOW_MASK] = Math.min(place - before, MAX_DISTANCE);
  heads[hash] = place;
  return before - base;
}

/** Look for a match of more than `leastLength` bytes, from the candidate on that `enter` gave. */
function findMatch(
  input: Uint8Array,
  at: number,
  candidate: number,
  leastLength: number,
  level: LevelSettings,
  chainLength: number,
): void {
  const maxLength = Math.min(MAX_MATCH, input.length - at);
  const niceLength = Math.min(level.niceLength, maxLength);
  const farthest = Math.max(0, at - WINDOW_MASK);
  matchLength = leastLength;
  if (maxLength <= leastLength) return;
  let best = leastLength;
  // A longer match has these two bytes.
  let last = input[at + best]!;
  let lastButOne = input[at + best - 1]!;
  let from = candidate;
  for (let tries = chainLength; from >= farthest && tries > 0; tries--) {
    if (input[from + best] === last && input[from + best - 1] === lastButOne) {
      let length = 0;
      while (length < maxLength && input[from + length] === input[at + length]) length++;
      if (length > best) {
        best = length;
        matchDistance = at - from;
        if (length >= niceLength) break;
        last = input[at + best]!;
        lastButOne = input[at + best - 1]!;
      }
    }
    from -= previous[(base + from) & WINDOW_MASK]!;
  }
  matchLength = best;
}

/** Take every match as it comes. */
function writeGreedily(input: Uint8Array, level: LevelSettings): void {
  const end = input.length;
  const lastEntry = end - LEAST_MATCH;
  let blockStart = 0;
  let at = 0;
  while (at < end) {
    let isFull: boolean;
    matchLength = 0;
    if (at <= lastEntry) {
      const candidate = enter(input, at);
      findMatch(input, at, candidate, LEAST_MATCH - 1, level, level.chainLength);
    }
    if (matchLength >= LEAST_MATCH) {
      const next = at + matchLength;
      isFull = addMatch(matchLength, matchDistance);
      if (matchLength <= level.lazyLength) {
        for (at++; at < next && at <= lastEntry; at++) enter(input, at);
      }
      at = next;
    } else {
      isFull = addLiteral(input[at++]!);
    }
    if (isFull) {
      writeBlock(input, blockStart, at, false);
      blockStart = at;
    }
  }
  writeBlock(input, blockStart, end, true);
}

/** Take a match only when there is no longer one a byte later. */
function writeLazily(input: Uint8Array, level: LevelSettings): void {
  const end = input.length;
  const lastEntry = end - LEAST_MATCH;
  let blockStart = 0;
  let at = 0;
  /** The match at the byte before, if any, and whether that byte waits to be written. */
  let heldLength = 0;
  let heldDistance = 0;
  let isHeld = false;
  while (at < end) {
    matchLength = 0;
    if (at <= lastEntry) {
      const candidate = enter(input, at);
      if (heldLength < level.lazyLength) {
        const tries = heldLength >= level.goodLength ? level.chainLength >> 2 : level.chainLength;
        findMatch(input, at, candidate, Math.max(LEAST_MATCH - 1, heldLength), level, tries);
      }
    }
    let isFull = false;
    if (heldLength >= LEAST_MATCH && matchLength <= heldLength) {
      const next = at - 1 + heldLength;
      isFull = addMatch(heldLength, heldDistance);
      for (at++; at < next; at++) if (at <= lastEntry) enter(input, at);
      at = next;
      heldLength = 0;
      isHeld = false;
    } else {
      if (isHeld) isFull = addLiteral(input[at - 1]!);
      isHeld = true;
      heldLength = matchLength >= LEAST_MATCH ? matchLength : 0;
      heldDistance = matchDistance;
      at++;
    }
    if (isFull) {
      const written = isHeld ? at - 1 : at;
      writeBlock(input, blockStart, written, false);
      blockStart = written;
    }
  }
  if (isHeld) addLiteral(input[end - 1]!);
  writeBlock(input, blockStart, end, true);
}
