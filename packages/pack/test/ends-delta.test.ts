import { applyDelta, DeltaStatus, readDeltaSizes } from '@git-kv/kernels';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeEndsDelta } from '../src/ends-delta.js';

const ROOM = 200;

/** What the delta makes of `base`, or `undefined` where none was written. */
function rebuilt(base: Uint8Array, target: Uint8Array): Uint8Array | undefined {
  const output = new Uint8Array(ROOM);
  const size = writeEndsDelta(base, target, output);
  if (size === undefined) return undefined;
  const delta = output.subarray(0, size);
  expect(readDeltaSizes(delta, 0, size)).toMatchObject({ baseSize: base.length, resultSize: target.length });
  const result = new Uint8Array(target.length);
  expect(applyDelta(base, 0, base.length, delta, 0, size, result, 0, target.length)).toBe(DeltaStatus.done);
  return result;
}

describe('A delta of what differs in one place', () => {
  const noise = (size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, at) => (at * 167 + (at >> 8)) & 0xff);

  test.each([
    ['one entry', 3000, 1000, 20, 20],
    ['the beginning', 300, 0, 20, 20],
    ['the end', 300, 280, 20, 20],
    ['bytes put in', 3000, 1000, 0, 127],
    ['bytes taken out', 3000, 1000, 500, 0],
    ['nothing', 3000, 1000, 0, 0],
    ['sizes with a byte that is zero', 65_535, 256, 20, 20],
    ['a copy of 256 bytes', 512, 256, 20, 20],
  ])('%s', (_, size, start, removed, added) => {
    const base = noise(size);
    const target = Uint8Array.from([
      ...base.subarray(0, start),
      ...new Uint8Array(Math.min(added, 65_535 - size + removed)).fill(1),
      ...base.subarray(start + removed),
    ]);
    expect(rebuilt(base, target)).toEqual(target);
  });

  test('is not made of what differs in more, is larger, or has no room', () => {
    const base = noise(3000);
    expect(rebuilt(base, noise(3000).fill(7, 100, 228))).toBeUndefined();
    expect(rebuilt(noise(65_536), noise(65_536))).toBeUndefined();
    expect(writeEndsDelta(base, base, new Uint8Array(100))).toBeUndefined();
  });

  test('makes the target, of any two', () => {
    const bytes = fc.uint8Array({ maxLength: 150, max: 3 });
    fc.assert(
      fc.property(bytes, bytes, (base, target) => {
        const result = rebuilt(base, target);
        if (target.length <= 127 || result !== undefined) expect(result).toEqual(target);
      }),
    );
  });
});
