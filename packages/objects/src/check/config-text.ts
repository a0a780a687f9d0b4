import { decodeLatin1 } from '../bytes/text.js';

const CR = 0x0d;
const LF = 0x0a;
const END = -1;

/** One setting of a file in git's configuration format. */
export interface ConfigEntry {
  /** `section` or `section.subsection`, the section in lower case; empty before the first. One character a byte. */
  readonly section: string;
  /** In lower case. */
  readonly key: string;
  /** `undefined` for a key without `=`. */
  readonly value: string | undefined;
  /** Where the key begins. */
  readonly offset: number;
}

/**
 * Read the settings of a file in git's configuration format, handing each to `onEntry` as it comes.
 *
 *     file    = *( section / entry / comment )
 *     section = "[" name [ SP <"> subsection <"> ] "]"
 *     entry   = key [ "=" value ] LF
 *
 * @returns where the first thing is that cannot be read, at which reading stops, or `undefined`
 * @see git-config(1), "Syntax"; git's config.c, git_parse_source()
 */
export function readConfigText(body: Uint8Array, onEntry: (entry: ConfigEntry) => void): number | undefined {
  const reader = new ConfigReader(body);
  let section = '';
  for (;;) {
    const start = reader.at;
    const character = reader.next();
    if (character === END) return undefined;
    if (isSpace(character)) continue;
    if (character === 0x23 || character === 0x3b) {
      reader.skipLine();
      continue;
    }
    if (character === 0x5b) {
      const name = readSection(reader);
      if (name === undefined || name === '') return start;
      section = name;
      continue;
    }
    if (!isAlpha(character)) return start;
    const setting = readSetting(reader, lowerCase(character));
    if (setting === undefined) return start;
    onEntry({ section, ...setting, offset: start });
  }
}

class ConfigReader {
  readonly #body: Uint8Array;
  at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** The next byte, CR LF as LF; -1 at the end. */
  next(): number {
    const body = this.#body;
    if (this.at >= body.length) return END;
    const byte = body[this.at++] as number;
    if (byte !== CR || body[this.at] !== LF) return byte;
    this.at++;
    return LF;
  }

  /** The bytes from here that mean themselves wherever a value or a subsection is read; a run of them at once. */
  plain(): string {
    const start = this.at;
    while (this.at < this.#body.length && isPlain(this.#body[this.at] as number)) this.at++;
    return decodeLatin1(this.#body, start, this.at);
  }

  skipLine(): void {
    const lineFeed = this.#body.indexOf(LF, this.at);
    this.at = lineFeed < 0 ? this.#body.length : lineFeed + 1;
  }
}

/** What stands between `[` and `]`; the subsection's own bytes after a dot. */
function readSection(reader: ConfigReader): string | undefined {
  let name = '';
  for (;;) {
    const character = reader.next();
    if (character === 0x5d) return name;
    if (isSpace(character)) return character === LF ? undefined : readSubsection(reader, name);
    if (!isKeyCharacter(character) && character !== 0x2e) return undefined;
    name += lowerCase(character);
  }
}

function readSubsection(reader: ConfigReader, section: string): string | undefined {
  let character = reader.next();
  while (isSpace(character) && character !== LF) character = reader.next();
  if (character !== 0x22) return undefined;
  let name = `${section}.`;
  for (;;) {
    character = reader.next();
    if (character === 0x22) break;
    if (character === 0x5c) character = reader.next();
    if (isLineEnd(character)) return undefined;
    name += String.fromCharCode(character) + reader.plain();
  }
  return reader.next() === 0x5d ? name : undefined;
}

function readSetting(
  reader: ConfigReader,
  opening: string,
): { readonly key: string; readonly value: string | undefined } | undefined {
  let key = opening;
  let character = reader.next();
  for (; isKeyCharacter(character); character = reader.next()) key += lowerCase(character);
  while (character === 0x20 || character === 0x09) character = reader.next();
  if (isLineEnd(character)) return { key, value: undefined };
  if (character !== 0x3d) return undefined;
  const value = readValue(reader);
  return value === undefined ? undefined : { key, value };
}

/** Less white space around it, each white space within it one space, quotes taken away, escapes resolved. */
function readValue(reader: ConfigReader): string | undefined {
  let value = '';
  let spaces = 0;
  let isQuoted = false;
  for (;;) {
    const character = reader.next();
    if (isLineEnd(character)) return isQuoted ? undefined : value;
    if (!isQuoted && isSpace(character)) {
      if (value !== '') spaces++;
      continue;
    }
    if (!isQuoted && (character === 0x23 || character === 0x3b)) {
      reader.skipLine();
      return value;
    }
    if (spaces > 0) {
      value += ' '.repeat(spaces);
      spaces = 0;
    }
    if (character === 0x22) {
      isQuoted = !isQuoted;
    } else if (character === 0x5c) {
      const escaped = ESCAPES.get(reader.next());
      if (escaped === undefined) return undefined;
      value += escaped;
    } else {
      value += String.fromCharCode(character) + reader.plain();
    }
  }
}

// A backslash at the end of a line, or of the file, continues it.
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [LF, ''],
  [END, ''],
  [0x74, '\t'],
  [0x62, '\b'],
  [0x6e, '\n'],
  [0x5c, '\\'],
  [0x22, '"'],
]);

function isLineEnd(character: number): boolean {
  return character === LF || character === END;
}

/** What git takes for white space: neither vertical tab nor form feed. */
function isSpace(character: number): boolean {
  return character === 0x20 || character === 0x09 || character === LF || character === CR;
}

/** Letters, digits and most punctuation: neither white space nor a quote, a backslash or the mark of a comment. */
function isPlain(character: number): boolean {
  return character > 0x20 && character !== 0x22 && character !== 0x23 && character !== 0x3b && character !== 0x5c;
}

function isAlpha(character: number): boolean {
  const lower = character | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isKeyCharacter(character: number): boolean {
  return isAlpha(character) || (character >= 0x30 && character <= 0x39) || character === 0x2d;
}

function lowerCase(character: number): string {
  return String.fromCharCode(character).toLowerCase();
}
