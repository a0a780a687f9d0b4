import { encodeUtf8 } from '@git-kv/objects';
import type { MergeInput } from './merge-driver.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON merged by value. */
export interface MergedJson {
  /** Written with the indentation and the last line end of ours. */
  readonly body: Uint8Array;
  /** JSON pointers (RFC 6901) to what both sides changed, each to something else; ours stands there. */
  readonly conflictPaths: readonly string[];
}

/** Nesting beyond which a file is not taken for JSON: the merge goes down by calls. */
const MAX_DEPTH = 256;

/** @returns `undefined` where a version is no JSON, or is one that reading and writing would change */
export function mergeJson({
  base,
  ours,
  theirs,
}: Pick<MergeInput, 'base' | 'ours' | 'theirs'>): MergedJson | undefined {
  const ourText = textOf(ours);
  const mine = parse(ourText);
  const other = parse(textOf(theirs));
  const origin = base === undefined ? { value: undefined } : parse(textOf(base));
  if (mine === undefined || other === undefined || origin === undefined || ourText === undefined) return undefined;
  const conflictPaths: string[] = [];
  const merged = mergeValues(origin.value, mine.value, other.value, '', conflictPaths);
  const indent = /^[{[]\r?\n([ \t]+)/.exec(ourText)?.[1] ?? '';
  const text = JSON.stringify(merged, undefined, indent);
  return { body: encodeUtf8(ourText.endsWith('\n') ? `${text}\n` : text), conflictPaths };
}

/** `undefined` stands for a member that is not there. */
function mergeValues(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  path: string,
  conflictPaths: string[],
): Json | undefined {
  if (isEqual(ours, theirs) || isEqual(base, theirs)) return ours;
  if (!isObject(ours) || !isObject(theirs) || (base !== undefined && !isObject(base))) {
    if (isEqual(base, ours)) return theirs;
    conflictPaths.push(path);
    return ours;
  }
  // Members one by one even where ours did not change: their order is that of ours.
  const members: [string, Json][] = [];
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const value = mergeValues(member(base, key), member(ours, key), member(theirs, key), at, conflictPaths);
    if (value !== undefined) members.push([key, value]);
  }
  return Object.fromEntries(members);
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isEqual(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8, so not JSON
  }
}

function parse(text: string | undefined): { readonly value: Json } | undefined {
  if (text === undefined) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  return keepsItsValue(text, value) ? { value } : undefined;
}

/** Whether what was read is all that was written: no key twice, no number rounded, no nesting too deep. `text` is JSON. */
function keepsItsValue(text: string, value: Json): boolean {
  let keys = 0;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string;
    if (char === '"') {
      at = endOfString(text, at);
      while (/\s/.test(text[at] ?? '')) at++;
      if (text[at] === ':') keys++;
    } else if (char === '-' || (char >= '0' && char <= '9')) {
      const start = at;
      while (/[-+.eE\d]/.test(text[at] ?? '')) at++;
      const token = text.slice(start, at);
      if (String(Number(token)) !== token) return false;
    } else {
      at++;
      if (char === '{' || char === '[') {
        if (++depth > MAX_DEPTH) return false;
      } else if (char === '}' || char === ']') depth--;
    }
  }
  return countKeys(value) === keys;
}

/** Behind the string that starts at `start`. No regular expression: one that matches a long string may run out of stack. */
function endOfString(text: string, start: number): number {
  for (let quote = start; ; ) {
    quote = text.indexOf('"', quote + 1);
    let escapes = 0;
    while (text[quote - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function countKeys(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0;
  const items = Object.values(value as { readonly [key: string]: Json });
  return items.reduce((sum: number, item) => sum + countKeys(item), Array.isArray(value) ? 0 : items.length);
}
