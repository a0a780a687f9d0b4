import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { geometricSplit } from '../../src/maintenance/geometry.js';

describe('geometricSplit', () => {
  test.each([
    [[], 2, 0],
    [[5], 2, 0],
    [[1, 2, 4, 8], 2, 0],
    [[1, 2, 4, 7], 2, 4],
    [[1, 1, 2, 100], 2, 3],
    [[3, 3, 3], 2, 3],
    [[1, 1, 50, 100], 2, 2],
    [[0, 0], 2, 0],
    [[1, 2, 4, 8], 3, 4],
  ] as const)('of %j by %i is %i', (counts, factor, split) => {
    expect(geometricSplit(counts, factor)).toBe(split);
  });

  test('leaves packs that grow by the factor, the new one among them', () => {
    const counts = fc.array(fc.nat(1000), { maxLength: 20 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5 }), (all, factor) => {
        const split = geometricSplit(all, factor);
        const total = all.slice(0, split).reduce((sum, count) => sum + count, 0);
        const left = [...(split > 0 ? [total] : []), ...all.slice(split)];
        for (const [at, count] of left.entries())
          if (at > 0) expect(count).toBeGreaterThanOrEqual(factor * (left[at - 1] as number));
        expect(split).not.toBe(1);
      }),
    );
  });
});
