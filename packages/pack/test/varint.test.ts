import { decodeOfsDistance, encodeOfsDistance } from '@git-kv/pack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes } from './support/craft.js';

describe('ofs-delta distance', () => {
  // git adds one before each further group, so two bytes begin at 128 and three at 16512.
  test.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x00]],
    [16511, [0xff, 0x7f]],
    [16512, [0x80, 0x80, 0x00]],
    [2 ** 31, [0x86, 0xfe, 0xfe, 0xff, 0x00]],
  ])('%d is written as git writes it', (distance, encoded) => {
    expect([...encodeOfsDistance(distance)]).toEqual(encoded);
    expect(decodeOfsDistance(bytes(...encoded), 0)).toEqual({ value: distance, end: encoded.length });
  });

  test('survives a round trip, and any cut asks for more', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (distance) => {
        const encoded = encodeOfsDistance(distance);
        expect(decodeOfsDistance(encoded, 0)).toEqual({ value: distance, end: encoded.length });
        for (let end = 0; end < encoded.length; end++) expect(decodeOfsDistance(encoded, 0, end)).toBeUndefined();
      }),
    );
  });

  test('0x80 for ever is refused', () => {
    expect(() => decodeOfsDistance(new Uint8Array(1000).fill(0x80), 0)).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    );
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])('%d is not encoded', (distance) => {
    expect(() => encodeOfsDistance(distance)).toThrow(RangeError);
  });
});
