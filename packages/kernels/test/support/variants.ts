import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';

/** All entries: whatever is true of one is true of the others. */
export const VARIANTS: readonly [name: string, kernels: typeof portable][] = [
  ['portable', portable],
  ['wasm', wasm],
  ['node', node],
];
