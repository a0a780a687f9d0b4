import { type HashAlgorithm, isObjectKind, OBJECT_KINDS, type ObjectKind } from '@git-kv/objects';

const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;

/** Told of each id that an object names; `kindIndex` counts in {@link OBJECT_KINDS}. The bytes are the visitor's during the call. */
export type LinkVisitor = (bytes: Uint8Array, offset: number, kindIndex: number) => void;

/**
 * What became of an object's links. `broken`: it is a tree whose first entry cannot be read. `unparsed`: it is a commit or tag
 * that git's own reader refuses, so that to git it is no object at all.
 */
export type LinkOutcome = 'whole' | 'broken' | 'unparsed';

const COMMIT = 0;
const TREE = 1;
const BLOB = 2;

/** Reads the links of objects: as much of them as git does, in its order, and no more. */
export class LinkReader {
  readonly #oidLength: number;
  readonly #oid: Uint8Array;
  #offset = 0;

  constructor(algorithm: HashAlgorithm) {
    this.#oidLength = algorithm.oidLength;
    this.#oid = new Uint8Array(algorithm.oidLength);
  }

  /** @param isShallow whether the object is a commit whose parents do not count */
  read(kind: ObjectKind, body: Uint8Array, visit: LinkVisitor, isShallow = false): LinkOutcome {
    switch (kind) {
      case 'tree':
        return this.#readTree(body, visit);
      case 'commit':
        // Once to see whether git reads it, and then to tell.
        if (!this.#readCommit(body, ignore, isShallow)) return 'unparsed';
        this.#readCommit(body, visit, isShallow);
        return 'whole';
      case 'tag':
        return this.#readTag(body, visit) ? 'whole' : 'unparsed';
      default:
        return 'whole';
    }
  }

  /** @see git's tree-walk.c, decode_tree_entry() */
  #readTree(body: Uint8Array, visit: LinkVisitor): LinkOutcome {
    const oidLength = this.#oidLength;
    const { length } = body;
    // Without the NUL before the last id, git reads no entry.
    if (length > 0 && (length < oidLength + 3 || body[length - oidLength - 1] !== 0)) return 'broken';
    for (let at = 0; at < length; ) {
      const start = at;
      let mode = 0;
      let digit = 0;
      for (; body[at] !== SPACE; at++) {
        digit = (body[at] as number) - ZERO;
        if (!(digit >= 0 && digit <= 7)) break;
        mode = (mode << 3) | digit;
      }
      const isReadable = at > start && body[at] === SPACE && body[at + 1] !== 0;
      let nul = at + 1;
      // A loop, because names are short: calling indexOf costs more than it finds.
      while (nul < length && body[nul] !== 0) nul++;
      if (!isReadable || nul + 1 + oidLength > length) return start === 0 ? 'broken' : 'whole';
      const format = mode & 0o170000;
      if (format === 0o100000 || format === 0o120000) visit(body, nul + 1, BLOB);
      else if (format === 0o040000) visit(body, nul + 1, TREE);
      at = nul + 1 + oidLength;
    }
    return 'whole';
  }

  /** @see git's commit.c, parse_commit_buffer() */
  #readCommit(body: Uint8Array, visit: LinkVisitor, isShallow: boolean): boolean {
    this.#offset = 0;
    if (!this.#skip(body, 'tree ') || !this.#readOidLine(body)) return false;
    if (this.#offset >= body.length) return false;
    visit(this.#oid, 0, TREE);
    const parentLength = 'parent '.length + 2 * this.#oidLength;
    while (this.#offset + parentLength < body.length && this.#skip(body, 'parent ')) {
      if (!this.#readOidLine(body) || this.#offset >= body.length) return false;
      if (!isShallow) visit(this.#oid, 0, COMMIT);
    }
    return true;
  }

  /** @see git's tag.c, parse_tag_buffer() */
  #readTag(body: Uint8Array, visit: LinkVisitor): boolean {
    this.#offset = 0;
    if (body.length < 2 * this.#oidLength + 24) return false;
    if (!this.#skip(body, 'object ') || !this.#readOidLine(body) || !this.#skip(body, 'type ')) return false;
    const end = body.indexOf(LF, this.#offset);
    if (end < 0) return false;
    const kind = String.fromCharCode(...body.subarray(this.#offset, Math.min(end, this.#offset + 20)));
    if (!isObjectKind(kind)) return false;
    this.#offset = end + 1;
    if (this.#offset + 4 >= body.length || !this.#skip(body, 'tag ') || body.indexOf(LF, this.#offset) < 0)
      return false;
    visit(this.#oid, 0, OBJECT_KINDS.indexOf(kind));
    return true;
  }

  #skip(body: Uint8Array, prefix: string): boolean {
    for (let at = 0; at < prefix.length; at++) {
      if (body[this.#offset + at] !== prefix.charCodeAt(at)) return false;
    }
    this.#offset += prefix.length;
    return true;
  }

  /** Read an id in hex, of either case, and its LF. */
  #readOidLine(body: Uint8Array): boolean {
    const start = this.#offset;
    for (let index = 0; index < this.#oidLength; index++) {
      const high = hexDigit(body[start + 2 * index]);
      const low = hexDigit(body[start + 2 * index + 1]);
      if (high < 0 || low < 0) return false;
      this.#oid[index] = high * 16 + low;
    }
    this.#offset = start + 2 * this.#oidLength + 1;
    return body[this.#offset - 1] === LF;
  }
}

function ignore(): void {}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
