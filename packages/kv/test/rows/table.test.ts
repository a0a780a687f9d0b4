import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const ROWS = [...numbers(1, 35).map((n) => `M${n}`), ...numbers(1, 46).map((n) => `K${n}`)];

/** Every row that a text names: `M22`, and all of `M30 to M33`. */
function rowsIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, letter = '', first, last] of text.matchAll(/\b([MK])(\d+)\b(?: to [MK](\d+)\b)?/g)) {
    for (const n of numbers(Number(first), Number(last ?? first))) found.add(`${letter}${n}`);
  }
  return found;
}

test('Each row of the interface and of the first git-kv has its line, and the tests there name it', () => {
  const table = new Map<string, string>();
  for (const [, rows = '', tests = ''] of read('COMPATIBILITY.md').matchAll(
    /^\| ([MK]\d[^|]*) \| [^|]* \| ([^|]*) \|$/gm,
  )) {
    for (const row of rowsIn(rows)) table.set(row, tests);
  }
  expect(ROWS.filter((row) => !table.has(row))).toEqual([]);
  const unnamed: string[] = [];
  for (const [row, tests] of table) {
    const [own = '', programs = ''] = tests.split('cli: ');
    const files = (list: string, of: string): string[] =>
      list
        .split(/, ?/)
        .filter(Boolean)
        .map((file) => `packages/${of}/test/${file}.test.ts`);
    const all = [...files(own, 'kv'), ...files(programs, 'cli')];
    const isNamed = (file: string): boolean => rowsIn(read(file)).has(row);
    // A line of several rows lists the files of all of them.
    const isLineOfOne = !programs || own !== '';
    if (isLineOfOne ? !all.every(isNamed) : !all.some(isNamed)) unnamed.push(`${row}: ${all.join(', ')}`);
  }
  expect(unnamed).toEqual([]);
});
