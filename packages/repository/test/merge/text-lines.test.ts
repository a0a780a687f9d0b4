import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineReader, type TextLines } from '../../src/merge/lines/text-lines.js';

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Lines that the reader's own hash takes for the same: the second half undoes what the first one did. */
function collidingLines(count: number): string[] {
  const lines: string[] = [];
  for (let seed = 1; lines.length < count; seed++) {
    const first = Math.imul(seed, 0x9e3779b1);
    let hash = Math.imul(0x811c9dc5 ^ first, 0x01000193);
    hash ^= hash >>> 15;
    const bytes = Buffer.alloc(9, 0x0a);
    bytes.writeInt32LE(first, 0);
    bytes.writeInt32LE(hash, 4);
    if (bytes.indexOf(0x0a) === 8) lines.push(bytes.toString('latin1'));
  }
  return lines;
}

describe('the lines of several files have one id where they are one', () => {
  const read = (texts: readonly string[], isCompared = false): { ids: number[][]; idCount: number } => {
    const reader = new LineReader();
    let first: TextLines | undefined;
    const ids = texts.map((text) => {
      const bytes = Buffer.from(text, 'latin1');
      const lines = reader.read(bytes, first);
      if (isCompared) first ??= lines;
      expect(lines.starts.at(-1)).toBe(bytes.length);
      const cut = [...lines.ids].map((_, line) => bytes.toString('latin1', lines.starts[line], lines.starts[line + 1]));
      expect(cut).toEqual(linesOf(text));
      return [...lines.ids];
    });
    return { ids, idCount: reader.idCount };
  };
  const byMap = (texts: readonly string[]): { ids: number[][]; idCount: number } => {
    const known = new Map<string, number>();
    const ids = texts.map((text) =>
      linesOf(text).map((line) => {
        if (!known.has(line)) known.set(line, known.size);
        return known.get(line) as number;
      }),
    );
    return { ids, idCount: known.size };
  };

  test.each<[what: string, texts: readonly string[]]>([
    ['of empty files', ['', '', '']],
    ['of empty lines', ['\n\n', '\n', '']],
    ['without a last end', ['a\nb', 'b\na', 'a']],
    ['with any byte', ['\0\n\xff\n\r\n', '\xff\n', '\0']],
    ['named as what objects have', ['__proto__\nconstructor\n', 'constructor\n', '__proto__']],
    ['of many', [0, 1, 2].map((salt) => Array.from({ length: 9000 }, (_, at) => `${at * (salt + 1)}\n`).join(''))],
    ['made to collide', [collidingLines(5000).join(''), collidingLines(6000).reverse().join(''), 'a\n']],
  ])('%s', (_what, texts) => {
    expect(read(texts)).toEqual(byMap(texts));
    expect(read(texts, true)).toEqual(byMap(texts));
  });

  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', '\xe4'), maxLength: 200 });

  test('whatever they are', () => {
    fc.assert(
      fc.property(text, text, text, (...texts) => {
        expect(read(texts)).toEqual(byMap(texts));
      }),
    );
  });

  test('whatever they begin and end with', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, piece, piece, (start, end, one, other) => {
        const texts = [`${start}${one}${end}`, `${start}${other}${end}`, `${start}${end}`, `${one}${end}`];
        expect(read(texts, true)).toEqual(byMap(texts));
      }),
      { numRuns: 500 },
    );
  });

  test('and 100,000 that were made to collide do not take long', () => {
    const bytes = Buffer.from(collidingLines(100_000).join(''), 'latin1');
    const before = process.cpuUsage();
    expect(new LineReader().read(bytes).ids).toHaveLength(100_000);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });
});
