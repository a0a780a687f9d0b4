/** Below this a loop over the bytes costs less than a view and a block copy. */
const BLOCK_COPY_BYTES = 48;

/** Copy the bytes of `from` from `start` to `end` to `at` of `to`. */
export function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start >= BLOCK_COPY_BYTES) to.set(from.subarray(start, end), at);
  else for (let offset = 0; offset < end - start; offset++) to[at + offset] = from[start + offset]!;
}
