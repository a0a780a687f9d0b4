import { decodeUtf8Exact, encodeUtf8 } from '@git-kv/objects';

/** One command and what it is given. */
export class Line {
  /** The command first. A word in quotes is without them. */
  readonly words: readonly string[];
  readonly #valueFrom: (index: number) => Uint8Array;

  private constructor(words: readonly string[], valueFrom: (index: number) => Uint8Array) {
    this.words = words;
    this.#valueFrom = valueFrom;
  }

  /**
   * A line as it is typed: words between spaces. One that begins with a quote and is a whole string as {@link parseQuoted}
   * reads it is that string, so that there are keys with spaces.
   */
  static parse(text: string): Line {
    const words: string[] = [];
    const starts: number[] = [];
    for (const { word, start } of splitWords(text)) {
      words.push(unquoted(word) ?? word);
      starts.push(start);
    }
    return new Line(words, (index) => {
      const start = starts[index];
      if (start === undefined) return new Uint8Array(0);
      const rest = text.slice(start).replace(/ +$/, '');
      return parseQuoted(rest) ?? encodeUtf8(rest);
    });
  }

  /** Words that are apart already, as a shell hands them over: nothing is taken for a quote. */
  static of(words: readonly string[]): Line {
    return new Line(words, (index) => encodeUtf8(words.slice(index).join(' ')));
  }

  /** Everything from a word on, as a value: a quoted string with escapes, or else the text as it stands; empty without it. */
  valueFrom(index: number): Uint8Array {
    return this.#valueFrom(index);
  }
}

/** The words of a line as they stand there, and where. */
export function* splitWords(text: string): Generator<{ readonly word: string; readonly start: number }> {
  const pattern = / *("(?:[^"\\]|\\.)*"(?= |$)|[^ ]+)/suy;
  for (;;) {
    const match = pattern.exec(text);
    if (match === null) return;
    const word = match[1] as string;
    yield { word, start: pattern.lastIndex - word.length };
  }
}

function unquoted(word: string): string | undefined {
  const bytes = parseQuoted(word);
  return bytes && decodeUtf8Exact(bytes);
}

/** A word for {@link Line.parse}: in quotes where it would not be read as it is. */
export function quoteWord(word: string): string {
  if (!/[ "\\\x00-\x1f\x7f]/.test(word)) return word;
  const escaped = (character: string): string =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
  return `"${word.replace(/["\\\x00-\x1f\x7f]/g, escaped)}"`;
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  b: 8,
  '"': 34,
  "'": 39,
  '\\': 92,
  ' ': 32,
};

/**
 * A string in double quotes, with the escapes of OCaml: `\n \t \r \b \" \' \\ \ddd \xhh \oddd`. `undefined` where `text` is not
 * one whole string of that form.
 */
export function parseQuoted(text: string): Uint8Array | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  const bytes: number[] = [];
  const pattern = /\\(?:([ntrb"'\\ ])|(\d{3})|x([0-9a-fA-F]{2})|o([0-3][0-7]{2}))|([^"\\]+)/suy;
  for (pattern.lastIndex = 1; pattern.lastIndex < text.length - 1; ) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const [, simple, decimal, hex, octal, plain] = match;
    if (plain !== undefined) for (const byte of encodeUtf8(plain)) bytes.push(byte);
    else if (simple !== undefined) bytes.push(SIMPLE_ESCAPES[simple] as number);
    else {
      const byte = Number.parseInt(
        (decimal ?? hex ?? octal) as string,
        decimal !== undefined ? 10 : hex !== undefined ? 16 : 8,
      );
      if (byte > 255) return undefined;
      bytes.push(byte);
    }
  }
  return pattern.lastIndex === text.length - 1 ? Uint8Array.from(bytes) : undefined;
}

/**
 * A whole number as OCaml writes one: decimal, or `0x`, `0o`, `0b` and digits, with a sign and underscores. `undefined` for
 * anything else, and where it is too large to be a number of bytes.
 */
export function parseInteger(text: string): number | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F][0-9a-fA-F_]*|0[oO][0-7][0-7_]*|0[bB][01][01_]*|[0-9][0-9_]*)$/.exec(text);
  if (match === null) return undefined;
  const value = Number((match[2] as string).replaceAll('_', '').toLowerCase());
  if (!Number.isSafeInteger(value)) return undefined;
  return match[1] === '-' && value !== 0 ? -value : value;
}
