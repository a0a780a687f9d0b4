import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, ascii, noise } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

/** CRC-32 a bit at a time. */
function slowCrc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Adler-32 a byte at a time. */
function slowAdler32(bytes: Uint8Array, seed = 1): number {
  let low = seed & 0xffff;
  let high = seed >>> 16;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

describe.each(VARIANTS)('%s checksums', (_variant, { crc32, adler32, createArena }) => {
  const checksums: [name: string, sum: typeof crc32, slow: typeof slowCrc32, golden: [string, number][]][] = [
    [
      'crc32',
      crc32,
      slowCrc32,
      [
        ['', 0],
        ['a', 0xe8b7be43],
        ['123456789', 0xcbf43926],
      ],
    ],
    [
      'adler32',
      adler32,
      slowAdler32,
      [
        ['', 1],
        ['a', 0x00620062],
        ['Wikipedia', 0x11e60398],
      ],
    ],
  ];

  describe.each(checksums)('%s', (_name, sum, slow, golden) => {
    test.each(golden)('of %j', (text, value) => {
      expect(sum(ascii(text))).toBe(value);
    });

    test('of every size around a step, at every offset', () => {
      const bytes = noise(600);
      for (let start = 0; start < 9; start++) {
        for (const end of [start, start + 1, 15, 16, 17, 31, 255, 256, 257, 263, 264, 265, 500, 600]) {
          expect([start, end, sum(bytes, start, end)]).toEqual([start, end, slow(bytes.subarray(start, end))]);
        }
      }
    });

    test('of bytes that make the sums as large as they get', () => {
      const bytes = new Uint8Array(100_000).fill(255);
      expect(sum(bytes)).toBe(slow(bytes));
      expect(sum(bytes, 0, bytes.length, 0xfff0fff0)).toBe(slow(bytes, 0xfff0fff0));
    });

    test('goes on from the sum of what came before, wherever the cut is', () => {
      fc.assert(
        fc.property(anyBytes, fc.nat(), (bytes, where) => {
          const cut = where % (bytes.length + 1);
          expect(sum(bytes, cut, bytes.length, sum(bytes, 0, cut))).toBe(slow(bytes));
        }),
      );
    });
  });

  test('crc32 of bytes in an arena, and of more than is copied at a time', () => {
    const bytes = noise(2_500_000);
    const arena = createArena(bytes.length);
    arena.set(bytes);
    for (const [start, end] of [
      [0, 10],
      [5, 40],
      [1, 700],
      [3, 2_500_000],
    ] as const) {
      const expected = slowCrc32(bytes.subarray(start, end), 77);
      expect(crc32(bytes, start, end, 77)).toBe(expected);
      expect(crc32(arena, start, end, 77)).toBe(expected);
    }
  });

  test.skipIf(zlib.crc32 === undefined)('crc32 is that of node:zlib', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(crc32(bytes)).toBe(zlib.crc32(bytes));
      }),
    );
  });
});
