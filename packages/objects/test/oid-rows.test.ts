import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Oid, OidRows, oidFromBytes, sha1, sha256 } from '../src/index.js';

describe.each([sha1, sha256])('OidRows ($name)', (algorithm) => {
  const { oidLength } = algorithm;
  const bytes = fc.uint8Array({ minLength: oidLength, maxLength: oidLength });

  test('agrees with a Map of strings', () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.array(bytes), (added, asked) => {
        const rows = new OidRows(algorithm);
        const model = new Map<Oid, number>();
        for (const one of [...added, ...added.slice(0, 3)]) {
          const oid = oidFromBytes(one);
          const row = model.get(oid) ?? model.size;
          expect(rows.add(one, 0)).toBe(row);
          expect(rows.addOid(oid)).toBe(row);
          model.set(oid, row);
        }
        for (const one of [...added, ...asked]) {
          const oid = oidFromBytes(one);
          const row = model.get(oid) ?? -1;
          expect(rows.find(one, 0)).toBe(row);
          expect(rows.findOid(oid)).toBe(row);
          if (row >= 0) expect(rows.oidAt(row)).toBe(oid);
        }
        expect(rows.count).toBe(model.size);
      }),
    );
  });

  test('finds nothing by the oid of another algorithm', () => {
    const rows = new OidRows(algorithm);
    rows.add(new Uint8Array(oidLength), 0);
    expect(rows.findOid('0'.repeat(algorithm.name === 'sha1' ? 64 : 40))).toBe(-1);
  });

  // A table that lets them fall into one place takes minutes for these.
  test.each([
    ['in the middle', 8],
    ['in the first bytes', 0],
    ['in the last bytes', oidLength - 4],
  ])(
    'takes 200,000 oids in no time that differ only %s',
    (_where, at) => {
      const rows = new OidRows(algorithm);
      const oid = new Uint8Array(oidLength);
      const words = new DataView(oid.buffer);
      for (let number = 0; number < 200_000; number++) {
        words.setUint32(at, number);
        rows.add(oid, 0);
      }
      expect(rows.count).toBe(200_000);
    },
    20_000,
  );

  test('takes oids in no time that differ only in the upper bits of their words', () => {
    const rows = new OidRows(algorithm);
    const oid = new Uint8Array(oidLength);
    for (let number = 0; number < 2 ** 18; number++) {
      for (let word = 0; word < 5; word++) oid[word * 4 + 3] = ((number >> (word * 4)) & 15) << 4;
      rows.add(oid, 0);
    }
    expect(rows.count).toBe(2 ** 18);
  }, 20_000);
});
