import { FUZZED_KERNELS, fuzzKernel } from '../../../../packages/kernels/test/differential.js';
import type { FuzzTarget } from '../../lib/target.js';

/** Numbers from 0 to 1 out of `bytes`, two a number, and of a generator when they are used up. */
function numbersOf(bytes: Uint8Array): () => number {
  let at = 1;
  let state = bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, bytes.length);
  return () => {
    if (at + 2 <= bytes.length) {
      at += 2;
      return ((bytes[at - 2]! << 8) | bytes[at - 1]!) / 65536;
    }
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

export const kernels: FuzzTarget = {
  name: 'kernels',
  about:
    'inputs that are generated, much larger than the bytes they come of: kernels against node:zlib and node:crypto',
  seeds: () =>
    FUZZED_KERNELS.map((_, kernel) => ({
      bytes: Uint8Array.from({ length: 40 }, (_unused, at) => (at === 0 ? kernel : (at * 7919 + kernel * 31) & 0xff)),
    })),
  execute(bytes) {
    fuzzKernel(FUZZED_KERNELS[(bytes[0] ?? 0) % FUZZED_KERNELS.length]!, numbersOf(bytes));
  },
};
