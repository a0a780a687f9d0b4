import { decodeLatin1 } from '../bytes/text.js';

const CR = 0x0d;
const LF = 0x0a;
const END = -1;

/** The header of a section of a file in git's configuration format. One character a byte. */
export interface ConfigSection {
  /** In lower case. */
  readonly name: string;
  /** As it stands between the quotes, less escapes; in lower case where the header is the old `[name.subsection]`. */
  readonly subsection: string | undefined;
  /** Whether the header is the old one, whose subsection git compares without regard to case. */
  readonly isDotted: boolean;
}

/** One setting of such a file. One character a byte. */
export interface ConfigSetting {
  /** In lower case. */
  readonly key: string;
  /** `undefined` for a key without `=`. */
  readonly value: string | undefined;
}

/** What a scan meets, each with the offset at which it begins. A thing goes on to where the next one begins. */
export interface ConfigVisitor {
  section?(section: ConfigSection, start: number): void;
  /** A setting has the end of its line with it, and a comment on that line. */
  setting?(setting: ConfigSetting, start: number): void;
  comment?(start: number): void;
  /** White space between the others, line ends too. */
  space?(start: number): void;
}

/**
 * Go through a file in git's configuration format.
 *
 *     file    = *( section / setting / comment / space )
 *     section = "[" name [ SP <"> subsection <"> ] "]"
 *     setting = key [ "=" value ] LF
 *     comment = ( "#" / ";" ) *any                     ; up to the end of the line
 *
 * A byte order mark is not read: pass what follows it.
 * @returns where the first thing is that cannot be read, at which the scan ends, or `undefined`
 * @see git-config(1), "Syntax"; git's config.c, git_parse_source()
 */
export function scanConfig(body: Uint8Array, visitor: ConfigVisitor): number | undefined {
  const reader = new ConfigReader(body);
  let isInSpace = false;
  for (;;) {
    const start = reader.at;
    const character = reader.next();
    if (character === END) return undefined;
    if (isSpace(character)) {
      if (!isInSpace) visitor.space?.(start);
      isInSpace = true;
      continue;
    }
    isInSpace = false;
    if (character === 0x23 || character === 0x3b) {
      visitor.comment?.(start);
      reader.skipToLineEnd();
    } else if (character === 0x5b) {
      const section = readSection(reader);
      if (section === undefined) return start;
      visitor.section?.(section, start);
    } else {
      const setting = isAlpha(character) ? readSetting(reader, lowerCase(character)) : undefined;
      if (setting === undefined) return start;
      visitor.setting?.(setting, start);
    }
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
    this.skipToLineEnd();
    if (this.at < this.#body.length) this.at++;
  }

  /** What comes next is the line feed. */
  skipToLineEnd(): void {
    const lineFeed = this.#body.indexOf(LF, this.at);
    this.at = lineFeed < 0 ? this.#body.length : lineFeed;
  }
}

/** What stands between `[` and `]`. */
function readSection(reader: ConfigReader): ConfigSection | undefined {
  let name = '';
  for (;;) {
    const character = reader.next();
    if (character === 0x5d) break;
    if (isSpace(character)) {
      const subsection = character === LF ? undefined : readSubsection(reader);
      return subsection === undefined ? undefined : { name, subsection, isDotted: false };
    }
    if (!isKeyCharacter(character) && character !== 0x2e) return undefined;
    name += lowerCase(character);
  }
  if (name === '') return undefined;
  const dot = name.indexOf('.');
  if (dot < 0) return { name, subsection: undefined, isDotted: false };
  return { name: name.slice(0, dot), subsection: name.slice(dot + 1), isDotted: true };
}

function readSubsection(reader: ConfigReader): string | undefined {
  let character = reader.next();
  while (isSpace(character) && character !== LF) character = reader.next();
  if (character !== 0x22) return undefined;
  let name = '';
  for (;;) {
    character = reader.next();
    if (character === 0x22) break;
    if (character === 0x5c) character = reader.next();
    if (isLineEnd(character)) return undefined;
    name += String.fromCharCode(character) + reader.plain();
  }
  return reader.next() === 0x5d ? name : undefined;
}

function readSetting(reader: ConfigReader, opening: string): ConfigSetting | undefined {
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
