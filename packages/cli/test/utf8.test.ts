import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repairUtf8 } from '../src/utf8.js';

describe('repairUtf8', () => {
  test('leaves text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(repairUtf8(bytes)).toBe(bytes);
      }),
    );
  });

  const cases: [what: string, bytes: number[], repaired: number[]][] = [
    ['a byte of Latin-1', [0x61, 0xe4, 0x62], [0x61, 0xc3, 0xa4, 0x62]],
    ['a cut sequence at the end', [0xe2, 0x82], [0xc3, 0xa2, 0xc2, 0x82]],
    ['a sequence longer than it need be', [0xc0, 0x80], [0xc3, 0x80, 0xc2, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80], [0xc3, 0xad, 0xc2, 0xa0, 0xc2, 0x80]],
    ['a code point that is none', [0xef, 0xbf, 0xbe], [0xc3, 0xaf, 0xc2, 0xbf, 0xc2, 0xbe]],
    ['a code point past the last', [0xf4, 0x90, 0x80, 0x80], [0xc3, 0xb4, 0xc2, 0x90, 0xc2, 0x80, 0xc2, 0x80]],
    [
      'and keeps what is whole around it',
      [0xc3, 0xa4, 0xff, 0xe2, 0x82, 0xac],
      [0xc3, 0xa4, 0xc3, 0xbf, 0xe2, 0x82, 0xac],
    ],
  ];
  test.each(cases)('takes the bytes of %s for Latin-1', (_what, bytes, repaired) => {
    expect([...repairUtf8(Uint8Array.from(bytes))]).toEqual(repaired);
  });
});
