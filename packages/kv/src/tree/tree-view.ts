import {
  type HashAlgorithm,
  isTreeMode,
  MalformedError,
  type Oid,
  oidFromBytes,
  TreeCursor,
  writeOid,
} from '@git-kv/objects';

/** What a name stands for in a tree. */
export interface TreeSlot {
  readonly mode: number;
  readonly oid: Oid;
}

/** A new slot for `name`, or `null` for none. */
export interface TreeChange {
  /** UTF-8, one path component. */
  readonly name: Uint8Array;
  readonly slot: TreeSlot | null;
}

const SPACE = 0x20;
const SLASH = 0x2f;
const ZERO = 0x30;

/**
 * A tree as its stored bytes and the offsets of its entries: a look-up is a binary search, and an edit copies the runs
 * between the changed entries instead of making an object of each. One change in a tree of 10,000 entries costs two
 * copies of a few hundred kilobytes, not 10,000 allocations.
 *
 * Immutable. `body` may be shared with the store it came from.
 */
export class TreeView {
  readonly algorithm: HashAlgorithm;
  readonly body: Uint8Array;
  /** Where each entry begins, and then the end of `body`. */
  readonly #starts: Uint32Array;

  private constructor(algorithm: HashAlgorithm, body: Uint8Array, starts: Uint32Array) {
    this.algorithm = algorithm;
    this.body = body;
    this.#starts = starts;
  }

  static empty(algorithm: HashAlgorithm): TreeView {
    return new TreeView(algorithm, new Uint8Array(0), new Uint32Array(1));
  }

  /** @throws {MalformedError} where `body` is broken, or not in the order of git: a search would miss entries in it */
  static of(algorithm: HashAlgorithm, body: Uint8Array): TreeView {
    const cursor = new TreeCursor(body, algorithm.oidLength);
    const starts: number[] = [];
    let before = -1;
    let beforeEnd = 0;
    let beforeIsTree = false;
    while (cursor.next()) {
      const { nameStart, nameEnd } = cursor;
      const isTree = isTreeMode(cursor.mode);
      if (before >= 0 && compareNames(body, before, beforeEnd, beforeIsTree, body, nameStart, nameEnd, isTree) >= 0) {
        throw new MalformedError('tree', nameStart, 'entries are out of order');
      }
      starts.push(cursor.modeStart);
      before = nameStart;
      beforeEnd = nameEnd;
      beforeIsTree = isTree;
    }
    starts.push(body.length);
    return new TreeView(algorithm, body, Uint32Array.from(starts));
  }

  /** Entries in the tree. */
  get size(): number {
    return this.#starts.length - 1;
  }

  /** What `name` stands for, whether a tree or not. */
  find(name: Uint8Array): TreeSlot | undefined {
    const index = this.#indexOf(name);
    return index === undefined ? undefined : this.#slotAt(index);
  }

  /** Entries in stored order. Each `name` is a view into the tree. */
  *entries(): Generator<{ readonly name: Uint8Array } & TreeSlot> {
    for (let index = 0; index < this.size; index++) {
      const [nameStart, nameEnd] = this.#nameAt(index);
      yield { name: this.body.subarray(nameStart, nameEnd), ...this.#slotAt(index) };
    }
  }

  /** The tree with `changes` made; each name at most once. Removing what is not there changes nothing. */
  with(changes: readonly TreeChange[]): TreeView {
    const edits = this.#plan(changes);
    const { oidLength } = this.algorithm;
    if (edits.every((edit) => this.#fits(edit))) return this.#patched(edits);
    let size = this.body.length;
    let count = this.size;
    for (const edit of edits) {
      if (edit.isReplaced) size -= this.#start(edit.index + 1) - this.#start(edit.index);
      if (edit.isReplaced) count--;
      if (edit.slot !== null) size += modeText(edit.slot.mode).length + edit.name.length + 2 + oidLength;
      if (edit.slot !== null) count++;
    }
    const body = new Uint8Array(size);
    const starts = new Uint32Array(count + 1);
    let from = 0; // first entry not yet copied
    let at = 0;
    let index = 0;
    const copyUntil = (end: number): void => {
      const start = this.#start(from);
      body.set(this.body.subarray(start, this.#start(end)), at);
      const shift = at - start;
      for (let entry = from; entry < end; entry++) starts[index++] = this.#start(entry) + shift;
      at += this.#start(end) - start;
      from = end;
    };
    for (const edit of edits) {
      copyUntil(edit.index);
      if (edit.isReplaced) from++;
      if (edit.slot === null) continue;
      starts[index++] = at;
      at = writeEntry(body, at, edit.name, edit.slot);
    }
    copyUntil(this.size);
    starts[index] = at;
    return new TreeView(this.algorithm, body, starts);
  }

  /** Whether the entry comes to lie exactly where another one was: all that is written of most trees. */
  #fits({ name, slot, index, isReplaced }: PlannedEdit): boolean {
    if (slot === null || !isReplaced) return false;
    const size = modeText(slot.mode).length + name.length + 2 + this.algorithm.oidLength;
    return this.#start(index + 1) - this.#start(index) === size;
  }

  #patched(edits: readonly PlannedEdit[]): TreeView {
    const body = this.body.slice();
    for (const { name, slot, index } of edits) writeEntry(body, this.#start(index), name, slot as TreeSlot);
    return new TreeView(this.algorithm, body, this.#starts);
  }

  /**
   * Where each change goes, in the order of entries. A name that turns from value to tree leaves one place and enters
   * another, because a tree sorts as if its name ended in a slash.
   */
  #plan(changes: readonly TreeChange[]): PlannedEdit[] {
    const edits: PlannedEdit[] = [];
    for (const { name, slot } of changes) {
      if (slot === null) {
        const old = this.#indexOf(name);
        if (old !== undefined) edits.push({ name, slot: null, index: old, isReplaced: true, isTree: false });
        continue;
      }
      const isTree = isTreeMode(slot.mode);
      const place = this.#search(name, isTree);
      edits.push({ name, slot, index: place.index, isReplaced: place.isFound, isTree });
      if (place.isFound) continue;
      const old = this.#search(name, !isTree);
      if (old.isFound) edits.push({ name, slot: null, index: old.index, isReplaced: true, isTree: !isTree });
    }
    return edits.sort(
      (a, b) =>
        a.index - b.index ||
        // An insertion goes before the entry that stands at its index.
        Number(a.isReplaced) - Number(b.isReplaced) ||
        compareNames(a.name, 0, a.name.length, a.isTree, b.name, 0, b.name.length, b.isTree),
    );
  }

  #indexOf(name: Uint8Array): number | undefined {
    for (const isTree of [false, true]) {
      const { index, isFound } = this.#search(name, isTree);
      if (isFound) return index;
    }
    return undefined;
  }

  /** Where an entry of this name and sort stands, or would. */
  #search(name: Uint8Array, isTree: boolean): { index: number; isFound: boolean } {
    const { body } = this;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let mode = 0;
      let at = this.#start(middle);
      for (let digit = body[at] as number; digit !== SPACE; digit = body[++at] as number)
        mode = mode * 8 + digit - ZERO;
      const nameEnd = this.#start(middle + 1) - this.algorithm.oidLength - 1;
      const order = compareNames(body, at + 1, nameEnd, isTreeMode(mode), name, 0, name.length, isTree);
      if (order === 0) return { index: middle, isFound: true };
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return { index: low, isFound: false };
  }

  #start(index: number): number {
    return this.#starts[index] as number;
  }

  #nameAt(index: number): [start: number, end: number] {
    const nameStart = this.body.indexOf(SPACE, this.#start(index)) + 1;
    return [nameStart, this.#start(index + 1) - this.algorithm.oidLength - 1];
  }

  #modeAt(index: number): number {
    let mode = 0;
    for (let at = this.#start(index); this.body[at] !== SPACE; at++) mode = mode * 8 + (this.body[at] as number) - ZERO;
    return mode;
  }

  #slotAt(index: number): TreeSlot {
    const { oidLength } = this.algorithm;
    return { mode: this.#modeAt(index), oid: oidFromBytes(this.body, this.#start(index + 1) - oidLength, oidLength) };
  }
}

interface PlannedEdit extends TreeChange {
  /** The entry that is replaced or removed, or else the one that is inserted before. */
  readonly index: number;
  readonly isReplaced: boolean;
  readonly isTree: boolean;
}

function modeText(mode: number): string {
  return mode.toString(8);
}

function writeEntry(body: Uint8Array, offset: number, name: Uint8Array, slot: TreeSlot): number {
  let at = offset;
  for (const digit of modeText(slot.mode)) body[at++] = digit.charCodeAt(0);
  body[at++] = SPACE;
  body.set(name, at);
  at += name.length + 1; // and a NUL
  writeOid(slot.oid, body, at);
  return at + slot.oid.length / 2;
}

/** The order of git's trees, over names in place: a look-up makes no view per step. */
function compareNames(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  aIsTree: boolean,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
  bIsTree: boolean,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const shared = Math.min(aLength, bLength);
  for (let at = 0; at < shared; at++) {
    const difference = (a[aStart + at] as number) - (b[bStart + at] as number);
    if (difference !== 0) return difference;
  }
  const aNext = aLength > shared ? (a[aStart + shared] as number) : aIsTree ? SLASH : 0;
  const bNext = bLength > shared ? (b[bStart + shared] as number) : bIsTree ? SLASH : 0;
  return aNext - bNext;
}
