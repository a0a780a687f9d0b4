import { Buffer } from 'node:buffer';
import { encodeUtf8 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copySmall, encodeSmall } from '../src/small-buffers.js';

const sized = fc.integer({ min: 0, max: 1100 }).map((size) => new Uint8Array(size).fill(size));

describe('small buffers', () => {
  test('hold what was put in, whatever comes after', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(sized, fc.uint8Array(), fc.string(), fc.string({ unit: 'binary' }))), (values) => {
        const held = values.map(
          (value) => (typeof value === 'string' ? encodeSmall(value) : copySmall(value)) as Uint8Array,
        );
        const wanted = values.map((value) => (typeof value === 'string' ? encodeUtf8(value) : value));
        expect(held.map((bytes, at) => Buffer.compare(bytes, wanted[at] ?? bytes))).toEqual(values.map(() => 0));
      }),
      { numRuns: 50 },
    );
  });

  test.each(['\ud800', 'x\udc00', `${'x'.repeat(2000)}\ud800`, '\udc00\ud800'])(
    'hold no half of a character',
    (text) => {
      expect(encodeSmall(text)).toBeUndefined();
    },
  );

  test.each([
    ['a Uint8Array', (length: number) => new Uint8Array(length)],
    // Its slice is a view.
    ["Node's Buffer", (length: number) => Buffer.alloc(length)],
  ])('are copies of %s', (_, make) => {
    for (const length of [3, 1024, 1025, 65_536]) {
      const given = make(length).fill(1);
      const held = copySmall(given);
      given.fill(9);
      expect(held.every((byte) => byte === 1)).toBe(true);
    }
  });
});
