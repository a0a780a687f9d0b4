import { decodeLatin1 } from '../bytes/text.js';
import type { HashAlgorithm } from '../hash.js';
import { type Oid, oidFromBytes } from '../oid.js';
import { FileMode, isTreeMode } from '../tree/mode.js';
import { DOT_GITATTRIBUTES, DOT_GITIGNORE, DOT_GITMODULES, DOT_MAILMAP } from './dot-files.js';
import { DOT_GIT } from './dot-names.js';
import type { CheckId } from './ids.js';
import { NameStack } from './name-stack.js';
import type { CheckReport } from './report.js';

const NUL = 0;
const SPACE = 0x20;
const SLASH = 0x2f;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** Oids that a tree has under the names of files git reads: their blobs are to be checked as such. */
export interface SpecialEntries {
  readonly gitmodulesOids: readonly Oid[];
  readonly gitattributesOids: readonly Oid[];
}

/** One entry; all are offsets into the body. Git keeps 16 bits of a mode, and so does this. */
interface Entry {
  readonly start: number;
  readonly mode: number;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly end: number;
}

// In the order in which git reports them, once for a tree.
const ONCE: readonly [id: CheckId, message: string][] = [
  ['nullSha1', 'an entry has the object id of zeros'],
  ['fullPathname', 'a name has a slash'],
  ['hasDot', 'a name is "."'],
  ['hasDotdot', 'a name is ".."'],
  ['hasDotgit', 'a name is a spelling of ".git"'],
  ['zeroPaddedFilemode', 'a mode begins with a zero'],
  ['badFilemode', 'a mode is none that git writes'],
  ['duplicateEntries', 'a name is there twice'],
  ['treeNotSorted', 'the entries are not in order'],
];

/**
 * Check a tree: its form, modes, names and order.
 *
 *     tree  = *entry
 *     entry = mode SP name NUL oid
 *
 * Most is reported once, at the first entry that shows it. Git looks a step ahead, and so does this: of the entry
 * before one that cannot be read, mode and order are not looked at. An empty name makes a tree unreadable to git, so
 * the id `emptyName` does not arise.
 * @see git's fsck.c, fsck_tree()
 */
export function checkTree(body: Uint8Array, algorithm: HashAlgorithm, report: CheckReport): SpecialEntries {
  return new TreeCheck(body, algorithm, report).run();
}

class TreeCheck {
  readonly #body: Uint8Array;
  readonly #oidLength: number;
  readonly #report: CheckReport;
  readonly #found = new Map<CheckId, number>();
  readonly #gitmodulesOids: Oid[] = [];
  readonly #gitattributesOids: Oid[] = [];
  readonly #files: NameStack;

  constructor(body: Uint8Array, algorithm: HashAlgorithm, report: CheckReport) {
    this.#body = body;
    this.#oidLength = algorithm.oidLength;
    this.#report = report;
    this.#files = new NameStack(body);
  }

  run(): SpecialEntries {
    let previous: Entry | undefined;
    let entry = this.#entryAt(0);
    while (entry !== undefined) {
      this.#checkName(entry);
      const next = this.#entryAt(entry.end);
      if (next === undefined && entry.end < this.#body.length) break;
      this.#checkMode(entry);
      if (previous !== undefined) this.#checkOrder(previous, entry);
      previous = entry;
      entry = next;
    }
    for (const [id, message] of ONCE) {
      const offset = this.#found.get(id);
      if (offset !== undefined) this.#report.add(id, offset, message);
    }
    return { gitmodulesOids: this.#gitmodulesOids, gitattributesOids: this.#gitattributesOids };
  }

  /** `undefined` at the end, and where there is no entry, which is reported. */
  #entryAt(start: number): Entry | undefined {
    const body = this.#body;
    if (start >= body.length) return undefined;
    const unreadable = (offset: number, message: string): undefined =>
      void this.#report.add('badTree', offset, message);
    // The NUL before the last oid ends every loop over names: without it, git does not begin.
    const lastNul = body.length - this.#oidLength - 1;
    if (lastNul < start + 2 || body[lastNul] !== NUL) return unreadable(start, 'an entry is cut short');
    let at = start;
    let mode = 0;
    for (; body[at] !== SPACE; at++) {
      const digit = (body[at] as number) - ZERO;
      if (digit < 0 || digit > 7) return unreadable(at, 'a mode is not octal');
      mode = ((mode << 3) + digit) & 0xffff;
    }
    if (at === start) return unreadable(at, 'a mode is empty');
    const nameStart = at + 1;
    let nameEnd = nameStart;
    while (body[nameEnd] !== NUL) nameEnd++;
    if (nameEnd === nameStart) return unreadable(nameStart, 'a name is empty');
    return { start, mode, nameStart, nameEnd, end: nameEnd + 1 + this.#oidLength };
  }

  #note(id: CheckId, offset: number): void {
    if (!this.#found.has(id)) this.#found.set(id, offset);
  }

  #checkName(entry: Entry): void {
    const body = this.#body;
    const { start, nameStart, nameEnd } = entry;
    if (body[start] === ZERO) this.#note('zeroPaddedFilemode', start);
    let isNull = true;
    for (let at = nameEnd + 1; isNull && at < entry.end; at++) isNull = body[at] === 0;
    if (isNull) this.#note('nullSha1', nameEnd + 1);
    let hasSeparator = false;
    for (let at = nameStart; at < nameEnd; at++) {
      const byte = body[at];
      if (byte === SLASH) this.#note('fullPathname', at);
      if (byte === SLASH || byte === BACKSLASH) hasSeparator = true;
    }
    // Nearly every name ends here, before any text is made of it.
    if (hasSeparator || mayBeSpecial(body[nameStart] as number)) this.#checkSpelling(entry);
  }

  #checkSpelling(entry: Entry): void {
    const { mode, nameStart, nameEnd } = entry;
    const name = decodeLatin1(this.#body, nameStart, nameEnd);
    if (name === '.') this.#note('hasDot', nameStart);
    if (name === '..') this.#note('hasDotdot', nameStart);
    if (DOT_GIT.isSpelledBy(name)) this.#note('hasDotgit', nameStart);
    if (DOT_GITMODULES.isSpelledBy(name)) this.#special(entry, this.#gitmodulesOids, 'gitmodulesSymlink');
    if (DOT_GITATTRIBUTES.isSpelledBy(name)) this.#special(entry, this.#gitattributesOids, 'gitattributesSymlink');
    if (mode >> 12 === FileMode.symlink >> 12) {
      if (DOT_GITIGNORE.isSpelledBy(name)) this.#special(entry, undefined, 'gitignoreSymlink');
      if (DOT_MAILMAP.isSpelledBy(name)) this.#special(entry, undefined, 'mailmapSymlink');
    }
    // On Windows a backslash begins another component.
    for (let at = name.indexOf('\\'); at >= 0; at = name.indexOf('\\', at + 1)) {
      const rest = name.slice(at + 1);
      if (DOT_GIT.isSpelledOnNtfsBy(rest)) this.#note('hasDotgit', nameStart + at + 1);
      if (DOT_GITMODULES.isSpelledOnNtfsBy(rest)) this.#special(entry, this.#gitmodulesOids, 'gitmodulesSymlink');
    }
  }

  /** A file git reads must not be a symbolic link; where it is none, its oid is kept. */
  #special(entry: Entry, oids: Oid[] | undefined, id: CheckId): void {
    if (entry.mode >> 12 === FileMode.symlink >> 12) {
      this.#report.add(id, entry.nameStart, 'a file that git reads is a symbolic link');
    } else {
      oids?.push(oidFromBytes(this.#body, entry.nameEnd + 1, this.#oidLength));
    }
  }

  #checkMode({ mode, start }: Entry): void {
    switch (mode) {
      case FileMode.regular:
      case FileMode.executable:
      case FileMode.symlink:
      case FileMode.tree:
      case FileMode.gitlink:
        return;
      // Early git wrote it.
      case 0o100664:
        if (this.#report.rules.strict) this.#note('badFilemode', start);
        return;
      default:
        this.#note('badFilemode', start);
    }
  }

  #checkOrder(previous: Entry, entry: Entry): void {
    const body = this.#body;
    const previousSize = previous.nameEnd - previous.nameStart;
    const size = entry.nameEnd - entry.nameStart;
    const limit = Math.min(previousSize, size);
    let shared = 0;
    while (shared < limit && body[previous.nameStart + shared] === body[entry.nameStart + shared]) shared++;
    // What stands after the shared bytes: a byte, the slash that a tree's name implies, or the end.
    const before =
      shared < previousSize ? (body[previous.nameStart + shared] as number) : isTreeMode(previous.mode) ? SLASH : 0;
    const after = shared < size ? (body[entry.nameStart + shared] as number) : isTreeMode(entry.mode) ? SLASH : 0;
    const isDuplicate =
      shared === limit &&
      (previousSize === size || this.#files.isTaken({ before: previous, byteBefore: before, entry, byteAfter: after }));
    if (isDuplicate) this.#note('duplicateEntries', entry.nameStart);
    else if (before >= after) this.#note('treeNotSorted', entry.nameStart);
  }
}

/** Whether a name with this first byte may be a spelling of one of git's own: `.`, `~`, `g`, `m`, or what HFS+ ignores. */
function mayBeSpecial(first: number): boolean {
  const lower = first | 0x20;
  return first === 0x2e || first === 0x7e || lower === 0x67 || lower === 0x6d || first === 0xe2 || first === 0xef;
}
