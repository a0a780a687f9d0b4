import { hashAlgorithm, type Oid, oidFromBytes } from '@git-kv/objects';
import { parsePackIndex, serializePackIndex } from '@git-kv/pack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackTable, prefixOf } from '../../../src/engines/file/pack-table.js';

/** Oids that often begin with the same bytes, as they could if somebody chose them. */
const prefix = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1));

describe.each(['sha1', 'sha256'] as const)('a table over many packs, %s', (objectFormat) => {
  const algorithm = hashAlgorithm(objectFormat);
  const oidOf = (first: number, rest: number): Oid => {
    const bytes = new Uint8Array(algorithm.oidLength).fill(rest & 0xff);
    new DataView(bytes.buffer).setUint32(0, first);
    return oidFromBytes(bytes);
  };
  const indexOf = (oids: readonly Oid[]) =>
    parsePackIndex(
      serializePackIndex({
        algorithm,
        entries: oids.map((oid, at) => ({ oid, packOffset: 12 + at, crc32: 0 })),
        packChecksum: new Uint8Array(algorithm.oidLength),
      }),
      algorithm,
    );

  test('names every pack that has an object, and only packs that have one of its beginning', () => {
    const packs = fc.array(fc.array(fc.tuple(prefix, fc.nat(3)), { maxLength: 20 }), { maxLength: 12 });
    fc.assert(
      fc.property(packs, prefix, (drawn, absent) => {
        const lists = drawn.map((oids) => [...new Set(oids.map(([first, rest]) => oidOf(first, rest)))]);
        const table = PackTable.of(lists.map((oids, number) => [number, indexOf(oids)] as const));
        for (const oid of [...lists.flat(), oidOf(absent, 9)]) {
          const expected = lists.flatMap((oids, number) =>
            oids.filter((other) => other.slice(0, 8) === oid.slice(0, 8)).map(() => number),
          );
          expect(table.candidates(prefixOf(oid)).toSorted()).toEqual(expected.toSorted());
        }
      }),
    );
  });
});
