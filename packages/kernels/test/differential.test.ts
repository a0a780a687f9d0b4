import { expect, test } from 'vitest';
import { FUZZED_KERNELS, fuzzKernel } from './differential.js';

/** A generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// A short share. GIT_KV_KERNEL_RUNS=100000 makes it a long one.
const RUNS = Number(process.env.GIT_KV_KERNEL_RUNS ?? 250);

test.each(FUZZED_KERNELS)('%s: all entries agree with each other and with Node', { timeout: 3_600_000 }, (name) => {
  for (let seed = 0; seed < RUNS; seed++) {
    expect(() => fuzzKernel(name, seeded(seed)), `seed ${seed}`).not.toThrow();
  }
});
