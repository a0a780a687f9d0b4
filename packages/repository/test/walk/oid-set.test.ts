import { type Oid, oidFromBytes, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OidSet } from '../../src/walk/oid-set.js';

describe.each([sha1, sha256])('OidSet ($name)', (algorithm) => {
  const bytes = fc.uint8Array({ minLength: algorithm.oidLength, maxLength: algorithm.oidLength });

  test('agrees with a Set of strings', () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.array(bytes), (added, asked) => {
        const set = new OidSet(algorithm);
        const model = new Set<Oid>();
        for (const one of [...added, ...added.slice(0, 3)]) {
          const oid = oidFromBytes(one);
          expect(set.addBytes(one, 0)).toBe(!model.has(oid));
          model.add(oid);
          expect(set.add(oid)).toBe(false);
        }
        for (const one of [...added, ...asked]) expect(set.has(oidFromBytes(one))).toBe(model.has(oidFromBytes(one)));
        expect(set.size).toBe(model.size);
      }),
    );
  });

  test('holds many, also where they begin alike', () => {
    const set = new OidSet(algorithm);
    const one = new Uint8Array(algorithm.oidLength + 1);
    for (let round = 0; round < 2; round++) {
      let added = 0;
      for (let at = 0; at < 30_000; at++) {
        one[1] = at % 7;
        one[algorithm.oidLength - 1] = at >> 8;
        one[algorithm.oidLength] = at;
        if (set.addBytes(one, 1)) added++;
      }
      expect(added).toBe(round === 0 ? set.size : 0);
    }
    expect(set.size).toBe(30_000);
  }, 60_000);
});
