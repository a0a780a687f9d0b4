import { type HashName, hashAlgorithm, type Oid } from '@git-kv/objects';
import {
  type PackIndexEntry,
  parsePackIndex,
  serializePackIndex,
  serializePackIndexColumns,
  verifyPackIndex,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describe.each<HashName>(['sha1', 'sha256'])('an idx of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const packChecksum = new Uint8Array(algorithm.oidLength).fill(9);

  test('is, parsed and serialized again, the bytes of git', () => {
    const golden = goldenPack(directory.path, format, 'ofs');
    const index = parsePackIndex(golden.idx, algorithm);
    const entries = golden.objects.map(({ oid }, position) => ({
      oid,
      packOffset: index.packOffsetAt(position),
      crc32: index.crcAt(position) as number,
    }));
    const again = serializePackIndex({ algorithm, entries: entries.reverse(), packChecksum: index.packChecksum });
    expect(Buffer.compare(again, golden.idx)).toBe(0);
  });

  test('keeps what it is given, offsets over 2 and 4 GiB too, whatever the order', () => {
    const entry = fc.record({
      // Few first bytes, so that prefixes tie.
      oid: fc
        .tuple(fc.constantFrom(0, 0x7f, 0xff), fc.uint8Array({ minLength: 2, maxLength: 2 }))
        .map(([first, last]): Oid => Buffer.from([first, ...packChecksum.slice(3), ...last]).toString('hex')),
      packOffset: fc.oneof(fc.integer({ min: 12, max: 2 ** 31 }), fc.maxSafeNat()),
      crc32: fc.nat({ max: 0xffffffff }),
    });
    const entriesOf = fc.uniqueArray(entry, { selector: ({ oid }) => oid, maxLength: 40 });
    fc.assert(
      fc.property(entriesOf, (drawn) => {
        const small: PackIndexEntry[] = [{ oid: 'aa'.repeat(algorithm.oidLength), packOffset: 12, crc32: 7 }];
        const entries = [...drawn, ...small];
        const bytes = serializePackIndex({ algorithm, entries, packChecksum });
        const index = verifyPackIndex(bytes, algorithm);
        const sorted = [...entries].sort((a, b) => (a.oid < b.oid ? -1 : 1));
        const kept = sorted.map((_, at) => ({
          oid: index.oidAt(at),
          packOffset: index.packOffsetAt(at),
          crc32: index.crcAt(at),
        }));
        expect(kept).toEqual(sorted);
        expect(index.packChecksum).toEqual(packChecksum);
      }),
    );
  });

  test('of equal oids keeps the order of the pack', () => {
    const oid = '12'.repeat(algorithm.oidLength);
    for (const offsets of [[40, 12, 99], Array.from({ length: 100 }, (_, at) => 12 + ((at * 37) % 100))]) {
      const entries = offsets.map((packOffset) => ({ oid, packOffset, crc32: 0 }));
      const index = parsePackIndex(serializePackIndex({ algorithm, entries, packChecksum }), algorithm);
      expect(offsets.map((_, position) => index.packOffsetAt(position))).toEqual(offsets);
      expect(index.findByPrefix('12', 5)).toEqual([oid]);
    }
  });

  test('of many objects is sorted by the whole oid', () => {
    const objectCount = 50_000;
    const oids = new Uint8Array(objectCount * algorithm.oidLength);
    let seed = 1;
    // 31 bits of state and few distinct first bytes: thousands of ties in the first four bytes.
    for (let at = 0; at < oids.length; at++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      oids[at] = at % algorithm.oidLength < 4 ? (seed >>> 16) & 0x11 : seed >>> 16;
    }
    const packOffsets = new Float64Array(objectCount).map((_, at) => 12 + at);
    const columns = { algorithm, objectCount, oids, packOffsets, crcs: new Uint32Array(objectCount), packChecksum };
    expect(verifyPackIndex(serializePackIndexColumns(columns), algorithm).objectCount).toBe(objectCount);
  });

  test('of nothing is a fanout and two checksums', () => {
    const bytes = serializePackIndex({ algorithm, entries: [], packChecksum });
    expect(bytes.length).toBe(8 + 1024 + 2 * algorithm.oidLength);
    expect(verifyPackIndex(bytes, algorithm).objectCount).toBe(0);
  });
});
