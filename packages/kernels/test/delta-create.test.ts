import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBytes, ascii, concat, hex, noise, prose } from './support/bytes.js';
import { VARIANTS } from './support/variants.js';

/** A base, and a target made of it by cutting, moving, repeating and adding. */
const edits = fc
  .tuple(
    anyBytes,
    fc.array(fc.oneof(fc.tuple(fc.nat(), fc.nat(5000)), fc.tuple(fc.nat(), fc.nat()), fc.uint8Array()), {
      maxLength: 12,
    }),
  )
  .map(([base, parts]) => {
    const pieces = parts.map((part) => {
      if (part instanceof Uint8Array) return part;
      const start = part[0] % (base.length + 1);
      return base.subarray(start, start + (part[1] % (base.length + 1)));
    });
    return { base, target: concat(...pieces) };
  });

describe.each(VARIANTS)('createDelta (%s)', (_variant, kernels) => {
  const { applyDelta, createDelta, createDeltaIndex, DeltaStatus, readDeltaSizes } = kernels;

  /** The delta, or `undefined` where it gave up; nothing around it may be touched. */
  function create(base: Uint8Array, target: Uint8Array, maxSize = 40 + 2 * target.length): Uint8Array | undefined {
    const output = new Uint8Array(8 + maxSize + 8).fill(0xc5);
    const size = createDelta(base, 0, base.length, target, 0, target.length, output, 8, maxSize);
    expect(hex(output.subarray(0, 8))).toBe('c5'.repeat(8));
    expect(hex(output.subarray(8 + maxSize))).toBe('c5'.repeat(8));
    expect(size).toBeLessThanOrEqual(maxSize);
    return size < 0 ? undefined : output.slice(8, 8 + size);
  }

  function apply(base: Uint8Array, delta: Uint8Array): Uint8Array {
    const { resultSize } = readDeltaSizes(delta, 0, delta.length)!;
    const output = new Uint8Array(resultSize);
    expect(applyDelta(base, 0, base.length, delta, 0, delta.length, output, 0, resultSize)).toBe(DeltaStatus.done);
    return output;
  }

  test('gives what applyDelta makes the target of, whatever was edited', () => {
    fc.assert(
      fc.property(edits, ({ base, target }) => {
        const delta = create(base, target)!;
        expect(Buffer.compare(apply(base, delta), target)).toBe(0);
        expect(create(base, target)).toEqual(delta);
        // Exactly as much room is enough; one byte less is not.
        expect(create(base, target, delta.length)).toEqual(delta);
        expect(create(base, target, delta.length - 1)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same within arenas, with an index used before', () => {
    let index = createDeltaIndex(noise(500));
    fc.assert(
      fc.property(edits, fc.nat(40), ({ base, target }, margin) => {
        const arena = concat(noise(margin), base, noise(7), target, noise(margin));
        const baseEnd = margin + base.length;
        const targetStart = baseEnd + 7;
        index = createDeltaIndex(arena, margin, baseEnd, index);
        const output = new Uint8Array(40 + 2 * target.length);
        const { length: room } = output;
        const targetEnd = targetStart + target.length;
        const size = createDelta(arena, margin, baseEnd, arena, targetStart, targetEnd, output, 0, room, index);
        expect(output.slice(0, size)).toEqual(create(base, target));
      }),
    );
  });

  describe('is small for', () => {
    const text = prose(20_000);
    const changed = text.slice();
    changed[9_000] = 0;
    const cases: [what: string, base: Uint8Array, target: Uint8Array, most: number][] = [
      ['the base itself', text, text, 3 + 3 + 3],
      ['one byte changed', text, changed, 3 + 3 + 3 + 2 + 2 * 5],
      ['one byte before', text, concat(ascii('!'), text), 3 + 3 + 2 + 3],
      ['one byte after', text, concat(text, ascii('!')), 3 + 3 + 3 + 2],
      ['a piece cut out', text, concat(text.subarray(0, 5000), text.subarray(5100)), 3 + 3 + 3 + 2 * 5],
      ['two halves swapped', text, concat(text.subarray(10_000), text.subarray(0, 10_000)), 3 + 3 + 6 + 6],
      ['200 kB of noise, in copies of at most 64 KiB', noise(200_000), noise(200_000), 3 + 3 + 4 * 6],
      ['a long run of one byte', new Uint8Array(5000), new Uint8Array(90_000), 2 + 3 + 20 * 5],
    ];
    test.each(cases)('%s', (_what, base, target, most) => {
      const delta = create(base, target)!;
      expect(delta.length).toBeLessThanOrEqual(most);
      expect(Buffer.compare(apply(base, delta), target)).toBe(0);
    });
  });

  test('gives up early where the target has nothing of the base', () => {
    const target = noise(1_000_000, 7);
    expect(create(noise(1_000_000, 3), target, 1000)).toBeUndefined();
    expect(create(new Uint8Array(0), target, 1_000_000)).toBeUndefined();
    expect(create(new Uint8Array(0), ascii('0123'), 1)).toBeUndefined();
  });

  test('inserts where the base is smaller than a block, and makes nothing of nothing', () => {
    expect(create(ascii('abc'), ascii('abc'))).toEqual(Uint8Array.of(3, 3, 3, 97, 98, 99));
    expect(create(ascii('abc'), ascii(''))).toEqual(Uint8Array.of(3, 0));
  });

  test('takes time in proportion where base and target repeat themselves', () => {
    const base = concat(...Array.from({ length: 3000 }, (_, at) => ascii(`0123456789abcdef${at % 7 ? '' : at}`)));
    const target = concat(...Array.from({ length: 3000 }, (_, at) => ascii(`0123456789abcdef${at % 5 ? '' : at}`)));
    expect(Buffer.compare(apply(base, create(base, target)!), target)).toBe(0);
  });

  test('refuses ranges outside of its buffers, and an index of something else', () => {
    const bytes = noise(100);
    const output = new Uint8Array(300);
    const index = createDeltaIndex(bytes);
    const calls: (() => unknown)[] = [
      () => createDelta(bytes, -1, 10, bytes, 0, 10, output, 0),
      () => createDelta(bytes, 0, 101, bytes, 0, 10, output, 0),
      () => createDelta(bytes, 0, 100, bytes, 11, 10, output, 0),
      () => createDelta(bytes, 0, 100, bytes, 0, 101, output, 0),
      () => createDelta(bytes, 0, 100, bytes, 0, 10, output, 301),
      () => createDelta(bytes, 0, 99, bytes, 0, 10, output, 0, 300, index),
      () => createDelta(bytes, 0, 100, bytes, 0, 10, output, 0, 300, { baseSize: 100, byteLength: 0 }),
      () => createDeltaIndex(bytes, 0, 101),
    ];
    for (const call of calls) expect(call).toThrow(RangeError);
  });
});
