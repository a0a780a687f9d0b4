import { decodeLatin1 } from '@git-kv/objects';
import { equalLength } from '../../walk/tree-cache.js';

/** A file cut into lines, with their ends. Lines that are the same bytes have the same id. */
export interface TextLines {
  readonly bytes: Uint8Array;
  /** Where each line starts in `bytes`, and after them where the last ends. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
}

const LF = 0x0a;
const FIRST_BUCKETS = 1024;
/** Looks at lines that are others, for each line read, after which somebody made them collide. */
const MAX_MISSES = 8;

/** Of the bytes of a line, four at a time. Nothing rests on it: who makes lines collide gets a Map of strings. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  // Every bit counts in the low ones, which choose the bucket.
  return hash ^ (hash >>> 15);
}

/** Cuts files into lines, and gives ids that are good for all of them. */
export class LineReader {
  // A table of bytes, not a Map of strings: making a string of each line took four fifths of a merge.
  #buckets: Int32Array = new Int32Array(FIRST_BUCKETS).fill(-1);
  /** By id: the next one in its bucket, its hash, and where its bytes are. */
  #nexts: Int32Array = new Int32Array(FIRST_BUCKETS);
  #hashes: Int32Array = new Int32Array(FIRST_BUCKETS);
  #starts: Int32Array = new Int32Array(FIRST_BUCKETS);
  #ends: Int32Array = new Int32Array(FIRST_BUCKETS);
  #files: Uint8Array = new Uint8Array(FIRST_BUCKETS);
  #idCount = 0;
  #misses = 0;
  readonly #texts: Uint8Array[] = [];
  /** What is used once lines collide: strings have a hash that nobody can foresee. */
  #strings: Map<string, number> | undefined;

  /** One more than the highest id so far. */
  get idCount(): number {
    return this.#idCount;
  }

  /** @param like another version, read before: the lines that both begin and end with are taken from it */
  read(bytes: Uint8Array, like?: TextLines): TextLines {
    const file = this.#texts.push(bytes) - 1;
    const { head, tail } = like ? sharedLines(like, bytes) : NOTHING_SHARED;
    const likeCount = like?.ids.length ?? 0;
    const from = like?.starts[head] ?? 0;
    const shift = bytes.length - (like?.bytes.length ?? 0);
    const to = tail === 0 ? bytes.length : (like?.starts[likeCount - tail] as number) + shift;
    let count = head + tail;
    for (let at = bytes.indexOf(LF, from); at >= 0 && at < to; at = bytes.indexOf(LF, at + 1)) count++;
    if (to > from && bytes[to - 1] !== LF) count++;
    const starts = new Int32Array(count + 1);
    const ids = new Int32Array(count);
    if (like) {
      starts.set(like.starts.subarray(0, head));
      ids.set(like.ids.subarray(0, head));
      for (let line = 0; line < tail; line++) {
        starts[count - tail + line] = (like.starts[likeCount - tail + line] as number) + shift;
      }
      ids.set(like.ids.subarray(likeCount - tail), count - tail);
    }
    let start = from;
    for (let line = head; line < count - tail; line++) {
      const end = bytes.indexOf(LF, start) + 1 || bytes.length;
      const hash = this.#strings ? 0 : hashOf(bytes, start, end);
      starts[line] = start;
      ids[line] = this.#strings
        ? this.#idOfString(this.#strings, decodeLatin1(bytes, start, end))
        : this.#idOf(hash, file, start, end);
      start = end;
      if (this.#misses > MAX_MISSES * (count + FIRST_BUCKETS)) this.#useStrings();
    }
    starts[count] = bytes.length;
    return { bytes, starts, ids };
  }

  #idOf(hash: number, file: number, start: number, end: number): number {
    const bucket = hash & (this.#buckets.length - 1);
    for (let id = this.#buckets[bucket] as number; id >= 0; id = this.#nexts[id] as number) {
      if (this.#hashes[id] === hash && this.#isAt(id, file, start, end)) return id;
      this.#misses++;
    }
    const id = this.#idCount++;
    if (id === this.#nexts.length) this.#grow();
    this.#hashes[id] = hash;
    this.#starts[id] = start;
    this.#ends[id] = end;
    this.#files[id] = file;
    this.#link(id);
    return id;
  }

  #isAt(id: number, file: number, start: number, end: number): boolean {
    const known = this.#starts[id] as number;
    if ((this.#ends[id] as number) - known !== end - start) return false;
    const a = this.#texts[this.#files[id] as number] as Uint8Array;
    const b = this.#texts[file] as Uint8Array;
    for (let at = end - start - 1; at >= 0; at--) if (a[known + at] !== b[start + at]) return false;
    return true;
  }

  #link(id: number): void {
    const bucket = (this.#hashes[id] as number) & (this.#buckets.length - 1);
    this.#nexts[id] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = id;
  }

  #grow(): void {
    const size = this.#nexts.length * 2;
    const grown = (old: Int32Array): Int32Array => {
      const copy = new Int32Array(size);
      copy.set(old);
      return copy;
    };
    this.#nexts = grown(this.#nexts);
    this.#hashes = grown(this.#hashes);
    this.#starts = grown(this.#starts);
    this.#ends = grown(this.#ends);
    const files = new Uint8Array(size);
    files.set(this.#files);
    this.#files = files;
    this.#buckets = new Int32Array(size).fill(-1);
    for (let id = 0; id < this.#idCount - 1; id++) this.#link(id);
  }

  #useStrings(): void {
    if (this.#strings) return;
    this.#strings = new Map();
    for (let id = 0; id < this.#idCount; id++) {
      const text = this.#texts[this.#files[id] as number] as Uint8Array;
      this.#strings.set(decodeLatin1(text, this.#starts[id], this.#ends[id]), id);
    }
  }

  #idOfString(strings: Map<string, number>, line: string): number {
    let id = strings.get(line);
    if (id === undefined) strings.set(line, (id = this.#idCount++));
    return id;
  }
}

const NOTHING_SHARED = { head: 0, tail: 0 };

/** How many lines two versions begin with, and how many others they end with, that are the same. */
function sharedLines({ bytes: old, starts }: TextLines, now: Uint8Array): { head: number; tail: number } {
  const lineCount = starts.length - 1;
  const most = Math.min(old.length, now.length);
  const same = equalLength(old, 0, now, 0);
  if (same === old.length && same === now.length) return { head: lineCount, tail: 0 };
  // Lines whose line feed is among what is the same.
  let head = firstAfter(starts, same) - 1;
  if (head > 0 && old[(starts[head] as number) - 1] !== LF) head--;
  const headEnd = starts[head] as number;
  let ending = 0;
  while (ending < most - headEnd && old[old.length - 1 - ending] === now[now.length - 1 - ending]) ending++;
  // A line begins where the line feed before it is among what is the same, too.
  const tail = lineCount - firstAfter(starts, old.length - ending);
  return { head, tail: Math.max(0, Math.min(tail, lineCount - head)) };
}

/** The first place at which `starts` is above `offset`. */
function firstAfter(starts: Int32Array, offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the line ends in a line feed: the last one of a file may not. */
export function isEnded({ bytes, starts }: TextLines, line: number): boolean {
  return bytes[(starts[line + 1] as number) - 1] === LF;
}

/** The bytes of `count` lines, a view into the file. */
export function bytesOfLines({ bytes, starts }: TextLines, line: number, count: number): Uint8Array {
  return bytes.subarray(starts[line], starts[line + count]);
}
