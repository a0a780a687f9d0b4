import { Histogram } from './histogram.js';
import { slideChanges } from './slide-changes.js';

/** Lines of the old version that others took the place of in the new one. One of the counts may be 0. */
export interface LineHunk {
  readonly oldStart: number;
  readonly oldCount: number;
  readonly newStart: number;
  readonly newCount: number;
}

/** Compares versions of which lines have ids below `idCount`. */
export class LineDiff {
  readonly #histogram: Histogram;

  constructor(idCount: number) {
    this.#histogram = new Histogram(idCount);
  }

  /**
   * What changed between two versions, in order; between two hunks lies at least one line that both have. The choice among
   * equally good answers is git's with its histogram algorithm, up to sizes at which that would take long.
   */
  hunks(oldIds: Int32Array, newIds: Int32Array): LineHunk[] {
    // One more than there are lines: an end that is not changed.
    const old = { ids: oldIds, changed: new Uint8Array(oldIds.length + 1) };
    const next = { ids: newIds, changed: new Uint8Array(newIds.length + 1) };
    this.#histogram.match(old, next);
    slideChanges(old, next.changed);
    slideChanges(next, old.changed);
    const hunks: LineHunk[] = [];
    for (let oldAt = 0, newAt = 0; oldAt < oldIds.length || newAt < newIds.length; oldAt++, newAt++) {
      const oldStart = oldAt;
      const newStart = newAt;
      while (old.changed[oldAt] === 1) oldAt++;
      while (next.changed[newAt] === 1) newAt++;
      if (oldAt > oldStart || newAt > newStart) {
        hunks.push({ oldStart, oldCount: oldAt - oldStart, newStart, newCount: newAt - newStart });
      }
    }
    return hunks;
  }
}
