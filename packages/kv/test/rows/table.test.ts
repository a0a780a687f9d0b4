import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const LAST = { M: 35, K: 46, T: 18, G: 19 };
/** What gitkv is said to be bad at: nothing to hold. */
const NO_PROMISE = 'G18';
const ROWS = Object.entries(LAST).flatMap(([letter, last]) => numbers(1, last).map((n) => `${letter}${n}`));

/** Every row that a text names: `M22`, and all of `M30 to M33`. */
function rowsIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, letter = '', first, last] of text.matchAll(/\b([MKTG])(\d+)\b(?: to [MKTG](\d+)\b)?/g)) {
    for (const n of numbers(Number(first), Number(last ?? first))) found.add(`${letter}${n}`);
  }
  return found;
}

/** The files of `rows/a, b, cli c, d`: those after `cli` are of the programs. */
function filesIn(list: string): string[] {
  const [own = '', programs = ''] = list.split(/\bcli:? /);
  const paths = (names: string, of: string): string[] =>
    names
      .split(/, ?/)
      .filter((name) => name.trim() !== '')
      .map((name) => `packages/${of}/test/${name.trim()}.test.ts`);
  return [...paths(own, 'kv'), ...paths(programs, 'cli')];
}

test('Each row of the contract has its line, and the tests that it lists name it', () => {
  const table = new Map<string, string[]>();
  for (const [, rows = '', list = ''] of read('COMPATIBILITY.md').matchAll(
    /^\| ([MKTG]\d[^|]*) \| [^|]* \| ([^|]*) \|$/gm,
  )) {
    for (const row of rowsIn(rows)) table.set(row, filesIn(list));
  }
  expect(ROWS.filter((row) => !table.has(row))).toEqual([]);
  const unnamed = ROWS.filter(
    (row) => row !== NO_PROMISE && !table.get(row)?.some((file) => rowsIn(read(file)).has(row)),
  );
  expect(unnamed).toEqual([]);
});
