import { decodeUtf8Exact, encodeUtf8, MalformedError } from '@git-kv/objects';
import type { Codec } from './codec.js';
import { assertPlainData, type DataRules, describeValue } from './plain-data.js';

/** How {@link jsonCodec} writes. Reading takes any JSON. */
export interface JsonCodecOptions {
  /**
   * Spaces a level; with it each member has its own line and the file ends with a line feed, so that `git diff` and merges of
   * lines have lines to work on. Default 0: no white space at all.
   */
  readonly indent?: number;
}

/** What every number over 1.8e308 looks like, which `JSON.parse` reads as an infinity: 300 digits, or an exponent of two or more. */
const MAYBE_HUGE = /\d{300}|\de\+?\d\d/i;

const RULES: DataRules = { leaf: (value) => `JSON has no way to write ${describeValue(value)}` };

/**
 * JSON with the names of each object sorted by UTF-16 code units (as RFC 8785 has it) and numbers as JavaScript prints them, so
 * that equal values give equal bytes. What JSON cannot hold is refused and never dropped: `undefined`, bigints, NaN, dates, maps,
 * objects of classes, cycles. `-0` is written as `0`.
 *
 * `T` is what the caller knows of the values; nothing checks it. `withSchema` does.
 */
export function jsonCodec<T = unknown>(options: JsonCodecOptions = {}): Codec<T> {
  const { indent = 0 } = options;
  if (!Number.isInteger(indent) || indent < 0 || indent > 10) {
    throw new RangeError('Cannot make JSON codec: indent is a whole number from 0 to 10');
  }
  return {
    encode(value) {
      assertPlainData(value, RULES);
      const text = write(value, indent, 0);
      return encodeUtf8(indent === 0 ? text : `${text}\n`);
    },
    decode(bytes) {
      const text = decodeUtf8Exact(bytes);
      if (text === undefined) throw new MalformedError('JSON value', 0, 'it is not UTF-8');
      let value: T;
      try {
        value = JSON.parse(text) as T;
      } catch (cause) {
        throw new MalformedError('JSON value', 0, 'it is not JSON', { cause });
      }
      if (MAYBE_HUGE.test(text) && holdsInfinity(value)) {
        throw new MalformedError('JSON value', 0, 'a number is over what JavaScript holds');
      }
      return value;
    },
  };
}

/** Whether an infinity is anywhere in it. Without recursion: `JSON.parse` takes values that are nested deeper than the stack. */
function holdsInfinity(value: unknown): boolean {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) return true;
    if (typeof next === 'object' && next !== null) for (const item of Object.values(next)) open.push(item);
  }
  return false;
}

/**
 * Written here and not by `JSON.stringify`, because every object of JavaScript has names that look like numbers before all
 * others, whatever order they were put in.
 */
function write(value: unknown, indent: number, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const members = isArray
    ? value.map((item) => write(item, indent, depth + 1))
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => `${JSON.stringify(name)}:${indent === 0 ? '' : ' '}${write(item, indent, depth + 1)}`);
  const [open, close] = isArray ? '[]' : '{}';
  if (members.length === 0 || indent === 0) return `${open}${members.join(',')}${close}`;
  const margin = `\n${' '.repeat(indent * depth)}`;
  const inner = `${margin}${' '.repeat(indent)}`;
  return `${open}${inner}${members.join(`,${inner}`)}${margin}${close}`;
}
