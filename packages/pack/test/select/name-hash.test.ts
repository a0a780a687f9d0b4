import { packNameHash } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { ascii } from '../support/craft.js';

describe('packNameHash', () => {
  const cases: [path: string, hash: number][] = [
    ['', 0],
    ['a', 0x61000000],
    ['ab', 0x7a400000],
    ['a b', 0x7a400000],
  ];
  test.each(cases)('of %j', (path, hash) => {
    expect(packNameHash(path)).toBe(hash);
    expect(packNameHash(ascii(path))).toBe(hash);
    expect(packNameHash(path.slice(1), packNameHash(path.slice(0, 1)))).toBe(hash);
  });

  test('hardly minds what stands more than sixteen characters before the end', () => {
    const one = packNameHash('one/directory/of/some/client-test.js');
    expect(Math.abs(one - packNameHash('another/directory/client-test.js'))).toBeLessThan(4);
    expect(Math.abs(one - packNameHash('one/directory/of/some/client-test.ts'))).toBeGreaterThan(2 ** 22);
  });
});
