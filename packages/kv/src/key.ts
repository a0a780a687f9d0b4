import { encodeUtf8, GitError, type GitErrorCode, isSafeTreeName } from '@git-kv/objects';
import { isWellFormed } from './well-formed.js';

/** Bytes of a whole key as UTF-8, without the slash at its start. */
const MAX_KEY_BYTES = 4096;

/** Segments that need no closer look: no spelling of a name that a tree cannot hold is among them. Most segments are such. */
const PLAIN = /^\w[\w-]*(?:\.[\w-]+)*$/;

/**
 * The place of a value or dictionary: segments from the root on. Immutable.
 *
 * A segment is a name in a git tree, so what a tree cannot hold safely is refused: `.`, `..`, every spelling of `.git`
 * that some file system takes for it, NUL, and text that is not well-formed.
 */
export class Key {
  /** The root dictionary, which prints as `/`. */
  static readonly root: Key = new Key([]);

  /** Root first. */
  readonly segments: readonly string[];

  private constructor(segments: readonly string[]) {
    this.segments = segments;
  }

  /**
   * The key that `text` spells: split at `/`, empty segments dropped, so `/a/b`, `a/b` and `//a//b/` are equal. A key
   * is returned as it is; one of another copy of this package is looked at again.
   * @throws {KvError} INVALID_KEY
   * @throws {TypeError} for what is neither
   */
  static of(text: string | Key): Key {
    if (text instanceof Key) return text;
    if (typeof text !== 'string') return ofForeign(text);
    const parts = text.split('/');
    const segments = parts.includes('') ? parts.filter((segment) => segment !== '') : parts;
    return segments.length === 0 ? Key.root : checked(new Key(segments));
  }

  /** The key that `text` spells, or `undefined` where {@link Key.of} would throw: for names that others chose. */
  static find(text: string): Key | undefined {
    const key = new Key(text.split('/').filter((segment) => segment !== ''));
    return keyProblem(key) === undefined ? key : undefined;
  }

  /**
   * This key and one segment more.
   * @throws {KvError} INVALID_KEY where `segment` is empty or holds `/`, and as {@link Key.of} does
   */
  add(segment: string): Key {
    return checked(new Key([...this.segments, segment]));
  }

  /** As {@link Key.add}, but `undefined` where it would throw: for a name in a tree that others made. */
  findChild(segment: string): Key | undefined {
    const key = new Key([...this.segments, segment]);
    return keyProblem(key) === undefined ? key : undefined;
  }

  /** This key and then all of `other`. @throws {KvError} INVALID_KEY where the result is too long */
  append(other: string | Key): Key {
    const { segments } = Key.of(other);
    return segments.length === 0 ? this : checked(new Key([...this.segments, ...segments]));
  }

  get isRoot(): boolean {
    return this.segments.length === 0;
  }

  /** The last segment; empty for the root. */
  get basename(): string {
    return this.segments.at(-1) ?? '';
  }

  /** The key without its last segment; the root is its own parent. */
  get parent(): Key {
    return this.segments.length <= 1 ? Key.root : new Key(this.segments.slice(0, -1));
  }

  /** Order of the printed keys by bytes of UTF-8, which is the order of paths in git. Negative, zero or positive. */
  compare(other: Key): number {
    return compareText(this.toString(), other.toString());
  }

  equals(other: Key): boolean {
    return this.toString() === other.toString();
  }

  /** `/` and the segments joined by `/`. */
  toString(): string {
    return `/${this.segments.join('/')}`;
  }

  toJSON(): string {
    return this.toString();
  }

  /** The printed key for a terminal: each byte that is not plain ASCII as `\ddd` in decimal, quotes and backslash escaped. */
  format(): string {
    let text = '';
    for (const byte of encodeUtf8(this.toString())) text += ESCAPES.get(byte) ?? escapeByte(byte);
    return text;
  }

  /** The first `count` segments, of a key that is known to be good. */
  prefix(count: number): Key {
    return count >= this.segments.length ? this : new Key(this.segments.slice(0, count));
  }
}

/** What can be wrong with one key of a store. */
export type KvErrorCode = Extract<
  GitErrorCode,
  | 'INVALID_KEY'
  | 'KEY_NOT_FOUND'
  | 'DICTIONARY_EXPECTED'
  | 'VALUE_EXPECTED'
  | 'NO_SPACE'
  | 'ALREADY_PRESENT'
  | 'RENAME_SOURCE_PREFIX'
  | 'HISTORY_MISSING'
>;

/** An error that is about one key. It stands here because keys throw it and it holds one. */
export class KvError extends GitError {
  override readonly name: string = 'KvError';
  override readonly code: KvErrorCode;
  readonly key: Key;

  constructor(code: KvErrorCode, key: Key, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.code = code;
    this.key = key;
  }
}

const ESCAPES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/** A key as another copy of the package makes it, or whatever looks like one. */
function ofForeign(value: unknown): Key {
  const segments: unknown =
    typeof value === 'object' && value !== null && 'segments' in value ? value.segments : undefined;
  if (!Array.isArray(segments) || !segments.every((segment) => typeof segment === 'string')) {
    throw new TypeError('Cannot use it as a key: a key is text or a Key');
  }
  return segments.reduce<Key>((key, segment) => key.add(segment), Key.root);
}

function escapeByte(byte: number): string {
  const isPrintable = byte >= 0x20 && byte <= 0x7e;
  return isPrintable ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
}

function checked(key: Key): Key {
  const problem = keyProblem(key);
  if (problem !== undefined) throw invalid(key, problem);
  return key;
}

function keyProblem(key: Key): string | undefined {
  let units = 0;
  for (const segment of key.segments) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
    units += 1 + segment.length;
  }
  // No unit of text takes more than three bytes.
  if (units * 3 <= MAX_KEY_BYTES) return undefined;
  const text = key.toString();
  const isLong = text.length > MAX_KEY_BYTES + 1 || encodeUtf8(text).length > MAX_KEY_BYTES + 1;
  return isLong ? `it is over ${MAX_KEY_BYTES} bytes` : undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (PLAIN.test(segment)) return undefined;
  if (segment === '') return 'a segment is empty';
  if (segment.includes('/')) return 'a segment holds a slash';
  if (!isWellFormed(segment)) return 'a segment is not well-formed text';
  return isSafeTreeName(segment) ? undefined : `a tree cannot hold the segment ${JSON.stringify(segment.slice(0, 80))}`;
}

function invalid(key: Key, problem: string): KvError {
  const shown = key.toString();
  const text = shown.length > 200 ? `${shown.slice(0, 200)}...` : shown;
  return new KvError('INVALID_KEY', key, `Cannot use ${JSON.stringify(text)} as a key: ${problem}`);
}

/** By code points, which is the order of UTF-8 bytes; `<` on strings goes by UTF-16 units, where U+10000 is below U+FFFD. */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA === unitB) continue;
    return isSurrogate(unitA) === isSurrogate(unitB) ? unitA - unitB : isSurrogate(unitA) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
