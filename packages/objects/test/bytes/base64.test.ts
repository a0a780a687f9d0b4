import { decodeBase64, encodeBase64 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('base64', () => {
  test('of any bytes is that of Node, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
  });

  test.each([
    'A',
    'AA',
    'AAA',
    'A===',
    '====',
    'AA=A',
    'AB==',
    'AAB=',
    'AA==AA==',
    'AA-_',
    'AA A',
    'AAA\n',
    'AAAé',
    'AA=',
  ])('%j is not taken', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  test('is the one text for its bytes, whatever is taken', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12, unit: fc.constantFrom(...'AQgwB/+=z') }), (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== undefined) expect(encodeBase64(bytes)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
