import { assertObjectSize, defaultLimits, maxObjectBytes } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';

const MIB = 1024 * 1024;

describe('limits on objects', () => {
  test.each([
    ['blob', 512 * MIB, 'objectBytes'],
    ['tree', 16 * MIB, 'structuredObjectBytes'],
    ['commit', 16 * MIB, 'structuredObjectBytes'],
    ['tag', 16 * MIB, 'structuredObjectBytes'],
  ] as const)('a %s may have %i bytes', (kind, bytes, limit) => {
    expect(maxObjectBytes(kind)).toBe(bytes);
    expect(() => assertObjectSize(kind, bytes)).not.toThrow();
    expect(() => assertObjectSize(kind, bytes + 1)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit, actual: bytes + 1, allowed: bytes }),
    );
  });

  test('a small limit on objects holds for all kinds', () => {
    const limits = { ...defaultLimits, objectBytes: 10 };
    expect(maxObjectBytes('tree', limits)).toBe(10);
    expect(() => assertObjectSize('tree', 11, limits)).toThrow(expect.objectContaining({ limit: 'objectBytes' }));
  });
});
