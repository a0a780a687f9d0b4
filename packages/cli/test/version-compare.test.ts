import { expect, test } from 'vitest';
import { compareVersions } from '../src/version-compare.js';

test('versions stand in the order of strverscmp(3)', () => {
  const sorted = [
    '000',
    '00',
    '01',
    '010',
    '09',
    '0',
    '1',
    '9',
    '10',
    'a',
    'a.1',
    'a.9',
    'a.10',
    'a1',
    'a02',
    'a2',
    'b',
  ];
  const order = ['000', '00', '01', '010', '09', '0', '1', '9', '10'];
  expect([...order].reverse().sort(compareVersions)).toEqual(order);
  for (const a of sorted) {
    expect(compareVersions(a, a)).toBe(0);
    for (const b of sorted) expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
  }
});
