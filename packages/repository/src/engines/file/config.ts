import { MalformedError } from '@git-kv/objects';

/**
 * One `name = value` line. Section and name are in lower case, as git compares them; a subsection is kept as it stands.
 * Before the first section, the section is empty.
 */
export interface ConfigEntry {
  readonly section: string;
  readonly subsection: string | undefined;
  readonly name: string;
  /** `undefined` for a name without `=`, which git reads as true. */
  readonly value: string | undefined;
}

/** The settings of one config file. */
export class Config {
  readonly entries: readonly ConfigEntry[];

  constructor(entries: readonly ConfigEntry[]) {
    this.entries = entries;
  }

  /** The last value of `section.name`, outside any subsection; `'true'` for a name without a value. */
  get(section: string, name: string): string | undefined {
    const entry = this.entries.findLast(
      (one) => one.section === section.toLowerCase() && one.subsection === undefined && one.name === name.toLowerCase(),
    );
    return entry && (entry.value ?? 'true');
  }

  /** The value as a boolean as git spells them, or `undefined` where it is absent or no boolean. */
  getBoolean(section: string, name: string): boolean | undefined {
    const value = this.get(section, name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (['true', 'yes', 'on'].includes(value)) return true;
    if (['false', 'no', 'off', ''].includes(value)) return false;
    return /^[+-]?[0-9]+$/.test(value) ? Number(value) !== 0 : undefined;
  }
}

/**
 * Parse git's config syntax.
 *
 *     file     = *line
 *     section  = "[" name [SP 1*WS DQUOTE subsection DQUOTE] "]"    ; a setting may follow on the same line
 *     setting  = name [ "=" value ]
 *     value    = plain and "quoted" runs; \n \t \b \" \\ ; backslash newline goes on ; # and ; begin a comment
 *
 * Includes are not followed.
 * @throws {MalformedError} where git would refuse the file; the offset counts characters
 * @see git-config(1), "Syntax"
 */
export function parseConfig(text: string): Config {
  return new Config(new ConfigParser(text).run());
}

class ConfigParser {
  readonly #text: string;
  readonly #entries: ConfigEntry[] = [];
  #at = 0;
  #section = '';
  #subsection: string | undefined;

  constructor(text: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
  }

  run(): ConfigEntry[] {
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at] as string;
      if (isSpace(char)) this.#at++;
      else if (char === '#' || char === ';') this.#skipLine();
      else if (char === '[') this.#readSection();
      else if (/[A-Za-z]/.test(char)) this.#readSetting();
      else this.#fail('a line begins with neither a section nor a name');
    }
    return this.#entries;
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    if (match) this.#at = pattern.lastIndex;
    return match;
  }

  #readSection(): void {
    const head = this.#match(/\[([A-Za-z0-9.-]+)(?=[\] \t])/y);
    if (!head) this.#fail('section name is broken');
    const name = (head[1] as string).toLowerCase();
    const quoted = this.#match(/[ \t]+"((?:[^"\\\n]|\\[^\n])*)"/y);
    if (!this.#match(/\]/y)) this.#fail('section header does not end');
    // "[a.b]" is the old spelling of '[a "b"]', with the subsection in lower case.
    const dot = name.indexOf('.');
    this.#section = quoted || dot < 0 ? name : name.slice(0, dot);
    this.#subsection = quoted
      ? (quoted[1] as string).replace(/\\(.)/g, '$1')
      : dot < 0
        ? undefined
        : name.slice(dot + 1);
  }

  #readSetting(): void {
    const name = this.#match(/[A-Za-z][A-Za-z0-9-]*/y)?.[0].toLowerCase() ?? this.#fail('a name is missing');
    this.#match(/[ \t]*/y);
    let value: string | undefined;
    if (this.#text[this.#at] === '=') {
      this.#at++;
      value = this.#readValue();
    } else if (!this.#match(/(?=\r?\n|$)/y)) {
      this.#fail('a name is followed by neither "=" nor the end of the line');
    }
    this.#entries.push({ section: this.#section, subsection: this.#subsection, name, value });
  }

  /** Spaces within a value stay, those before a comment or the end of the line go. */
  #readValue(): string {
    let value = '';
    let spaces = '';
    let quoted = false;
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined || char === '\n') {
        if (quoted) this.#fail('a quoted value does not end');
        return value;
      }
      if (!quoted && (char === '#' || char === ';')) {
        this.#skipLine();
        return value;
      }
      if (char === '\r' && (this.#text[this.#at] === '\n' || this.#at === this.#text.length)) continue;
      if (!quoted && isSpace(char)) {
        if (value !== '') spaces += char;
        continue;
      }
      value += spaces;
      spaces = '';
      if (char === '"') quoted = !quoted;
      else if (char === '\\') value += this.#readEscape();
      else value += char;
    }
  }

  #readEscape(): string {
    if (this.#match(/\r?\n/y)) return '';
    const escaped = this.#text[this.#at++];
    const char = escaped === undefined ? undefined : ESCAPES[escaped];
    return char ?? this.#fail('an escape is unknown');
  }

  #fail(problem: string): never {
    throw new MalformedError('config', this.#at, problem);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' };

function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r' || char === '\v' || char === '\f';
}
