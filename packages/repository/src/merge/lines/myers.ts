import type { Stretch, Version } from './version.js';

interface Point {
  readonly old: number;
  readonly new: number;
}

/** Edits after which the search for the shortest script takes what is the furthest by then. */
const MAX_EDITS = 256;

/**
 * Mark what changed in a stretch, by a shortest edit script, or one that is not much longer where the shortest is long. Linear
 * in space, and in time.
 * @returns the lines looked at
 * @see "An O(ND) Difference Algorithm and Its Variations", E. Myers, 1986
 */
export function matchByMyers(old: Version, next: Version, stretch: Stretch): number {
  const a = old.ids;
  const b = next.ids;
  // By diagonal (old line - new line) from the corner the search starts in: the furthest old line it came to.
  const forward = new Int32Array(2 * MAX_EDITS + 5);
  const backward = new Int32Array(2 * MAX_EDITS + 5);
  const middle = MAX_EDITS + 2;
  let work = 0;
  const stack: Stretch[] = [stretch];
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    let { oldStart, oldEnd, newStart, newEnd } = part;
    const before = oldStart + oldEnd;
    while (oldStart < oldEnd && newStart < newEnd && a[oldStart] === b[newStart]) {
      oldStart++;
      newStart++;
    }
    while (oldStart < oldEnd && newStart < newEnd && a[oldEnd - 1] === b[newEnd - 1]) {
      oldEnd--;
      newEnd--;
    }
    work += 1 + Math.abs(before - oldStart - oldEnd);
    if (oldStart === oldEnd || newStart === newEnd) {
      old.changed.fill(1, oldStart, oldEnd);
      next.changed.fill(1, newStart, newEnd);
      continue;
    }
    const split = findSplit(oldStart, oldEnd, newStart, newEnd);
    if (split === undefined) {
      old.changed.fill(1, oldStart, oldEnd);
      next.changed.fill(1, newStart, newEnd);
      continue;
    }
    stack.push({ oldStart: split.old, oldEnd, newStart: split.new, newEnd });
    stack.push({ oldStart, oldEnd: split.old, newStart, newEnd: split.new });
  }
  return work;

  /** A point on a shortest path from corner to corner, neither of which it is. */
  function findSplit(oldStart: number, oldEnd: number, newStart: number, newEnd: number): Point | undefined {
    const width = oldEnd - oldStart;
    const height = newEnd - newStart;
    const delta = width - height;
    // Forward diagonals count from the upper left, backward ones from the lower right; both in lines from oldStart.
    forward[middle + 1] = 0;
    backward[middle + 1] = width;
    let best: Point | undefined;
    let length = 0;
    for (let edits = 0; edits <= MAX_EDITS; edits++) {
      for (let k = -edits; k <= edits; k += 2) {
        const down =
          k === -edits || (k !== edits && (forward[middle + k - 1] as number) < (forward[middle + k + 1] as number));
        let x = down ? (forward[middle + k + 1] as number) : (forward[middle + k - 1] as number) + 1;
        const from = x;
        while (x < width && x - k >= 0 && x - k < height && a[oldStart + x] === b[newStart + x - k]) x++;
        work += 1 + x - from;
        forward[middle + k] = x;
        const mirror = delta - k;
        const isInside = x <= width && x - k >= 0 && x - k <= height;
        if (isInside && x + x - k > length && x + x - k < width + height) {
          length = x + x - k;
          best = { old: oldStart + x, new: newStart + x - k };
        }
        if (
          (delta & 1) !== 0 &&
          Math.abs(mirror) <= edits - 1 &&
          isInside &&
          (backward[middle + mirror] as number) <= x
        ) {
          return { old: oldStart + x, new: newStart + x - k };
        }
      }
      for (let k = -edits; k <= edits; k += 2) {
        // Here k is counted from the lower right corner, downwards: x - y = delta - k.
        const up =
          k === -edits || (k !== edits && (backward[middle + k - 1] as number) > (backward[middle + k + 1] as number));
        let x = up ? (backward[middle + k + 1] as number) : (backward[middle + k - 1] as number) - 1;
        const diagonal = delta - k;
        const from = x;
        while (
          x > 0 &&
          x - diagonal > 0 &&
          x - diagonal <= height &&
          a[oldStart + x - 1] === b[newStart + x - diagonal - 1]
        )
          x--;
        work += 1 + from - x;
        backward[middle + k] = x;
        const isInside = x >= 0 && x - diagonal >= 0 && x - diagonal <= height;
        if (
          (delta & 1) === 0 &&
          Math.abs(diagonal) <= edits &&
          isInside &&
          (forward[middle + diagonal] as number) >= x
        ) {
          return { old: oldStart + x, new: newStart + x - diagonal };
        }
      }
    }
    return best;
  }
}
