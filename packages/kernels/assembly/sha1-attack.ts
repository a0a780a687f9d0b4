// The slow half of the detection: what src/collision/detect.ts does, for a block that the filter could not clear.
import {
  AFTER,
  BEFORE,
  DIFFERENCES,
  EQUAL_STEPS,
  EXPANDED,
  LANE_FOUND,
  LANE_REGISTERS,
  LANE_STATES,
  LANE_VECTORS,
} from './layout';

const VECTOR_COUNT: u32 = 32;
/** Find out about the lanes that the filter left vectors for. */
export function checkLanes(p0: usize, p1: usize, p2: usize, p3: usize): void {
  for (let lane: u32 = 0; lane < 4; lane++) {
    const at = lane === 0 ? p0 : lane === 1 ? p1 : lane === 2 ? p2 : p3;
    const vectors = load<i32>(LANE_VECTORS + lane * 4);
    if (vectors === 0) continue;
    for (let word: u32 = 0; word < 5; word++) {
      const from = word * 16 + lane * 4;
      const state = load<u32>(LANE_STATES + from);
      store<u32>(BEFORE + word * 4, state);
      store<u32>(AFTER + word * 4, state + load<u32>(LANE_REGISTERS + from));
    }
    if (isAttack(vectors, BEFORE, at)) store<u32>(LANE_FOUND + lane * 4, 1);
  }
}

/** Whether the block at `at`, which led from the state at `before` to that in AFTER, ends an attack with one of `vectors`. */
export function isAttack(vectors: i32, before: usize, at: usize): bool {
  expand(at);
  for (let index: u32 = 0; index < VECTOR_COUNT; index++) {
    if (((vectors >>> index) & 1) !== 0 && isOtherBlockEqual(index, before)) return true;
  }
  return false;
}

function expand(at: usize): void {
  for (let step: u32 = 0; step < 16; step++) store<u32>(EXPANDED + step * 4, bswap<u32>(load<u32>(at + step * 4)));
  for (let to: usize = EXPANDED + 64; to < EXPANDED + 320; to += 4) {
    store<u32>(to, rotl<u32>(load<u32>(to - 12) ^ load<u32>(to - 32) ^ load<u32>(to - 56) ^ load<u32>(to - 64), 1));
  }
}

/** What a step adds besides `a`, `e` and its word. */
function mix(step: u32, b: u32, c: u32, d: u32): u32 {
  if (step < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (step < 60) return ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function isOtherBlockEqual(vector: u32, before: usize): bool {
  const differences = DIFFERENCES + vector * 320;
  const equalStep = load<u32>(EQUAL_STEPS + vector * 4);
  let a = load<u32>(before);
  let b = load<u32>(before, 4);
  let c = load<u32>(before, 8);
  let d = load<u32>(before, 12);
  let e = load<u32>(before, 16);
  for (let step: u32 = 0; step < equalStep; step++) {
    const next = rotl<u32>(a, 5) + mix(step, b, c, d) + e + load<u32>(EXPANDED + step * 4);
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  let oa = a;
  let ob = b;
  let oc = c;
  let od = d;
  let oe = e;
  for (let step: u32 = equalStep; step > 0; ) {
    step--;
    const next = oa;
    oa = ob;
    ob = rotl<u32>(oc, 2);
    oc = od;
    od = oe;
    const word = load<u32>(EXPANDED + step * 4) ^ load<u32>(differences + step * 4);
    oe = next - rotl<u32>(oa, 5) - mix(step, ob, oc, od) - word;
  }
  for (let step: u32 = equalStep; step < 80; step++) {
    const word = load<u32>(EXPANDED + step * 4) ^ load<u32>(differences + step * 4);
    const next = rotl<u32>(a, 5) + mix(step, b, c, d) + e + word;
    e = d;
    d = c;
    c = rotl<u32>(b, 30);
    b = a;
    a = next;
  }
  return (
    oa + a === load<u32>(AFTER) &&
    ob + b === load<u32>(AFTER, 4) &&
    oc + c === load<u32>(AFTER, 8) &&
    od + d === load<u32>(AFTER, 12) &&
    oe + e === load<u32>(AFTER, 16)
  );
}
