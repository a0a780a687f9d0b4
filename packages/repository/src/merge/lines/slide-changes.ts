import type { Version } from './version.js';

/**
 * Move each run of changed lines of one version to where git puts it: as far down as it goes, or to the lowest place at which
 * it stands beside a change of the other version. Runs that meet become one.
 * @see git's xdiff, xdl_change_compact()
 */
export function slideChanges(version: Version, otherChanged: Uint8Array): void {
  const { ids, changed } = version;
  const run = new Run(changed, ids.length);
  const other = new Run(otherChanged, otherChanged.length - 1);
  const slideUp = (): boolean => {
    if (run.start === 0 || ids[run.start - 1] !== ids[run.end - 1]) return false;
    changed[--run.start] = 1;
    changed[--run.end] = 0;
    while (run.start > 0 && changed[run.start - 1] === 1) run.start--;
    other.previous();
    return true;
  };
  const slideDown = (): boolean => {
    if (run.end === ids.length || ids[run.start] !== ids[run.end]) return false;
    changed[run.start++] = 0;
    changed[run.end++] = 1;
    while (changed[run.end] === 1) run.end++;
    other.next();
    return true;
  };
  do {
    if (run.isEmpty) continue;
    let size: number;
    let highestEnd: number;
    let isBesideOther: boolean;
    do {
      size = run.end - run.start;
      while (slideUp());
      highestEnd = run.end;
      isBesideOther = !other.isEmpty;
      while (slideDown()) isBesideOther ||= !other.isEmpty;
    } while (size !== run.end - run.start);
    if (run.end !== highestEnd && isBesideOther) while (other.isEmpty) slideUp();
  } while (run.next() && other.next());
}

/** Changed lines in a row, none of them where two lines that stay are next to each other. Every line that stays ends one. */
class Run {
  start = 0;
  end = 0;
  readonly #changed: Uint8Array;
  readonly #length: number;

  constructor(changed: Uint8Array, length: number) {
    this.#changed = changed;
    this.#length = length;
    while (changed[this.end] === 1) this.end++;
  }

  get isEmpty(): boolean {
    return this.start === this.end;
  }

  next(): boolean {
    if (this.end === this.#length) return false;
    this.start = this.end + 1;
    this.end = this.start;
    while (this.#changed[this.end] === 1) this.end++;
    return true;
  }

  previous(): void {
    this.end = this.start - 1;
    this.start = this.end;
    while (this.start > 0 && this.#changed[this.start - 1] === 1) this.start--;
  }
}
