import { createDeltaBaseCache } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';

const base = (size: number) => ({ kind: 'blob' as const, body: new Uint8Array(size) });

describe('createDeltaBaseCache', () => {
  test('keeps the packs apart', () => {
    const cache = createDeltaBaseCache(10_000);
    const [one, other] = [cache.forPack(), cache.forPack()];
    one.set(12, base(1));
    other.set(12, base(2));
    expect(one.get(12)?.body.length).toBe(1);
    expect(other.get(12)?.body.length).toBe(2);
    one.clear();
    expect(one.get(12)).toBeUndefined();
    expect(other.get(12)?.body.length).toBe(2);
    cache.clear();
    expect(other.get(12)).toBeUndefined();
  });

  test('drops what was not used for longest, over all packs', () => {
    const cache = createDeltaBaseCache(10_000);
    const [one, other] = [cache.forPack(), cache.forPack()];
    for (let number = 0; number < 4; number++) one.set(number, base(2000));
    one.get(0);
    other.set(0, base(2000));
    expect([0, 1, 2, 3].map((number) => one.get(number) !== undefined)).toEqual([true, false, true, true]);
    expect(other.get(0)).toBeDefined();
  });

  test('refuses what would push out everything, and all where it has no room', () => {
    const bases = createDeltaBaseCache(10_000).forPack();
    bases.set(1, base(20));
    bases.set(2, base(9000));
    expect(bases.get(1)).toBeDefined();
    expect(bases.get(2)).toBeUndefined();
    const none = createDeltaBaseCache(0).forPack();
    none.set(1, base(1));
    expect(none.get(1)).toBeUndefined();
  });

  test('takes another body for the same place', () => {
    const bases = createDeltaBaseCache(10_000).forPack();
    bases.set(1, base(20));
    bases.set(1, base(30));
    expect(bases.get(1)?.body.length).toBe(30);
  });
});
