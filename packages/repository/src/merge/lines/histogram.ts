import { longestRising } from './longest-rising.js';
import { matchByMyers } from './myers.js';
import type { Stretch, Version } from './version.js';

const NONE: Version = { ids: new Int32Array(), changed: new Uint8Array() };
/** Lines that repeat more often say nothing about what belongs together. */
const MAX_REPEATS = 64;
/** Lines looked at before larger stretches are cut at the lines that are unique in them: some tenths of a second. */
const EXACT_WORK = 16_000_000;
/** Stretches that are not cut so even then. */
const SMALL_LINES = 512;
/** Lines looked at before the rest is taken for changed as it is. */
const MAX_WORK = 80_000_000;

/**
 * Marks what changed. The longest run of lines in common whose rarest line is the rarest of all splits the versions in two, and
 * so on for each half; where all that is in common repeats too often, the shortest edit script decides.
 * @see git's xdiff/xhistogram.c, after JGit's HistogramDiff
 */
export class Histogram {
  #old: Version = NONE;
  #next: Version = NONE;
  /** By id: how often a line stands in the old stretch, and where first. */
  readonly #counts: Int32Array;
  readonly #firsts: Int32Array;
  /** By line of the old version: where the same stands next in the stretch, or -1. */
  #nexts: Int32Array = NONE.ids;
  #work = 0;

  /** For lines with ids below `idCount`. */
  constructor(idCount: number) {
    this.#counts = new Int32Array(idCount);
    this.#firsts = new Int32Array(idCount).fill(-1);
  }

  match(old: Version, next: Version): void {
    this.#old = old;
    this.#next = next;
    this.#work = 0;
    if (this.#nexts.length < old.ids.length) this.#nexts = new Int32Array(old.ids.length);
    const stack: Stretch[] = [{ oldStart: 0, oldEnd: old.ids.length, newStart: 0, newEnd: next.ids.length }];
    for (let stretch = stack.pop(); stretch !== undefined; stretch = stack.pop()) {
      const { oldStart, oldEnd, newStart, newEnd } = stretch;
      if (oldStart === oldEnd || newStart === newEnd || this.#work > MAX_WORK) {
        this.#old.changed.fill(1, oldStart, oldEnd);
        this.#next.changed.fill(1, newStart, newEnd);
        continue;
      }
      const size = oldEnd - oldStart + newEnd - newStart;
      if (this.#work > EXACT_WORK && size > SMALL_LINES) {
        this.#splitAtAnchors(stretch, stack);
        continue;
      }
      const allowance = Math.max(EXACT_WORK, this.#work + MAX_REPEATS * SMALL_LINES ** 2);
      this.#index(stretch);
      const found = this.#findSplit(stretch, allowance);
      this.#forget(stretch);
      if (found === 'too often') this.#work += matchByMyers(this.#old, this.#next, stretch);
      else if (found === 'too much') this.#splitAtAnchors(stretch, stack);
      else if (found === 'nothing') {
        this.#old.changed.fill(1, oldStart, oldEnd);
        this.#next.changed.fill(1, newStart, newEnd);
      } else {
        stack.push({ oldStart: found.oldEnd, oldEnd, newStart: found.newEnd, newEnd });
        stack.push({ oldStart, oldEnd: found.oldStart, newStart, newEnd: found.newStart });
      }
    }
  }

  #index({ oldStart, oldEnd }: Stretch): void {
    const { ids } = this.#old;
    for (let line = oldEnd - 1; line >= oldStart; line--) {
      const id = ids[line] as number;
      this.#nexts[line] = this.#firsts[id] as number;
      this.#firsts[id] = line;
      (this.#counts[id] as number)++;
    }
  }

  #forget({ oldStart, oldEnd }: Stretch): void {
    const { ids } = this.#old;
    for (let line = oldStart; line < oldEnd; line++) {
      this.#firsts[ids[line] as number] = -1;
      this.#counts[ids[line] as number] = 0;
    }
  }

  #findSplit(stretch: Stretch, allowance: number): Stretch | 'nothing' | 'too often' | 'too much' {
    const { oldStart, oldEnd, newStart, newEnd } = stretch;
    const a = this.#old.ids;
    const b = this.#next.ids;
    const counts = this.#counts;
    const nexts = this.#nexts;
    let best: Stretch | undefined;
    let rarest = MAX_REPEATS + 1;
    let hasCommon = false;
    let work = this.#work + 3 * (oldEnd - oldStart) + newEnd - newStart;
    for (let line = newStart; line < newEnd; ) {
      const id = b[line++] as number;
      const count = counts[id] as number;
      if (count === 0) continue;
      hasCommon = true;
      if (count > rarest) continue;
      const at = line - 1;
      for (let match = this.#firsts[id] as number; match >= 0; ) {
        let from = match;
        let to = match + 1;
        let rarestHere = count;
        let back = at - newStart;
        while (from > oldStart && back > 0 && a[from - 1] === b[at - (match - from) - 1]) {
          from--;
          back--;
          rarestHere = Math.min(rarestHere, counts[a[from] as number] as number);
        }
        const shift = at - match;
        while (to < oldEnd && to + shift < newEnd && a[to] === b[to + shift]) {
          rarestHere = Math.min(rarestHere, counts[a[to] as number] as number);
          to++;
        }
        work += to - from;
        // What this run covers in the new version is not looked at again.
        if (line < to + shift) line = to + shift;
        const length = best === undefined ? 1 : best.oldEnd - best.oldStart;
        if (to - from > length || rarestHere < rarest) {
          best = { oldStart: from, oldEnd: to, newStart: from + shift, newEnd: to + shift };
          rarest = rarestHere;
        }
        do match = nexts[match] as number;
        while (match >= 0 && match < to);
      }
      if (work > allowance) break;
    }
    this.#work = work;
    if (work > allowance) return 'too much';
    if (hasCommon && rarest > MAX_REPEATS) return 'too often';
    return best ?? 'nothing';
  }

  /** Cut the stretch at lines that stand once in each version, as many as come in the same order. */
  #splitAtAnchors(stretch: Stretch, stack: Stretch[]): void {
    const { oldStart, oldEnd, newStart, newEnd } = stretch;
    const a = this.#old.ids;
    const b = this.#next.ids;
    this.#index(stretch);
    const newCounts = new Map<number, number>();
    for (let line = newStart; line < newEnd; line++) {
      const id = b[line] as number;
      if (this.#counts[id] === 1) newCounts.set(id, (newCounts.get(id) ?? 0) + 1);
    }
    const oldLines: number[] = [];
    const newLines: number[] = [];
    for (let line = newStart; line < newEnd; line++) {
      const id = b[line] as number;
      if (newCounts.get(id) !== 1) continue;
      newLines.push(line);
      oldLines.push(this.#firsts[id] as number);
    }
    this.#forget(stretch);
    this.#work += 3 * (oldEnd - oldStart + newEnd - newStart);
    const anchors = longestRising(oldLines);
    if (anchors.length === 0) {
      this.#work += matchByMyers(this.#old, this.#next, stretch);
      return;
    }
    let oldAt = oldStart;
    let newAt = newStart;
    for (const anchor of anchors) {
      let oldLine = oldLines[anchor] as number;
      let newLine = newLines[anchor] as number;
      if (oldLine < oldAt) continue; // lies in the run around the anchor before
      const end = { old: oldLine + 1, new: newLine + 1 };
      while (oldLine > oldAt && newLine > newAt && a[oldLine - 1] === b[newLine - 1]) {
        oldLine--;
        newLine--;
      }
      if (oldLine > oldAt || newLine > newAt) {
        stack.push({ oldStart: oldAt, oldEnd: oldLine, newStart: newAt, newEnd: newLine });
      }
      while (end.old < oldEnd && end.new < newEnd && a[end.old] === b[end.new]) {
        end.old++;
        end.new++;
      }
      oldAt = end.old;
      newAt = end.new;
    }
    if (oldAt < oldEnd || newAt < newEnd) stack.push({ oldStart: oldAt, oldEnd, newStart: newAt, newEnd });
  }
}
