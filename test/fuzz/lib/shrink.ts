import { type FuzzInput, type Problem, replay } from './campaign.js';
import type { FuzzTarget } from './target.js';

const MAX_TRIES = 3000;
const TIME_MS = 5000;

/** A shorter input with the same problem, where one is found soon: pieces are left out, halves first, single bytes last. */
export async function shrink(target: FuzzTarget, input: FuzzInput, problem: Problem): Promise<FuzzInput> {
  if (problem.kind !== 'crash') return input; // every try would take a second
  const until = performance.now() + TIME_MS;
  let { bytes } = input;
  let tries = 0;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let start = 0; start < bytes.length; ) {
      if (++tries > MAX_TRIES || performance.now() > until) return { ...input, bytes };
      const shorter = without(bytes, start, start + size);
      const same = (await replay(target, { ...input, bytes: shorter }))?.message === problem.message;
      if (same) bytes = shorter;
      else start += size;
    }
  }
  return { ...input, bytes };
}

function without(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const result = new Uint8Array(bytes.length - (Math.min(end, bytes.length) - start));
  result.set(bytes.subarray(0, start));
  result.set(bytes.subarray(end), start);
  return result;
}
