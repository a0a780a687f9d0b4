import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';

/** Both entries: whatever is true of one is true of the other. */
export const VARIANTS: readonly [name: string, kernels: typeof portable][] = [
  ['portable', portable],
  ['node', node],
];
