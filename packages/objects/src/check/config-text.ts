const NUL = '\0';
const CR = 0x0d;
const LF = 0x0a;
const END = -1;

/** One setting of a file in git's configuration format: `submodule.<name>.url` and what it is set to. */
export interface ConfigEntry {
  /** `section.subsection.key`, one character a byte; section and key in lower case. Cut at a NUL, as C reads it. */
  readonly name: string;
  /** `undefined` for a key without `=`. Cut at a NUL. */
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
      section = `${name}.`;
      continue;
    }
    if (!isAlpha(character)) return start;
    const entry = readEntry(reader, section + lowerCase(character));
    if (entry === undefined) return start;
    const { name, value } = entry;
    onEntry({ name: untilNul(name), value: value === undefined ? undefined : untilNul(value), offset: start });
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
    name += String.fromCharCode(character);
  }
  return reader.next() === 0x5d ? name : undefined;
}

function readEntry(
  reader: ConfigReader,
  opening: string,
): { readonly name: string; readonly value: string | undefined } | undefined {
  let name = opening;
  let character = reader.next();
  for (; isKeyCharacter(character); character = reader.next()) name += lowerCase(character);
  while (character === 0x20 || character === 0x09) character = reader.next();
  if (isLineEnd(character)) return { name, value: undefined };
  if (character !== 0x3d) return undefined;
  const value = readValue(reader);
  return value === undefined ? undefined : { name, value };
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
    value += ' '.repeat(spaces);
    spaces = 0;
    if (character === 0x22) {
      isQuoted = !isQuoted;
    } else if (character === 0x5c) {
      const escaped = ESCAPES.get(reader.next());
      if (escaped === undefined) return undefined;
      value += escaped;
    } else {
      value += String.fromCharCode(character);
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

function untilNul(text: string): string {
  const nul = text.indexOf(NUL);
  return nul < 0 ? text : text.slice(0, nul);
}

function isLineEnd(character: number): boolean {
  return character === LF || character === END;
}

/** What git takes for white space: neither vertical tab nor form feed. */
function isSpace(character: number): boolean {
  return character === 0x20 || character === 0x09 || character === LF || character === CR;
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
