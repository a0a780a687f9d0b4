import { type BaseSlot, createDeltaBaseCache, type PackBases } from '@git-kv/pack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Keep a base of `size` bytes, each of them `fill`. */
function keep(bases: PackBases, packOffset: number, size: number, fill = packOffset & 0xff, inUse?: BaseSlot): boolean {
  const slot = bases.reserve('blob', size, inUse);
  if (slot === undefined) return false;
  slot.bytes.fill(fill, slot.start, slot.end);
  bases.set(packOffset, slot);
  return true;
}

const bodyOf = (slot: BaseSlot | undefined): Uint8Array | undefined => slot?.bytes.subarray(slot.start, slot.end);

describe('createDeltaBaseCache', () => {
  test('keeps the packs apart', () => {
    const cache = createDeltaBaseCache(10_000);
    const [one, other] = [cache.forPack(), cache.forPack()];
    keep(one, 12, 1);
    keep(other, 12, 2);
    expect(bodyOf(one.get(12))).toHaveLength(1);
    expect(bodyOf(other.get(12))).toHaveLength(2);
    one.clear();
    expect(one.get(12)).toBeUndefined();
    expect(bodyOf(other.get(12))).toHaveLength(2);
    cache.clear();
    expect(other.get(12)).toBeUndefined();
  });

  test('drops the oldest that were not asked for, over all packs', () => {
    const cache = createDeltaBaseCache(16_000);
    const [one, other] = [cache.forPack(), cache.forPack()];
    // Two in each of five chunks.
    for (let number = 0; number < 10; number++) keep(one, number, 800);
    one.get(0);
    keep(other, 0, 800);
    expect([0, 1, 2, 3].map((number) => one.get(number) !== undefined)).toEqual([true, false, true, true]);
    expect(other.get(0)).toBeDefined();
    expect(bodyOf(one.get(0))).toEqual(new Uint8Array(800).fill(0));
  });

  test('refuses what would push out everything, and all where it has no room', () => {
    const bases = createDeltaBaseCache(10_000).forPack();
    expect(keep(bases, 1, 20)).toBe(true);
    expect(keep(bases, 2, 9000)).toBe(false);
    expect(bases.get(1)).toBeDefined();
    expect(keep(createDeltaBaseCache(0).forPack(), 1, 1)).toBe(false);
  });

  test('takes no more than it has while its growth is stopped', () => {
    const cache = createDeltaBaseCache(64_000);
    const bases = cache.forPack();
    const kept = (): number => Array.from({ length: 60 }, (_, at) => bases.get(at)).filter(Boolean).length;
    const fill = (): void => {
      for (let number = 0; number < 60; number++) keep(bases, number, 800);
    };
    const releases = [cache.stopGrowth(40_000), cache.stopGrowth(32_000)];
    fill();
    const few = kept();
    expect(few).toBeGreaterThan(5);
    expect(few).toBeLessThan(25);
    releases[1]?.();
    fill();
    const more = kept();
    expect(more).toBeGreaterThan(few);
    releases[0]?.();
    fill();
    const all = kept();
    expect(all).toBeGreaterThan(more);
    // What is taken stays.
    cache.stopGrowth(0);
    fill();
    expect(kept()).toBeLessThanOrEqual(40);
    expect(keep(bases, 100, 20_000)).toBe(false);
    expect(bodyOf(bases.get(59))).toEqual(new Uint8Array(800).fill(59));
  });

  test('takes another body for the same place', () => {
    const bases = createDeltaBaseCache(10_000).forPack();
    keep(bases, 1, 20);
    keep(bases, 1, 30);
    expect(bodyOf(bases.get(1))).toHaveLength(30);
  });

  test('leaves alone what is in use', () => {
    const bases = createDeltaBaseCache(8000).forPack();
    keep(bases, 0, 700, 7);
    const inUse = bases.get(0) as BaseSlot;
    for (let number = 1; number < 100; number++) keep(bases, number, 100 + number * 5, 1, inUse);
    expect(bodyOf(inUse)).toEqual(new Uint8Array(700).fill(7));
  });

  test('gives back what it was given, as long as it has it, and never more than its bytes', () => {
    const step = fc.record({ packOffset: fc.nat({ max: 40 }), size: fc.nat({ max: 3000 }), isRead: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 20_000 }), (steps, maxBytes) => {
        const bases = createDeltaBaseCache(maxBytes).forPack();
        const kept = new Map<number, readonly [size: number, fill: number]>();
        const chunks = new Set<Uint8Array>();
        for (const [at, { packOffset, size, isRead }] of steps.entries()) {
          if (!isRead && keep(bases, packOffset, size, at & 0xff)) kept.set(packOffset, [size, at & 0xff]);
          const slot = bases.get(packOffset);
          if (slot === undefined) continue;
          chunks.add(slot.bytes);
          const [bytes, fill] = kept.get(packOffset) as readonly [number, number];
          expect(bodyOf(slot)).toEqual(new Uint8Array(bytes).fill(fill));
        }
        let held = 0;
        for (const [packOffset] of kept) held += bodyOf(bases.get(packOffset))?.length ?? 0;
        expect(held).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });
});
