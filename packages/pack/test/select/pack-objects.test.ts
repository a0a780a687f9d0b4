import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, type HashName, hashAlgorithm, hashObject, type RawObject, sha1 } from '@git-kv/objects';
import {
  gatherPack,
  indexPack,
  listPack,
  memoryPackStorage,
  memorySource,
  type PackItem,
  type PackObjectsOptions,
  PackReader,
  type PackSource,
  packBytes,
  packObjects,
  parsePackIndex,
  serializePackIndex,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { appendDelta, ascii, blobOid, chunked, craftEntry, craftPack } from '../support/craft.js';
import { git, gitIndex, goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** Versions of a text, each a line longer and one line changed. */
const versions = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, version) =>
    ascii(
      Array.from({ length: 60 + version }, (_, line) => `line ${line} ${line === version ? version : ''}\n`).join(''),
    ),
  );

/** A source of objects that lie in no pack. */
function looseSource(objects: readonly RawObject[]): { items: PackItem[]; source: PackSource } {
  const held = new Map(objects.map((object) => [hashObject(sha1, object.kind, object.body), object]));
  return {
    items: [...held].map(([oid, { kind }]) => ({ oid, kind, path: 'text' })),
    source: {
      read: async (oid) => held.get(oid),
      async stat(oid) {
        const object = held.get(oid);
        return object && { kind: object.kind, size: object.body.length };
      },
    },
  };
}

const blobs = (bodies: readonly Uint8Array[]): RawObject[] => bodies.map((body) => ({ kind: 'blob', body }));

const pack = (options: Omit<PackObjectsOptions, 'algorithm'>) =>
  gatherPack(packObjects({ algorithm: sha1, ...options }));

describe.each<HashName>(['sha1', 'sha256'])('packObjects of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, 'ofs');
  const source = new PackReader({ source: memorySource(golden.pack), index: parsePackIndex(golden.idx, algorithm) });
  const objects = golden.objects.map(({ oid }): PackItem => ({ oid, kind: source.readSync(oid)!.kind }));
  let names = 0;

  async function expectEqual(written: { bytes: Uint8Array }, idx: Uint8Array): Promise<void> {
    expect(Buffer.compare(idx, gitIndex(directory.path, format, written.bytes, ['--strict']))).toBe(0);
    const path = join(directory.path, `objects-${format}-${names++}`);
    writeFileSync(`${path}.pack`, written.bytes);
    writeFileSync(`${path}.idx`, idx);
    git(directory.path, ['verify-pack', `--object-format=${format}`, `${path}.pack`]);
    const reader = await PackReader.open({
      source: memorySource(written.bytes),
      index: parsePackIndex(idx, algorithm),
    });
    for (const { oid } of objects) expect(reader.readSync(oid)).toEqual(source.readSync(oid));
  }

  test.each([
    // Without the paths that git had.
    ['deltas sought anew', { reuse: false }, 1.2],
    ['entries copied', {}, 1.01],
    ['entries copied and no deltas sought', { deltas: false as const }, 1.01],
    ['little memory', { reuse: false, deltas: { cacheBytes: 0, windowBytes: 1 } }, 2.5],
  ])('holds every object in few bytes: %s', async (_name, options, ratio) => {
    const run = () => gatherPack(packObjects({ algorithm, objects, source, ...options }));
    const written = await run();
    await expectEqual(written, serializePackIndex(written));
    expect(written.packSize).toBeLessThan(golden.pack.length * ratio);
    expect(await run()).toEqual(written);
  });

  test('keeps to window and depth', async () => {
    for (const depth of [0, 1, 3]) {
      const written = await gatherPack(packObjects({ algorithm, objects, source, reuse: false, deltas: { depth } }));
      const index = parsePackIndex(serializePackIndex(written), algorithm);
      const { chainLengths } = await listPack({ source: memorySource(written.bytes), index });
      expect(chainLengths.length).toBe(depth + 1);
    }
    const none = await gatherPack(packObjects({ algorithm, objects, source, reuse: false, deltas: { window: 0 } }));
    expect(none.packSize).toBeGreaterThan(2 * golden.pack.length);
  });

  test('copies deltas only where their base comes along, and seeks others in their place', async () => {
    const { entries } = await listPack({ source: memorySource(golden.pack), index: source.index });
    const baseOids = new Set(entries.flatMap(({ baseOid }) => baseOid ?? []));
    const kept = objects.filter(({ oid }, at) => !baseOids.has(oid) || at % 3 > 0);
    const written = await gatherPack(packObjects({ algorithm, objects: kept, source }));
    const idx = serializePackIndex(written);
    expect(Buffer.compare(idx, gitIndex(directory.path, format, written.bytes))).toBe(0);
    const reader = new PackReader({ source: memorySource(written.bytes), index: parsePackIndex(idx, algorithm) });
    for (const { oid } of kept) expect(reader.readSync(oid)).toEqual(source.readSync(oid));
    expect(reader.index.objectCount).toBe(kept.length);
  });

  test('cuts copied chains that are too deep', async () => {
    const written = await gatherPack(packObjects({ algorithm, objects, source, deltas: { depth: 2 } }));
    const idx = serializePackIndex(written);
    await expectEqual(written, idx);
    const listing = await listPack({ source: memorySource(written.bytes), index: parsePackIndex(idx, algorithm) });
    expect(listing.chainLengths.length).toBeLessThanOrEqual(3);
  });

  test('copies from an old idx, too, which has no checksums', async () => {
    const old = new PackReader({ source: memorySource(golden.pack), index: parsePackIndex(golden.idxV1, algorithm) });
    const written = await gatherPack(packObjects({ algorithm, objects, source: old }));
    await expectEqual(written, serializePackIndex(written));
  });

  test('names bases by their oids where offsets are not wanted', async () => {
    for (const reuse of [true, false]) {
      const written = await gatherPack(packObjects({ algorithm, objects, source, reuse, offsetDeltas: false }));
      await expectEqual(written, serializePackIndex(written));
      const reader = new PackReader({
        source: memorySource(written.bytes),
        index: parsePackIndex(serializePackIndex(written), algorithm),
      });
      const typeCodes = objects.map(({ oid }) => reader.readEntryHeadSync(oid)?.typeCode);
      expect(typeCodes).toContain(7);
      expect(typeCodes).not.toContain(6);
    }
  });

  test('seeks deltas anew where those at hand are not wanted, and copies full entries', async () => {
    const written = await gatherPack(packObjects({ algorithm, objects, source, reuseDeltas: false }));
    await expectEqual(written, serializePackIndex(written));
    expect(written.reusedDeltaCount).toBe(0);
    expect(written.reusedCount).toBeGreaterThan(0);
    expect(written.deltaCount).toBeGreaterThan(0);
  });

  test('gives the same bytes from a source that answers at once as from one that has to wait', async () => {
    const waiting: PackSource = {
      read: (oid) => source.read(oid),
      stat: (oid) => source.stat(oid),
      readEntries: (oids, waits) => source.readEntries(oids, waits),
    };
    for (const options of [{}, { reuseDeltas: false }, { reuse: false }]) {
      const [atOnce, later] = await Promise.all(
        [source, waiting].map((from) => gatherPack(packObjects({ algorithm, objects, source: from, ...options }))),
      );
      expect(later).toEqual(atOnce);
    }
  });

  test('makes a thin pack of deltas against what the receiver has', async () => {
    const [last, ...before] = objects.filter(({ kind }) => kind === 'blob');
    const thin = await gatherPack(
      packObjects({ algorithm, objects: [last!], source, reuse: false, thinBases: before }),
    );
    const storage = memoryPackStorage();
    const readBase = (oid: string) => source.read(oid);
    const indexed = await indexPack(chunked(thin.bytes), { algorithm, storage, readBase });
    expect(indexed.appendedOids.length).toBe(1);
    const index = parsePackIndex(indexed.index, algorithm);
    const reader = new PackReader({ source: await storage.source(), index });
    expect(await reader.read(last!.oid)).toEqual(source.readSync(last!.oid));
  });
});

describe('packObjects', () => {
  test('writes a base before its deltas, and the rest in the order of the objects', async () => {
    const { items, source } = looseSource(blobs(versions(20)));
    const written = await gatherPack(packObjects({ algorithm: sha1, objects: items, source }));
    expect(new Set(written.entries.map(({ oid }) => oid))).toEqual(new Set(items.map(({ oid }) => oid)));
    expect(written.packSize).toBeLessThan(2000);
  });

  test('writes commits and tags before trees, and trees before blobs, as git does', async () => {
    const kinds = ['blob', 'tree', 'commit', 'blob', 'tag', 'tree'] as const;
    const { items, source } = looseSource(kinds.map((kind, at) => ({ kind, body: ascii(`${kind} ${at}`) })));
    const { entries } = await pack({ objects: items, source });
    const kindOf = new Map(items.map(({ oid, kind }) => [oid, kind]));
    const written = [...entries].sort((a, b) => a.packOffset - b.packOffset).map(({ oid }) => kindOf.get(oid));
    expect(written).toEqual(['commit', 'tag', 'tree', 'tree', 'blob', 'blob']);
  });

  test('gives the same bytes again, whatever room there is for deltas, and holds every object', async () => {
    const words = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 5, maxLength: 60 });
    const options = fc.record({
      window: fc.integer({ min: 1, max: 12 }),
      depth: fc.integer({ min: 1, max: 8 }),
      windowBytes: fc.constantFrom(1, 2000, 2 ** 20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 20 }), options, async (texts, deltas) => {
        const bodies = texts.map((text) => ascii(text.map((word) => `word number ${word}\n`).join('')));
        const { items, source } = looseSource(blobs(bodies));
        const write = (cacheBytes: number) => pack({ objects: items, source, deltas: { ...deltas, cacheBytes } });
        const written = await write(2 ** 20);
        expect((await write(2 ** 20)).bytes).toEqual(written.bytes);
        expect((await write(0)).bytes).toEqual(written.bytes);
        const index = parsePackIndex(serializePackIndex(written), sha1);
        const reader = new PackReader({ source: memorySource(written.bytes), index });
        for (const { oid } of items) expect(reader.readSync(oid)).toEqual(await source.read(oid));
        const { chainLengths } = await listPack({ source: memorySource(written.bytes), index });
        expect(chainLengths.length).toBeLessThanOrEqual(deltas.depth + 1);
      }),
      { numRuns: 60 },
    );
  });

  test.each(['deltas', 'write'])('stops within %s, and asks for nothing more', async (phase) => {
    // Enough for turns of the event loop in either phase.
    const bodies = Array.from({ length: 40 }, (_, at) => {
      const body = new Uint8Array(2 ** 18);
      for (let byte = 0; byte < body.length; byte++) body[byte] = Math.imul(byte, 2654435761) >>> 13;
      return body.fill(at, at * 100, at * 100 + 50);
    });
    const { items, source } = looseSource(blobs(bodies));
    const controller = new AbortController();
    let reads = 0;
    const counted: PackSource = {
      stat: (oid) => source.stat(oid),
      read: async (oid) => {
        reads++;
        return await source.read(oid);
      },
    };
    let readsBefore = -1;
    const stopped = pack({
      objects: items,
      source: counted,
      signal: controller.signal,
      ...(phase === 'write' && { deltas: false as const }),
      onProgress: (progress) => {
        if (progress.phase !== phase || readsBefore >= 0) return;
        readsBefore = reads;
        controller.abort(new Error('enough'));
      },
    });
    if (phase === 'deltas') {
      await expect(stopped).rejects.toThrow('enough');
      expect(reads).toBeLessThan(items.length);
    } else {
      await stopped.catch((error: unknown) => expect(error).toMatchObject({ message: 'enough' }));
    }
    expect(reads).toBe(readsBefore);
  });

  test('is what writePack does with objects in hand', async () => {
    const objects = blobs(versions(20)).map((object) => ({ ...object, path: 'text' }));
    const { items, source } = looseSource(objects);
    const written = await packBytes({ algorithm: sha1, objects, objectCount: 20, deltas: {} });
    expect(written.bytes).toEqual((await gatherPack(packObjects({ algorithm: sha1, objects: items, source }))).bytes);
    await expect(packBytes({ algorithm: sha1, objects, objectCount: 19, deltas: {} })).rejects.toThrow(RangeError);
    await expect(packBytes({ algorithm: sha1, objects, objectCount: 21, deltas: {} })).rejects.toThrow(RangeError);
  });

  test('stores what is over bigFileBytes full', async () => {
    const { items, source } = looseSource(blobs(versions(5)));
    const written = await gatherPack(
      packObjects({ algorithm: sha1, objects: items, source, deltas: { bigFileBytes: 60 } }),
    );
    const index = parsePackIndex(serializePackIndex(written), sha1);
    expect((await listPack({ source: memorySource(written.bytes), index })).chainLengths).toEqual([5]);
  });

  test('breaks a circle that deltas of two packs form', async () => {
    const text = 'one text of several bytes, long enough not to be too small for a delta';
    const [a, b] = [ascii(text), ascii(`${text}!`)];
    const [aOid, bOid] = [blobOid(sha1, text), blobOid(sha1, `${text}!`)];
    const entry = (baseOid: string, delta: Uint8Array, pack: object) => ({
      typeCode: 7,
      baseOid,
      inflatedSize: delta.length,
      deflated: craftEntry({ typeCode: 3, body: delta }).subarray(1),
      pack,
    });
    const { items, source } = looseSource(blobs([a, b]));
    const circle: PackSource = {
      ...source,
      async *readEntries(oids) {
        for (const oid of oids) {
          if (oid === bOid) yield [oid, entry(aOid, appendDelta(a.length, '!'), {})];
          else yield [oid, entry(bOid, Uint8Array.of(b.length, a.length, 0x90, a.length), {})];
        }
      },
    };
    const written = await gatherPack(packObjects({ algorithm: sha1, objects: items, source: circle }));
    const reader = new PackReader({
      source: memorySource(written.bytes),
      index: parsePackIndex(serializePackIndex(written), sha1),
    });
    expect(reader.readSync(aOid)?.body).toEqual(a);
    expect(reader.readSync(bOid)?.body).toEqual(b);
  });

  test.each([{ deltas: false as const }, { deltas: {} }])('names an object that is missing: %j', async (options) => {
    const { items, source } = looseSource(blobs(versions(3)));
    const objects: PackItem[] = [...items, { oid: '1'.repeat(40), kind: 'blob' }];
    await expect(pack({ objects, source, ...options })).rejects.toThrow(
      expect.objectContaining({ code: 'OBJECT_NOT_FOUND' }),
    );
  });

  test('ends with its signal, and tells of progress', async () => {
    const { items, source } = looseSource(blobs(versions(5)));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pack({ objects: items, source, signal })).rejects.toThrow('enough');
    const phases: string[] = [];
    await pack({ objects: items, source, onProgress: ({ phase }) => phases.push(phase) });
    expect(new Set(phases)).toEqual(new Set(['deltas', 'write']));
  });
});

describe.each<HashName>(['sha1', 'sha256'])('a reader of %s that answers at once', (format) => {
  const algorithm = hashAlgorithm(format);
  const golden = goldenPack(directory.path, format, 'ofs');
  const index = parsePackIndex(golden.idx, algorithm);
  const absent = '1'.repeat(algorithm.hexLength);

  test('says what it says later', async () => {
    const reader = new PackReader({ source: memorySource(golden.pack), index });
    for (const { oid } of golden.objects) {
      const entry = await reader.readEntry(oid);
      expect(reader.readEntrySync(oid)).toEqual(entry);
      const { deflated: _, ...head } = entry!;
      expect(reader.readEntryHeadSync(oid)).toEqual(head);
      expect(reader.sizeSync(oid)).toBe((await reader.stat(oid))?.size);
    }
    for (const ask of ['readEntrySync', 'readEntryHeadSync', 'sizeSync'] as const) {
      expect(reader[ask](absent)).toBeUndefined();
    }
  });

  test('cannot where its source has to wait', () => {
    const { size, read } = memorySource(golden.pack);
    const reader = new PackReader({ source: { size, read }, index });
    const { oid } = golden.objects[0]!;
    for (const ask of ['readEntrySync', 'readEntryHeadSync', 'sizeSync'] as const) {
      expect(() => reader[ask](oid)).toThrow(TypeError);
    }
  });
});

describe('readEntry', () => {
  const body = ascii('a body that is long enough');
  const added = appendDelta(body.length, 'er');
  const full = craftEntry({ typeCode: 3, body });
  const baseOid = hashObject(sha1, 'blob', body);
  const result = hashObject(sha1, 'blob', concatBytes([body, ascii('er')]));

  async function readerOf(bytes: Uint8Array): Promise<PackReader> {
    const storage = memoryPackStorage();
    const { index } = await indexPack(chunked(bytes), { algorithm: sha1, storage });
    return new PackReader({ source: memorySource(bytes), index: parsePackIndex(index, sha1) });
  }

  test.each([
    ['ofs-delta', { typeCode: 6, body: added, baseDistance: full.length }],
    ['ref-delta', { typeCode: 7, body: added, baseOid }],
  ])('tells the base of an %s', async (_name, entry) => {
    const reader = await readerOf(craftPack(sha1, [full, craftEntry(entry)]));
    expect(await reader.readEntry(result)).toMatchObject({
      typeCode: entry.typeCode,
      baseOid,
      inflatedSize: added.length,
    });
    const base = await reader.readEntry(baseOid);
    expect(base).toMatchObject({ typeCode: 3, inflatedSize: body.length });
    expect(base?.deflated).toEqual(full.subarray(2));
    expect(await reader.readEntry('1'.repeat(40))).toBeUndefined();
  });

  test('refuses bytes that are not those the idx was made of', async () => {
    const bytes = craftPack(sha1, [full]);
    const reader = await readerOf(bytes);
    bytes[12 + full.length - 1]! ^= 1;
    await expect(reader.readEntry(baseOid)).rejects.toThrow(expect.objectContaining({ code: 'MALFORMED', offset: 12 }));
  });

  test.each([
    ['in the header', 4],
    ['in the trailer', 12 + full.length],
    ['after the end', 2 ** 30],
  ])('refuses an entry that the idx says is %s', async (_where, packOffset) => {
    const bytes = craftPack(sha1, [full]);
    const entries = [{ oid: baseOid, packOffset, crc32: 0 }];
    const idx = serializePackIndex({ algorithm: sha1, entries, packChecksum: bytes.slice(-20) });
    const reader = new PackReader({ source: memorySource(bytes), index: parsePackIndex(idx, sha1) });
    const problem = expect.objectContaining({ code: 'MALFORMED', offset: packOffset });
    await expect(reader.readEntry(baseOid)).rejects.toThrow(problem);
    expect(() => reader.readEntrySync(baseOid)).toThrow(problem);
    expect(() => reader.readEntryHeadSync(baseOid)).toThrow(problem);
    await expect(reader.read(baseOid)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});
