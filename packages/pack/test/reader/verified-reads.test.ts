import { type HashName, hashAlgorithm, isGitError } from '@git-kv/objects';
import { memorySource, PackReader, parsePackIndex, parseReverseIndex, serializePackIndex } from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

type Answer = string | undefined;

describe.each<[HashName, 'ofs' | 'ref', 1 | 2]>([
  ['sha1', 'ofs', 2],
  ['sha1', 'ref', 2],
  ['sha1', 'ofs', 1],
  ['sha256', 'ofs', 2],
])('a damaged %s pack with %s-deltas and an idx of version %i', (format, deltas, version) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, deltas);
  const index = parsePackIndex(version === 1 ? golden.idxV1 : golden.idx, algorithm);
  const oids = golden.objects.map(({ oid }) => oid).slice(0, 60);

  /** What each way to read gives of every object: a summary of it, or the code of an error. */
  async function answers(pack: Uint8Array, verify: boolean): Promise<Map<string, Answer>> {
    const found = new Map<string, Answer>();
    const reader = new PackReader({ source: memorySource(pack), index, verify });
    const tell = async (way: string, read: () => Promise<{ kind: string; body: Uint8Array } | undefined>) => {
      try {
        const object = await read();
        found.set(way, object && `${object.kind} ${Buffer.from(object.body).toString('latin1')}`);
      } catch (error) {
        if (!isGitError(error)) throw error;
        found.set(way, undefined);
      }
    };
    for (const oid of oids) {
      await tell(`read ${oid}`, () => reader.read(oid));
      await tell(`again ${oid}`, async () => reader.readSync(oid));
      const position = index.find(oid) as number;
      await tell(`at ${oid}`, () => reader.readAt(index.packOffsetAt(position)));
      const bytes = new Uint8Array(algorithm.oidLength);
      index.writeOidAt(position, bytes, 0);
      await tell(`head ${oid}`, async () => reader.readHeadSync(bytes, 0, 1 << 20));
    }
    return found;
  }

  test('gives no object that was not packed', async () => {
    const truth = await answers(golden.pack, true);
    expect([...truth.values()]).not.toContain(undefined);
    let lies = 0;
    // Headers of entries, which nothing but the CRC covers, and some of the rest.
    const offsets = oids.slice(0, 24).flatMap((oid) => {
      const packOffset = index.packOffsetAt(index.find(oid) as number);
      return [packOffset, packOffset + 1, packOffset + 2, packOffset + 9];
    });
    for (const offset of offsets) {
      const flipped = golden.pack.slice();
      flipped[offset] = (flipped[offset] as number) ^ (0x10 << (offset % 3));
      const wrong: string[] = [];
      for (const [way, answer] of await answers(flipped, true)) {
        if (answer !== undefined && answer !== truth.get(way)) wrong.push(way);
      }
      expect([offset, wrong]).toEqual([offset, []]);
      for (const [way, answer] of await answers(flipped, false)) if (answer && answer !== truth.get(way)) lies++;
    }
    // Which is what one gets that is not verified.
    expect(lies).toBeGreaterThan(0);
  });
});

describe.each<HashName>(['sha1', 'sha256'])('what lies in a file beside a pack of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, 'ofs');
  const index = parsePackIndex(golden.idx, algorithm);

  test('a rev with positions that the idx does not have is passed over', () => {
    const reverse = parseReverseIndex(reverseOf(index.objectCount, 0xffff), algorithm, index);
    const reader = new PackReader({ source: memorySource(golden.pack), index, reverse });
    const plain = new PackReader({ source: memorySource(golden.pack), index });
    for (const { oid } of golden.objects) expect(reader.sizeInPack(oid)).toBe(plain.sizeInPack(oid));
  });

  test('an idx with an entry behind the end of the pack gives an error, and no size below nothing', () => {
    const entries = golden.objects.map(({ oid }, at) => {
      const position = index.find(oid) as number;
      const packOffset = at === 0 ? golden.pack.length * 2 : index.packOffsetAt(position);
      return { oid, packOffset, crc32: index.crcAt(position) as number };
    });
    const lying = parsePackIndex(
      serializePackIndex({ algorithm, entries, packChecksum: index.packChecksum }),
      algorithm,
    );
    const reader = new PackReader({ source: memorySource(golden.pack), index: lying });
    const [{ oid }] = entries as [(typeof entries)[number]];
    expect(() => reader.sizeInPack(oid)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  function reverseOf(count: number, position: number): Uint8Array {
    const bytes = new Uint8Array(12 + count * 4 + 2 * algorithm.oidLength);
    const view = new DataView(bytes.buffer);
    for (const [at, word] of [0x52494458, 1, format === 'sha1' ? 1 : 2].entries()) view.setUint32(at * 4, word);
    for (let row = 0; row < count; row++) view.setUint32(12 + row * 4, position);
    bytes.set(index.packChecksum, 12 + count * 4);
    return bytes;
  }
});
