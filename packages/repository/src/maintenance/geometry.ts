/**
 * How many of some packs are to become one, so that those that are left have each at least `factor` times as many objects as the
 * next smaller one, the new one included.
 * @param counts objects of each pack, the smallest first
 * @returns how many of them, from the smallest on; 0 where they are in such an order already
 * @see git-repack(1), "--geometric"
 */
export function geometricSplit(counts: readonly number[], factor: number): number {
  const at = (index: number): number => counts[index] as number;
  let split = counts.length - 1;
  while (split > 0 && at(split) >= factor * at(split - 1)) split--;
  if (split <= 0) return 0;
  // The larger one of the pair that breaks the order cannot stay either.
  split++;
  let total = 0;
  for (const count of counts.slice(0, split)) total += count;
  // The new pack may be too large for what was in order before.
  for (; split < counts.length && at(split) < factor * total; split++) total += at(split);
  return split;
}
