import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex, noise } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

const judge = (name: string, bytes: Uint8Array): string => crypto.createHash(name).update(bytes).digest('hex');

const anySize = fc.oneof({ weight: 4, arbitrary: fc.nat(300) }, fc.nat(9000), fc.nat(150_000));

describe.each(VARIANTS)('a hash queue (%s)', (_variant, { createHashQueue, digestSize }) => {
  describe.each([
    ['sha1', true],
    ['sha1', false],
    ['sha256', true],
  ] as const)('for %s, detecting: %s', (name, detects) => {
    /** Hash pieces of these sizes out of one buffer that is used again and again, and flush after some. */
    function expectDigests(sizes: readonly number[], flushAfter: readonly number[]): void {
      const received: [ticket: number, digest: string, isCollision: boolean][] = [];
      const queue = createHashQueue(name, {
        detects,
        receive: (ticket, digests, start, isCollision) =>
          received.push([ticket, hex(digests.subarray(start, start + digestSize(name))), isCollision]),
      });
      const buffer = new Uint8Array(Math.max(0, ...sizes) + 9);
      const expected: typeof received = [];
      for (const [index, size] of sizes.entries()) {
        buffer.set(noise(size, index), 7);
        queue.add(buffer, 7, 7 + size, 1000 - index);
        expected.push([1000 - index, judge(name, noise(size, index)), false]);
        buffer.fill(0);
        if (flushAfter.includes(index)) {
          queue.flush();
          expect(received).toEqual(expected);
        }
      }
      queue.flush();
      queue.flush();
      expect(received).toEqual(expected);
    }

    test('gives every piece its digest, in order', () => {
      fc.assert(
        fc.property(fc.array(anySize, { maxLength: 20 }), fc.array(fc.nat(20)), (sizes, flushAfter) =>
          expectDigests(sizes, flushAfter),
        ),
        { numRuns: 25 },
      );
    });

    test.each([
      ['many small ones', Array.from({ length: 2500 }, (_, index) => index % 90)],
      ['one over what is gathered', [10, 2_500_000, 0, 20]],
      ['just what is gathered, twice', [2 << 20, 2 << 20]],
    ])('%s', (_what, sizes) => expectDigests(sizes, []));
  });

  test('refuses what lies outside its input', () => {
    const queue = createHashQueue('sha1', { receive: () => {} });
    for (const [start, end] of [
      [-1, 5],
      [6, 5],
      [0, 11],
      [Number.NaN, 5],
    ] as const) {
      expect(() => queue.add(noise(10), start, end, 0)).toThrow(RangeError);
    }
  });

  test.skipIf(process.env.GIT_KV_CORPORA === undefined)('tells which pieces are collisions (GIT_KV_CORPORA)', () => {
    const file = new Uint8Array(readFileSync(join(process.env.GIT_KV_CORPORA!, 'collisions/shattered-1.pdf')));
    const found: number[] = [];
    const receive = (ticket: number, _digests: Uint8Array, _start: number, isCollision: boolean): void => {
      if (isCollision) found.push(ticket);
    };
    for (const detects of [true, false]) {
      const queue = createHashQueue('sha1', { detects, receive });
      for (let ticket = 0; ticket < 20; ticket++) {
        if (ticket % 8 === 3) queue.add(file, 0, file.length, ticket);
        else queue.add(noise(900 * ticket), 0, 900 * ticket, ticket);
      }
      queue.flush();
    }
    expect(found).toEqual([3, 11, 19]);
  });
});
