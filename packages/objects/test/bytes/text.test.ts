import {
  decodeLatin1,
  decodeText,
  decodeUtf8,
  decodeUtf8Exact,
  encodeAscii,
  encodeUtf8,
  toBytes,
} from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('UTF-8', () => {
  test('text survives, with a byte order mark too', () => {
    expect(decodeUtf8(encodeUtf8('\ufeffgr\u00fc\u00df'))).toBe('\ufeffgr\u00fc\u00df');
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeUtf8(encodeUtf8(text)) === text));
  });

  test('bytes that are no UTF-8 are replaced, or refused where they must come back', () => {
    expect(decodeUtf8(Uint8Array.of(0x61, 0xff))).toBe('a\ufffd');
    expect(decodeUtf8Exact(Uint8Array.of(0x61, 0xff))).toBeUndefined();
    expect(decodeUtf8Exact(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\ufeff');
  });
});

describe('decodeText', () => {
  const cases: [encoding: string | undefined, bytes: number[], text: string][] = [
    [undefined, [0xc3, 0xa9], '\u00e9'],
    ['UTF-8', [0xc3, 0xa9], '\u00e9'],
    ['utf8', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    ['ISO-8859-1', [0xe9], '\u00e9'],
    ['ISO-8859-2', [0xb1], '\u0105'],
    ['no-such-encoding', [0xc3, 0xa9], '\u00e9'],
    ['', [0x61], 'a'],
  ];
  test.each(cases)('%s', (encoding, bytes, text) => {
    expect(decodeText(Uint8Array.from(bytes), encoding)).toBe(text);
  });
});

describe('single bytes', () => {
  test('latin1 keeps all 256 apart', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect([...decodeLatin1(all)].map((character) => character.charCodeAt(0))).toEqual([...all]);
    expect(decodeLatin1(all, 0x41, 0x44)).toBe('ABC');
  });

  test('ascii refuses what is not', () => {
    expect(encodeAscii('tree ')).toEqual(Uint8Array.of(116, 114, 101, 101, 32));
    expect(() => encodeAscii('\u00e9')).toThrow(RangeError);
  });

  test('toBytes takes text and bytes', () => {
    const bytes = Uint8Array.of(1);
    expect(toBytes(bytes)).toBe(bytes);
    expect(toBytes('\u00e9')).toEqual(Uint8Array.of(0xc3, 0xa9));
  });
});
