/** Bytes of trees that are remembered; over it all are forgotten. */
const MAX_HELD_BYTES = 16 * 2 ** 20;

/** Smaller trees are read faster than compared, and are not remembered. */
export const LEAST_COMPARED_BYTES = 256;

const SPACE = 0x20;
const WORD_BYTES = 4;

const NOTHING = /* @__PURE__ */ new Uint8Array(0);

interface LastTree {
  /** The tree, and perhaps more room. */
  bytes: Uint8Array;
  length: number;
  /** Over all of the memory in which the tree lies, from `wordsAt` on. */
  words: DataView;
  wordsAt: number;
  /** Where each entry begins, and where the last one ends. */
  starts: Int32Array;
  count: number;
}

/** How trees are remembered. */
export interface LastTreesOptions {
  readonly maxHeldBytes?: number;
  /** The memory of a body is used again after the call: what is remembered is a copy, in memory that is used again, too. */
  readonly isTransient?: boolean;
}

/**
 * Remembers the tree last read at each path. The next one there mostly differs from it in one entry of hundreds: to compare them,
 * words at a time, costs a tenth of looking up every entry in a set that holds all but one.
 */
export class LastTrees {
  /** After {@link compare}: pairs of start and end, in `body`, of entries that the last tree did not have. */
  readonly ranges: number[] = [];
  readonly #oidLength: number;
  readonly #maxHeldBytes: number;
  readonly #trees = new Map<number, LastTree>();
  #heldBytes = 0;
  readonly #isTransient: boolean;
  /** Of a tree that was replaced: the next one's starts go there. */
  #spare: Int32Array | undefined;
  /** Over the memory in which the body at hand lies: bodies that are transient mostly lie in one. */
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(oidLength: number, { maxHeldBytes = MAX_HELD_BYTES, isTransient = false }: LastTreesOptions = {}) {
    this.#oidLength = oidLength;
    this.#maxHeldBytes = maxHeldBytes;
    this.#isTransient = isTransient;
  }

  /**
   * Find what is new in `body` against the tree last given with `path`. All that it leaves out is, byte for byte, an entry of a
   * tree that was given with `path` before.
   */
  compare(path: number, body: Uint8Array): void {
    const { ranges } = this;
    ranges.length = 0;
    if (body.length < LEAST_COMPARED_BYTES) {
      ranges.push(0, body.length);
      return;
    }
    const last = this.#trees.get(path);
    if (this.#view.buffer !== body.buffer) this.#view = new DataView(body.buffer);
    let starts = this.#spare;
    if (starts === undefined || starts.length < (last?.count ?? 0)) starts = new Int32Array((last?.count ?? 0) + 64);
    this.#spare = undefined;
    const comparison = new TreeComparison(body, this.#view, this.#oidLength, last, starts, ranges);
    const isWhole = comparison.run();
    if (last !== undefined) {
      this.#heldBytes -= sizeOf(last);
      this.#spare = last.starts;
      if (!isWhole) this.#trees.delete(path);
    }
    if (isWhole) this.#remember(path, body, comparison, last);
  }

  #remember(path: number, body: Uint8Array, { starts, count }: TreeComparison, last: LastTree | undefined): void {
    const tree = last ?? { bytes: NOTHING, length: 0, words: this.#view, wordsAt: 0, starts, count };
    if (!this.#isTransient) {
      tree.bytes = body;
      tree.words = this.#view;
      tree.wordsAt = body.byteOffset;
    } else {
      if (tree.bytes.length < body.length) {
        // The next one here is often longer by a little.
        tree.bytes = new Uint8Array(body.length + (body.length >>> 4) + 64);
        tree.words = new DataView(tree.bytes.buffer);
      }
      tree.bytes.set(body);
    }
    tree.length = body.length;
    tree.starts = starts;
    tree.count = count;
    this.#heldBytes += sizeOf(tree);
    if (this.#heldBytes > this.#maxHeldBytes) {
      this.#trees.clear();
      this.#heldBytes = sizeOf(tree);
    }
    this.#trees.set(path, tree);
  }
}

function sizeOf({ bytes, starts }: LastTree): number {
  return bytes.length + starts.byteLength;
}

class TreeComparison {
  readonly #body: Uint8Array;
  readonly #words: DataView;
  readonly #oidLength: number;
  readonly #last: LastTree | undefined;
  readonly #ranges: number[];
  /** Where each entry begins, and where the last one ends. */
  starts: Int32Array;
  #startCount = 0;

  /** @param words over all of the memory in which `body` lies */
  constructor(
    body: Uint8Array,
    words: DataView,
    oidLength: number,
    last: LastTree | undefined,
    starts: Int32Array,
    ranges: number[],
  ) {
    this.#body = body;
    this.#words = words;
    this.#oidLength = oidLength;
    this.#last = last;
    this.starts = starts;
    this.#ranges = ranges;
  }

  /** Entries, after a {@link run}. */
  get count(): number {
    return this.#startCount - 1;
  }

  /** @returns false where the tree is malformed, which is for the reader of the ranges to tell */
  run(): boolean {
    const body = this.#body;
    const last = this.#last;
    let at = 0;
    let old = 0;
    while (at < body.length) {
      if (last !== undefined && old < last.count) {
        const oldAt = last.starts[old] as number;
        const same = entriesWithin(last, old, oldAt + this.#commonBytes(at, last, oldAt));
        if (same > old) {
          this.#copyStarts(last, old, same, at - oldAt);
          at += (last.starts[same] as number) - oldAt;
          old = same;
          continue;
        }
      }
      const end = this.#entryEnd(at);
      if (end < 0) {
        this.#ranges.push(at, body.length);
        return false;
      }
      if (last !== undefined && old < last.count) {
        const order = this.#compareNames(at, end, last, old);
        if (order >= 0) old++;
        // Gone from the new tree; its next entry may be the old one's next.
        if (order > 0) continue;
      }
      this.#addStart(at);
      this.#addRange(at, end);
      at = end;
    }
    this.#addStart(at);
    return true;
  }

  /** Bytes from `at` on that are as in the last tree from `oldAt` on. */
  #commonBytes(at: number, last: LastTree, oldAt: number): number {
    const words = this.#words;
    const oldWords = last.words;
    const wordsAt = this.#body.byteOffset + at;
    const oldWordsAt = last.wordsAt + oldAt;
    const most = Math.min(this.#body.length - at, last.length - oldAt);
    let same = 0;
    for (const end = most - WORD_BYTES; same <= end; same += WORD_BYTES) {
      if (words.getInt32(wordsAt + same, true) !== oldWords.getInt32(oldWordsAt + same, true)) break;
    }
    while (same < most && this.#body[at + same] === last.bytes[oldAt + same]) same++;
    return same;
  }

  #copyStarts(last: LastTree, from: number, to: number, shift: number): void {
    this.#reserve(to - from);
    for (let entry = from; entry < to; entry++)
      this.starts[this.#startCount++] = (last.starts[entry] as number) + shift;
  }

  #addStart(at: number): void {
    this.#reserve(1);
    this.starts[this.#startCount++] = at;
  }

  #reserve(more: number): void {
    if (this.#startCount + more <= this.starts.length) return;
    const starts = new Int32Array(Math.max(this.starts.length * 2, this.#startCount + more));
    starts.set(this.starts);
    this.starts = starts;
  }

  #addRange(start: number, end: number): void {
    const ranges = this.#ranges;
    if (ranges.length > 0 && ranges.at(-1) === start) ranges[ranges.length - 1] = end;
    else ranges.push(start, end);
  }

  /** Where the entry at `at` ends; -1 where it does not. */
  #entryEnd(at: number): number {
    const nul = this.#body.indexOf(0, at);
    const end = nul + 1 + this.#oidLength;
    return nul < 0 || end > this.#body.length ? -1 : end;
  }

  /** How the name of an entry here stands to one of the last tree: below 0 where it comes first. */
  #compareNames(start: number, end: number, last: LastTree, old: number): number {
    const body = this.#body;
    const oldBody = last.bytes;
    let at = body.indexOf(SPACE, start) + 1;
    let oldAt = oldBody.indexOf(SPACE, last.starts[old]) + 1;
    const oldEnd = (last.starts[old + 1] as number) - this.#oidLength;
    while (at < end - this.#oidLength && oldAt < oldEnd) {
      const order = (body[at++] as number) - (oldBody[oldAt++] as number);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** The first entry from `from` on that does not end before `end`. */
function entriesWithin({ starts, count }: LastTree, from: number, end: number): number {
  let low = from;
  let high = count;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((starts[middle] as number) <= end) low = middle;
    else high = middle - 1;
  }
  return low;
}
