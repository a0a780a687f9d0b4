import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HashName, hashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import {
  memorySource,
  PackReader,
  parsePackIndex,
  parseReverseIndex,
  serializePackIndex,
  serializeReverseIndex,
  verifyReverseIndex,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { git, goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const withUint32 = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(offset, value);
  return changed;
};

function gitReverse(format: HashName, pack: Uint8Array): Uint8Array {
  const stem = join(directory.path, `reverse-${format}`);
  writeFileSync(`${stem}.pack`, pack);
  git(directory.path, ['index-pack', `--object-format=${format}`, '--rev-index', '-o', `${stem}.idx`, `${stem}.pack`]);
  return new Uint8Array(readFileSync(`${stem}.rev`));
}

describe.each<HashName>(['sha1', 'sha256'])('a rev of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, 'ofs');
  const rev = gitReverse(format, golden.pack);
  const index = parsePackIndex(new Uint8Array(golden.idx), algorithm);
  const resum = (bytes: Uint8Array): Uint8Array => {
    const body = bytes.slice(0, -algorithm.oidLength);
    return Uint8Array.from([...body, ...algorithm.digest(body)]);
  };

  test('is, out of either version of the idx, the bytes of git', () => {
    expect(Buffer.compare(serializeReverseIndex(index), rev)).toBe(0);
    expect(Buffer.compare(serializeReverseIndex(parsePackIndex(golden.idxV1, algorithm)), rev)).toBe(0);
  });

  test('gives the entries in the order of the pack', () => {
    const reverse = verifyReverseIndex(rev, index);
    const offsets = Array.from({ length: index.objectCount }, (_, row) =>
      index.packOffsetAt(reverse.indexPositionAt(row)),
    );
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(new Set(offsets).size).toBe(index.objectCount);
    expect(reverse.packChecksum).toEqual(index.packChecksum);
    for (const row of [-1, 0.5 + index.objectCount, index.objectCount]) {
      expect(() => reverse.indexPositionAt(row)).toThrow(RangeError);
    }
  });

  test('spares a reader the sorting, and one with another order is passed over', async () => {
    const wrong = serializeReverseIndex(index);
    const rows = wrong.subarray(12, 12 + index.objectCount * 4);
    rows.set(rows.slice(0, 4), 4);
    const sizes = (reader: PackReader): (number | undefined)[] =>
      golden.objects.map(({ oid }) => reader.sizeInPack(oid));
    const source = memorySource(golden.pack);
    const [plain, helped, misled] = [undefined, rev, wrong].map((bytes) => {
      const reverse = bytes && parseReverseIndex(bytes, algorithm, index);
      return sizes(new PackReader({ source, index, ...(reverse && { reverse }) }));
    });
    expect(helped).toEqual(plain);
    expect(misled).toEqual(plain);
    const total = (plain as number[]).reduce((sum, size) => sum + size, 0);
    expect(total).toBe(golden.pack.length - 12 - algorithm.oidLength);
  });

  test('is refused where it is cut short or longer', () => {
    for (let end = 0; end < rev.length; end++) {
      expect(() => parseReverseIndex(rev.subarray(0, end), algorithm, index), `${end}`).toThrow(
        expect.objectContaining({ code: 'MALFORMED', format: 'rev' }),
      );
    }
    expect(() => parseReverseIndex(Uint8Array.from([...rev, 0]), algorithm)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: rev.length + 1 }),
    );
  });

  test.each<[string, Uint8Array, object]>([
    ['that begins otherwise', withUint32(rev, 0, 0x5249_4459), { code: 'MALFORMED', offset: 0 }],
    ['of version 2', withUint32(rev, 4, 2), { code: 'UNSUPPORTED' }],
    ['of no hash', withUint32(rev, 8, 3), { code: 'MALFORMED', offset: 8 }],
    ['of the other hash', withUint32(rev, 8, format === 'sha1' ? 2 : 1), { code: 'MALFORMED', offset: 8 }],
    [
      'of another pack',
      withUint32(rev, rev.length - 2 * algorithm.oidLength, 7),
      { code: 'MALFORMED', offset: rev.length - 2 * algorithm.oidLength },
    ],
    [
      'with a row more',
      resum(Uint8Array.from([...rev.slice(0, 12), 0, 0, 0, 0, ...rev.slice(12)])),
      { code: 'MALFORMED' },
    ],
  ])('is refused %s', (_problem, bytes, expected) => {
    expect(() => parseReverseIndex(bytes, algorithm, index)).toThrow(expect.objectContaining(expected));
  });

  test.each<[string, Uint8Array, object]>([
    ['whose checksum differs', withUint32(rev, rev.length - 4, 1), { code: 'HASH_MISMATCH' }],
    ['with a position twice', resum(withUint32(rev, 16, rev[15] as number)), { code: 'MALFORMED' }],
    ['with a position outside', resum(withUint32(rev, 20, 0x7fffffff)), { code: 'MALFORMED', offset: 20 }],
    ['with a position far outside', resum(withUint32(rev, 20, 0xffffffff)), { code: 'MALFORMED', offset: 20 }],
    [
      'with two rows exchanged',
      resum(Uint8Array.from([...rev.slice(0, 12), ...rev.slice(16, 20), ...rev.slice(12, 16), ...rev.slice(20)])),
      { code: 'MALFORMED', offset: 16 },
    ],
  ])('when verified, is refused %s', (_problem, bytes, expected) => {
    expect(() => verifyReverseIndex(bytes, index)).toThrow(expect.objectContaining(expected));
  });

  test('of random bytes is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isHeaded) => {
        const input = isHeaded ? Uint8Array.from([...rev.slice(0, 12), ...bytes]) : bytes;
        expect(() => verifyReverseIndex(input, index)).toThrow(expect.objectContaining({ isGitError: true }));
      }),
    );
  });

  test('holds for a pack of nothing, and for offsets over 2 and 4 GiB', () => {
    const packChecksum = new Uint8Array(algorithm.oidLength).fill(5);
    const empty = parsePackIndex(serializePackIndex({ algorithm, entries: [], packChecksum }), algorithm);
    expect(verifyReverseIndex(serializeReverseIndex(empty), empty).objectCount).toBe(0);
    const offsets = [12, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 2 ** 51, 2 ** 53 - 1].reverse();
    const entries = offsets.map((packOffset, at) => ({
      oid: `${at}`.repeat(algorithm.hexLength),
      packOffset,
      crc32: 0,
    }));
    const large = parsePackIndex(serializePackIndex({ algorithm, entries, packChecksum }), algorithm);
    const reverse = verifyReverseIndex(serializeReverseIndex(large), large);
    expect(offsets.map((_, row) => reverse.indexPositionAt(row))).toEqual([5, 4, 3, 2, 1, 0]);
  });
});

const corpora = process.env.GIT_KV_CORPORA;
describe.skipIf(corpora === undefined)('the rev of a pack made by others (GIT_KV_CORPORA names the folder)', () => {
  const packs = corpora === undefined ? '' : join(corpora, 'packs');
  const files = corpora === undefined ? [] : readdirSync(packs).filter((file) => file.endsWith('.rev'));
  test.each(files.filter((file) => existsSync(join(packs, file.replace('.rev', '.idx')))))('%s is ours', (file) => {
    const rev = readFileSync(join(packs, file));
    const algorithm = /^pack-[0-9a-f]{64}\./.test(file) ? sha256 : sha1;
    const index = parsePackIndex(readFileSync(join(packs, file.replace('.rev', '.idx'))), algorithm);
    expect(verifyReverseIndex(rev, index).objectCount).toBe(index.objectCount);
    expect(Buffer.compare(serializeReverseIndex(index), rev)).toBe(0);
  });
});
