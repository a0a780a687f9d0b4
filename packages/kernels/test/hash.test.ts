import * as crypto from 'node:crypto';
import type { HashName } from '@git-kv/kernels';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, ascii, concat, hex, noise } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

const NAMES: readonly HashName[] = ['sha1', 'sha256'];

const judge = (name: HashName, bytes: Uint8Array): string => crypto.createHash(name).update(bytes).digest('hex');

/** The message of 896 bits of the FIPS 180 examples. */
const LONG_MESSAGE =
  'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu';

/** FIPS 180-4 examples, and object ids that git prints. */
const GOLDEN: [name: HashName, message: string, digest: string][] = [
  ['sha1', '', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['sha1', 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ['sha1', 'a'.repeat(1_000_000), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
  ['sha1', LONG_MESSAGE, 'a49b2446a02c645bf419f995b67091253a04a259'],
  ['sha1', 'blob 16\0what is up, doc?', 'bd9dbf5aae1a3862dd1526723246b20206e5fc37'],
  ['sha1', 'tree 0\0', '4b825dc642cb6eb9a060e54bf8d69288fbee4904'],
  ['sha256', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'sha256',
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['sha256', 'a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ['sha256', LONG_MESSAGE, 'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1'],
  ['sha256', 'tree 0\0', '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321'],
];

describe.each(VARIANTS)('%s hashing', (_variant, { createHash, digest, digestInto, digestSize, hashBatch }) => {
  test.each(GOLDEN.map(([name, message, expected]) => [name, message.slice(0, 60), message, expected] as const))(
    '%s of %j',
    (name, _shown, message, expected) => {
      expect(hex(digest(name, ascii(message)))).toBe(expected);
      expect(hex(createHash(name).update(ascii(message)).digest())).toBe(expected);
      const bounds = Int32Array.from({ length: 10 }, (_, bound) => (bound % 2) * message.length);
      const digests = new Uint8Array(5 * digestSize(name));
      hashBatch(name, ascii(message), bounds, 5, digests);
      expect(hex(digests)).toBe(expected.repeat(5));
    },
  );

  describe.each(NAMES)('%s', (name) => {
    const size = name === 'sha1' ? 20 : 32;

    test('has digests of its size, in arrays of their own', () => {
      expect(digestSize(name)).toBe(size);
      for (const length of [3, 300, 30_000]) {
        for (const made of [digest(name, noise(length)), createHash(name).update(noise(length)).digest()]) {
          expect(Object.getPrototypeOf(made)).toBe(Uint8Array.prototype);
          expect([made.length, made.buffer.byteLength]).toEqual([size, size]);
        }
      }
    });

    test('of every length up to five blocks, in one piece and in two', () => {
      const bytes = noise(320);
      for (let length = 0; length <= bytes.length; length++) {
        const message = bytes.subarray(0, length);
        expect([length, hex(digest(name, message))]).toEqual([length, judge(name, message)]);
        const half = length >> 1;
        const hasher = createHash(name).update(message.subarray(0, half)).update(message.subarray(half));
        expect([length, hex(hasher.digest())]).toEqual([length, judge(name, message)]);
      }
    });

    test('in pieces of any size, as in one', () => {
      fc.assert(
        fc.property(fc.array(anyBytes, { maxLength: 6 }), (pieces) => {
          const hasher = createHash(name);
          for (const piece of pieces) hasher.update(piece);
          expect(hex(hasher.digest())).toBe(judge(name, concat(...pieces)));
        }),
      );
    });

    test('cut anywhere', () => {
      const bytes = noise(9000);
      const expected = judge(name, bytes);
      for (let cut = 0; cut <= bytes.length; cut += cut < 130 || cut > 8100 ? 1 : 61) {
        const hasher = createHash(name).update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
        expect([cut, hex(hasher.digest())]).toEqual([cut, expected]);
      }
    });

    test('computations that run side by side do not mix', () => {
      const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(5000)), { maxLength: 40 });
      fc.assert(
        fc.property(steps, (moves) => {
          const hashers = [0, 1, 2, 3].map(() => createHash(name));
          const messages: Uint8Array[][] = [[], [], [], []];
          for (const [which, length] of moves) {
            const piece = noise(length, which + length);
            hashers[which]!.update(piece);
            messages[which]!.push(piece);
            // One that is begun and dropped is in nobody's way.
            createHash(name).update(piece.subarray(0, 10));
            piece.fill(0);
            messages[which]![messages[which]!.length - 1] = noise(length, which + length);
          }
          for (const [which, hasher] of hashers.entries()) {
            expect(hex(hasher.digest())).toBe(judge(name, concat(...messages[which]!)));
          }
        }),
      );
    });

    test('counts the length of a message beyond 2^29 bytes, where the bits pass 2^32', { timeout: 120_000 }, () => {
      const piece = new Uint8Array(1 << 24);
      const hasher = createHash(name);
      const native = crypto.createHash(name);
      for (let turn = 0; turn < 33; turn++) {
        hasher.update(piece);
        native.update(piece);
      }
      expect(hex(hasher.digest())).toBe(native.digest('hex'));
    });

    test('ends with the digest', () => {
      const hasher = createHash(name).update(ascii('abc'));
      hasher.digest();
      expect(() => hasher.update(ascii('d'))).toThrow(TypeError);
      expect(() => hasher.digest()).toThrow(TypeError);
    });

    test('digestInto reads its range and writes its digest, nothing else', () => {
      const input = noise(3000);
      for (const [start, end] of [
        [0, 0],
        [1, 1],
        [5, 60],
        [64, 128],
        [1, 500],
        [0, 3000],
        [2999, 3000],
      ] as const) {
        const output = new Uint8Array(size + 4).fill(0xc5);
        digestInto(name, input, start, end, output, 2);
        expect(hex(output)).toBe(`c5c5${judge(name, input.subarray(start, end))}c5c5`);
      }
    });

    test('digestInto may write over its input', () => {
      const arena = noise(1000);
      const expected = judge(name, arena.subarray(100, 900));
      digestInto(name, arena, 100, 900, arena, 200);
      expect(hex(arena.subarray(200, 200 + size))).toBe(expected);
    });

    test('digestInto refuses ranges outside of its buffers', () => {
      const input = noise(1000);
      const output = new Uint8Array(size);
      for (const [start, end, at] of [
        [-1, 5, 0],
        [6, 5, 0],
        [0, 1001, 0],
        [0, 5, 1],
        [0, 5, -1],
        [0, 900, 1],
        [0, Number.NaN, 0],
      ] as const) {
        expect(() => digestInto(name, input, start, end, output, at)).toThrow(RangeError);
      }
    });

    test('hashBatch writes the digests one after another', () => {
      fc.assert(
        fc.property(anyBytes, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }), (input, pairs) => {
          const bounds: number[] = [];
          for (const [a, b] of pairs) {
            const [start, end] = [a % (input.length + 1), b % (input.length + 1)].sort((x, y) => x - y) as [
              number,
              number,
            ];
            bounds.push(start, end);
          }
          const output = new Uint8Array(pairs.length * size + 1).fill(0xc5);
          hashBatch(name, input, Int32Array.from([...bounds, -1, -1]), pairs.length, output);
          for (let piece = 0; piece < pairs.length; piece++) {
            const message = input.subarray(bounds[2 * piece]!, bounds[2 * piece + 1]!);
            expect(hex(output.subarray(piece * size, (piece + 1) * size))).toBe(judge(name, message));
          }
          expect(output.at(-1)).toBe(0xc5);
        }),
      );
    });

    test('hashBatch refuses what does not fit', () => {
      const input = noise(100);
      expect(() => hashBatch(name, input, Int32Array.of(0, 5), 2, new Uint8Array(99))).toThrow(RangeError);
      expect(() => hashBatch(name, input, Int32Array.of(0, 5, 0, 101), 2, new Uint8Array(99))).toThrow(RangeError);
      expect(() => hashBatch(name, input, Int32Array.of(0, 5, 0, 9), 2, new Uint8Array(2 * size - 1))).toThrow(
        RangeError,
      );
    });
  });

  test('refuses an algorithm it does not know', () => {
    const unknown = 'md5' as HashName;
    expect(() => createHash(unknown)).toThrow(TypeError);
    expect(() => digest(unknown, noise(500))).toThrow(TypeError);
    expect(() => digestInto(unknown, noise(500), 0, 500, new Uint8Array(64), 0)).toThrow(TypeError);
    expect(() => digestSize(unknown)).toThrow(TypeError);
  });
});
