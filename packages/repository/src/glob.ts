import { decodeLatin1, encodeUtf8 } from '@git-kv/objects';

/** How a glob is read. */
export interface GlobOptions {
  /** `*` and `?` stop at a slash, and `**` between slashes does not. Default: nothing stops at a slash. */
  readonly isPathname?: boolean;
}

/** Whether there is anything in `pattern` that makes it a glob: `*`, `?`, `[`, or a backslash. */
export function isGlob(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}

const CLASSES: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never, // names come from files of a repository: `constructor` is none of ours
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** Matches nothing: what a glob that is none comes to. */
const NOTHING = /[^\s\S]/;

/**
 * The regular expression of a glob, which is matched against a whole name whose bytes are characters (Latin-1).
 * @see git's wildmatch.c, dowild()
 */
export function globPattern(glob: string, options: GlobOptions = {}): RegExp {
  const text = decodeLatin1(encodeUtf8(glob));
  const any = options.isPathname ? '[^/]' : '[\\s\\S]';
  let source = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '*') {
      let end = at + 1;
      while (text[end] === '*') end++;
      const isDouble = end - at > 1 && (at === 0 || text[at - 1] === '/') && (end === text.length || text[end] === '/');
      if (isDouble && options.isPathname && text[end] === '/') {
        source += '(?:[\\s\\S]*/)?';
        end++;
      } else source += isDouble ? '[\\s\\S]*' : `${any}*`;
      at = end - 1;
    } else if (char === '?') source += any;
    else if (char === '[') {
      const brackets = readBrackets(text, at + 1, options.isPathname === true);
      if (brackets === undefined) return NOTHING;
      source += brackets.source;
      at = brackets.end;
    } else if (char === '\\') {
      const next = text[++at];
      if (next === undefined) return NOTHING;
      source += escaped(next);
    } else source += escaped(char);
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return NOTHING; // a range that ends before it begins
  }
}

/** What follows a `[`; `end` is the place of the `]`. */
export function readBrackets(
  text: string,
  start: number,
  isPathname: boolean,
): { readonly source: string; readonly end: number } | undefined {
  let at = start;
  const isNegated = text[at] === '!' || text[at] === '^';
  if (isNegated) at++;
  let source = '';
  for (const first = at; at === first || text[at] !== ']'; ) {
    if (at >= text.length) return undefined;
    if (text.startsWith('[:', at)) {
      const end = text.indexOf(':]', at + 2);
      const members = end < 0 ? undefined : CLASSES[text.slice(at + 2, end)];
      if (members === undefined) return undefined;
      source += members;
      at = end + 2;
      continue;
    }
    if (text[at] === '\\') at++;
    const from = text[at++];
    if (from === undefined) return undefined;
    source += escaped(from);
    if (text[at] !== '-' || text[at + 1] === ']' || text[at + 1] === undefined) continue;
    at++;
    if (text[at] === '\\') at++;
    source += `-${escaped(text[at++] ?? from)}`;
  }
  return { source: `${isPathname ? '(?!/)' : ''}[${isNegated ? '^' : ''}${source}]`, end: at };
}

function escaped(char: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}
