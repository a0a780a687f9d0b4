import { MalformedError } from '@git-kv/objects';

const LF = 0x0a;
const GREATER = 0x3e;

/** What {@link CommitHead.parse} found. One object for a whole walk: nothing is allocated per commit. */
export class CommitHead {
  /** The tree and then the parents, as bytes one after another. */
  oids: Uint8Array;
  parentCount = 0;
  /** Committer date in seconds. */
  date = 0;
  readonly #oidLength: number;

  constructor(oidLength: number) {
    this.#oidLength = oidLength;
    this.oids = new Uint8Array(oidLength * 8);
  }

  /**
   * Read tree, parents and date from the body of a commit, or from its beginning: as lenient as git's walks. A commit
   * without author or committer has the date 0.
   * @param isWhole whether `body` is all of it
   * @returns false where the body is cut off before the date
   * @throws {MalformedError}
   * @see git's commit.c, parse_commit_buffer()
   */
  parse(body: Uint8Array, isWhole: boolean): boolean {
    const hexLength = this.#oidLength * 2;
    // "tree " oid LF
    let at = 5;
    if (body[0] !== 0x74 || body[1] !== 0x72 || body[2] !== 0x65 || body[3] !== 0x65 || body[4] !== 0x20) {
      throw new MalformedError('commit', 0, 'it does not begin with a tree');
    }
    this.#takeOid(body, at, 0);
    at += hexLength + 1;
    let parentCount = 0;
    // "parent " oid LF
    while (body[at] === 0x70 && body[at + 1] === 0x61 && body[at + 6] === 0x20) {
      if (at + 8 + hexLength > body.length && !isWhole) return false;
      this.#takeOid(body, at + 7, ++parentCount);
      at += hexLength + 8;
    }
    this.parentCount = parentCount;
    const date = committerDate(body, at);
    if (date < 0 && !isWhole) return false;
    this.date = Math.max(date, 0);
    return true;
  }

  #takeOid(body: Uint8Array, start: number, place: number): void {
    const length = this.#oidLength;
    const output = place * length;
    if (output + length > this.oids.length) {
      const grown = new Uint8Array(this.oids.length * 2);
      grown.set(this.oids);
      this.oids = grown;
    }
    const { oids } = this;
    let wrong = 0;
    for (let at = 0; at < length; at++) {
      const high = NIBBLES[body[start + 2 * at] as number] as number;
      const low = NIBBLES[body[start + 2 * at + 1] as number] as number;
      wrong |= high | low;
      oids[output + at] = (high << 4) | low;
    }
    // Past the end of the body NIBBLES[undefined] is undefined, which counts as 0: the line feed is missing then.
    if (wrong > 15 || body[start + 2 * length] !== LF) {
      throw new MalformedError('commit', start, 'object id is wrong');
    }
  }
}

/** Hex digits in either case; 128 for what is none. */
const NIBBLES: Uint8Array = /* @__PURE__ */ (() => {
  const nibbles = new Uint8Array(256).fill(128);
  for (const [value, digit] of [...'0123456789abcdef'].entries()) {
    nibbles[digit.charCodeAt(0)] = value;
    nibbles[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return nibbles;
})();

/** The date in the committer line, which follows the author line at `start`; -1 where there is none, or no end of it. */
function committerDate(body: Uint8Array, start: number): number {
  // "author" ... LF "committer" ... ">" SP digits ... LF
  if (body[start] !== 0x61 || body[start + 1] !== 0x75 || body[start + 5] !== 0x72) return -1;
  const authorEnd = body.indexOf(LF, start);
  if (authorEnd < 0 || body[authorEnd + 1] !== 0x63 || body[authorEnd + 2] !== 0x6f || body[authorEnd + 9] !== 0x72) {
    return -1;
  }
  const nameEnd = body.indexOf(GREATER, authorEnd + 1);
  if (nameEnd < 0) return -1;
  const end = body.indexOf(LF, nameEnd);
  // git reads no date where nothing follows the line, not even the empty line that ends the header.
  if (end < 0 || end + 1 >= body.length) return -1;
  let at = nameEnd + 1;
  while (at < end && (body[at] === 0x20 || (body[at] as number) - 9 < 5)) at++;
  const isNegative = body[at] === 0x2d;
  if (isNegative || body[at] === 0x2b) at++;
  let date = 0;
  for (; at < end; at++) {
    const digit = (body[at] as number) - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    date = date * 10 + digit;
  }
  date = Math.min(date, MAX_TIMESTAMP);
  // git's dates have 64 bits and no sign: a negative one lies in the far future.
  return isNegative && date > 0 ? MAX_TIMESTAMP - date : date;
}

const MAX_TIMESTAMP = 2 ** 64 - 1;
