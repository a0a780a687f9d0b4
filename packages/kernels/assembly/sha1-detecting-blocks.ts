// Written by scripts/generate-sha1.mjs; change that.
// Conditions: Copyright (c) 2017 Marc Stevens, Dan Shumow; MIT licence, see NOTICE.
import { AFTER, FOUND, LANE_STATES, LANE_VECTORS, LANES, NO_MESSAGE, STATES_58, STATES_65, WORDS } from './layout';
import { suspect } from './sha1-attack';

/** What a step adds, by its twenty. Loaded, not spelled out: the engine makes the splat of a constant anew each time. */
const CONSTANTS: usize = memory.data<u32>([0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]);

/**
 * One message: the state at `state` goes on over `blocks` blocks from `at`; its sixth word becomes 1 when one of them ends an
 * attack, see `checkAll`. The blocks are filtered four at a time, each in its lane.
 */
export function compressDetecting(state: usize, at: usize, blocks: u32): void {
  let lane: usize = 0;
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
    store<u32>(WORDS + lane, w3, 560);
    e = e + w3 + 0x6ed9eba1 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w4, 576);
    d = d + w4 + 0x6ed9eba1 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w5, 592);
    c = c + w5 + 0x6ed9eba1 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w6, 608);
    b = b + w6 + 0x6ed9eba1 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w7, 624);
    a = a + w7 + 0x6ed9eba1 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w8, 640);
    e = e + w8 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w9, 656);
    d = d + w9 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w10, 672);
    c = c + w10 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w11, 688);
    b = b + w11 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w12, 704);
    a = a + w12 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w13, 720);
    e = e + w13 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w14, 736);
    d = d + w14 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w15, 752);
    c = c + w15 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w0, 768);
    b = b + w0 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w14 ^ w9 ^ w3 ^ w1;
    w1 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w1, 784);
    a = a + w1 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w15 ^ w10 ^ w4 ^ w2;
    w2 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w2, 800);
    e = e + w2 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w0 ^ w11 ^ w5 ^ w3;
    w3 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w3, 816);
    d = d + w3 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w1 ^ w12 ^ w6 ^ w4;
    w4 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w4, 832);
    c = c + w4 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w2 ^ w13 ^ w7 ^ w5;
    w5 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w5, 848);
    b = b + w5 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w3 ^ w14 ^ w8 ^ w6;
    w6 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w6, 864);
    a = a + w6 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w4 ^ w15 ^ w9 ^ w7;
    w7 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w7, 880);
    e = e + w7 + 0x8f1bbcdc + ((b & c) | (d & (b | c))) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w5 ^ w0 ^ w10 ^ w8;
    w8 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w8, 896);
    d = d + w8 + 0x8f1bbcdc + ((a & b) | (c & (a | b))) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w6 ^ w1 ^ w11 ^ w9;
    w9 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w9, 912);
    c = c + w9 + 0x8f1bbcdc + ((e & a) | (b & (e | a))) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    store<u32>(STATES_58 + lane, c, 0);
    store<u32>(STATES_58 + lane, d, 16);
    store<u32>(STATES_58 + lane, e, 32);
    store<u32>(STATES_58 + lane, a, 48);
    store<u32>(STATES_58 + lane, b, 64);
    x = w7 ^ w2 ^ w12 ^ w10;
    w10 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w10, 928);
    b = b + w10 + 0x8f1bbcdc + ((d & e) | (a & (d | e))) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w8 ^ w3 ^ w13 ^ w11;
    w11 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w11, 944);
    a = a + w11 + 0x8f1bbcdc + ((c & d) | (e & (c | d))) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    x = w9 ^ w4 ^ w14 ^ w12;
    w12 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w12, 960);
    e = e + w12 + 0xca62c1d6 + (b ^ c ^ d) + rotl<u32>(a, 5);
    b = rotl<u32>(b, 30);
    x = w10 ^ w5 ^ w15 ^ w13;
    w13 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w13, 976);
    d = d + w13 + 0xca62c1d6 + (a ^ b ^ c) + rotl<u32>(e, 5);
    a = rotl<u32>(a, 30);
    x = w11 ^ w6 ^ w0 ^ w14;
    w14 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w14, 992);
    c = c + w14 + 0xca62c1d6 + (e ^ a ^ b) + rotl<u32>(d, 5);
    e = rotl<u32>(e, 30);
    x = w12 ^ w7 ^ w1 ^ w15;
    w15 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w15, 1008);
    b = b + w15 + 0xca62c1d6 + (d ^ e ^ a) + rotl<u32>(c, 5);
    d = rotl<u32>(d, 30);
    x = w13 ^ w8 ^ w2 ^ w0;
    w0 = rotl<u32>(x, 1);
    store<u32>(WORDS + lane, w0, 1024);
    a = a + w0 + 0xca62c1d6 + (c ^ d ^ e) + rotl<u32>(b, 5);
    c = rotl<u32>(c, 30);
    store<u32>(STATES_65 + lane, a, 0);
    store<u32>(STATES_65 + lane, b, 16);
    store<u32>(STATES_65 + lane, c, 32);
    store<u32>(STATES_65 + lane, d, 48);
    store<u32>(STATES_65 + lane, e, 64);
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
    a += load<u32>(state, 0);
    store<u32>(state, a, 0);
    store<u32>(AFTER + lane, a, 0);
    b += load<u32>(state, 4);
    store<u32>(state, b, 4);
    store<u32>(AFTER + lane, b, 16);
    c += load<u32>(state, 8);
    store<u32>(state, c, 8);
    store<u32>(AFTER + lane, c, 32);
    d += load<u32>(state, 12);
    store<u32>(state, d, 12);
    store<u32>(AFTER + lane, d, 48);
    e += load<u32>(state, 16);
    store<u32>(state, e, 16);
    store<u32>(AFTER + lane, e, 64);
    lane += 4;
    if (lane === 16 || blocks === 1) {
      suspectBlocks(at + 64, lane, state + 20);
      lane = 0;
    }
  }
}

/** Filter the blocks before `end`: those in the lanes that lie below `lanesEnd`, in bytes. */
function suspectBlocks(end: usize, lanesEnd: usize, note: usize): void {
  const vectors = possibleLaneAttacks();
  if (!v128.any_true(vectors)) return;
  v128.store(LANE_VECTORS, vectors);
  for (let lane: usize = 0; lane < lanesEnd; lane += 4) {
    const left = load<i32>(LANE_VECTORS + lane);
    if (left !== 0) suspect(left, end - ((lanesEnd - lane) << 4), lane, note);
  }
}

/** Four messages, one in each lane of LANE_STATES: `blocks` blocks of each; those that may end an attack are suspected, see `checkAll`. */
export function compressLanesDetecting(p0: usize, p1: usize, p2: usize, p3: usize, blocks: u32): void {
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
    v128.store(WORDS, w3, 560);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w3), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w4, 576);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w4), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w5, 592);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w5), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w6, 608);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w6), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w7, 624);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w7), v128.load32_splat(CONSTANTS, 4)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w8, 640);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w8), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w9, 656);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w9), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w10, 672);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w10), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w11, 688);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w11), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w12, 704);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w12), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w13, 720);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w13), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w14, 736);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w14), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w15, 752);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w15), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w0, 768);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w0), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w14, w9), w3), w1);
    w1 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w1, 784);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w1), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w15, w10), w4), w2);
    w2 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w2, 800);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w2), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w0, w11), w5), w3);
    w3 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w3, 816);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w3), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w1, w12), w6), w4);
    w4 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w4, 832);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w4), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w2, w13), w7), w5);
    w5 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w5, 848);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w5), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w3, w14), w8), w6);
    w6 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w6, 864);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w6), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w4, w15), w9), w7);
    w7 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w7, 880);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w7), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(d, b, v128.xor(b, c))),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w5, w0), w10), w8);
    w8 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w8, 896);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w8), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(c, a, v128.xor(a, b))),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w6, w1), w11), w9);
    w9 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w9, 912);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w9), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(b, e, v128.xor(e, a))),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    v128.store(STATES_58, c, 0);
    v128.store(STATES_58, d, 16);
    v128.store(STATES_58, e, 32);
    v128.store(STATES_58, a, 48);
    v128.store(STATES_58, b, 64);
    x = v128.xor(v128.xor(v128.xor(w7, w2), w12), w10);
    w10 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w10, 928);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w10), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(a, d, v128.xor(d, e))),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w8, w3), w13), w11);
    w11 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w11, 944);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w11), v128.load32_splat(CONSTANTS, 8)), v128.bitselect(e, c, v128.xor(c, d))),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    x = v128.xor(v128.xor(v128.xor(w9, w4), w14), w12);
    w12 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w12, 960);
    e = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(e, w12), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(b, c), d)),
      v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27)),
    );
    b = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    x = v128.xor(v128.xor(v128.xor(w10, w5), w15), w13);
    w13 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w13, 976);
    d = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(d, w13), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(a, b), c)),
      v128.or(i32x4.shl(e, 5), i32x4.shr_u(e, 27)),
    );
    a = v128.or(i32x4.shl(a, 30), i32x4.shr_u(a, 2));
    x = v128.xor(v128.xor(v128.xor(w11, w6), w0), w14);
    w14 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w14, 992);
    c = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(c, w14), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(e, a), b)),
      v128.or(i32x4.shl(d, 5), i32x4.shr_u(d, 27)),
    );
    e = v128.or(i32x4.shl(e, 30), i32x4.shr_u(e, 2));
    x = v128.xor(v128.xor(v128.xor(w12, w7), w1), w15);
    w15 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w15, 1008);
    b = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(b, w15), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(d, e), a)),
      v128.or(i32x4.shl(c, 5), i32x4.shr_u(c, 27)),
    );
    d = v128.or(i32x4.shl(d, 30), i32x4.shr_u(d, 2));
    x = v128.xor(v128.xor(v128.xor(w13, w8), w2), w0);
    w0 = v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
    v128.store(WORDS, w0, 1024);
    a = i32x4.add(
      i32x4.add(i32x4.add(i32x4.add(a, w0), v128.load32_splat(CONSTANTS, 12)), v128.xor(v128.xor(c, d), e)),
      v128.or(i32x4.shl(b, 5), i32x4.shr_u(b, 27)),
    );
    c = v128.or(i32x4.shl(c, 30), i32x4.shr_u(c, 2));
    v128.store(STATES_65, a, 0);
    v128.store(STATES_65, b, 16);
    v128.store(STATES_65, c, 32);
    v128.store(STATES_65, d, 48);
    v128.store(STATES_65, e, 64);
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
    const vectors = possibleLaneAttacks();
    if (v128.any_true(vectors)) {
      v128.store(LANE_VECTORS, vectors);
      v128.store(AFTER, i32x4.add(v128.load(LANE_STATES, 0), a), 0);
      v128.store(AFTER, i32x4.add(v128.load(LANE_STATES, 16), b), 16);
      v128.store(AFTER, i32x4.add(v128.load(LANE_STATES, 32), c), 32);
      v128.store(AFTER, i32x4.add(v128.load(LANE_STATES, 48), d), 48);
      v128.store(AFTER, i32x4.add(v128.load(LANE_STATES, 64), e), 64);
      suspectLanes(p0, p1, p2, p3);
    }
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

function suspectLanes(p0: usize, p1: usize, p2: usize, p3: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const vectors = load<i32>(LANE_VECTORS + lane * 4);
    const message = load<u32>(LANES + lane * 16);
    if (vectors === 0 || message === NO_MESSAGE) continue;
    suspect(vectors, lane === 0 ? p0 : lane === 1 ? p1 : lane === 2 ? p2 : p3, lane * 4, FOUND + message);
  }
}

/** The vectors of each condition. */
const VECTORS: usize = memory.data<u32>([
  0x283a080, 0xc2810008, 0x60a08004, 0x82012220, 0x30302002, 0x40808888, 0x18180801, 0x20202224, 0xa0a8200, 0x1010088a,
  0x8080225, 0xa12820, 0x202808a, 0x812025, 0x800a00a2, 0xc0882000, 0x60220800, 0x30110200, 0x20128800, 0x8a020020,
  0x10092200, 0x8028880, 0x300a08, 0x180284, 0x8020080a, 0x40100205, 0xa0080082, 0x50020021, 0x82108000, 0x80908000,
  0x40282000, 0x18080080, 0x110208, 0x308000, 0xa0800, 0x12200, 0x8880, 0x2220, 0x888, 0x224, 0x4440, 0x8a, 0x1110,
  0x25, 0x4040100, 0x1004040, 0x8000000a, 0x401010, 0x40000005, 0xa0000002, 0x50000001, 0x41040, 0x80084, 0x100080,
  0x10004, 0x80020, 0x20008, 0x40010, 0x10004, 0x22000000, 0x10800000, 0x28000000, 0xa000000, 0x8200000, 0x12000000,
  0x8800000, 0x2200000, 0x41000, 0x41000, 0xa000, 0x4400, 0x4000040, 0x1100, 0x1000010, 0x404000, 0x440, 0x110,
  0x4040000, 0x1004000, 0x401000, 0x2008000, 0x802000, 0x4100, 0x200800, 0x28000000, 0x410, 0x82000, 0x1, 0x1, 0x1, 0x2,
  0x2, 0x2, 0x10, 0x40, 0x40, 0x100, 0x100, 0x400, 0x400, 0x400, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x4000, 0x4000,
  0x4000, 0x8000, 0x40000, 0x100000, 0x100000, 0x200000, 0x200000, 0x400000, 0x400000, 0x400000, 0x400000, 0x400000,
  0x400000, 0x800000, 0x800000, 0x800000, 0x1000000, 0x1000000, 0x1000000, 0x1000000, 0x1000000, 0x1000000, 0x2000000,
  0x2000000, 0x4000000, 0x4000000, 0x4000000, 0x4000000, 0x4000000, 0x4000000, 0x8000000, 0x8000000, 0x8000000,
  0x8000000, 0x10000000, 0x10000000, 0x10000000, 0x10000000, 0x20000000, 0x20000000, 0x20000000, 0x40000000, 0x40000000,
  0x40000000, 0x40000000, 0x80000000, 0x80000000, 0x80000000,
]);

/** The vectors of those attacks that the four blocks in WORDS may be part of, by lane; see src/collision/filter.ts. */
function possibleLaneAttacks(): v128 {
  let mask = i32x4.splat(-1);
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 0),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), v128.load(WORDS, 720)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 4),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 784), v128.load(WORDS, 800)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 8),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), v128.load(WORDS, 784)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 12),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), i32x4.shr_u(v128.load(WORDS, 800), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 16),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), v128.load(WORDS, 768)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 20),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 736), i32x4.shr_u(v128.load(WORDS, 784), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 24),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 736), v128.load(WORDS, 752)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 28),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), i32x4.shr_u(v128.load(WORDS, 768), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 32),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), v128.load(WORDS, 736)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 36),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), i32x4.shr_u(v128.load(WORDS, 752), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 40),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), i32x4.shr_u(v128.load(WORDS, 736), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 44),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), v128.load(WORDS, 704)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 48),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), i32x4.shr_u(v128.load(WORDS, 720), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 52),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), i32x4.shr_u(v128.load(WORDS, 704), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 56),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), v128.load(WORDS, 656)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 60),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 864), v128.load(WORDS, 880)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 64),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 848), v128.load(WORDS, 864)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 68),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 832), v128.load(WORDS, 848)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 72),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 800), i32x4.shr_u(v128.load(WORDS, 848), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 76),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 800), v128.load(WORDS, 816)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 80),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 784), i32x4.shr_u(v128.load(WORDS, 832), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 84),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), i32x4.shr_u(v128.load(WORDS, 816), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 88),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), v128.load(WORDS, 688)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 92),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), v128.load(WORDS, 672)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 96),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), i32x4.shr_u(v128.load(WORDS, 688), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 100),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shr_u(v128.load(WORDS, 672), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 104),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shr_u(v128.load(WORDS, 656), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 108),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 640), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 112),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 880), v128.load(WORDS, 896)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 116),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 832), i32x4.shr_u(v128.load(WORDS, 880), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 120),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), i32x4.shr_u(v128.load(WORDS, 864), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 124),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), v128.load(WORDS, 832)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 128),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), i32x4.shr_u(v128.load(WORDS, 640), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 132),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 848), v128.load(WORDS, 896)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 136),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), v128.load(WORDS, 864)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 140),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 800), v128.load(WORDS, 832)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 144),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 784), v128.load(WORDS, 816)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 148),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), v128.load(WORDS, 800)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 152),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), v128.load(WORDS, 784)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 156),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 736), v128.load(WORDS, 768)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 160),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), v128.load(WORDS, 752)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 164),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), v128.load(WORDS, 752)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 168),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), v128.load(WORDS, 736)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 172),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), v128.load(WORDS, 736)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 176),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), i32x4.shr_u(v128.load(WORDS, 672), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 180),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), i32x4.shr_u(v128.load(WORDS, 656), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 184),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), v128.load(WORDS, 672)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 188),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shr_u(v128.load(WORDS, 640), 5)), 30), 31),
    ),
  );
  if (!v128.any_true(mask)) return mask;
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 192),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), v128.load(WORDS, 656)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 196),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), v128.load(WORDS, 640)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 200),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), v128.load(WORDS, 624)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 204),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), i32x4.shr_u(v128.load(WORDS, 592), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 208),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 560), i32x4.shr_u(v128.load(WORDS, 624), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 212),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 1008), i32x4.shr_u(v128.load(WORDS, 1024), 5)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 216),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 1008), i32x4.shr_u(v128.load(WORDS, 1024), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 220),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 992), i32x4.shr_u(v128.load(WORDS, 1008), 5)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 224),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 976), i32x4.shr_u(v128.load(WORDS, 992), 5)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 228),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 976), i32x4.shr_u(v128.load(WORDS, 992), 5)), 29), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 232),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 960), i32x4.shr_u(v128.load(WORDS, 976), 5)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 236),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 928), v128.load(WORDS, 944)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 240),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 912), v128.load(WORDS, 928)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 244),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 896), i32x4.shr_u(v128.load(WORDS, 944), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 248),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 896), v128.load(WORDS, 944)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 252),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 896), v128.load(WORDS, 912)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 256),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 880), i32x4.shr_u(v128.load(WORDS, 928), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 260),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 864), i32x4.shr_u(v128.load(WORDS, 912), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 264),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 848), i32x4.shr_u(v128.load(WORDS, 896), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 268),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), i32x4.shr_u(v128.load(WORDS, 800), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 272),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), v128.load(WORDS, 800)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 276),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), v128.load(WORDS, 880)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 280),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), v128.load(WORDS, 784)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 284),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), i32x4.shr_u(v128.load(WORDS, 752), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 288),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 736), v128.load(WORDS, 768)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 292),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), i32x4.shr_u(v128.load(WORDS, 736), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 296),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), i32x4.shr_u(v128.load(WORDS, 720), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 300),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), v128.load(WORDS, 720)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 304),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), v128.load(WORDS, 704)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 308),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), i32x4.shr_u(v128.load(WORDS, 672), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 312),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), i32x4.shr_u(v128.load(WORDS, 656), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 316),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), i32x4.shr_u(v128.load(WORDS, 640), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 320),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shr_u(v128.load(WORDS, 688), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 324),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shr_u(v128.load(WORDS, 672), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 328),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 608), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 332),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 656), 25)), 27), 31),
    ),
  );
  if (!v128.any_true(mask)) return mask;
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 336),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), v128.load(WORDS, 608)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 340),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 560), i32x4.shr_u(v128.load(WORDS, 576), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 344),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 560), i32x4.shr_u(v128.load(WORDS, 624), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 348),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 976), i32x4.shr_u(v128.load(WORDS, 992), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 352),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 944), i32x4.shr_u(v128.load(WORDS, 1008), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 356),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 928), i32x4.shr_u(v128.load(WORDS, 1008), 30)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 360),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 992), i32x4.shr_u(v128.load(WORDS, 1008), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 364),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 960), i32x4.shr_u(v128.load(WORDS, 1024), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 368),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 944), i32x4.shr_u(v128.load(WORDS, 1024), 30)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 372),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), v128.load(WORDS, 672)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 376),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 992), i32x4.shr_u(v128.load(WORDS, 1008), 5)), 29), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 380),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), v128.load(WORDS, 688)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 384),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 1008), i32x4.shr_u(v128.load(WORDS, 1024), 5)), 29), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 388),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 768), i32x4.shl(v128.load(WORDS, 784), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 392),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 784), i32x4.shl(v128.load(WORDS, 800), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 396),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), v128.load(WORDS, 800)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 400),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shl(v128.load(WORDS, 640), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 404),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), v128.load(WORDS, 640)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 408),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), v128.load(WORDS, 592)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 412),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), v128.load(WORDS, 816)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 416),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), v128.load(WORDS, 608)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 420),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), i32x4.shl(v128.load(WORDS, 832), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 424),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 784), v128.load(WORDS, 816)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 428),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 592), 5)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 432),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 560), i32x4.shr_u(v128.load(WORDS, 624), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 436),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), v128.load(WORDS, 624)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 440),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 752), v128.load(WORDS, 816)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 444),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), i32x4.shr_u(v128.load(WORDS, 640), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 448),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 560), i32x4.shl(v128.load(WORDS, 640), 2)), 1), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 452),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 656), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 456),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), i32x4.shl(v128.load(WORDS, 656), 2)), 1), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 460),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 848), i32x4.shl(v128.load(WORDS, 864), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 464),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), v128.load(WORDS, 848)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 468),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 800), v128.load(WORDS, 864)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 472),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), i32x4.shl(v128.load(WORDS, 736), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 476),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 656), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 480),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 576), i32x4.shr_u(v128.load(WORDS, 656), 30)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 484),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 880), v128.load(WORDS, 928)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 488),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shr_u(v128.load(WORDS, 672), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 492),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shl(v128.load(WORDS, 672), 2)), 1), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 496),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 864), i32x4.shl(v128.load(WORDS, 880), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 500),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 832), v128.load(WORDS, 864)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 504),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 816), v128.load(WORDS, 880)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 508),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 720), v128.load(WORDS, 752)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 512),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shr_u(v128.load(WORDS, 672), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 516),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 592), i32x4.shr_u(v128.load(WORDS, 672), 30)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 520),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shr_u(v128.load(WORDS, 688), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 524),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shl(v128.load(WORDS, 688), 2)), 1), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 528),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 880), i32x4.shl(v128.load(WORDS, 896), 5)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 532),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 848), v128.load(WORDS, 880)), 25), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 536),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 832), v128.load(WORDS, 896)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 540),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 736), v128.load(WORDS, 768)), 30), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 544),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shr_u(v128.load(WORDS, 688), 25)), 26), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 548),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 608), i32x4.shr_u(v128.load(WORDS, 688), 30)), 31), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 552),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 944), v128.load(WORDS, 960)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 556),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), i32x4.shr_u(v128.load(WORDS, 704), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 560),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 640), i32x4.shr_u(v128.load(WORDS, 704), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 564),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 624), i32x4.shl(v128.load(WORDS, 704), 2)), 1), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.andnot(
      v128.load32_splat(VECTORS, 568),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 928), v128.load(WORDS, 976)), 2), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 572),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 912), i32x4.shr_u(v128.load(WORDS, 976), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 576),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), i32x4.shr_u(v128.load(WORDS, 720), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 580),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 656), i32x4.shr_u(v128.load(WORDS, 720), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 584),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 928), i32x4.shr_u(v128.load(WORDS, 992), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 588),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), i32x4.shr_u(v128.load(WORDS, 736), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 592),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 672), i32x4.shr_u(v128.load(WORDS, 736), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 596),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 944), i32x4.shr_u(v128.load(WORDS, 1008), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 600),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 912), i32x4.shr_u(v128.load(WORDS, 944), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 604),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), i32x4.shr_u(v128.load(WORDS, 752), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 608),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 688), i32x4.shr_u(v128.load(WORDS, 752), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 612),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 960), i32x4.shr_u(v128.load(WORDS, 1024), 25)), 27), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 616),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), i32x4.shr_u(v128.load(WORDS, 768), 25)), 28), 31),
    ),
  );
  mask = v128.andnot(
    mask,
    v128.and(
      v128.load32_splat(VECTORS, 620),
      i32x4.shr_s(i32x4.shl(v128.xor(v128.load(WORDS, 704), i32x4.shr_u(v128.load(WORDS, 768), 25)), 27), 31),
    ),
  );
  return mask;
}
