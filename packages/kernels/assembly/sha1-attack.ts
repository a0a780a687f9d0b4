// The slow half of the detection: what src/collision/detect.ts does, for four blocks that the filter could not clear at a time.
import { AFTER, DIFFERENCES, EQUAL_STEPS, OTHER_WORDS, STATES_58, STATES_65, SUSPECT_COUNTS, SUSPECTS } from './layout';

// A suspect is 128 bytes: the other block (16 words), the state both have before the equal step, the state after the block (5
// words each), and where to note that it is an attack.
const EQUAL_STATE: usize = 64;
const STATE_AFTER: usize = 84;
const NOTE: usize = 104;
const QUEUE_BYTES: usize = 4 * 128;

/**
 * Have the block at `at` looked at, with each of `vectors`. Its states lie in STATES_58, STATES_65 and AFTER, in the lane that is
 * `lane` bytes in. When it ends an attack, the byte at `note` becomes 1: at the latest when `checkAll` returns.
 */
export function suspect(vectors: i32, at: usize, lane: usize, note: usize): void {
  while (vectors !== 0) {
    const index: usize = ctz<i32>(vectors);
    vectors &= vectors - 1;
    const queue: u32 = load<u32>(EQUAL_STEPS + index * 4) === 58 ? 0 : 1;
    const count = load<u32>(SUSPECT_COUNTS + queue * 4);
    const entry = SUSPECTS + queue * QUEUE_BYTES + count * 128;
    const differences = DIFFERENCES + index * 320;
    for (let word: usize = 0; word < 64; word += 4) {
      store<u32>(entry + word, bswap<u32>(load<u32>(at + word)) ^ load<u32>(differences + word));
    }
    const states = (queue === 0 ? STATES_58 : STATES_65) + lane;
    for (let word: usize = 0; word < 5; word++) {
      store<u32>(entry + word * 4, load<u32>(states + word * 16), EQUAL_STATE);
      store<u32>(entry + word * 4, load<u32>(AFTER + lane + word * 16), STATE_AFTER);
    }
    store<u32>(entry, <u32>note, NOTE);
    store<u32>(SUSPECT_COUNTS + queue * 4, count + 1);
    if (count === 3) check(queue);
  }
}

/** Look at all that are waiting. */
export function checkAll(): void {
  if (load<u32>(SUSPECT_COUNTS) !== 0) check(0);
  if (load<u32>(SUSPECT_COUNTS, 4) !== 0) check(1);
}

/** One word of each of four suspects. */
function gather(entry: usize): v128 {
  let words = v128.load32_zero(entry);
  words = v128.load_lane<u32>(entry + 128, words, 1);
  words = v128.load_lane<u32>(entry + 256, words, 2);
  return v128.load_lane<u32>(entry + 384, words, 3);
}

/** Run the other block of each suspect from its equal state, back to its beginning and on to its end. */
function check(queue: u32): void {
  const entries = SUSPECTS + queue * QUEUE_BYTES;
  for (let step: usize = 0; step < 16; step++) v128.store(OTHER_WORDS + step * 16, gather(entries + step * 4));
  for (let to: usize = OTHER_WORDS + 256; to < OTHER_WORDS + 1280; to += 16) {
    const x = v128.xor(
      v128.xor(v128.load(to - 48), v128.load(to - 128)),
      v128.xor(v128.load(to - 224), v128.load(to - 256)),
    );
    v128.store(to, v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31)));
  }
  const equalStep: u32 = queue === 0 ? 58 : 65;
  let a = gather(entries + EQUAL_STATE);
  let b = gather(entries + EQUAL_STATE + 4);
  let c = gather(entries + EQUAL_STATE + 8);
  let d = gather(entries + EQUAL_STATE + 12);
  let e = gather(entries + EQUAL_STATE + 16);
  let a0 = a;
  let b0 = b;
  let c0 = c;
  let d0 = d;
  let e0 = e;
  for (let step = equalStep; step > 0; ) {
    step--;
    const next = a0;
    a0 = b0;
    b0 = v128.or(i32x4.shl(c0, 2), i32x4.shr_u(c0, 30));
    c0 = d0;
    d0 = e0;
    const turned = v128.or(i32x4.shl(a0, 5), i32x4.shr_u(a0, 27));
    const added = i32x4.add(mix(step, b0, c0, d0), v128.load(OTHER_WORDS + step * 16));
    e0 = i32x4.sub(next, i32x4.add(turned, added));
  }
  for (let step = equalStep; step < 80; step++) {
    const turned = v128.or(i32x4.shl(a, 5), i32x4.shr_u(a, 27));
    const added = i32x4.add(mix(step, b, c, d), v128.load(OTHER_WORDS + step * 16));
    const next = i32x4.add(i32x4.add(turned, added), e);
    e = d;
    d = c;
    c = v128.or(i32x4.shl(b, 30), i32x4.shr_u(b, 2));
    b = a;
    a = next;
  }
  let same = i32x4.eq(i32x4.add(a0, a), gather(entries + STATE_AFTER));
  same = v128.and(same, i32x4.eq(i32x4.add(b0, b), gather(entries + STATE_AFTER + 4)));
  same = v128.and(same, i32x4.eq(i32x4.add(c0, c), gather(entries + STATE_AFTER + 8)));
  same = v128.and(same, i32x4.eq(i32x4.add(d0, d), gather(entries + STATE_AFTER + 12)));
  same = v128.and(same, i32x4.eq(i32x4.add(e0, e), gather(entries + STATE_AFTER + 16)));
  const found = i32x4.bitmask(same);
  const count = load<u32>(SUSPECT_COUNTS + queue * 4);
  // What lies behind them are earlier ones.
  for (let place: u32 = 0; place < count; place++) {
    if ((found >> place) & 1) store<u8>(load<u32>(entries + place * 128, NOTE), 1);
  }
  store<u32>(SUSPECT_COUNTS + queue * 4, 0);
}

/** What a step adds besides `a`, `e` and its word. */
function mix(step: u32, b: v128, c: v128, d: v128): v128 {
  if (step < 20) return i32x4.add(v128.bitselect(c, d, b), i32x4.splat(0x5a827999));
  if (step < 40) return i32x4.add(v128.xor(v128.xor(b, c), d), i32x4.splat(0x6ed9eba1));
  if (step < 60) return i32x4.add(v128.bitselect(d, b, v128.xor(b, c)), i32x4.splat(0x8f1bbcdc));
  return i32x4.add(v128.xor(v128.xor(b, c), d), i32x4.splat(0xca62c1d6));
}
