// SHA-256 of blocks: of one message, and of four at a time, one in each lane.
import { LANE_STATES, WORDS } from './layout';

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** Go on with the state of eight words at `state` over `blocks` blocks at `from`. */
export function compressSha256(state: usize, from: usize, blocks: u32): void {
  let h0 = load<u32>(state);
  let h1 = load<u32>(state, 4);
  let h2 = load<u32>(state, 8);
  let h3 = load<u32>(state, 12);
  let h4 = load<u32>(state, 16);
  let h5 = load<u32>(state, 20);
  let h6 = load<u32>(state, 24);
  let h7 = load<u32>(state, 28);
  for (; blocks > 0; blocks--) {
    for (let at: usize = 0; at < 64; at += 4) store<u32>(WORDS + at, bswap<u32>(load<u32>(from + at)));
    from += 64;
    for (let at = WORDS; at < WORDS + 48 * 4; at += 4) {
      const early = load<u32>(at, 4);
      const late = load<u32>(at, 56);
      const one = rotr<u32>(early, 7) ^ rotr<u32>(early, 18) ^ (early >> 3);
      const two = rotr<u32>(late, 17) ^ rotr<u32>(late, 19) ^ (late >> 10);
      store<u32>(at, load<u32>(at) + one + load<u32>(at, 36) + two, 64);
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    let f = h5;
    let g = h6;
    let h = h7;
    let t: u32;
    let constants = CONSTANTS;
    for (let at = WORDS; at < WORDS + 64 * 4; at += 8 * 4) {
      t = mix(e, f, g, h, at, constants, 0);
      d += t;
      h = t + majority(a, b, c);
      t = mix(d, e, f, g, at, constants, 1);
      c += t;
      g = t + majority(h, a, b);
      t = mix(c, d, e, f, at, constants, 2);
      b += t;
      f = t + majority(g, h, a);
      t = mix(b, c, d, e, at, constants, 3);
      a += t;
      e = t + majority(f, g, h);
      t = mix(a, b, c, d, at, constants, 4);
      h += t;
      d = t + majority(e, f, g);
      t = mix(h, a, b, c, at, constants, 5);
      g += t;
      c = t + majority(d, e, f);
      t = mix(g, h, a, b, at, constants, 6);
      f += t;
      b = t + majority(c, d, e);
      t = mix(f, g, h, a, at, constants, 7);
      e += t;
      a = t + majority(b, c, d);
      constants += 8 * 4;
    }
    h0 += a;
    h1 += b;
    h2 += c;
    h3 += d;
    h4 += e;
    h5 += f;
    h6 += g;
    h7 += h;
  }
  store<u32>(state, h0);
  store<u32>(state, h1, 4);
  store<u32>(state, h2, 8);
  store<u32>(state, h3, 12);
  store<u32>(state, h4, 16);
  store<u32>(state, h5, 20);
  store<u32>(state, h6, 24);
  store<u32>(state, h7, 28);
}

function mix(e: u32, f: u32, g: u32, h: u32, words: usize, constants: usize, round: u32): u32 {
  const offset: usize = round << 2;
  const sum = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
  return h + sum + (g ^ (e & (f ^ g))) + load<u32>(constants + offset) + load<u32>(words + offset);
}

function majority(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
}

/** The same of four messages at once, with the states at LANE_STATES: word by word, the four lanes of each. */
export function compressLanesSha256(p0: usize, p1: usize, p2: usize, p3: usize, blocks: u32): void {
  let h0 = v128.load(LANE_STATES);
  let h1 = v128.load(LANE_STATES, 16);
  let h2 = v128.load(LANE_STATES, 32);
  let h3 = v128.load(LANE_STATES, 48);
  let h4 = v128.load(LANE_STATES, 64);
  let h5 = v128.load(LANE_STATES, 80);
  let h6 = v128.load(LANE_STATES, 96);
  let h7 = v128.load(LANE_STATES, 112);
  for (; blocks > 0; blocks--) {
    for (let part: usize = 0; part < 64; part += 16) transpose(p0 + part, p1 + part, p2 + part, p3 + part, part << 2);
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
    for (let at = WORDS; at < WORDS + 48 * 16; at += 16) {
      const early = v128.load(at, 16);
      const late = v128.load(at, 224);
      const one = v128.xor(v128.xor(rotateLanes(early, 7), rotateLanes(early, 18)), i32x4.shr_u(early, 3));
      const two = v128.xor(v128.xor(rotateLanes(late, 17), rotateLanes(late, 19)), i32x4.shr_u(late, 10));
      v128.store(at, i32x4.add(i32x4.add(v128.load(at), one), i32x4.add(v128.load(at, 144), two)), 256);
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    let f = h5;
    let g = h6;
    let h = h7;
    let t: v128;
    let constants = CONSTANTS;
    for (let at = WORDS; at < WORDS + 64 * 16; at += 8 * 16) {
      t = mixLanes(e, f, g, h, at, constants, 0);
      d = i32x4.add(d, t);
      h = i32x4.add(t, majorityLanes(a, b, c));
      t = mixLanes(d, e, f, g, at, constants, 1);
      c = i32x4.add(c, t);
      g = i32x4.add(t, majorityLanes(h, a, b));
      t = mixLanes(c, d, e, f, at, constants, 2);
      b = i32x4.add(b, t);
      f = i32x4.add(t, majorityLanes(g, h, a));
      t = mixLanes(b, c, d, e, at, constants, 3);
      a = i32x4.add(a, t);
      e = i32x4.add(t, majorityLanes(f, g, h));
      t = mixLanes(a, b, c, d, at, constants, 4);
      h = i32x4.add(h, t);
      d = i32x4.add(t, majorityLanes(e, f, g));
      t = mixLanes(h, a, b, c, at, constants, 5);
      g = i32x4.add(g, t);
      c = i32x4.add(t, majorityLanes(d, e, f));
      t = mixLanes(g, h, a, b, at, constants, 6);
      f = i32x4.add(f, t);
      b = i32x4.add(t, majorityLanes(c, d, e));
      t = mixLanes(f, g, h, a, at, constants, 7);
      e = i32x4.add(e, t);
      a = i32x4.add(t, majorityLanes(b, c, d));
      constants += 8 * 4;
    }
    h0 = i32x4.add(h0, a);
    h1 = i32x4.add(h1, b);
    h2 = i32x4.add(h2, c);
    h3 = i32x4.add(h3, d);
    h4 = i32x4.add(h4, e);
    h5 = i32x4.add(h5, f);
    h6 = i32x4.add(h6, g);
    h7 = i32x4.add(h7, h);
  }
  v128.store(LANE_STATES, h0);
  v128.store(LANE_STATES, h1, 16);
  v128.store(LANE_STATES, h2, 32);
  v128.store(LANE_STATES, h3, 48);
  v128.store(LANE_STATES, h4, 64);
  v128.store(LANE_STATES, h5, 80);
  v128.store(LANE_STATES, h6, 96);
  v128.store(LANE_STATES, h7, 112);
}

/** Four words of each message, turned round in their bytes, to WORDS at `offset`: a vector for each word. */
function transpose(p0: usize, p1: usize, p2: usize, p3: usize, offset: usize): void {
  const a = v128.load(p0);
  const b = v128.load(p1);
  const c = v128.load(p2);
  const d = v128.load(p3);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  const to = WORDS + offset;
  v128.store(to, turn(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5)));
  v128.store(to, turn(v128.shuffle<i32>(ab, cd, 2, 3, 6, 7)), 16);
  v128.store(to, turn(v128.shuffle<i32>(abHigh, cdHigh, 0, 1, 4, 5)), 32);
  v128.store(to, turn(v128.shuffle<i32>(abHigh, cdHigh, 2, 3, 6, 7)), 48);
}

function turn(words: v128): v128 {
  return v128.shuffle<i8>(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function rotateLanes(words: v128, count: i32): v128 {
  return v128.or(i32x4.shr_u(words, count), i32x4.shl(words, 32 - count));
}

function mixLanes(e: v128, f: v128, g: v128, h: v128, words: usize, constants: usize, round: u32): v128 {
  const sum = v128.xor(v128.xor(rotateLanes(e, 6), rotateLanes(e, 11)), rotateLanes(e, 25));
  const added = i32x4.add(v128.load32_splat(constants + (round << 2)), v128.load(words + (round << 4)));
  return i32x4.add(i32x4.add(h, sum), i32x4.add(v128.bitselect(f, g, e), added));
}

function majorityLanes(a: v128, b: v128, c: v128): v128 {
  const sum = v128.xor(v128.xor(rotateLanes(a, 2), rotateLanes(a, 13)), rotateLanes(a, 22));
  return i32x4.add(sum, v128.bitselect(c, b, v128.xor(a, b)));
}
