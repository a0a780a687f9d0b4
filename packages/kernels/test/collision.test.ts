import { spawnSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { possibleAttacks } from '../src/collision/filter.js';
import { listAttackVectors } from '../src/collision/vectors.js';
import { anyBytes, concat, hex, noise } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

const room = fileURLToPath(new URL('..', import.meta.url));
const fixture = (name: string): DataView => {
  const bytes = readFileSync(join(room, 'test/fixtures', name));
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
};
const sha1 = (bytes: Uint8Array): string => crypto.createHash('sha1').update(bytes).digest('hex');

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The message expansion, as FIPS 180-4 words it. */
function expand(block: readonly number[]): Int32Array {
  const words = new Int32Array(80);
  words.set(block);
  for (let step = 16; step < 80; step++) {
    words[step] = rotate(words[step - 3]! ^ words[step - 8]! ^ words[step - 14]! ^ words[step - 16]!, 1);
  }
  return words;
}

/** Xorshift, 32 bits: what the fixture's messages were made of. */
function* xorshift(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

describe('the conditions of the attacks', () => {
  test('are the ones that the kernels are written from', () => {
    const script = join(room, 'scripts/generate-sha1.mjs');
    expect(spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).toMatchObject({
      stderr: '',
      status: 0,
    });
  });

  // Masks that the reference (sha1collisiondetection, stable 2017) computes.
  test('are met by random messages as the reference says', () => {
    const golden = fixture('collision-masks.bin');
    const expected = new Map<number, number>();
    for (let at = 0; at < golden.byteLength; at += 8) expected.set(golden.getUint32(at), golden.getUint32(at + 4));
    const stream = xorshift(0x9e3779b9);
    let met = 0;
    for (let message = 0; message < 20_000; message++) {
      const block = Array.from({ length: 16 }, () => stream.next().value);
      const mask = possibleAttacks(expand(block)) >>> 0;
      if (mask !== (expected.get(message) ?? 0)) expect([message, mask]).toEqual([message, expected.get(message) ?? 0]);
      if (mask !== 0) met++;
    }
    expect(met).toBe(expected.size);
  });

  // For each vector a message that meets all of its conditions, and for each condition one that meets all but this.
  test('each shut out their vectors, and nothing else, as the reference says', () => {
    const golden = fixture('collision-conditions.bin');
    expect(golden.byteLength).toBe(405 * 68);
    for (let at = 0; at < golden.byteLength; at += 68) {
      const block = Array.from({ length: 16 }, (_, word) => golden.getUint32(at + 4 * word));
      expect([at, possibleAttacks(expand(block)) >>> 0]).toEqual([at, golden.getUint32(at + 64)]);
    }
  });

  test('belong to the vectors whose message differences the reference lists', () => {
    const lines = listAttackVectors().map(({ messageDifference, equalStep }, index) => {
      const words = [...messageDifference].map((word) => (word >>> 0).toString(16).padStart(8, '0'));
      return `${words.join('')} ${equalStep} ${index}\n`;
    });
    const digest = crypto.createHash('sha256').update(lines.join('')).digest('hex');
    expect(digest).toBe('763a917cc63667e2f19813ae4b536ba3893eb48aab517f40e64b7c8111744e4d');
  });
});

describe.each(VARIANTS)(
  'collision detection (%s)',
  (_variant, { createDetectingHash, digestDetecting, hashBatchDetecting }) => {
    /** The digest, and whether an attack was found. */
    function detect(bytes: Uint8Array): [digest: string, isFound: boolean] {
      const output = new Uint8Array(20);
      const isFound = digestDetecting(bytes, 0, bytes.length, output, 0);
      return [hex(output), isFound];
    }

    test('gives the digest of SHA-1, of every length up to five blocks', () => {
      const bytes = noise(320);
      for (let length = 0; length <= bytes.length; length++) {
        const message = bytes.subarray(0, length);
        expect([length, ...detect(message)]).toEqual([length, sha1(message), false]);
      }
    });

    test('of any bytes, in any pieces', () => {
      fc.assert(
        fc.property(fc.array(anyBytes, { maxLength: 6 }), (pieces) => {
          const whole = concat(...pieces);
          const hasher = createDetectingHash();
          for (const piece of pieces) hasher.update(piece);
          expect([hex(hasher.digest()), hasher.foundCollision]).toEqual([sha1(whole), false]);
          expect(detect(whole)).toEqual([sha1(whole), false]);
        }),
      );
    });

    test('flags none of 100,000 random blocks', () => {
      const block = noise(64 * 100_000, 77);
      expect(detect(block)).toEqual([sha1(block), false]);
    });

    // Set GIT_KV_SLOW to run it.
    test.skipIf(process.env.GIT_KV_SLOW === undefined)(
      'flags none of ten million random blocks',
      { timeout: 300_000 },
      () => {
        for (let turn = 0; turn < 10; turn++) {
          const blocks = new Uint8Array(crypto.randomBytes(64_000_000));
          expect(detect(blocks)).toEqual([sha1(blocks), false]);
        }
      },
    );

    test('hashBatchDetecting writes the digests one after another', () => {
      fc.assert(
        fc.property(anyBytes, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }), (input, pairs) => {
          const bounds = pairs.flatMap(([a, b]) =>
            [a % (input.length + 1), b % (input.length + 1)].sort((x, y) => x - y),
          );
          const output = new Uint8Array(pairs.length * 20 + 1).fill(0xc5);
          const found = new Uint8Array(pairs.length + 1).fill(0xc5);
          expect(hashBatchDetecting(input, Int32Array.from([...bounds, -1, -1]), pairs.length, output, found)).toBe(0);
          for (let piece = 0; piece < pairs.length; piece++) {
            const message = input.subarray(bounds[2 * piece]!, bounds[2 * piece + 1]!);
            expect(hex(output.subarray(piece * 20, (piece + 1) * 20))).toBe(sha1(message));
            expect(found[piece]).toBe(0);
          }
          expect([output.at(-1), found.at(-1)]).toEqual([0xc5, 0xc5]);
        }),
      );
    });

    test('refuses what does not fit', () => {
      const input = noise(100);
      const output = new Uint8Array(40);
      const found = new Uint8Array(2);
      for (const [bounds, count, digests, flags] of [
        [Int32Array.of(0, 5), 2, output, found],
        [Int32Array.of(0, 5, 0, 101), 2, output, found],
        [Int32Array.of(0, 5, 7, 5), 2, output, found],
        [Int32Array.of(0, 5, -1, 5), 2, output, found],
        [Int32Array.of(0, 5, 0, 9), 2, output.subarray(1), found],
        [Int32Array.of(0, 5, 0, 9), 2, output, found.subarray(1)],
        [Int32Array.of(0, 5, 0, 9), Number.NaN, output, found],
      ] as const) {
        expect(() => hashBatchDetecting(input, bounds, count, digests, flags)).toThrow(RangeError);
      }
      expect(() => digestDetecting(input, 0, 101, output, 0)).toThrow(RangeError);
      expect(() => digestDetecting(input, 5, 4, output, 0)).toThrow(RangeError);
      expect(() => digestDetecting(input, 0, 100, output, 21)).toThrow(RangeError);
    });

    test('ends with the digest', () => {
      const hasher = createDetectingHash().update(noise(100));
      hasher.digest();
      expect(() => hasher.update(noise(1))).toThrow(TypeError);
      expect(() => hasher.digest()).toThrow(TypeError);
    });

    describe.skipIf(process.env.GIT_KV_CORPORA === undefined)('of published collisions (GIT_KV_CORPORA)', () => {
      const files = ['shattered-1.pdf', 'shattered-2.pdf'];
      const read = (file: string): Uint8Array =>
        new Uint8Array(readFileSync(join(process.env.GIT_KV_CORPORA!, 'collisions', file)));
      const DIGEST = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a';

      test.each(files)('finds the one in %s, and tells its real digest', (file) => {
        expect(detect(read(file))).toEqual([DIGEST, true]);
        // The second of two blocks ends it: no more is needed, no less will do.
        expect(detect(read(file).subarray(0, 320))[1]).toBe(true);
        expect(detect(read(file).subarray(0, 319))[1]).toBe(false);
        expect(detect(noise(422435))[1]).toBe(false);
      });

      test.each(files)('finds the one in %s cut anywhere', (file) => {
        const bytes = read(file).subarray(0, 1000);
        const expected = [sha1(bytes), true];
        for (let cut = 0; cut <= bytes.length; cut++) {
          const hasher = createDetectingHash().update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
          expect([hex(hasher.digest()), hasher.foundCollision]).toEqual(expected);
        }
      });

      test('finds them among other pieces', () => {
        const parts = [noise(5000), read(files[0]!), noise(70), read(files[1]!), noise(3)];
        const bounds: number[] = [];
        for (const part of parts) bounds.push(bounds.at(-1) ?? 0, (bounds.at(-1) ?? 0) + part.length);
        const output = new Uint8Array(100);
        const found = new Uint8Array(5).fill(9);
        expect(hashBatchDetecting(concat(...parts), Int32Array.from(bounds), 5, output, found)).toBe(2);
        expect([...found]).toEqual([0, 1, 0, 1, 0]);
        for (const [index, part] of parts.entries()) {
          expect(hex(output.subarray(20 * index, 20 * index + 20))).toBe(sha1(part));
        }
      });

      test('finds as many as there are', () => {
        const pieces: Uint8Array[] = [];
        for (let piece = 0; piece < 200; piece++) {
          const file = files[piece % 2]!;
          pieces.push(piece % 3 === 0 ? read(file).subarray(0, 320 + 37 * (piece % 11)) : noise(20 * piece, piece));
        }
        const bounds: number[] = [];
        for (const piece of pieces) bounds.push(bounds.at(-1) ?? 0, (bounds.at(-1) ?? 0) + piece.length);
        for (const count of [200, 9, 4, 3, 1]) {
          const output = new Uint8Array(20 * count);
          const found = new Uint8Array(count);
          hashBatchDetecting(concat(...pieces), Int32Array.from(bounds), count, output, found);
          expect([...found]).toEqual(pieces.slice(0, count).map((_, piece) => (piece % 3 === 0 ? 1 : 0)));
          const digests = pieces.slice(0, count).map(sha1).join('');
          expect(hex(output)).toBe(digests);
        }
      });

      test('does not find them where a block is out of its place', () => {
        const bytes = read(files[0]!).subarray(0, 320);
        expect(detect(concat(noise(64), bytes))[1]).toBe(false);
        expect(detect(bytes.subarray(64))[1]).toBe(false);
      });
    });
  },
);
