/** Which of POSIX's two kinds of regular expressions: `basic` is grep's default, `extended` that of `grep -E` and of revisions. */
export type PosixSyntax = 'basic' | 'extended';

/** Flags of the expression that {@link posixPattern} makes. */
export interface PosixPatternOptions {
  readonly ignoreCase?: boolean;
}

/**
 * A POSIX regular expression, with GNU's additions (`\w`, `\<`, `\+` and so on), as one of this language, for asking whether
 * text matches. `^` and `$` mean the ends of the text and `.` any character, a line feed too. `undefined` where it is not a
 * valid expression. It backtracks: an expression from a stranger may take long.
 * @see regex(7)
 */
export function posixPattern(
  pattern: string,
  syntax: PosixSyntax,
  options: PosixPatternOptions = {},
): RegExp | undefined {
  try {
    const source = new PatternReader(pattern, syntax).read();
    return new RegExp(source, options.ignoreCase ? 'sui' : 'su');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const CLASSES: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never, // `constructor` names no class
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}0-9',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~',
  print: '\\P{C}',
  graph: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
};

/** What a backslash and a letter mean outside of brackets. */
const ESCAPES: Readonly<Record<string, string>> = {
  w: '[\\p{L}\\p{N}_]',
  W: '[^\\p{L}\\p{N}_]',
  s: '\\s',
  S: '\\S',
  b: '\\b',
  B: '\\B',
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
  '`': '^',
  "'": '$',
};

class PatternReader {
  readonly #text: string;
  readonly #isBasic: boolean;
  #at = 0;
  #groups = 0;

  constructor(text: string, syntax: PosixSyntax) {
    this.#text = text;
    this.#isBasic = syntax === 'basic';
  }

  read(): string {
    return this.#alternatives(0);
  }

  /** alternatives = sequence *("|" sequence), up to the end of the text or of the group at `depth`. */
  #alternatives(depth: number): string {
    let source = this.#sequence(depth);
    while (this.#take('|')) source += `|${this.#sequence(depth)}`;
    return source;
  }

  #sequence(depth: number): string {
    const items: string[] = [];
    while (this.#at < this.#text.length) {
      if (this.#sees('|') || (this.#sees(')') && depth > 0)) break;
      if (this.#isBasic && items.length === 0 && this.#text[this.#at] === '*') {
        this.#at++;
        items.push('\\*');
      } else {
        const repeat = this.#repeat();
        if (repeat === undefined) items.push(this.#atom(items.length === 0, depth));
        else if (items.length > 0) items.push(`(?:${items.pop()})${repeat}`);
      }
    }
    return items.join('');
  }

  /** `|`, `(`, `)`, `{`, `+`, `?`: with a backslash where the syntax is basic. */
  #sees(operator: string): boolean {
    const { length } = operator;
    if (!this.#isBasic) return this.#text.startsWith(operator, this.#at);
    return this.#text[this.#at] === '\\' && this.#text.startsWith(operator, this.#at + length);
  }

  #take(operator: string): boolean {
    if (!this.#sees(operator)) return false;
    this.#at += this.#isBasic ? 2 : 1;
    return true;
  }

  #repeat(): string | undefined {
    if (this.#text[this.#at] === '*') {
      this.#at++;
      return '*';
    }
    for (const operator of ['+', '?']) if (this.#take(operator)) return operator;
    const interval = this.#isBasic ? /\\\{(\d*)(,?)(\d*)\\\}/y : /\{(\d*)(,?)(\d*)\}/y;
    interval.lastIndex = this.#at;
    const match = interval.exec(this.#text);
    if (match === null || (match[1] === '' && match[2] === '')) {
      if (this.#isBasic && this.#sees('{')) throw new SyntaxError('an interval does not end');
      return undefined;
    }
    this.#at += match[0].length;
    return `{${match[1] || '0'}${match[2]}${match[3]}}`;
  }

  #atom(isFirst: boolean, depth: number): string {
    if (this.#take('(')) {
      this.#groups++;
      const inner = this.#alternatives(depth + 1);
      if (!this.#take(')')) throw new SyntaxError('a group does not end');
      return `(${inner})`;
    }
    const char = this.#text[this.#at] as string;
    if (char === '[') return this.#brackets();
    if (char === '\\') return this.#escaped();
    this.#at++;
    if (char === '.') return '.';
    if (char === '^') return !this.#isBasic || isFirst ? '^' : '\\^';
    if (char === '$') {
      return !this.#isBasic || this.#at === this.#text.length || this.#sees(')') || this.#sees('|') ? '$' : '\\$';
    }
    return this.#literal(char);
  }

  #literal(char: string): string {
    const point = this.#text.codePointAt(this.#at - 1) as number;
    if (point > 0xffff) {
      this.#at++;
      return String.fromCodePoint(point);
    }
    return escaped(char);
  }

  #escaped(): string {
    const char = this.#text[this.#at + 1];
    if (char === undefined) throw new SyntaxError('it ends in a backslash');
    if (this.#isBasic && char === ')') throw new SyntaxError('a group ends that did not begin');
    this.#at += 2;
    if (char >= '1' && char <= '9') {
      if (Number(char) > this.#groups) throw new SyntaxError('there is no such group');
      return `\\${char}`;
    }
    return ESCAPES[char] ?? this.#literal(char);
  }

  /** brackets = "[" ["^"] ["]"] *(class / range / character) "]" */
  #brackets(): string {
    let at = this.#at + 1;
    const text = this.#text;
    let source = '[';
    if (text[at] === '^') {
      source += '^';
      at++;
    }
    for (const first = at; ; ) {
      const char = text[at];
      if (char === undefined) throw new SyntaxError('brackets do not end');
      if (char === ']' && at > first) break;
      if (char === '[' && text[at + 1] === ':') {
        const end = text.indexOf(':]', at + 2);
        const members = CLASSES[text.slice(at + 2, end)];
        if (end < 0 || members === undefined) throw new SyntaxError('there is no such class of characters');
        source += members;
        at = end + 2;
        continue;
      }
      const from = this.#member(at);
      at = from.end;
      source += escaped(from.text);
      if (text[at] === '-' && text[at + 1] !== ']' && text[at + 1] !== undefined) {
        const to = this.#member(at + 1);
        at = to.end;
        source += `-${escaped(to.text)}`;
      }
    }
    this.#at = at + 1;
    return `${source}]`;
  }

  /** One character within brackets, which may be written as `[.x.]` or `[=x=]`. */
  #member(at: number): { readonly text: string; readonly end: number } {
    const named = /\[([.=])(.)\1\]/suy;
    named.lastIndex = at;
    const match = named.exec(this.#text);
    if (match !== null) return { text: match[2] as string, end: at + match[0].length };
    const text = String.fromCodePoint(this.#text.codePointAt(at) as number);
    return { text, end: at + text.length };
  }
}

function escaped(char: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? (char === '-' ? '\\x2d' : `\\${char}`) : char;
}
