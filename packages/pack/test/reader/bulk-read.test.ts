import { type HashName, hashAlgorithm, hashObject, type Oid } from '@git-kv/objects';
import {
  type ByteSource,
  createDeltaBaseCache,
  DEFAULT_PACK_LIMITS,
  iterateCursors,
  listCursor,
  memorySource,
  type ObjectCursor,
  PackReader,
  parsePackIndex,
} from '@git-kv/pack';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ReadWindows } from '../../src/read-windows.js';
import { BulkRead } from '../../src/reader/bulk-read.js';
import { OffsetTable } from '../../src/reader/offset-table.js';
import { waitingSource } from '../support/craft.js';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describe.each<HashName>(['sha1', 'sha256'])('a bulk read, %s', (format) => {
  const algorithm = hashAlgorithm(format);

  describe.each(['ofs', 'ref'] as const)('of %s-deltas', (deltas) => {
    const golden = goldenPack(directory.path, format, deltas);
    const index = parsePackIndex(new Uint8Array(golden.idx), algorithm);
    const pack = new Uint8Array(golden.pack);
    const all = golden.objects.map(({ oid }) => oid);

    function bulk(
      source: ByteSource,
      oids: readonly Oid[],
      options: { maxBytes?: number; isTransient?: boolean; deltaDepth?: number } = {},
    ): BulkRead {
      const placed = oids
        .map((oid) => [oid, index.packOffsetAt(index.find(oid) as number)] as const)
        .sort((a, b) => a[1] - b[1]);
      const parts = {
        index,
        limits: { ...DEFAULT_PACK_LIMITS, deltaDepth: options.deltaDepth ?? 4095 },
        windows: new ReadWindows(source, { windowBytes: 4096, windowCount: 8, leadBytes: 1024 }),
        bases: createDeltaBaseCache(10_000).forPack(),
        packEnd: source.size - algorithm.oidLength,
        scratch: { bytes: new Uint8Array(65536) },
      };
      const wanted = { oids: placed.map(([oid]) => oid), packOffsets: placed.map(([, packOffset]) => packOffset) };
      return new BulkRead(parts, wanted, {
        maxBytes: options.maxBytes ?? 2 ** 25,
        isTransient: options.isTransient,
        isWalk: true,
      });
    }

    async function read(cursor: BulkRead): Promise<Oid[]> {
      const found: Oid[] = [];
      for (;;) {
        const step = cursor.next();
        if (step === 'end') return found;
        if (step === 'bytes') await cursor.load();
        else {
          const { kind, body } = cursor.object as { kind: 'blob'; body: Uint8Array };
          expect(hashObject(algorithm, kind, body)).toBe(cursor.oid);
          found.push(cursor.oid);
        }
      }
    }

    test.each([
      ['at once', () => memorySource(pack)],
      ['with waits', () => waitingSource(pack)],
    ])('gives every object once, %s', async (_how, source) => {
      expect((await read(bulk(source(), all))).sort()).toEqual(all);
    });

    test.each([0, 100, 3000, 9000, 20_000, 60_000])(
      'keeps to %i bytes, and reads what does not fit by itself',
      async (maxBytes) => {
        expect((await read(bulk(memorySource(pack), all, { maxBytes }))).sort()).toEqual(all);
        expect((await read(bulk(waitingSource(pack), all, { maxBytes, isTransient: true }))).sort()).toEqual(all);
      },
    );

    test('gives any of them, whatever they are made of', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.subarray(all),
          fc.nat({ max: 30_000 }),
          fc.boolean(),
          async (oids, maxBytes, isTransient) => {
            expect((await read(bulk(memorySource(pack), oids, { maxBytes, isTransient }))).sort()).toEqual(oids);
          },
        ),
        { numRuns: 40 },
      );
    });

    test('leaves bodies alone unless they are transient', async () => {
      const cursor = bulk(memorySource(pack), all);
      const kept: [Oid, string, Uint8Array][] = [];
      while (cursor.next() === 'object')
        kept.push([cursor.oid, cursor.object?.kind as string, cursor.object?.body as Uint8Array]);
      expect(kept).toHaveLength(all.length);
      for (const [oid, kind, body] of kept) expect(hashObject(algorithm, kind as 'blob', body)).toBe(oid);
    });

    test('refuses chains over the limit', () => {
      const cursor = bulk(memorySource(pack), all, { deltaDepth: 2 });
      expect(() => {
        while (cursor.next() !== 'end');
      }).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit: 'deltaDepth' }));
    });

    test('of a reader gives many and few alike', async () => {
      for (const source of [memorySource(pack), waitingSource(pack)]) {
        const reader = new PackReader({ source, index });
        for (const oids of [all, all.slice(0, 5), [...all, ...all]]) {
          const found: Oid[] = [];
          for await (const [oid, object] of reader.readMany([...oids, '0'.repeat(algorithm.hexLength)])) {
            if (object) expect(hashObject(algorithm, object.kind, object.body)).toBe(oid);
            else expect(oid).toBe('0'.repeat(algorithm.hexLength));
            found.push(oid);
          }
          expect(found.sort()).toEqual([...new Set(oids), '0'.repeat(algorithm.hexLength)].sort());
        }
      }
    });
  });
});

describe('iterateCursors', () => {
  const object = { kind: 'blob', body: new Uint8Array(3) } as const;
  const pairs = (count: number) => Array.from({ length: count }, (_, at) => [`${at}`, object] as const);

  test('goes through cursors one after another, and answers calls in order', async () => {
    const cursors = [listCursor(pairs(2)), listCursor([]), listCursor(pairs(3))].values();
    const iterator = iterateCursors({ next: async () => cursors.next() });
    const answers = await Promise.all(Array.from({ length: 7 }, () => iterator.next()));
    expect(answers.map(({ value }) => value?.[0])).toEqual(['0', '1', '0', '1', '2', undefined, undefined]);
    expect(answers.at(-1)?.done).toBe(true);
  });

  test('lets its source end when its caller breaks off, or a cursor fails', async () => {
    let ended = 0;
    async function* source(cursor = listCursor(pairs(5))) {
      try {
        yield cursor;
      } finally {
        ended++;
      }
    }
    for await (const [oid] of iterateCursors(source())) if (oid === '2') break;
    expect(ended).toBe(1);
    const failing: ObjectCursor = {
      oid: '',
      object: undefined,
      next() {
        throw new Error('damaged');
      },
      load: async () => {},
    };
    const iterator = iterateCursors(source(failing));
    await expect(iterator.next()).rejects.toThrow('damaged');
    expect(ended).toBe(2);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('hears an abort before it waits', async () => {
    const abort = new AbortController();
    const cursors = [listCursor(pairs(1)), listCursor(pairs(1))].values();
    const iterator = iterateCursors({ next: async () => cursors.next() }, abort.signal);
    await iterator.next();
    abort.abort(new Error('enough'));
    await expect(iterator.next()).rejects.toThrow('enough');
  });
});

test('OffsetTable numbers offsets in the order they come, each once', () => {
  const offset = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat(), fc.integer({ min: 2 ** 31 - 5, max: 2 ** 32 + 5 }));
  fc.assert(
    fc.property(fc.array(offset, { maxLength: 300 }), fc.nat({ max: 20 }), (offsets, expected) => {
      const table = new OffsetTable(expected);
      const known = [...new Set(offsets)];
      for (const one of offsets) expect(table.add(one)).toBe(known.indexOf(one));
      expect(table.count).toBe(known.length);
      expect(known.map((_, number) => table.at(number))).toEqual(known);
    }),
  );
});
