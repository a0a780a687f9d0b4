// Many messages at a time: each lane of the vectors hashes one, and takes the next as soon as it is done.
import {
  BUCKETS,
  DIGESTS,
  FOUND,
  LANE_STATES,
  LANES,
  MESSAGES,
  NO_MESSAGE,
  ORDER,
  SINGLE,
  STATE,
  TAILS,
} from './layout';
import { checkAll } from './sha1-attack';
import { compress, compressLanes } from './sha1-blocks';
import { compressDetecting, compressLanesDetecting } from './sha1-detecting-blocks';
import { compressLanesSha256, compressSha256 } from './sha256-blocks';

// The hashes, as src/wasm/hash.ts numbers them.
const DETECTING_SHA1: u32 = 1;
const SHA256: u32 = 2;

/** The hash of this batch, and the words of its digest. */
let hash: u32 = 0;
let words: u32 = 5;

/** What the states begin with: of SHA-1, and of SHA-256. */
const STARTS: usize = memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0, 0, 0, 0]);
const STARTS_256: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/**
 * Larger ones first, by powers of two: lanes then have much the same to do, and no large one is left at the end to be hashed
 * alone.
 */
function order(count: u32): void {
  memory.fill(BUCKETS, 0, 33 * 4);
  for (let message: u32 = 0; message < count; message++) {
    const bucket = BUCKETS + (clz<u32>(load<u32>(MESSAGES + message * 8, 4)) << 2);
    store<u32>(bucket, load<u32>(bucket) + 1);
  }
  let place: u32 = 0;
  for (let at: usize = BUCKETS; at < BUCKETS + 33 * 4; at += 4) {
    const size = load<u32>(at);
    store<u32>(at, place);
    place += size;
  }
  for (let message: u32 = 0; message < count; message++) {
    const bucket = BUCKETS + (clz<u32>(load<u32>(MESSAGES + message * 8, 4)) << 2);
    const to = load<u32>(bucket);
    store<u32>(bucket, to + 1);
    store<u32>(ORDER + to * 4, message);
  }
}

function begin(lane: u32, message: u32): void {
  const at = LANES + lane * 16;
  store<u32>(at, message);
  const starts: usize = hash === SHA256 ? STARTS_256 : STARTS;
  for (let word: u32 = 0; word < words; word++) {
    store<u32>(LANE_STATES + word * 16 + lane * 4, load<u32>(starts + word * 4));
  }
  store<u8>(FOUND + message, 0);
  store<u32>(at, load<u32>(MESSAGES + message * 8), 4);
  const blocks = load<u32>(MESSAGES + message * 8, 4) >> 6;
  store<u32>(at, blocks, 8);
  store<u32>(at, 0, 12);
  if (blocks === 0) beginTail(lane);
}

function beginTail(lane: u32): void {
  const at = LANES + lane * 16;
  const size = load<u32>(MESSAGES + load<u32>(at) * 8, 4);
  const from = load<u32>(at, 4);
  const rest = size & 63;
  const to: usize = TAILS + lane * 128;
  memory.copy(to, from, rest);
  store<u8>(to + rest, 0x80);
  const end: u32 = rest < 56 ? 64 : 128;
  memory.fill(to + rest + 1, 0, end - rest - 1);
  store<u32>(to + end - 8, bswap<u32>(size >> 29));
  store<u32>(to + end - 4, bswap<u32>(size << 3));
  store<u32>(at, <u32>to, 4);
  store<u32>(at, end >> 6, 8);
  store<u32>(at, 1, 12);
}

function end(lane: u32): void {
  const message = load<u32>(LANES + lane * 16);
  const to = DIGESTS + message * (words * 4);
  for (let word: u32 = 0; word < words; word++) {
    store<u32>(to + word * 4, bswap<u32>(load<u32>(LANE_STATES + word * 16 + lane * 4)));
  }
}

/** Hash `count` of MESSAGES to DIGESTS and FOUND. */
export function hashMessages(count: u32, hashNumber: u32): void {
  hash = hashNumber;
  words = hashNumber === SHA256 ? 8 : 5;
  order(count);
  let next: u32 = 0;
  let active: u32 = 0;
  for (let lane: u32 = 0; lane < 4; lane++) {
    if (next < count) {
      begin(lane, load<u32>(ORDER + next * 4));
      next++;
      active++;
    } else {
      store<u32>(LANES + lane * 16, NO_MESSAGE);
    }
  }
  while (active > 1) {
    let blocks: u32 = NO_MESSAGE;
    // An idle lane follows one that works.
    let working: usize = 0;
    for (let at: usize = LANES; at < LANES + 64; at += 16) {
      if (load<u32>(at) === NO_MESSAGE) continue;
      working = load<u32>(at, 4);
      blocks = min<u32>(blocks, load<u32>(at, 8));
    }
    const p0: usize = load<u32>(LANES) === NO_MESSAGE ? working : load<u32>(LANES, 4);
    const p1: usize = load<u32>(LANES, 16) === NO_MESSAGE ? working : load<u32>(LANES, 20);
    const p2: usize = load<u32>(LANES, 32) === NO_MESSAGE ? working : load<u32>(LANES, 36);
    const p3: usize = load<u32>(LANES, 48) === NO_MESSAGE ? working : load<u32>(LANES, 52);
    if (hash === DETECTING_SHA1) compressLanesDetecting(p0, p1, p2, p3, blocks);
    else if (hash === SHA256) compressLanesSha256(p0, p1, p2, p3, blocks);
    else compressLanes(p0, p1, p2, p3, blocks);
    for (let lane: u32 = 0; lane < 4; lane++) {
      const at: usize = LANES + lane * 16;
      if (load<u32>(at) === NO_MESSAGE) continue;
      store<u32>(at, load<u32>(at, 4) + (blocks << 6), 4);
      const left = load<u32>(at, 8) - blocks;
      store<u32>(at, left, 8);
      if (left !== 0) continue;
      if (load<u32>(at, 12) === 0) {
        beginTail(lane);
        continue;
      }
      end(lane);
      if (next < count) {
        begin(lane, load<u32>(ORDER + next * 4));
        next++;
      } else {
        store<u32>(at, NO_MESSAGE);
        active--;
      }
    }
  }
  if (active === 1) finishAlone();
  if (hash === DETECTING_SHA1) checkAll();
}

/** The message in the one lane that is left, without lanes. */
function finishAlone(): void {
  let lane: u32 = 0;
  while (load<u32>(LANES + lane * 16) === NO_MESSAGE) lane++;
  const at: usize = LANES + lane * 16;
  for (let word: u32 = 0; word < words; word++) {
    store<u32>(SINGLE + word * 4, load<u32>(LANE_STATES + word * 16 + lane * 4));
  }
  if (hash === DETECTING_SHA1) store<u32>(SINGLE, 0, 20);
  for (;;) {
    if (hash === DETECTING_SHA1) compressDetecting(SINGLE, load<u32>(at, 4), load<u32>(at, 8));
    else if (hash === SHA256) compressSha256(SINGLE, load<u32>(at, 4), load<u32>(at, 8));
    else compress(SINGLE, load<u32>(at, 4), load<u32>(at, 8));
    if (load<u32>(at, 12) !== 0) break;
    store<u32>(at, load<u32>(at, 4) + (load<u32>(at, 8) << 6), 4);
    beginTail(lane);
  }
  for (let word: u32 = 0; word < words; word++) {
    store<u32>(LANE_STATES + word * 16 + lane * 4, load<u32>(SINGLE + word * 4));
  }
  end(lane);
  if (hash !== DETECTING_SHA1) return;
  checkAll();
  if (load<u32>(SINGLE, 20) !== 0) store<u8>(FOUND + load<u32>(at), 1);
}

/** Go on with the SHA-1 of the message in STATE over `blocks` blocks. */
export function hashBlocks(at: usize, blocks: u32, hashNumber: u32): void {
  if (hashNumber === DETECTING_SHA1) {
    compressDetecting(STATE, at, blocks);
    checkAll();
  } else {
    compress(STATE, at, blocks);
  }
}
