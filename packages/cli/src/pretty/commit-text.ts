import { decodeLatin1, encodeUtf8 } from '@git-kv/objects';

/** A person in a commit, as far as the line can be read; all text is UTF-8 whose bytes are characters. */
export interface Person {
  readonly name: string;
  readonly email: string;
  /** Digits, or `undefined` where date or zone is missing. */
  readonly date: string | undefined;
  readonly zone: string | undefined;
}

/**
 * A commit as text for people: in UTF-8, whose bytes are characters, so that what is no UTF-8 passes through. What follows a
 * NUL does not count, as in git.
 */
export class CommitText {
  /** All of it; without the header that names an encoding it is not in any more. */
  readonly text: string;
  /** What its header says it was written in. */
  readonly encoding: string | undefined;

  constructor(body: Uint8Array) {
    const end = body.indexOf(0);
    const raw = decodeLatin1(end < 0 ? body : body.subarray(0, end));
    this.encoding = /^encoding (.*)$/m.exec(raw.slice(0, headerEnd(raw)))?.[1];
    this.text = this.encoding === undefined ? raw : recode(raw, this.encoding);
  }

  /** Header lines, each with its line feed. */
  get header(): string {
    return this.text.slice(0, headerEnd(this.text));
  }

  /** All after the empty line that ends the header. */
  get message(): string {
    return this.text.slice(headerEnd(this.text) + 1);
  }

  /** Whether there is an empty line that ends the header. */
  get hasMessage(): boolean {
    return headerEnd(this.text) < this.text.length;
  }

  /** The last line of the header that begins with this word. */
  line(name: 'author' | 'committer'): string | undefined {
    let found: string | undefined;
    for (const line of this.header.split('\n')) if (line.startsWith(`${name} `)) found = line.slice(name.length + 1);
    return found;
  }
}

/** Where the empty line is that ends the header, or the end of the text. */
function headerEnd(text: string): number {
  if (text.startsWith('\n')) return 0;
  const end = text.indexOf('\n\n');
  return end < 0 ? text.length : end + 1;
}

/** @see git's pretty.c, repo_logmsg_reencode() */
function recode(raw: string, encoding: string): string {
  const isUtf8 = /^utf-?8$/i.test(encoding);
  const recoded = isUtf8 ? raw : decodeFrom(raw, encoding);
  if (recoded === undefined) return raw;
  // It is in UTF-8 now, and says so by not saying anything.
  const end = headerEnd(recoded);
  return recoded.slice(0, end).replace(/^encoding .*\n/m, '') + recoded.slice(end);
}

/** `undefined` where the encoding is not known, or the text is not in it. */
function decodeFrom(raw: string, encoding: string): string | undefined {
  const bytes = Uint8Array.from(raw, (char) => char.charCodeAt(0));
  // What the web calls ISO 8859-1 is another encoding.
  if (/^(?:iso-?8859-1|latin-?1)$/i.test(encoding)) return decodeLatin1(encodeUtf8(raw));
  try {
    return decodeLatin1(encodeUtf8(new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Take apart what follows `author `. `undefined` where there is no address. @see git's ident.c, split_ident_line() */
export function splitPerson(line: string): Person | undefined {
  const open = line.indexOf('<');
  if (open < 0) return undefined;
  const close = line.indexOf('>', open);
  if (close < 0) return undefined;
  const name = trimEnd(line.slice(0, open));
  const [, date, zone] =
    /^[ \t\n\v\f\r]*(\d+)[ \t\n\v\f\r]*([+-]\d+)/.exec(line.slice(line.lastIndexOf('>') + 1)) ?? [];
  return { name, email: line.slice(open + 1, close), date, zone };
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && ' \t\n\v\f\r'.includes(char);
}

/** The lines of a message, from the first that is not blank. */
export interface Subject {
  /** Lines up to the first blank one, without white space at their ends. */
  readonly lines: readonly string[];
  /** What follows, from the first line that is not blank. */
  readonly body: string;
}

/** Split a message into its subject and its body. */
export function splitSubject(message: string): Subject {
  const start = skipBlankLines(message, 0);
  const lines: string[] = [];
  let at = start;
  while (at < message.length) {
    const feed = message.indexOf('\n', at);
    const end = feed < 0 ? message.length : feed + 1;
    const line = trimEnd(message.slice(at, end));
    at = end;
    if (line === '') break;
    lines.push(line);
  }
  return { lines, body: message.slice(skipBlankLines(message, at)) };
}

/** Where the first line is that has more than white space in it. */
export function skipBlankLines(text: string, start: number): number {
  for (let at = start; at < text.length; ) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed + 1;
    if (trimEnd(text.slice(at, end)) !== '') return at;
    at = end;
  }
  return text.length;
}

/** Without white space at the end, in C's sense. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1])) end--;
  return text.slice(0, end);
}
