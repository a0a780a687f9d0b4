import { startsWithBytes } from '../bytes/bytes.js';

const SLASH = 0x2f;

/** A name within a tree: offsets into its body. */
export interface NameRange {
  readonly nameStart: number;
  readonly nameEnd: number;
}

/**
 * Finds a file and a tree of one name that do not stand side by side. The order of a tree puts its name's implied
 * slash after some bytes, so that others may stand between:
 *
 *     foo  foo.bar  foo.bar.baz  foo.bar/  foo/
 *
 * A file that longer names follow waits on the stack until a tree comes whose name begins with it.
 * @see git's fsck.c, verify_ordered()
 */
export class NameStack {
  readonly #body: Uint8Array;
  readonly #waiting: Uint8Array[] = [];

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /**
   * Whether `entry` is a tree whose name a file further back has. To be asked of all neighbours of which one begins
   * with the other, with the byte that each has after what they share: 0 at the end of a file's name, a slash at the
   * end of a tree's.
   */
  isTaken(neighbours: {
    readonly before: NameRange;
    readonly byteBefore: number;
    readonly entry: NameRange;
    readonly byteAfter: number;
  }): boolean {
    const { before, byteBefore, entry, byteAfter } = neighbours;
    if (byteBefore === 0 && sortsBeforeSlash(byteAfter)) {
      this.#waiting.push(this.#body.subarray(before.nameStart, before.nameEnd));
      return false;
    }
    if (byteAfter !== SLASH || !sortsBeforeSlash(byteBefore)) return false;
    return this.#findFile(this.#body.subarray(entry.nameStart, entry.nameEnd));
  }

  #findFile(name: Uint8Array): boolean {
    for (;;) {
      const file = this.#waiting.pop();
      if (file === undefined) return false;
      if (!startsWithBytes(name, file)) continue;
      if (file.length === name.length) return true;
      if (sortsBeforeSlash(name[file.length] as number)) {
        this.#waiting.push(file);
        return false;
      }
    }
  }
}

function sortsBeforeSlash(byte: number): boolean {
  return byte > 0 && byte < SLASH;
}
