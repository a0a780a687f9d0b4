import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashPath } from '../../src/commit-graph/path-filter.js';
import { fullPathFilter, MAX_FILTER_PATHS, makePathFilter, mayContainPath } from '../../src/index.js';

describe('hashPath', () => {
  test.each([
    ['', 0, 0x00000000],
    ['Hello world!', 0, 0x627b0c2c],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723],
  ])('is MurmurHash3 of %j', (text, seed, hash) => {
    expect(hashPath(text, seed)).toBe(hash);
  });

  test('takes bytes of 0x80 and more for negative numbers, as filters of version 1 were made', () => {
    // One byte -1 in the tail is 0xffffffff, not 0xff: not what MurmurHash3 gives.
    expect(hashPath('\xff', 0)).not.toBe(0xfd6cf10d);
    expect(hashPath('\x7f\x7f', 1)).not.toBe(hashPath('\xff\x7f', 1));
  });
});

describe('makePathFilter', () => {
  test.each<[string, string[], number[]]>([
    ['no path: one byte that contains none', [], [0x00]],
    ['more than fit: one byte that contains all', paths(MAX_FILTER_PATHS + 1), [0xff]],
    ['too many with their directories', paths(MAX_FILTER_PATHS, 'd/'), [0xff]],
  ])('%s', (_case, changed, bytes) => {
    expect([...makePathFilter(changed)]).toEqual(bytes);
  });

  test.each([
    [1, 2],
    [2, 3],
    [4, 5],
    [MAX_FILTER_PATHS, 640],
  ])('of %d paths takes %d bytes: ten bits each', (count, size) => {
    expect(makePathFilter(paths(count))).toHaveLength(size);
  });

  test('counts a directory once', () => {
    expect(makePathFilter(['a/b/c', 'a/b/d', 'a'])).toHaveLength(Math.ceil((4 * 10) / 8));
  });

  test('contains what it is made of and its directories, and rarely anything else', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '\xe9', '\xff', ' '), minLength: 1, maxLength: 6 });
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 20 }), (changed) => {
        const filter = makePathFilter(changed);
        for (const one of changed) {
          for (let end = one.length; end > 0; end = one.lastIndexOf('/', end - 1)) {
            expect(mayContainPath(filter, one.slice(0, end))).toBe(true);
          }
        }
      }),
    );
    const filter = makePathFilter(paths(500));
    const strangers = Array.from({ length: 1000 }, (_, index) => `other/${index}`);
    expect(strangers.filter((one) => mayContainPath(filter, one)).length).toBeLessThan(40);
  });

  test('full, everything may have changed; without a filter, too', () => {
    expect(mayContainPath(fullPathFilter(), 'any/path')).toBe(true);
    expect(mayContainPath(new Uint8Array(0), 'any/path')).toBe(true);
    expect(mayContainPath(makePathFilter([]), 'any/path')).toBe(false);
  });
});

function paths(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}file-${index}`);
}
