// Written by scripts/generate-sha1.mjs; change that.
import { LANE_STATES } from './layout';

/** What a step adds, by its twenty. Loaded, not spelled out: the engine makes the splat of a constant anew each time. */
const CONSTANTS: usize = memory.data<u32>([0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]);

/** One message: the state at `state` goes on over `blocks` blocks from `at`. */
export function compress(state: usize, at: usize, blocks: u32): void {
  for (; blocks > 0; blocks--, at += 64) {
    let w0: u32 = bswap<u32>(load<u32>(at, 0));
    let w1: u32 = bswap<u32>(load<u32>(at, 4));
    let w2: u32 = bswap<u32>(load<u32>(at, 8));
    let w3: u32 = bswap<u32>(load<u32>(at, 12));
    let w4: u32 = bswap<u32>(load<u32>(at, 16));
    let w5: u32 = bswap<u32>(load<u32>(at, 20));
    let w6: u32 = bswap<u32>(load<u32>(at, 24));
    let w7: u32 = bswap<u32>(load<u32>(at, 28));
    let w8: u32 = bswap<u32>(load<u32>(at, 32));
    let w9: u32 = bswap<u32>(load<u32>(at, 36));
    let w10: u32 = bswap<u32>(load<u32>(at, 40));
    let w11: u32 = bswap<u32>(load<u32>(at, 44));
    let w12: u32 = bswap<u32>(load<u32>(at, 48));
    let w13: u32 = bswap<u32>(load<u32>(at, 52));
    let w14: u32 = bswap<u32>(load<u32>(at, 56));
    let w15: u32 = bswap<u32>(load<u32>(at, 60));
    let a: u32 = load<u32>(state, 0);
    let b: u32 = load<u32>(state, 4);
    let c: u32 = load<u32>(state, 8);
    let d: u32 = load<u32>(state, 12);
    let e: u32 = load<u32>(state, 16);
    let x: u32 = 0;
    e = e + w0 + 0x5a827999 + (d ^ (b & (c ^ d))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d = d + w1 + 0x5a827999 + (c ^ (a & (b ^ c))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c = c + w2 + 0x5a827999 + (b ^ (e & (a ^ b))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b = b + w3 + 0x5a827999 + (a ^ (d & (e ^ a))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a = a + w4 + 0x5a827999 + (e ^ (c & (d ^ e))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    e = e + w5 + 0x5a827999 + (d ^ (b & (c ^ d))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d = d + w6 + 0x5a827999 + (c ^ (a & (b ^ c))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c = c + w7 + 0x5a827999 + (b ^ (e & (a ^ b))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b = b + w8 + 0x5a827999 + (a ^ (d & (e ^ a))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a = a + w9 + 0x5a827999 + (e ^ (c & (d ^ e))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    e = e + w10 + 0x5a827999 + (d ^ (b & (c ^ d))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    d = d + w11 + 0x5a827999 + (c ^ (a & (b ^ c))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    c = c + w12 + 0x5a827999 + (b ^ (e & (a ^ b))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    b = b + w13 + 0x5a827999 + (a ^ (d & (e ^ a))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    a = a + w14 + 0x5a827999 + (e ^ (c & (d ^ e))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    e = e + w15 + 0x5a827999 + (d ^ (b & (c ^ d))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    d = d + w0 + 0x5a827999 + (c ^ (a & (b ^ c))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w14 ^ w9 ^ w3 ^ w1;
    w1 = rotl<u32>(x, 1);
    c = c + w1 + 0x5a827999 + (b ^ (e & (a ^ b))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w15 ^ w10 ^ w4 ^ w2;
    w2 = rotl<u32>(x, 1);
    b = b + w2 + 0x5a827999 + (a ^ (d & (e ^ a))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w0 ^ w11 ^ w5 ^ w3;
    w3 = rotl<u32>(x, 1);
    a = a + w3 + 0x5a827999 + (e ^ (c & (d ^ e))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    e = e + w4 + 0x6ed9eba1 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    d = d + w5 + 0x6ed9eba1 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    c = c + w6 + 0x6ed9eba1 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    b = b + w7 + 0x6ed9eba1 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    a = a + w8 + 0x6ed9eba1 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    e = e + w9 + 0x6ed9eba1 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    d = d + w10 + 0x6ed9eba1 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    c = c + w11 + 0x6ed9eba1 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    b = b + w12 + 0x6ed9eba1 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    a = a + w13 + 0x6ed9eba1 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    e = e + w14 + 0x6ed9eba1 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    d = d + w15 + 0x6ed9eba1 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    c = c + w0 + 0x6ed9eba1 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w14 ^ w9 ^ w3 ^ w1;
    w1 = rotl<u32>(x, 1);
    b = b + w1 + 0x6ed9eba1 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w15 ^ w10 ^ w4 ^ w2;
    w2 = rotl<u32>(x, 1);
    a = a + w2 + 0x6ed9eba1 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w0 ^ w11 ^ w5 ^ w3;
    w3 = rotl<u32>(x, 1);
    e = e + w3 + 0x6ed9eba1 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    d = d + w4 + 0x6ed9eba1 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    c = c + w5 + 0x6ed9eba1 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    b = b + w6 + 0x6ed9eba1 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    a = a + w7 + 0x6ed9eba1 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    e = e + w8 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    d = d + w9 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    c = c + w10 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    b = b + w11 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    a = a + w12 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    e = e + w13 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    d = d + w14 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    c = c + w15 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    b = b + w0 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w14 ^ w9 ^ w3 ^ w1;
    w1 = rotl<u32>(x, 1);
    a = a + w1 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w15 ^ w10 ^ w4 ^ w2;
    w2 = rotl<u32>(x, 1);
    e = e + w2 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w0 ^ w11 ^ w5 ^ w3;
    w3 = rotl<u32>(x, 1);
    d = d + w3 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    c = c + w4 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    b = b + w5 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    a = a + w6 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    e = e + w7 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    d = d + w8 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    c = c + w9 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    b = b + w10 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    a = a + w11 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    e = e + w12 + 0xca62c1d6 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    d = d + w13 + 0xca62c1d6 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    c = c + w14 + 0xca62c1d6 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    b = b + w15 + 0xca62c1d6 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    a = a + w0 + 0xca62c1d6 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w14 ^ w9 ^ w3 ^ w1;
    w1 = rotl<u32>(x, 1);
    e = e + w1 + 0xca62c1d6 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w15 ^ w10 ^ w4 ^ w2;
    w2 = rotl<u32>(x, 1);
    d = d + w2 + 0xca62c1d6 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w0 ^ w11 ^ w5 ^ w3;
    w3 = rotl<u32>(x, 1);
    c = c + w3 + 0xca62c1d6 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    b = b + w4 + 0xca62c1d6 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    a = a + w5 + 0xca62c1d6 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    e = e + w6 + 0xca62c1d6 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    d = d + w7 + 0xca62c1d6 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    c = c + w8 + 0xca62c1d6 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    b = b + w9 + 0xca62c1d6 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    a = a + w10 + 0xca62c1d6 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    e = e + w11 + 0xca62c1d6 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    d = d + w12 + 0xca62c1d6 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    c = c + w13 + 0xca62c1d6 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    b = b + w14 + 0xca62c1d6 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    a = a + w15 + 0xca62c1d6 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    store<u32>(state, load<u32>(state, 0) + a, 0);
    store<u32>(state, load<u32>(state, 4) + b, 4);
    store<u32>(state, load<u32>(state, 8) + c, 8);
    store<u32>(state, load<u32>(state, 12) + d, 12);
    store<u32>(state, load<u32>(state, 16) + e, 16);
  }
}

/** Four messages, one in each lane of LANE_STATES: `blocks` blocks of each. */
export function compressLanes(p0: usize, p1: usize, p2: usize, p3: usize, blocks: u32): void {
  for (; blocks > 0; blocks--) {
    let r0: v128, r1: v128, r2: v128, r3: v128;
    let t0: v128, t1: v128, t2: v128, t3: v128;
    r0 = v128.load(p0, 0);
    r1 = v128.load(p1, 0);
    r2 = v128.load(p2, 0);
    r3 = v128.load(p3, 0);
    t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    r0 = i64x2.shuffle(t0, t1, 0, 2);
    let w0 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t0, t1, 1, 3);
    let w1 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 0, 2);
    let w2 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 1, 3);
    let w3 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = v128.load(p0, 16);
    r1 = v128.load(p1, 16);
    r2 = v128.load(p2, 16);
    r3 = v128.load(p3, 16);
    t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    r0 = i64x2.shuffle(t0, t1, 0, 2);
    let w4 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t0, t1, 1, 3);
    let w5 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 0, 2);
    let w6 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 1, 3);
    let w7 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = v128.load(p0, 32);
    r1 = v128.load(p1, 32);
    r2 = v128.load(p2, 32);
    r3 = v128.load(p3, 32);
    t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    r0 = i64x2.shuffle(t0, t1, 0, 2);
    let w8 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t0, t1, 1, 3);
    let w9 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 0, 2);
    let w10 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 1, 3);
    let w11 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = v128.load(p0, 48);
    r1 = v128.load(p1, 48);
    r2 = v128.load(p2, 48);
    r3 = v128.load(p3, 48);
    t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    t1 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    t2 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    r0 = i64x2.shuffle(t0, t1, 0, 2);
    let w12 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t0, t1, 1, 3);
    let w13 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 0, 2);
    let w14 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    r0 = i64x2.shuffle(t2, t3, 1, 3);
    let w15 = i8x16.shuffle(r0, r0, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    let a = v128.load(LANE_STATES, 0);
    let b = v128.load(LANE_STATES, 16);
    let c = v128.load(LANE_STATES, 32);
    let d = v128.load(LANE_STATES, 48);
    let e = v128.load(LANE_STATES, 64);
    let x: v128;
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w0), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(c, d, b)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w1), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(b, c, a)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w2), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(a, b, e)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w3), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(e, a, d)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w4), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(d, e, c)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w5), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(c, d, b)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w6), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(b, c, a)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w7), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(a, b, e)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w8), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(e, a, d)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w9), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(d, e, c)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w10), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(c, d, b)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w11), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(b, c, a)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w12), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(a, b, e)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w13), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(e, a, d)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w14), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(d, e, c)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w15), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(c, d, b)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w0), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(b, c, a)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w14, w9), w3), w1);
    w1 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w1), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(a, b, e)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w15, w10), w4), w2);
    w2 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w2), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(e, a, d)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w0, w11), w5), w3);
    w3 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w3), v128.load32_splat(CONSTANTS, 0)), v128.bitselect(d, e, c)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w4), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w5), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w6), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w7), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w8), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w9), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w10), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w11), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w12), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w13), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w14), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w15), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w0), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w14, w9), w3), w1);
    w1 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w1), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w15, w10), w4), w2);
    w2 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w2), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w0, w11), w5), w3);
    w3 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w3), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w4), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w5), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w6), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w7), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w8), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w9), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w10), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w11), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w12), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w13), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w14), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w15), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w0), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w14, w9), w3), w1);
    w1 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w1), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w15, w10), w4), w2);
    w2 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w2), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w0, w11), w5), w3);
    w3 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w3), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w4), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w5), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w6), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w7), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w8), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w9), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w10), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w11), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w12), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w13), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w14), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w15), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w0), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w14, w9), w3), w1);
    w1 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w1), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w15, w10), w4), w2);
    w2 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w2), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w0, w11), w5), w3);
    w3 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w3), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w4), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w5), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w6), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w7), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w8), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w9), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w10), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w11), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w12), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w13), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w14), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w15), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, 0), a), 0);
    v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, 16), b), 16);
    v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, 32), c), 32);
    v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, 48), d), 48);
    v128.store(LANE_STATES, i32x4.add(v128.load(LANE_STATES, 64), e), 64);
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
  }
}
