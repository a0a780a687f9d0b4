import { type HashName, hashAlgorithm, sha1 } from '@git-kv/objects';
import { parsePackIndex, serializePackIndex, verifyPackIndex } from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const withUint32 = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(offset, value);
  return changed;
};

describe.each<HashName>(['sha1', 'sha256'])('an idx of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, 'ofs');
  const v2 = parsePackIndex(golden.idx, algorithm);

  test.each([
    ['version 2', golden.idx, 2],
    ['version 1', golden.idxV1, 1],
  ])('of %s knows the objects of its pack', (_name, bytes, version) => {
    const index = parsePackIndex(bytes, algorithm);
    expect(index).toMatchObject({ version, objectCount: golden.objects.length });
    expect(hex(index.packChecksum)).toBe(hex(golden.pack.subarray(-algorithm.oidLength)));
    golden.objects.forEach(({ oid }, position) => {
      expect(index.oidAt(position)).toBe(oid);
      expect(index.find(oid)).toBe(position);
      expect(index.packOffsetAt(position)).toBe(v2.packOffsetAt(position));
      expect(index.crcAt(position) === undefined).toBe(version === 1);
    });
    expect(verifyPackIndex(bytes, algorithm).objectCount).toBe(index.objectCount);
  });

  test('does not know others', () => {
    expect(v2.find('0'.repeat(algorithm.hexLength))).toBeUndefined();
    expect(v2.find('f'.repeat(algorithm.hexLength))).toBeUndefined();
    expect(v2.find('0'.repeat(104 - algorithm.hexLength))).toBeUndefined();
    for (const position of [-1, golden.objects.length, 0.5 + golden.objects.length]) {
      expect(() => v2.oidAt(position)).toThrow(RangeError);
    }
  });

  test('finds by prefix what a search through all finds', () => {
    const oids = golden.objects.map(({ oid }) => oid);
    for (const prefix of [
      '',
      '0',
      'f',
      '7a',
      ...oids.slice(0, 20).flatMap((oid) => [oid.slice(0, 3), oid.slice(0, 8), oid]),
    ]) {
      for (const limit of [0, 1, 3, 1000]) {
        const expected = oids.filter((oid) => oid.startsWith(prefix)).slice(0, limit);
        expect(v2.findByPrefix(prefix, limit)).toEqual(expected);
      }
    }
    for (const wrong of ['g', 'A0', `${oids[0]}0`]) expect(v2.findByPrefix(wrong, 10)).toEqual([]);
  });

  test('is refused where it is cut short or longer', () => {
    for (const bytes of [golden.idx, golden.idxV1]) {
      for (let end = 0; end < bytes.length; end++) {
        // Whole rows of 8 bytes less look like fewer large offsets only where there are some.
        expect(() => parsePackIndex(bytes.subarray(0, end), algorithm), `${end}`).toThrow(
          expect.objectContaining({ code: 'MALFORMED' }),
        );
      }
      expect(() => parsePackIndex(Uint8Array.from([...bytes, 0]), algorithm)).toThrow(
        expect.objectContaining({ code: 'MALFORMED' }),
      );
    }
  });

  test('is not verified where a byte is another', () => {
    for (let at = 0; at < golden.idx.length; at += 7) {
      const damaged = golden.idx.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(() => verifyPackIndex(damaged, algorithm), `${at}`).toThrow(expect.objectContaining({ isGitError: true }));
    }
  });
});

describe('an idx is refused', () => {
  const entries = ['11', '22', '22', 'ff'].map((byte, at) => ({
    oid: byte.repeat(20),
    packOffset: 12 + at * 20,
    crc32: at,
  }));
  const idx = serializePackIndex({ algorithm: sha1, entries, packChecksum: new Uint8Array(20) });
  const resum = (bytes: Uint8Array): Uint8Array => {
    const body = bytes.slice(0, -20);
    return Uint8Array.from([...body, ...sha1.digest(body)]);
  };

  test.each<[string, Uint8Array, string]>([
    ['whose fanout descends', withUint32(idx, 8 + 4 * 0x11, 3), 'MALFORMED'],
    ['whose fanout claims 4 G objects', withUint32(idx, 8 + 4 * 255, 0xffffffff), 'MALFORMED'],
    ['of version 3', withUint32(idx, 4, 3), 'UNSUPPORTED'],
  ])('%s', (_problem, bytes, code) => {
    expect(() => parsePackIndex(bytes, sha1)).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, Uint8Array, string]>([
    ['whose checksum differs', withUint32(idx, idx.length - 4, 0), 'HASH_MISMATCH'],
    [
      'whose oids descend',
      resum(withUint32(idx, 8 + 1024, 0x12000000).fill(0x23, 8 + 1024 + 20, 8 + 1024 + 21)),
      'MALFORMED',
    ],
    ['whose fanout does not fit an oid', resum(withUint32(idx, 8 + 1024, 0x10000000)), 'MALFORMED'],
    [
      'that points to a large offset it does not have',
      resum(withUint32(idx, idx.length - 40 - 16, 0x80000000)),
      'MALFORMED',
    ],
  ])('when verified, %s', (_problem, bytes, code) => {
    expect(() => verifyPackIndex(bytes, sha1)).toThrow(expect.objectContaining({ code }));
  });

  test('of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(() => verifyPackIndex(bytes, sha1)).toThrow(expect.objectContaining({ isGitError: true }));
      }),
    );
  });
});
