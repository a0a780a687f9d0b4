import { type HashName, hashAlgorithm, hashObject, sha1 } from '@git-kv/objects';
import {
  createDeltaBaseCache,
  indexPack,
  memoryPackStorage,
  memorySource,
  type PackIndexEntry,
  PackReader,
  type PackReaderOptions,
  parsePackIndex,
  serializePackIndex,
  TypeCode,
} from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { appendDelta, ascii, blob, blobOid, chunked, craftEntry, craftPack, waitingSource } from '../support/craft.js';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const noCache = () => createDeltaBaseCache(0);

describe.each<[HashName, 'ofs' | 'ref']>([
  ['sha1', 'ofs'],
  ['sha1', 'ref'],
  ['sha256', 'ofs'],
  ['sha256', 'ref'],
])('a %s pack of git with %s-deltas', (format, deltas) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, deltas);
  const index = parsePackIndex(golden.idx, algorithm);

  const ways: [string, () => PackReaderOptions][] = [
    ['from memory', () => ({ index, source: memorySource(golden.pack) })],
    ['from memory without a cache', () => ({ index, source: memorySource(golden.pack), cache: noCache() })],
    [
      'from memory with an idx of version 1',
      () => ({ index: parsePackIndex(golden.idxV1, algorithm), source: memorySource(golden.pack) }),
    ],
    ['from a source that must be waited for', () => ({ index, source: waitingSource(golden.pack) })],
    ['from such a source without a cache', () => ({ index, source: waitingSource(golden.pack), cache: noCache() })],
  ];

  test.each(ways)('is read %s', async (_name, options) => {
    const reader = await PackReader.open(options());
    for (const { oid, kind, size } of golden.objects) {
      const object = await reader.read(oid);
      expect(object?.kind).toBe(kind);
      expect(object?.body.length).toBe(size);
      expect(hashObject(algorithm, object!.kind, object!.body)).toBe(oid);
    }
  });

  test.each(ways)('is read many at a time %s', async (_name, options) => {
    const reader = new PackReader(options());
    const absent = algorithm.zeroOid;
    const asked = [...golden.objects.map(({ oid }) => oid), absent];
    const seen = new Map<string, string | undefined>();
    for await (const [oid, object] of reader.readMany(asked)) {
      seen.set(oid, object && hashObject(algorithm, object.kind, object.body));
    }
    expect(seen.size).toBe(asked.length);
    for (const [oid, actual] of seen) expect(actual).toBe(oid === absent ? undefined : oid);
  });

  test.each(ways)('tells kinds and sizes %s', async (_name, options) => {
    const reader = new PackReader(options());
    for (const { oid, kind, size } of golden.objects) expect(await reader.stat(oid)).toEqual({ kind, size });
  });

  test('gives bodies for a while only, where that is enough, and those it gives for good stay', async () => {
    const reader = await PackReader.open({ index, source: memorySource(golden.pack), verify: true });
    const kept = golden.objects.map(({ oid }) => reader.readSync(oid));
    for (let round = 0; round < 2; round++) {
      for (const { oid } of golden.objects) {
        const { kind, body } = reader.readTransientSync(oid)!;
        expect(hashObject(algorithm, kind, body)).toBe(oid);
      }
    }
    for (const [at, { oid }] of golden.objects.entries()) {
      expect(hashObject(algorithm, kept[at]!.kind, kept[at]!.body)).toBe(oid);
    }
    expect(reader.readTransientSync(algorithm.zeroOid)).toBeUndefined();
  });

  test('is read by many readers at once', async () => {
    const reader = new PackReader({ index, source: waitingSource(golden.pack) });
    const objects = await Promise.all(golden.objects.map(({ oid }) => reader.read(oid)));
    objects.forEach((object, at) => {
      expect(hashObject(algorithm, object!.kind, object!.body)).toBe(golden.objects[at]!.oid);
    });
  });

  test('is read at once where the source can', () => {
    const reader = new PackReader({ index, source: memorySource(golden.pack) });
    expect(reader.isSync).toBe(true);
    for (const { oid, kind } of golden.objects) expect(reader.readSync(oid)?.kind).toBe(kind);
    expect(reader.readSync(algorithm.zeroOid)).toBeUndefined();

    const waiting = new PackReader({ index, source: waitingSource(golden.pack) });
    expect(waiting.isSync).toBe(false);
    expect(() => waiting.readSync(golden.objects[0]!.oid)).toThrow(TypeError);
  });

  test('says undefined of what it does not have', async () => {
    const reader = new PackReader({ index, source: memorySource(golden.pack) });
    expect(reader.has(algorithm.zeroOid)).toBe(false);
    expect(await reader.read(algorithm.zeroOid)).toBeUndefined();
    expect(await reader.stat(algorithm.zeroOid)).toBeUndefined();
  });

  test('is not opened with the idx of another', async () => {
    const other = serializePackIndex({ algorithm, entries: [], packChecksum: new Uint8Array(algorithm.oidLength) });
    const stranger = { source: memorySource(golden.pack), index: parsePackIndex(other, algorithm) };
    await expect(PackReader.open(stranger)).rejects.toMatchObject({ code: 'MALFORMED', format: 'pack' });
    for (const at of [0, 7, 11, golden.pack.length - 1]) {
      const damaged = golden.pack.map((byte, offset) => (offset === at ? byte ^ 0x81 : byte));
      await expect(PackReader.open({ source: memorySource(damaged), index })).rejects.toMatchObject({
        isGitError: true,
      });
    }
    await expect(PackReader.open({ source: memorySource(golden.pack.subarray(0, 20)), index })).rejects.toMatchObject({
      code: 'MALFORMED',
    });
  });

  test('with any byte damaged gives the object, another one, or a typed error', async () => {
    for (let at = 12; at < golden.pack.length; at += 61) {
      const damaged = golden.pack.map((byte, offset) => (offset === at ? byte ^ 0x24 : byte));
      const reader = new PackReader({ index, source: memorySource(damaged) });
      for (const { oid } of golden.objects.slice(0, 30)) {
        const read = await reader.read(oid).catch((error: unknown) => error);
        if (read instanceof Error) expect(read).toMatchObject({ isGitError: true });
        const stat = await reader.stat(oid).catch((error: unknown) => error);
        if (stat instanceof Error) expect(stat).toMatchObject({ isGitError: true });
      }
    }
  });
});

/** A pack with an idx that says what it is told to say, for packs no indexer would accept. */
function unchecked(entries: readonly Uint8Array[], oids: readonly string[]) {
  const pack = craftPack(sha1, entries);
  let packOffset = 12;
  const rows: PackIndexEntry[] = entries.map((entry, at) => {
    const row = { oid: oids[at] as string, packOffset, crc32: 0 };
    packOffset += entry.length;
    return row;
  });
  const index = parsePackIndex(
    serializePackIndex({ algorithm: sha1, entries: rows, packChecksum: pack.slice(-20) }),
    sha1,
  );
  return { index, source: memorySource(pack) };
}

describe('a damaged pack', () => {
  const a = 'aa'.repeat(20);
  const b = 'bb'.repeat(20);
  const ref = (baseOid: string) => craftEntry({ typeCode: TypeCode.refDelta, body: appendDelta(4, '!'), baseOid });

  test.each<[string, Uint8Array[], string[], Record<string, unknown>]>([
    ['a ref-delta for itself', [ref(a)], [a], { code: 'LIMIT_EXCEEDED', limit: 'deltaDepth' }],
    ['two ref-deltas for each other', [ref(b), ref(a)], [a, b], { code: 'LIMIT_EXCEEDED', limit: 'deltaDepth' }],
    ['a ref-delta for an object elsewhere', [ref(b)], [a], { code: 'OBJECT_NOT_FOUND', subject: b }],
    [
      'an ofs-delta for the header',
      [craftEntry({ typeCode: TypeCode.ofsDelta, body: appendDelta(4, '!'), baseDistance: 12 })],
      [a],
      { code: 'MALFORMED' },
    ],
    [
      'a size that the pack cannot hold',
      [craftEntry({ ...blob('base'), claimedSize: 2 ** 28 })],
      [a],
      { code: 'MALFORMED' },
    ],
    ['a size over the limit', [craftEntry({ ...blob('base'), claimedSize: 2 ** 40 })], [a], { code: 'LIMIT_EXCEEDED' }],
    [
      'a stream cut short',
      [craftEntry({ ...blob('base'), deflated: Uint8Array.of(0x78, 0x9c, 0x4b) })],
      [a],
      { code: 'MALFORMED' },
    ],
  ])('with %s fails with a typed error', async (_problem, entries, oids, error) => {
    const reader = new PackReader(unchecked(entries, oids));
    await expect(reader.read(a)).rejects.toMatchObject(error);
  });

  test.each([0, 11, 13, 1e6, 2 ** 40])(
    'fails with a typed error where an entry is asked for at %d',
    async (packOffset) => {
      const reader = new PackReader(unchecked([craftEntry(blob('base'))], [a]));
      await expect(reader.readAt(packOffset)).rejects.toMatchObject({ isGitError: true });
    },
  );
});

describe('PackReader', () => {
  test('reads through 4095 deltas', async () => {
    const entries = [craftEntry(blob('base'))];
    for (let link = 1; link <= 4095; link++) {
      const body = Uint8Array.of(4, 4, 4, ...ascii(String(link).padStart(4, '0')));
      entries.push(
        craftEntry({ typeCode: TypeCode.ofsDelta, body, baseDistance: (entries.at(-1) as Uint8Array).length }),
      );
    }
    const pack = craftPack(sha1, entries);
    const storage = memoryPackStorage();
    const { index } = await indexPack(chunked(pack), { algorithm: sha1, storage });
    for (const source of [await storage.source(), waitingSource(pack)]) {
      const reader = new PackReader({ source, index: parsePackIndex(index, sha1), cache: noCache() });
      expect(await reader.read(blobOid(sha1, '4095'))).toEqual({ kind: 'blob', body: ascii('4095') });
      expect(await reader.stat(blobOid(sha1, '4095'))).toEqual({ kind: 'blob', size: 4 });
    }
  });

  test('reads large objects that no window holds', async () => {
    const body = new Uint8Array(3_000_000).map((_, at) => (at * at) >>> 7);
    const small = craftEntry(blob('small'));
    const pack = craftPack(sha1, [small, craftEntry({ typeCode: TypeCode.blob, body }), craftEntry(blob('after'))]);
    const storage = memoryPackStorage();
    const { index } = await indexPack(chunked(pack), { algorithm: sha1, storage });
    const reader = new PackReader({ source: waitingSource(pack), index: parsePackIndex(index, sha1) });
    const object = await reader.read(hashObject(sha1, 'blob', body));
    expect(Buffer.compare(object!.body, body)).toBe(0);
    expect((await reader.read(blobOid(sha1, 'after')))?.body).toEqual(ascii('after'));
  });

  test('reads ranges, not objects: a few requests for many neighbours', async () => {
    const entries = Array.from({ length: 500 }, (_, number) => craftEntry(blob(`blob ${number}`)));
    const pack = craftPack(sha1, entries);
    const { index } = await indexPack(chunked(pack), { algorithm: sha1, storage: memoryPackStorage() });
    const parsed = parsePackIndex(index, sha1);
    const source = waitingSource(pack);
    const reader = new PackReader({ source, index: parsed });
    const oids = Array.from({ length: 500 }, (_, position) => parsed.oidAt(position));
    let count = 0;
    for await (const [, object] of reader.readMany(oids)) count += object === undefined ? 0 : 1;
    expect(count).toBe(500);
    expect(source.reads).toBeLessThan(5);
  });

  test('ends with its signal', async () => {
    const pack = craftPack(sha1, [craftEntry(blob('base'))]);
    const { index } = await indexPack(chunked(pack), { algorithm: sha1, storage: memoryPackStorage() });
    const reader = new PackReader({ source: waitingSource(pack), index: parsePackIndex(index, sha1) });
    await expect(
      reader.read(blobOid(sha1, 'base'), { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });
});
