import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes in use now: the heap, array buffers and the memories of WebAssembly, garbage included. */
export function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

let collect: (() => void) | undefined;

/** Let other tasks have a turn: what was closed and what nothing refers to is given back only then. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Drop all garbage, so that what is in use is what is held. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  for (let round = 0; round < 3; round++) {
    collect();
    await turn();
  }
}

/** What one execution may add to the memory in use: 64 MiB, and four times its input. */
export function allowedGrowth(inputBytes: number): number {
  return 64 * 2 ** 20 + 4 * inputBytes;
}

/** How long one execution may take. */
export const MAX_MS = 1000;
