import { readBrackets } from '../glob.js';

/** One character that must be this one, one of a set, any one, or any number of any. */
type Token = string | RegExp | 'any' | 'star';

/** A pattern between slashes; `deep` stands for any number of directories. */
type Component = readonly Token[] | 'deep';

/**
 * A pattern of gitattributes(5) for paths below the directory of its file. Work is bounded by the product of both lengths.
 * Patterns and paths have one character a byte.
 * @see git's dir.c, match_basename() and match_pathname(); wildmatch.c
 */
export class PathPattern {
  /** What a path begins with before the first wildcard; what follows is matched as if it stood alone, as in git. */
  readonly #prefix: string;
  /** `undefined`: matches nothing. */
  readonly #components: readonly Component[] | undefined;
  readonly #isName: boolean;

  constructor(pattern: string) {
    this.#isName = !pattern.includes('/');
    const whole = pattern.replace(/^\//, '');
    // So `a**/b` is for `ab` too: its stars are at the beginning of what follows.
    this.#prefix = this.#isName ? '' : (/^[^*?[\\]*(?=[*?[\\])/.exec(whole)?.[0] ?? '');
    const parts = whole.slice(this.#prefix.length).split('/');
    // With a slash at the end it is for directories, and no attribute is asked for one.
    const components = parts.at(-1) === '' ? [undefined] : parts.map((part) => this.#read(part));
    this.#components = components.includes(undefined) ? undefined : (components as Component[]);
  }

  #read(part: string): Component | undefined {
    return /^\*{2,}$/.test(part) && !this.#isName ? 'deep' : tokensOf(part);
  }

  /** Whether a path, relative to the directory of the file, is one of the pattern's. */
  matches(path: string): boolean {
    const components = this.#components;
    if (components === undefined || !path.startsWith(this.#prefix)) return false;
    const names = this.#isName ? [path.slice(path.lastIndexOf('/') + 1)] : path.slice(this.#prefix.length).split('/');
    return matchAll(
      components,
      names,
      (component) => component === 'deep',
      matchComponent,
      (at) => at < names.length,
    );
  }
}

function matchComponent(component: Component, name: string): boolean {
  return matchAll(
    component as readonly Token[],
    [...name],
    (token) => token === 'star',
    matchToken,
    () => true,
  );
}

function matchToken(token: Token, char: string): boolean {
  if (token instanceof RegExp) return token.test(char);
  return token === 'any' || token === char;
}

/** Match items against patterns, some of which stand for any number of items. The last of them alone ever needs to take more. */
function matchAll<P, T>(
  patterns: readonly P[],
  items: readonly T[],
  isStar: (pattern: P) => boolean,
  matches: (pattern: P, item: T) => boolean,
  mayEndAt: (item: number) => boolean,
): boolean {
  let pattern = 0;
  let star = -1;
  let starItem = 0;
  for (let item = 0; item < items.length; ) {
    if (pattern < patterns.length && isStar(patterns[pattern] as P)) {
      star = pattern++;
      starItem = item;
      // A last star takes all there is.
      if (pattern === patterns.length) return mayEndAt(item);
    } else if (pattern < patterns.length && matches(patterns[pattern] as P, items[item] as T)) {
      pattern++;
      item++;
    } else if (star >= 0) {
      pattern = star + 1;
      item = ++starItem;
    } else return false;
  }
  while (pattern < patterns.length && isStar(patterns[pattern] as P) && mayEndAt(items.length)) pattern++;
  return pattern === patterns.length;
}

function tokensOf(part: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < part.length; at++) {
    const char = part[at] as string;
    if (char === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
    } else if (char === '?') tokens.push('any');
    else if (char === '[') {
      const brackets = readBrackets(part, at + 1, false);
      const token = brackets && regExpOf(brackets.source);
      if (brackets === undefined || token === undefined) return undefined;
      tokens.push(token);
      at = brackets.end;
    } else if (char === '\\') {
      const next = part[++at];
      if (next === undefined) return undefined;
      tokens.push(next);
    } else tokens.push(char);
  }
  return tokens;
}

function regExpOf(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined; // a range that ends before it begins
  }
}
