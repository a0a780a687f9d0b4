import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HashName, hashAlgorithm, sha1 } from '@git-kv/objects';
import {
  type IndexedPackFile,
  type PackIndex,
  parseMultiPackIndex,
  parsePackIndex,
  serializeMultiPackIndex,
  serializePackIndex,
  verifyMultiPackIndex,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseChunkFile } from '../../src/chunk-file/parse.js';
import { git, makeRepository, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** Three packs that share objects: the first half, the second half, and a part of both. Ages differ by a minute. */
function makePacks(format: HashName): string {
  const parent = mkdtempSync(join(directory.path, 'midx-'));
  const from = makeRepository(parent, format);
  const into = join(parent, 'packs.git');
  git(parent, ['init', '-q', '--bare', `--object-format=${format}`, into]);
  const ranges: readonly (readonly string[])[] = [['main~20'], ['main', '^main~25'], ['main~10', '^main~30']];
  for (const [at, range] of ranges.entries()) addPack(from, into, range, at);
  return into;
}

function addPack(from: string, into: string, range: readonly string[], at: number): string {
  const pack = git(from, ['pack-objects', '--revs', '--stdout', '-q'], `${range.join('\n')}\n`);
  const checksum = git(into, ['index-pack', '--stdin'], pack).toString().trim().split('\t')[1] as string;
  const path = join(into, 'objects/pack', `pack-${checksum}.pack`);
  utimesSync(path, 1_700_000_000 + at * 60, 1_700_000_000 + at * 60);
  return path;
}

function packFiles(repository: string, format: HashName): IndexedPackFile[] {
  const path = join(repository, 'objects/pack');
  return readdirSync(path)
    .filter((name) => name.endsWith('.idx'))
    .map((name) => ({
      name,
      index: parsePackIndex(new Uint8Array(readFileSync(join(path, name))), hashAlgorithm(format)),
      timestamp: Math.floor(statSync(join(path, name.replace('.idx', '.pack'))).mtimeMs / 1000),
    }));
}

function gitMidx(repository: string, args: readonly string[] = []): Uint8Array {
  git(repository, ['multi-pack-index', 'write', ...args]);
  return new Uint8Array(readFileSync(join(repository, 'objects/pack/multi-pack-index')));
}

const changed = (bytes: Uint8Array, ...changes: readonly (readonly [at: number, byte: number])[]): Uint8Array => {
  const copy = bytes.slice();
  for (const [at, byte] of changes) copy[at] = byte;
  return copy;
};

const readFrom =
  (packs: readonly IndexedPackFile[]) =>
  async (name: string): Promise<PackIndex | undefined> =>
    packs.find((pack) => pack.name === name)?.index;

describe.each<HashName>(['sha1', 'sha256'])('a multi-pack-index of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const repository = makePacks(format);
  const packs = packFiles(repository, format);
  const golden = gitMidx(repository);
  const index = parseMultiPackIndex(golden, algorithm);
  const chunks = parseChunkFile(golden, {
    format: 'multi-pack-index',
    tableAt: 12,
    chunkCount: 4,
    trailerSize: algorithm.oidLength,
  });
  const startOf = (id: string): number => chunks.get(id)?.start as number;
  const resum = (bytes: Uint8Array): Uint8Array => {
    const body = bytes.slice(0, -algorithm.oidLength);
    return Uint8Array.from([...body, ...algorithm.digest(body)]);
  };

  test('knows every object of every pack, in the pack that has it', () => {
    expect(index.packNames).toEqual(packs.map(({ name }) => name).sort());
    const oids = new Set(
      packs.flatMap((pack) => Array.from({ length: pack.index.objectCount }, (_, at) => pack.index.oidAt(at))),
    );
    expect(index.objectCount).toBe(oids.size);
    expect(packs.reduce((sum, pack) => sum + pack.index.objectCount, 0)).toBeGreaterThan(oids.size);
    for (const oid of oids) {
      const position = index.find(oid) as number;
      expect(index.oidAt(position)).toBe(oid);
      const pack = packs.find(({ name }) => name === index.packNames[index.packAt(position)]) as IndexedPackFile;
      expect(pack.index.packOffsetAt(pack.index.find(oid) as number)).toBe(index.packOffsetAt(position));
      expect(index.findByPrefix(oid.slice(0, 9), 2)).toEqual([oid]);
    }
    expect(index.find('0'.repeat(algorithm.hexLength))).toBeUndefined();
    expect(index.find('0'.repeat(104 - algorithm.hexLength))).toBeUndefined();
    for (const position of [-1, index.objectCount]) {
      for (const read of ['oidAt', 'packAt', 'packOffsetAt'] as const) {
        expect(() => index[read](position)).toThrow(RangeError);
      }
    }
  });

  test('is written as git writes it, whatever the order of the packs', () => {
    expect(Buffer.compare(serializeMultiPackIndex({ algorithm, packs }), golden)).toBe(0);
    expect(Buffer.compare(serializeMultiPackIndex({ algorithm, packs: [...packs].reverse() }), golden)).toBe(0);
  });

  test.each([0, 1, 2])('prefers the pack it is told to, as git does (%i)', (at) => {
    const preferred = packs[at] as IndexedPackFile;
    const again = makePacks(format);
    const written = gitMidx(again, [`--preferred-pack=${preferred.name}`]);
    expect(Buffer.compare(serializeMultiPackIndex({ algorithm, packs, preferred }), written)).toBe(0);
  });

  test('keeps the choices of an older one, as git does', () => {
    const again = makePacks(format);
    const existing = parseMultiPackIndex(gitMidx(again), algorithm);
    const before = packFiles(again, format);
    addPack(join(again, `../${format}.git`), again, ['main~5', '^main~35'], -10);
    const added = packFiles(again, format).filter(({ name }) => !before.some((pack) => pack.name === name));
    expect(added).toHaveLength(1);
    const written = gitMidx(again);
    expect(Buffer.compare(serializeMultiPackIndex({ algorithm, packs: added, existing }), written)).toBe(0);
  });

  test('names a preferred pack of an older one, on which git 2.39 crashes', async () => {
    const [preferred, ...others] = packs as [IndexedPackFile, ...IndexedPackFile[]];
    const bytes = serializeMultiPackIndex({ algorithm, packs: [], existing: index, preferred });
    expect(
      Buffer.compare(bytes, serializeMultiPackIndex({ algorithm, packs: [preferred, ...others], preferred })),
    ).toBe(0);
  });

  test('is verified by git when we wrote it', () => {
    const path = join(repository, 'objects/pack/multi-pack-index');
    rmSync(path);
    writeFileSync(path, serializeMultiPackIndex({ algorithm, packs, preferred: packs[1] as IndexedPackFile }));
    git(repository, ['multi-pack-index', 'verify']);
  });

  test('is in order when it is', async () => {
    expect(await verifyMultiPackIndex(golden, algorithm, readFrom(packs))).toEqual([]);
  });

  test('of packs with offsets over 2 and 4 GiB keeps them', async () => {
    const packChecksum = new Uint8Array(algorithm.oidLength);
    const offset = fc.oneof(
      fc.integer({ min: 12, max: 2 ** 31 }),
      fc.integer({ min: 2 ** 31, max: 2 ** 32 }),
      fc.maxSafeNat(),
    );
    const oid = fc.uint8Array({ minLength: 2, maxLength: 2 }).map((bytes) =>
      Buffer.from(bytes)
        .toString('hex')
        .repeat(algorithm.oidLength / 2),
    );
    const entries = fc.uniqueArray(fc.record({ oid, packOffset: offset, crc32: fc.constant(0) }), {
      selector: (entry) => entry.oid,
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { minLength: 1, maxLength: 4 }), async (drawn) => {
        const files = drawn.map((some, at): IndexedPackFile => {
          const filled = [...some, { oid: 'ab'.repeat(algorithm.oidLength), packOffset: 12 + at, crc32: 0 }];
          const unique = [...new Map(filled.map((entry) => [entry.oid, entry])).values()];
          const idx = serializePackIndex({ algorithm, entries: unique, packChecksum });
          return { name: `pack-${at}.idx`, index: parsePackIndex(idx, algorithm), timestamp: at % 2 };
        });
        const bytes = serializeMultiPackIndex({ algorithm, packs: files });
        expect(await verifyMultiPackIndex(bytes, algorithm, readFrom(files))).toEqual([]);
        const parsed = parseMultiPackIndex(bytes, algorithm);
        const shared = parsed.find('ab'.repeat(algorithm.oidLength)) as number;
        // The youngest, and of those the first.
        expect(parsed.packNames[parsed.packAt(shared)]).toBe(files.length > 1 ? 'pack-1.idx' : 'pack-0.idx');
      }),
    );
  });

  test('is refused where it is cut short', () => {
    for (let end = 0; end < golden.length; end += end < 1500 ? 1 : 97) {
      expect(() => parseMultiPackIndex(golden.subarray(0, end), algorithm), `${end}`).toThrow(
        expect.objectContaining({ code: 'MALFORMED', format: 'multi-pack-index' }),
      );
    }
  });

  test.each<[string, () => Uint8Array, object]>([
    ['that begins otherwise', () => changed(golden, [3, 0x59]), { code: 'MALFORMED', offset: 0 }],
    ['of version 2', () => changed(golden, [4, 2]), { code: 'UNSUPPORTED' }],
    ['of the other hash', () => changed(golden, [5, format === 'sha1' ? 2 : 1]), { code: 'MALFORMED', offset: 5 }],
    ['without chunks', () => changed(golden, [6, 0]), { code: 'MALFORMED' }],
    ['with more chunks than there are', () => changed(golden, [6, 5]), { code: 'MALFORMED' }],
    ['that claims 4 G packs', () => changed(golden, [8, 0xff]), { code: 'MALFORMED' }],
    ['without pack names', () => changed(golden, [12, 0x51]), { code: 'MALFORMED', offset: 12 }],
    ['without a fanout', () => changed(golden, [24, 0x51]), { code: 'MALFORMED', offset: 12 }],
    ['without oids', () => changed(golden, [36, 0x51]), { code: 'MALFORMED', offset: 12 }],
    ['without offsets', () => changed(golden, [48, 0x51]), { code: 'MALFORMED', offset: 12 }],
    [
      'with a large fanout',
      () => changed(golden, [startOf('OIDF') + 1020, 0xff]),
      { code: 'MALFORMED', offset: startOf('OIDL') },
    ],
    [
      'with a fanout that descends',
      () => changed(golden, [startOf('OIDF') + 40, 0x10]),
      { code: 'MALFORMED', offset: startOf('OIDF') + 44 },
    ],
    ['with names out of order', () => changed(golden, [startOf('PNAM'), 0x7f]), { code: 'MALFORMED' }],
    [
      'with a name that is a path',
      () => changed(golden, [startOf('PNAM') + 4, 0x2f]),
      { code: 'MALFORMED', offset: startOf('PNAM') },
    ],
    [
      'with a name that is none of an idx',
      () => changed(golden, [golden.indexOf(0, startOf('PNAM')) - 1, 0x79]),
      { code: 'MALFORMED', offset: startOf('PNAM') },
    ],
  ])('is refused %s', (_problem, bytes, expected) => {
    expect(() => parseMultiPackIndex(bytes(), algorithm)).toThrow(expect.objectContaining(expected));
  });

  test('says where a look-up meets a pack or a large offset that is not there', () => {
    const at = startOf('OOFF') + 5 * 8;
    expect(() => parseMultiPackIndex(changed(golden, [at, 1]), algorithm).packAt(5)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: at }),
    );
    const entries = ['11', '22'].map((byte, row) => ({
      oid: byte.repeat(algorithm.oidLength),
      packOffset: 2 ** 33 + row,
      crc32: 0,
    }));
    const idx = serializePackIndex({
      algorithm,
      entries: [...entries, { oid: '33'.repeat(algorithm.oidLength), packOffset: 12, crc32: 0 }],
      packChecksum: new Uint8Array(algorithm.oidLength),
    });
    const large = serializeMultiPackIndex({
      algorithm,
      packs: [{ name: 'a.idx', index: parsePackIndex(idx, algorithm), timestamp: 0 }],
    });
    expect(parseMultiPackIndex(large, algorithm).packOffsetAt(1)).toBe(2 ** 33 + 1);
    const offsetAt = large.length - algorithm.oidLength - 2 * 8 - 3 * 8 + 4;
    expect(() => parseMultiPackIndex(changed(large, [offsetAt + 3, 2]), algorithm).packOffsetAt(0)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: offsetAt }),
    );
    const over = changed(large, [large.length - algorithm.oidLength - 16, 0xff]);
    expect(() => parseMultiPackIndex(over, algorithm).packOffsetAt(0)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: large.length - algorithm.oidLength - 16 }),
    );
  });

  test.each<[string, () => Uint8Array, (found: readonly object[]) => void]>([
    [
      'its checksum',
      () => changed(golden, [golden.length - 1, (golden.at(-1) as number) ^ 1]),
      (found) => expect(found).toEqual([{ problem: 'checksum' }]),
    ],
    [
      'an offset',
      () => resum(changed(golden, [startOf('OOFF') + 4, 0x11])),
      (found) => expect(found).toMatchObject([{ problem: 'offset', position: 0, oid: index.oidAt(0) }]),
    ],
    [
      'a pack that it does not name',
      () => resum(changed(golden, [startOf('OOFF') + 8, 0x11])),
      (found) => expect(found).toEqual([{ problem: 'entry', position: 1, oid: index.oidAt(1) }]),
    ],
    [
      'the order of its oids',
      () => resum(changed(golden, [startOf('OIDL'), 0xff])),
      (found) => expect(found).toContainEqual(expect.objectContaining({ problem: 'order', position: 0 })),
    ],
    [
      'its fanout',
      () => resum(changed(golden, [startOf('OIDF') + 40, 0x10])),
      (found) => expect(found).toContainEqual(expect.objectContaining({ problem: 'fanout', byte: 11 })),
    ],
  ])('when verified, tells what is wrong with %s', async (_what, bytes, check) => {
    check(await verifyMultiPackIndex(bytes(), algorithm, readFrom(packs)));
  });

  test('when verified, does not follow a fanout beyond its oids', async () => {
    const last = index.objectCount - 1;
    const oid = new Uint8Array(algorithm.oidLength);
    index.writeOidAt(last, oid, 0);
    const first = oid[0] as number;
    expect(first).toBeGreaterThan(0);
    // The offsets behind the oids, as far as one oid of them, read as the last one.
    const beyond = index.objectCount + 1;
    const place = startOf('OIDL') + beyond * algorithm.oidLength;
    const fanout = [first - 1, first].flatMap((byte, at) =>
      [0, 0, (beyond + at) >> 8, (beyond + at) & 0xff].map((value, digit): [number, number] => [
        startOf('OIDF') + byte * 4 + digit,
        value,
      ]),
    );
    const copied = [...oid].map((value, at): [number, number] => [place + at, value]);
    const found = await verifyMultiPackIndex(resum(changed(golden, ...fanout, ...copied)), algorithm, readFrom(packs));
    expect(found).toContainEqual({ problem: 'entry', position: last, oid: index.oidAt(last) });
  });

  test('when verified, tells of a pack that is gone', async () => {
    const gone = index.packNames[1] as string;
    const found = await verifyMultiPackIndex(golden, algorithm, readFrom(packs.filter(({ name }) => name !== gone)));
    expect(found[0]).toEqual({ problem: 'pack', pack: 1 });
    const missing = Array.from({ length: index.objectCount }, (_, at) => index.packAt(at)).filter((pack) => pack === 1);
    expect(found.slice(1)).toHaveLength(missing.length);
  });

  test('of an empty pack has no objects, which is told', async () => {
    const idx = serializePackIndex({ algorithm, entries: [], packChecksum: new Uint8Array(algorithm.oidLength) });
    const files = [{ name: 'pack-0.idx', index: parsePackIndex(idx, algorithm), timestamp: 0 }];
    const bytes = serializeMultiPackIndex({ algorithm, packs: files });
    expect(parseMultiPackIndex(bytes, algorithm).objectCount).toBe(0);
    expect(await verifyMultiPackIndex(bytes, algorithm, readFrom(files))).toEqual([{ problem: 'empty' }]);
  });

  test('is not made of no packs, of two with one name, or with a preference for another', () => {
    const [first, second] = packs as [IndexedPackFile, IndexedPackFile];
    expect(() => serializeMultiPackIndex({ algorithm, packs: [] })).toThrow(RangeError);
    expect(() => serializeMultiPackIndex({ algorithm, packs: [first, first] })).toThrow(RangeError);
    expect(() => serializeMultiPackIndex({ algorithm, packs: [first], preferred: second })).toThrow(RangeError);
  });

  test('with bytes changed is refused, or answers within its packs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: golden.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        (changes) => {
          try {
            const parsed = parseMultiPackIndex(changed(golden, ...changes), algorithm);
            for (let position = 0; position < Math.min(parsed.objectCount, 20); position++) {
              parsed.find(parsed.oidAt(position));
              expect(parsed.packAt(position)).toBeLessThan(parsed.packNames.length);
              parsed.packOffsetAt(position);
            }
          } catch (error) {
            expect(error).toMatchObject({ isGitError: true });
          }
        },
      ),
    );
  });
});

const corpora = process.env.GIT_KV_CORPORA;
test.skipIf(corpora === undefined)(
  'the sample of others is read and made again (GIT_KV_CORPORA names the folder)',
  () => {
    const read = (...path: string[]): Uint8Array =>
      new Uint8Array(readFileSync(join(corpora as string, 'packs-extra', ...path)));
    const midx = read('multi_index_file', 'valid-generated-repo-v1-868-objects.midx');
    const parsed = parseMultiPackIndex(midx, sha1);
    expect(parsed.objectCount).toBe(868);
    const index = parsePackIndex(read('index_file', 'valid-v2-large-868-objects.idx'), sha1);
    const name = parsed.packNames[0] as string;
    expect(
      Buffer.compare(serializeMultiPackIndex({ algorithm: sha1, packs: [{ name, index, timestamp: 0 }] }), midx),
    ).toBe(0);
  },
);
