import { concatBytes, decodeLatin1, encodeUtf8, GitError } from '@git-kv/objects';
import { type Config, parseConfig, scanConfigFile } from './config.js';
import { type ConfigKey, parseConfigKey, parseSectionName } from './key.js';

/**
 * A config file that is edited as git edits one: what an edit does not concern stays byte for byte, comments and odd
 * spacing too. Keys are dotted names such as `remote.origin.url`. An edit that throws changes nothing.
 *
 * ```ts
 * import { ConfigDocument } from '@git-kv/repository/file';
 *
 * const document = new ConfigDocument('[core]\n\tbare = true ; no work tree\n');
 * document.set('remote.origin.url', 'https://example.com/project.git');
 * document.config.get('remote', 'url', 'origin'); // 'https://example.com/project.git'
 * ```
 */
export class ConfigDocument {
  #bytes: Uint8Array;
  #pieces: readonly Piece[];

  /**
   * @param source UTF-8, or its characters
   * @throws {MalformedError} where git would refuse the file
   */
  constructor(source: string | Uint8Array = '') {
    this.#bytes = typeof source === 'string' ? encodeUtf8(source) : new Uint8Array(source);
    this.#pieces = listPieces(this.#bytes);
  }

  /** The whole file as it now is. Not to be changed. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The settings as they now are. */
  get config(): Config {
    return parseConfig(this.#bytes);
  }

  /**
   * Give a key this one value.
   * @throws {GitError} CONFIG_MULTIPLE_VALUES where it has several: `replaceAll` is meant for those
   */
  set(key: string, value: string): void {
    const parsed = parseConfigKey(key);
    this.#replace(parsed, value, this.#only(parsed));
  }

  /** Give a key a value beside those it has. */
  add(key: string, value: string): void {
    this.#insert(parseConfigKey(key), value);
  }

  /** Give a key this one value, in the place of the last of those it has that `matches` takes (default: all). */
  replaceAll(key: string, value: string, matches?: (value: string) => boolean): void {
    const parsed = parseConfigKey(key);
    this.#replace(parsed, value, this.#find(parsed, matches));
  }

  /**
   * Take away a key's value.
   * @returns whether it had one
   * @throws {GitError} CONFIG_MULTIPLE_VALUES where it has several: `unsetAll` is meant for those
   */
  unset(key: string): boolean {
    return this.#remove(this.#only(parseConfigKey(key)));
  }

  /**
   * Take away a key's values, or those that `matches` takes.
   * @returns whether there were any
   */
  unsetAll(key: string, matches?: (value: string) => boolean): boolean {
    return this.#remove(this.#find(parseConfigKey(key), matches));
  }

  /**
   * Call a section, such as `branch.main`, by another name, everywhere it begins.
   * @returns whether there was one
   */
  renameSection(from: string, to: string): boolean {
    const old = sectionOf(parseSectionName(from));
    const header = encodeHeader(parseSectionName(to));
    const cuts: Cut[] = [];
    for (const piece of this.#pieces) {
      if (piece.kind !== 'section' || !isSection(piece, old)) continue;
      const start = this.#lineIndent(piece.start);
      let end = piece.end;
      while (isSpace(this.#bytes[end])) if (this.#bytes[end++] === LF) break;
      // What stands on the header's line goes to a line of its own.
      const isAlone = end === this.#bytes.length || this.#bytes[end - 1] === LF;
      cuts.push({ start, end, put: encodeUtf8(isAlone ? header : `${header}\t`) });
    }
    return this.#apply(cuts);
  }

  /**
   * Take away a section, everywhere it begins, up to where the next one does.
   * @returns whether there was one
   */
  removeSection(name: string): boolean {
    const section = sectionOf(parseSectionName(name));
    const cuts: Cut[] = [];
    for (const [at, piece] of this.#pieces.entries()) {
      if (piece.kind !== 'section' || !isSection(piece, section)) continue;
      const next = this.#pieces.find((other, index) => index > at && other.kind === 'section');
      const end = next === undefined ? this.#bytes.length : this.#lineIndent(next.start);
      cuts.push({ start: Math.min(this.#lineIndent(piece.start), end), end });
    }
    return this.#apply(cuts);
  }

  /** Positions, among the pieces, of a key's settings. */
  #find(key: ConfigKey, matches?: (value: string) => boolean): number[] {
    const section = sectionOf(key);
    const found: number[] = [];
    for (const [at, piece] of this.#pieces.entries()) {
      if (piece.kind !== 'setting' || piece.name !== key.name.toLowerCase() || !isSection(piece, section)) continue;
      if (matches === undefined || matches(piece.value ?? 'true')) found.push(at);
    }
    return found;
  }

  #only(key: ConfigKey): number[] {
    const found = this.#find(key);
    if (found.length < 2) return found;
    const shown = [key.section, key.subsection, key.name].filter((part) => part !== undefined).join('.');
    throw new GitError('CONFIG_MULTIPLE_VALUES', `Cannot change ${shown}: it has ${found.length} values`);
  }

  #replace(key: ConfigKey, value: string, found: readonly number[]): void {
    const last = found.at(-1);
    if (last === undefined) {
      this.#insert(key, value);
      return;
    }
    const line = encodeSetting(key.name, value);
    const cuts = found.map((at): Cut => {
      const { start, end } = this.#pieces[at] as Piece;
      return { start: this.#lineIndent(start), end, ...(at === last && { put: encodeUtf8(line) }) };
    });
    this.#apply(cuts);
  }

  /** Below the last line of the key's section, or below all in a section of its own. */
  #insert(key: ConfigKey, value: string): void {
    const line = encodeSetting(key.name, value);
    const section = sectionOf(key);
    const last = this.#pieces.findLast(
      (piece) => (piece.kind === 'section' || piece.kind === 'setting') && isSection(piece, section),
    );
    const at = last === undefined ? this.#bytes.length : this.#afterLineEnd(last.end);
    this.#apply([{ start: at, end: at, put: encodeUtf8(last === undefined ? encodeHeader(key) + line : line) }]);
  }

  #remove(found: readonly number[]): boolean {
    const cuts: Cut[] = [];
    for (let index = 0; index < found.length; index++) {
      const at = found[index] as number;
      const whole = this.#sectionAround(at, found);
      if (whole === undefined) {
        const { start, end } = this.#pieces[at] as Piece;
        cuts.push({ start: this.#lineIndent(start), end });
      } else {
        cuts.push({ start: this.#lineIndent(whole.start), end: whole.end });
        while ((found[index + 1] ?? Number.POSITIVE_INFINITY) < whole.next) index++;
      }
    }
    return this.#apply(cuts);
  }

  /** The section whose settings are all among `removed`, from the one at `first` on, unless a comment is near it. */
  #sectionAround(first: number, removed: readonly number[]): { start: number; end: number; next: number } | undefined {
    const pieces = this.#pieces;
    const own = pieces[first] as Piece;
    let at = first;
    let hasHeader = false;
    for (; at > 0; at--) {
      const before = pieces[at - 1] as Piece;
      if (before.kind === 'comment') return undefined;
      if (before.kind === 'setting') {
        if (!hasHeader) return undefined;
        break;
      }
      if (before.kind !== 'section') continue;
      if (!isSection(before, own)) break;
      hasHeader = true;
    }
    let next = first + 1;
    for (; next < pieces.length; next++) {
      const after = pieces[next] as Piece;
      if (after.kind === 'comment' || (after.kind === 'setting' && !removed.includes(next))) return undefined;
      if (after.kind === 'section' && !isSection(after, own)) break;
    }
    return { start: (pieces[at] as Piece).start, end: pieces[next]?.start ?? this.#bytes.length, next };
  }

  /** Where the white space that stands before `offset` on its line begins. */
  #lineIndent(offset: number): number {
    let at = offset;
    while (at > 0 && this.#bytes[at - 1] !== LF && isSpace(this.#bytes[at - 1])) at--;
    return at;
  }

  #afterLineEnd(offset: number): number {
    if (offset === 0 || this.#bytes[offset - 1] === LF) return offset;
    if (this.#bytes[offset] === CR && this.#bytes[offset + 1] === LF) return offset + 2;
    return this.#bytes[offset] === LF ? offset + 1 : offset;
  }

  /** What ends the line before `offset`: nothing, or two line feeds where a backslash waits for more of it. */
  #missingLineEnd(offset: number): Uint8Array {
    const lineFeeds = this.#bytes[offset - 1] === LF ? 1 : 0;
    let end = offset - lineFeeds;
    if (lineFeeds > 0 && this.#bytes[end - 1] === CR) end--;
    let start = end;
    while (this.#bytes[start - 1] === BACKSLASH) start--;
    const isWaiting =
      (end - start) % 2 === 1 && this.#pieces.at(-1)?.kind === 'setting' && offset === this.#bytes.length;
    return encodeUtf8('\n'.repeat((isWaiting ? 2 : 1) - lineFeeds));
  }

  #apply(cuts: readonly Cut[]): boolean {
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const { start, end, put } of cuts) {
      parts.push(this.#bytes.subarray(at, start));
      if (start > at) parts.push(this.#missingLineEnd(start));
      if (put) parts.push(put);
      at = end;
    }
    parts.push(this.#bytes.subarray(at));
    const bytes = concatBytes(parts);
    this.#pieces = listPieces(bytes);
    this.#bytes = bytes;
    return cuts.length > 0;
  }
}

/** Bytes from `start` to `end` that go, and what comes in their place. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly put?: Uint8Array;
}

/** A part of the file. All of them together are the file, but for a byte order mark. */
interface Piece {
  readonly kind: 'section' | 'setting' | 'comment' | 'space';
  readonly start: number;
  readonly end: number;
  /** The section it is in, or that it begins; one character a byte. */
  readonly section: string;
  readonly subsection: string | undefined;
  readonly isDotted: boolean;
  readonly name?: string;
  readonly value?: string | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;

function listPieces(bytes: Uint8Array): Piece[] {
  const pieces: { -readonly [K in keyof Piece]: Piece[K] }[] = [];
  let here: Pick<Piece, 'section' | 'subsection' | 'isDotted'> = {
    section: '',
    subsection: undefined,
    isDotted: false,
  };
  const begin = (kind: Piece['kind'], start: number, more?: Pick<Piece, 'name' | 'value'>): void => {
    const last = pieces.at(-1);
    if (last) last.end = start;
    pieces.push({ kind, start, end: bytes.length, ...here, ...more });
  };
  scanConfigFile(bytes, {
    section({ name, subsection, isDotted }, start) {
      here = { section: name, subsection, isDotted };
      begin('section', start);
    },
    setting: ({ key, value }, start) => begin('setting', start, { name: key, value }),
    comment: (start) => begin('comment', start),
    space: (start) => begin('space', start),
  });
  return pieces;
}

function isSection(piece: Piece, { section, subsection }: Pick<Piece, 'section' | 'subsection'>): boolean {
  if (piece.section !== section) return false;
  return piece.subsection === (piece.isDotted ? subsection?.toLowerCase() : subsection);
}

/** A section as a {@link Piece} names it. */
function sectionOf({
  section,
  subsection,
}: Pick<ConfigKey, 'section' | 'subsection'>): Pick<Piece, 'section' | 'subsection'> {
  return {
    section: section.toLowerCase(),
    subsection: subsection === undefined ? undefined : decodeLatin1(encodeUtf8(subsection)),
  };
}

function encodeHeader({ section, subsection }: Pick<ConfigKey, 'section' | 'subsection'>): string {
  return subsection === undefined ? `[${section}]\n` : `[${section} "${subsection.replace(/["\\]/g, '\\$&')}"]\n`;
}

/** Quoted where a comment sign, or white space that reading takes away or changes, is in it. */
function encodeSetting(name: string, value: string): string {
  if (value.includes('\0')) throw new RangeError(`Cannot set ${name}: a value has no NUL`);
  const quote = /^ | $|[;#\r]/.test(value) ? '"' : '';
  const escaped = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `\t${name} = ${quote}${escaped}${quote}\n`;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === LF || byte === CR;
}
