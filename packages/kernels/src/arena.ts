/**
 * `size` bytes, zeroed, where the kernels of this entry work in place: batches that lie elsewhere may be copied first. Here any
 * array is such a place.
 */
export function createArena(size: number): Uint8Array {
  return new Uint8Array(size);
}
