import { decodeLatin1 } from '@git-kv/objects';
import { PathPattern } from './path-pattern.js';

/** What an attribute is: set, unset, a value, or (`undefined`) not specified. */
export type AttributeState = boolean | string | undefined;

/** A line of an attributes file: what it says of paths that match, or, for a macro, what its name stands for. */
export interface AttributeRule {
  readonly pattern: PathPattern | { readonly macro: string };
  readonly states: readonly (readonly [name: string, state: AttributeState])[];
}

/** git passes over longer lines. */
const MAX_LINE_BYTES = 2048;
const BLANKS = /[ \t\r]+/;
const NAME = /^[-A-Za-z0-9_.]+$/;
const MACRO = '[attr]';

/**
 * Parse an attributes file. Lenient, as git is: a line that is wrong is passed over.
 * @param hasMacros whether the file may define macros: that of the root, and those outside of trees
 * @see gitattributes(5); git's attr.c, parse_attr_line()
 */
export function parseAttributes(bytes: Uint8Array, hasMacros: boolean): AttributeRule[] {
  const rules: AttributeRule[] = [];
  for (const line of decodeLatin1(bytes)
    .replace(/^\xef\xbb\xbf/, '')
    .split('\n')) {
    const text = line.replace(/^[ \t\r]+/, '');
    if (text === '' || text.startsWith('#') || line.length >= MAX_LINE_BYTES) continue;
    const quoted = text.startsWith('"') ? unquote(text) : undefined;
    const [name = ''] = quoted ? [quoted.text] : text.split(BLANKS, 1);
    const words = text
      .slice(quoted ? quoted.end : name.length)
      .split(BLANKS)
      .filter((word) => word !== '');
    let pattern: AttributeRule['pattern'];
    if (name.startsWith(MACRO) && name.length > MACRO.length) {
      const macro = name.slice(MACRO.length).trim();
      if (!hasMacros || !isName(macro)) continue;
      pattern = { macro };
    } else if (name.startsWith('!')) continue;
    else pattern = new PathPattern(name);
    const states = words.map(stateOf);
    if (states.some((state) => state === undefined)) continue;
    rules.push({ pattern, states: states as [string, AttributeState][] });
  }
  return rules;
}

function stateOf(word: string): [string, AttributeState] | undefined {
  const prefix = word[0];
  if (prefix === '-' || prefix === '!') {
    const name = word.slice(1).split('=', 1)[0] as string;
    return isName(name) ? [name, prefix === '-' ? false : undefined] : undefined;
  }
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  return isName(name) ? [name, equals < 0 ? true : word.slice(equals + 1)] : undefined;
}

function isName(name: string): boolean {
  return NAME.test(name) && !name.startsWith('-');
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
};

/** A name in C quotes; `undefined` where they are wrong, which makes it a name with quotes in it. */
function unquote(text: string): { readonly text: string; readonly end: number } | undefined {
  let name = '';
  for (let at = 1; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '"') return { text: name, end: at + 1 };
    if (char !== '\\') {
      name += char;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const escaped = octal === undefined ? ESCAPES[text[at + 1] ?? ''] : String.fromCharCode(Number.parseInt(octal, 8));
    if (escaped === undefined) return undefined;
    name += escaped;
    at += octal === undefined ? 1 : 3;
  }
  return undefined;
}

/** The rules of one file, and the directory whose paths they are for: `''`, or a path that ends in a slash. */
export interface AttributeScope {
  readonly directory: string;
  readonly rules: readonly AttributeRule[];
}

const BUILT_IN: AttributeScope = {
  directory: '',
  rules: [
    {
      pattern: { macro: 'binary' },
      states: [
        ['diff', false],
        ['merge', false],
        ['text', false],
      ],
    },
  ],
};

/**
 * The states of some attributes of a path.
 * @param path one character a byte
 * @param scopes the weakest first
 */
export function findAttributes(
  path: string,
  names: readonly string[],
  scopes: readonly AttributeScope[],
): ReadonlyMap<string, AttributeState> {
  const all = [BUILT_IN, ...scopes];
  const macros = new Map<string, AttributeRule['states']>();
  for (const { rules } of all)
    for (const { pattern, states } of rules) if ('macro' in pattern) macros.set(pattern.macro, states);
  const found = new Map<string, AttributeState>();
  const fill = (states: AttributeRule['states']): void => {
    // The last word first; what a macro stands for comes in its place. Not by recursion: macros may name macros without an end.
    for (const left = [...states]; left.length > 0; ) {
      const [name, state] = left.pop() as (typeof left)[number];
      if (found.has(name)) continue;
      found.set(name, state);
      left.push(...((state === true && macros.get(name)) || []));
    }
  };
  for (const { directory, rules } of all.reverse()) {
    if (!path.startsWith(directory)) continue;
    for (const { pattern, states } of [...rules].reverse()) {
      if (names.every((name) => found.has(name))) return found;
      if (!('macro' in pattern) && pattern.matches(path.slice(directory.length))) fill(states);
    }
  }
  return found;
}
