import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultLimits } from '@git-kv/objects';
import { DEFAULT_PACK_LIMITS } from '@git-kv/pack';
import { protocolLimits } from '@git-kv/protocol';
import { DEFAULT_CONNECTION_LIMITS } from '@git-kv/server/node';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SERVER_LIMITS } from '../packages/server/src/limits.js';

// docs/limits.md says what is bounded, by how much, and which test holds it.

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/limits.md'), 'utf8');

/** The cells of the rows of the table in a section, without marks of code. */
function rowsOf(section: string): string[][] {
  const text = page.split('\n## ').find((part) => part.startsWith(`${section}\n`)) ?? '';
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '')),
  );
}

function numberOf(text: string): number {
  if (text === 'none') return Number.MAX_SAFE_INTEGER;
  const [digits = '', unit] = text.split(' ');
  return Number(digits.replaceAll(',', '')) * (unit === 'MiB' ? 2 ** 20 : 1);
}

describe.each([
  ['Objects and trees', defaultLimits],
  ['Packs', DEFAULT_PACK_LIMITS],
  ['The protocol', protocolLimits(undefined)],
  ['Servers', { ...DEFAULT_SERVER_LIMITS, ...DEFAULT_CONNECTION_LIMITS }],
])('the limits of the page: %s', (section, defaults) => {
  const rows = rowsOf(section);

  test('are all there are, with their defaults', () => {
    const told = rows.map(([name = '', value = '']) => [name, numberOf(value)]);
    expect(Object.fromEntries(told)).toEqual(defaults);
    expect(told).toHaveLength(Object.keys(defaults).length);
  });

  test.each(rows)('%s of %s: a test names it', (name, _value, _what, path = '') => {
    expect(readFileSync(join(root, path), 'utf8')).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

test.each(rowsOf('Rules'))('the rule has its test: %s', (_rule, path = '', title = '') => {
  expect(existsSync(join(root, path))).toBe(true);
  expect(readFileSync(join(root, path), 'utf8')).toContain(title);
});
