/** Indexes into `values`, all of them different, of a longest sequence that rises. */
export function longestRising(values: readonly number[]): number[] {
  /** At n: the index of the lowest value that ends a rising sequence of n + 1. */
  const ends: number[] = [];
  const before: number[] = [];
  for (const [index, value] of values.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] as number] as number) < value) low = middle + 1;
      else high = middle;
    }
    before.push(low === 0 ? -1 : (ends[low - 1] as number));
    ends[low] = index;
  }
  const rising: number[] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] as number) rising.push(index);
  return rising.reverse();
}
