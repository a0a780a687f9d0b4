import { compressKeepingWords } from './compress.js';
import { possibleAttacks } from './filter.js';
import { type AttackVector, listAttackVectors } from './vectors.js';

const BLOCK_BYTES = 64;
const STEPS = 80;

/** Which word of the state of a detecting computation tells, once it is not 0, that an attack was found. */
export const FOUND_WORD = 5;

/** The message words that the filter reads. Shared by all: nothing here is ever interrupted. */
const filteredWords: Int32Array = /* @__PURE__ */ new Int32Array(STEPS);
const stateBefore: Int32Array = /* @__PURE__ */ new Int32Array(5);

/**
 * Run the SHA-1 compression function over whole blocks of `input`, and set `state[FOUND_WORD]` when one of them ends a
 * collision attack. The digest is that of SHA-1, in any case.
 */
export function compressDetecting(state: Int32Array, input: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const h0 = state[0]!;
    const h1 = state[1]!;
    const h2 = state[2]!;
    const h3 = state[3]!;
    const h4 = state[4]!;
    compressKeepingWords(state, input, at, filteredWords);
    const vectors = possibleAttacks(filteredWords);
    if (vectors === 0) continue;
    stateBefore[0] = h0;
    stateBefore[1] = h1;
    stateBefore[2] = h2;
    stateBefore[3] = h3;
    stateBefore[4] = h4;
    if (isAttack(vectors, stateBefore, input, at, state)) state[FOUND_WORD] = 1;
  }
}

const words: Int32Array = /* @__PURE__ */ new Int32Array(STEPS);
const registers: Int32Array = /* @__PURE__ */ new Int32Array(5);
const equalRegisters: Int32Array = /* @__PURE__ */ new Int32Array(5);

/**
 * Whether the block at `at` ends a collision attack with one of `vectors`.
 *
 * Both messages of a colliding pair pass through the same state before `equalStep`, and their words differ as the vector says.
 * So the other message's block is known: its steps are run from there, back to the state it began with and on to its end.
 * When it comes to the same state as ours, two messages with one digest can be made of them.
 */
export function isAttack(
  vectors: number,
  before: Int32Array,
  input: Uint8Array,
  at: number,
  after: Int32Array,
): boolean {
  expand(input, at);
  const attackVectors = listAttackVectors();
  for (let index = 0; index < attackVectors.length; index++) {
    if (((vectors >>> index) & 1) !== 0 && isOtherBlockEqual(attackVectors[index]!, before, after)) return true;
  }
  return false;
}

function isOtherBlockEqual(vector: AttackVector, before: Int32Array, after: Int32Array): boolean {
  const { messageDifference, equalStep } = vector;
  equalRegisters.set(before);
  for (let step = 0; step < equalStep; step++) stepForward(equalRegisters, step, words[step]!);
  registers.set(equalRegisters);
  for (let step = equalStep - 1; step >= 0; step--) stepBack(registers, step, words[step]! ^ messageDifference[step]!);
  for (let step = equalStep; step < STEPS; step++) {
    stepForward(equalRegisters, step, words[step]! ^ messageDifference[step]!);
  }
  for (let word = 0; word < 5; word++) {
    if (((registers[word]! + equalRegisters[word]!) | 0) !== after[word]!) return false;
  }
  return true;
}

function expand(input: Uint8Array, at: number): void {
  for (let step = 0; step < 16; step++) {
    const from = at + 4 * step;
    words[step] = (input[from]! << 24) | (input[from + 1]! << 16) | (input[from + 2]! << 8) | input[from + 3]!;
  }
  for (let step = 16; step < STEPS; step++) {
    const x = words[step - 3]! ^ words[step - 8]! ^ words[step - 14]! ^ words[step - 16]!;
    words[step] = (x << 1) | (x >>> 31);
  }
}

/** What a step adds besides `a`, `e` and its word. */
function mix(step: number, b: number, c: number, d: number): number {
  if (step < 20) return (d ^ (b & (c ^ d))) + 0x5a827999;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (step < 60) return ((b & c) | (d & (b | c))) - 0x70e44324;
  return (b ^ c ^ d) - 0x359d3e2a;
}

function stepForward(state: Int32Array, step: number, word: number): void {
  const a = state[0]!;
  const b = state[1]!;
  const c = state[2]!;
  const d = state[3]!;
  const next = ((a << 5) | (a >>> 27)) + mix(step, b, c, d) + state[4]! + word;
  state[4] = d;
  state[3] = c;
  state[2] = (b << 30) | (b >>> 2);
  state[1] = a;
  state[0] = next;
}

function stepBack(state: Int32Array, step: number, word: number): void {
  const next = state[0]!;
  const a = state[1]!;
  const rotated = state[2]!;
  const b = (rotated << 2) | (rotated >>> 30);
  const c = state[3]!;
  const d = state[4]!;
  state[4] = next - ((a << 5) | (a >>> 27)) - mix(step, b, c, d) - word;
  state[3] = d;
  state[2] = c;
  state[1] = b;
  state[0] = a;
}
