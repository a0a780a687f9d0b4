import { compareBytes, concatBytes, equalBytes, startsWithBytes } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('concatBytes', () => {
  test('joins what any iterable gives, in a buffer of its own', () => {
    const part = Uint8Array.of(1, 2);
    const joined = concatBytes(new Set([part, Uint8Array.of(3)]));
    part[0] = 9;
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    expect(concatBytes([])).toEqual(new Uint8Array(0));
  });
});

describe('comparison of bytes', () => {
  test('agrees with Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6, max: 3 }), fc.uint8Array({ maxLength: 6, max: 3 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  test('is unsigned, and puts a prefix first', () => {
    expect(compareBytes(Uint8Array.of(0x7f), Uint8Array.of(0x80))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
  });
});

test('startsWithBytes looks at an offset and not past the end', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(startsWithBytes(bytes, Uint8Array.of(1, 2))).toBe(true);
  expect(startsWithBytes(bytes, Uint8Array.of(2, 3), 1)).toBe(true);
  expect(startsWithBytes(bytes, Uint8Array.of(3, 4), 2)).toBe(false);
  expect(startsWithBytes(bytes, new Uint8Array(0), 3)).toBe(true);
});
