import { type HashAlgorithm, type Oid, oidToBytes, type RawObject } from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import { collect, failureOf, type TestHarness, type WithStore } from './harness.js';
import {
  absentOid,
  breakingHalfWay,
  deltaPackOf,
  inPieces,
  noise,
  oidOf,
  oneOfEach,
  packOf,
  resultOf,
  sealed,
  sortedOids,
  textBlob,
} from './samples.js';

/** How a damaged pack may be refused: which of its numbers is the wrong one is a matter of where one looks first. */
const DAMAGE_CODES = ['MALFORMED', 'HASH_MISMATCH', 'UNSUPPORTED', 'LIMIT_EXCEEDED', 'OBJECT_NOT_FOUND'];

/** Few enough to be taken apart, and enough to stay a pack. */
const COUNTS = [4, 400];

/** Taking in packs, through quarantine. */
export function receiveContract({ describe, test, expect }: TestHarness, withStore: WithStore): void {
  const texts = (count: number): RawObject[] => Array.from({ length: count }, (_, at) => textBlob(`text ${at}\n`));
  const oidsOf = (algorithm: HashAlgorithm, objects: readonly RawObject[]): Oid[] =>
    sortedOids(objects.map((object) => oidOf(algorithm, object)));

  describe('receiving a pack', () => {
    for (const count of COUNTS) {
      test(
        `of ${count} objects shows them in quarantine only, until they are published`,
        withStore(async (store, algorithm) => {
          const before = await store.write(textBlob('here before'));
          const objects = [...texts(count - 4), ...oneOfEach(algorithm)];
          const quarantine = await store.receive(inPieces(await packOf(algorithm, objects)));
          const oids = oidsOf(algorithm, objects);
          expect(quarantine.objectCount).toBe(count);
          expect([...quarantine.oids()]).toEqual(oids);
          expect(await collect(store.oids())).toEqual([before]);
          expect((await collect(store.readMany(oids))).every(([, object]) => object === undefined)).toBe(true);
          expect(await store.stat(oids[0] as Oid)).toBe(undefined);
          expect(await store.findByPrefix((oids[0] as Oid).slice(0, 12), 5)).toEqual([]);
          await readsAll(quarantine.reader, objects, algorithm);
          expect(await quarantine.reader.read(before)).toEqual(textBlob('here before'));
          expect(await quarantine.reader.read(absentOid(algorithm))).toBe(undefined);

          await quarantine.publish();
          expect(await collect(store.oids())).toEqual(sortedOids([before, ...oids]));
          await readsAll(store, objects, algorithm);
          for (const oid of oids.slice(0, 5)) {
            expect(await store.findByPrefix(oid.slice(0, 12), 5)).toEqual([oid]);
          }
        }),
      );

      test(
        `of ${count} objects leaves nothing when they are discarded`,
        withStore(async (store, algorithm) => {
          const objects = texts(count);
          const quarantine = await store.receive(inPieces(await packOf(algorithm, objects)));
          await quarantine.discard();
          await quarantine.discard();
          expect(await collect(store.oids())).toEqual([]);
          expect(await store.read(oidOf(algorithm, objects[0] as RawObject))).toBe(undefined);
          // The same pack is welcome later.
          await (await store.receive(inPieces(await packOf(algorithm, objects)))).publish();
          expect(await collect(store.oids())).toEqual(oidsOf(algorithm, objects));
        }),
      );
    }

    test(
      'publishes once: again, or a discard after, changes nothing',
      withStore(async (store, algorithm) => {
        const objects = oneOfEach(algorithm);
        const quarantine = await store.receive(inPieces(await packOf(algorithm, objects)));
        await quarantine.publish();
        await quarantine.publish();
        await quarantine.discard();
        expect(await collect(store.oids())).toEqual(oidsOf(algorithm, objects));
        await readsAll(quarantine.reader, objects, algorithm);
      }),
    );

    test(
      'gives its entries back as they came, where the engine keeps packs',
      withStore(async (store, algorithm) => {
        if (store.readEntries === undefined) return;
        const objects = texts(400);
        const oids = oidsOf(algorithm, objects);
        await (await store.receive(inPieces(await packOf(algorithm, objects)))).publish();
        const loose = await store.write(textBlob('not in a pack'));
        const entries = await collect(store.readEntries([...oids, ...oids, loose, absentOid(algorithm)]));
        expect(sortedOids(entries.map(([oid]) => oid))).toEqual(oids);
        expect(entries.length).toBe(400);
        const sizes = new Map(objects.map((object) => [oidOf(algorithm, object), object.body.length]));
        expect(entries.every(([oid, entry]) => entry.inflatedSize === sizes.get(oid))).toBe(true);
      }),
    );

    test(
      'says at once what it says later, or nothing',
      withStore(async (store, algorithm) => {
        const objects = texts(200);
        await (await store.receive(inPieces(await packOf(algorithm, objects)))).publish();
        const loose = await store.write(textBlob('not in a pack'));
        await store.read(oidsOf(algorithm, objects)[0] as string);
        for (const oid of [...oidsOf(algorithm, objects), loose, absentOid(algorithm)]) {
          const [object, size] = [store.readSync?.(oid), store.sizeSync?.(oid)];
          if (object !== undefined) expect(object).toEqual(await store.read(oid));
          if (size !== undefined) expect(size).toBe((await store.stat(oid))?.size);
          const stat = store.statSync?.(oid);
          if (stat !== undefined) expect(stat).toEqual(await store.stat(oid));
          expect(store.statBytesSync?.(oidToBytes(oid), 0)).toEqual(stat);
          const [entry, head] = [store.readEntrySync?.(oid), store.readEntryHeadSync?.(oid)];
          if (entry === undefined || head === undefined) continue;
          expect([head.typeCode, head.inflatedSize]).toEqual([entry.typeCode, entry.inflatedSize]);
          expect(entry.inflatedSize).toBe(size);
        }
      }),
    );

    test(
      'byte by byte is the same as at once',
      withStore(async (store, algorithm) => {
        const objects = oneOfEach(algorithm);
        await (await store.receive(inPieces(await packOf(algorithm, objects), 1))).publish();
        await readsAll(store, objects, algorithm);
      }),
    );

    test(
      'without objects is fine',
      withStore(async (store, algorithm) => {
        const quarantine = await store.receive(inPieces(await packOf(algorithm, [])));
        expect([quarantine.objectCount, [...quarantine.oids()]]).toEqual([0, []]);
        await quarantine.publish();
        expect(await collect(store.oids())).toEqual([]);
      }),
    );

    test(
      'with objects that are there already keeps each once',
      withStore(async (store, algorithm) => {
        const objects = [...oneOfEach(algorithm), ...texts(200)];
        await store.writeMany(objects.slice(0, 100));
        for (let round = 0; round < 2; round++) {
          const quarantine = await store.receive(inPieces(await packOf(algorithm, objects)));
          expect([...quarantine.oids()]).toEqual(oidsOf(algorithm, objects));
          await quarantine.publish();
        }
        expect(await collect(store.oids())).toEqual(oidsOf(algorithm, objects));
        expect((await collect(store.readMany(oidsOf(algorithm, objects)))).length).toBe(objects.length);
        await readsAll(store, objects, algorithm);
      }),
    );

    test(
      'rebuilds deltas against objects of the pack',
      withStore(async (store, algorithm) => {
        const base = textBlob('a base that is long enough to be copied\n');
        const delta = { base, added: Uint8Array.of(1) };
        const second = { base: resultOf(delta), added: Uint8Array.of(2, 3) };
        await (await store.receive(inPieces(deltaPackOf(algorithm, [base], [second, delta])))).publish();
        await readsAll(store, [base, resultOf(delta), resultOf(second)], algorithm);
      }),
    );

    for (const count of COUNTS) {
      test(
        `completes a thin one of ${count} objects from the store`,
        withStore(async (store, algorithm) => {
          const base = textBlob('a base that is long enough to be copied\n');
          const baseOid = await store.write(base);
          const delta = { base, added: Uint8Array.of(1, 2) };
          const pack = deltaPackOf(algorithm, texts(count - 1), [delta]);
          const quarantine = await store.receive(inPieces(pack));
          expect(quarantine.objectCount).toBe(count);
          expect([...quarantine.oids()]).toEqual(oidsOf(algorithm, [...texts(count - 1), resultOf(delta)]));
          expect([...quarantine.oids()].includes(baseOid)).toBe(false);
          // Whoever drops the base meanwhile does not break what was built upon it.
          await store.prune((oid) => oid !== baseOid);
          await quarantine.publish();
          await readsAll(store, [resultOf(delta)], algorithm);
        }),
      );
    }

    test(
      'completes a thin one from what the store is laid over',
      withStore(async (store, algorithm) => {
        const base = textBlob('a base that lies beneath, long enough to be copied\n');
        const baseOid = oidOf(algorithm, base);
        const delta = { base, added: Uint8Array.of(1, 2) };
        const stat = { kind: base.kind, size: base.body.length };
        const beneath = {
          algorithm,
          read: async (oid: Oid) => (oid === baseOid ? base : undefined),
          stat: async (oid: Oid) => (oid === baseOid ? stat : undefined),
          async *readMany(oids: Iterable<Oid>) {
            for (const oid of oids) yield [oid, await beneath.read(oid)] as const;
          },
        };
        const quarantine = await store.receive(inPieces(deltaPackOf(algorithm, [], [delta])), { beneath });
        expect([...quarantine.oids()]).toEqual([oidOf(algorithm, resultOf(delta))]);
        await quarantine.publish();
        await readsAll(store, [resultOf(delta)], algorithm);
      }),
    );

    test(
      'refuses a thin one whose base is missing',
      withStore(async (store, algorithm) => {
        const pack = deltaPackOf(algorithm, texts(3), [{ base: textBlob('never stored'), added: Uint8Array.of(1) }]);
        expect(await failureOf(store.receive(inPieces(pack)))).toBe('OBJECT_NOT_FOUND');
        expect(await collect(store.oids())).toEqual([]);
      }),
    );

    test(
      'of two at once keeps them apart',
      withStore(async (store, algorithm) => {
        const [one, two] = [texts(150).slice(0, 120), texts(150).slice(30)];
        const [first, second] = await Promise.all([
          store.receive(inPieces(await packOf(algorithm, one), 100)),
          store.receive(inPieces(await packOf(algorithm, two), 100)),
        ]);
        await first.publish();
        expect(await collect(store.oids())).toEqual(oidsOf(algorithm, one));
        await second.discard();
        expect(await collect(store.oids())).toEqual(oidsOf(algorithm, one));
        await readsAll(store, one, algorithm);
      }),
    );
  });

  describe('refuses a pack, and keeps nothing of it, that', () => {
    const damage: [problem: string, harm: (pack: Uint8Array, algorithm: HashAlgorithm) => Uint8Array][] = [
      ['is cut short', (pack) => pack.subarray(0, pack.length - 30)],
      ['is nothing', (pack) => pack.subarray(0, 0)],
      ['is no pack', (pack) => pack.map((byte, at) => (at < 4 ? 0x41 : byte))],
      ['states more objects than it has', (pack, algorithm) => resealed(pack, algorithm, 11, 1)],
      ['states fewer objects than it has', (pack, algorithm) => resealed(pack, algorithm, 11, -1)],
      ['has a wrong checksum', (pack) => pack.map((byte, at) => (at === pack.length - 1 ? byte ^ 1 : byte))],
    ];
    for (const [problem, harm] of damage) {
      test(
        problem,
        withStore(async (store, algorithm) => {
          const before = await store.write(textBlob('here before'));
          const pack = harm(await packOf(algorithm, texts(150)), algorithm);
          expect(DAMAGE_CODES.includes(await failureOf(store.receive(inPieces(pack))))).toBe(true);
          expect(await collect(store.oids())).toEqual([before]);
        }),
      );
    }

    test(
      'has a flipped bit anywhere',
      withStore(async (store, algorithm) => {
        const pack = await packOf(algorithm, oneOfEach(algorithm));
        for (let at = 0; at < pack.length; at += 37) {
          const flipped = pack.map((byte, index) => (index === at ? byte ^ 0x10 : byte));
          expect(DAMAGE_CODES.includes(await failureOf(store.receive(inPieces(flipped))))).toBe(true);
        }
        expect(await collect(store.oids())).toEqual([]);
      }),
    );

    test(
      'breaks off: the error is the one of the stream',
      withStore(async (store, algorithm) => {
        const pack = await packOf(algorithm, texts(150));
        const reason = await store.receive(breakingHalfWay(pack)).catch((error: unknown) => String(error));
        expect(reason).toBe('Error: the stream broke');
        expect(await collect(store.oids())).toEqual([]);
      }),
    );

    test(
      'is larger than allowed',
      withStore(async (store, algorithm) => {
        const pack = await packOf(algorithm, [{ kind: 'blob', body: noise(20_000) }]);
        expect(await failureOf(store.receive(inPieces(pack, 100), { maxPackBytes: 10_000 }))).toBe('LIMIT_EXCEEDED');
        expect(await collect(store.oids())).toEqual([]);
        await (await store.receive(inPieces(pack, 100), { maxPackBytes: pack.length })).publish();
        expect((await collect(store.oids())).length).toBe(1);
      }),
    );

    test(
      'inflates to more than allowed, in one object or in all',
      withStore(async (store, algorithm) => {
        const blank = (last: number): RawObject => ({ kind: 'blob', body: new Uint8Array(20_000).fill(last, 19_999) });
        const pack = await packOf(algorithm, [blank(1), blank(2)]);
        expect(await failureOf(store.receive(inPieces(pack), { maxObjectBytes: 19_999 }))).toBe('LIMIT_EXCEEDED');
        expect(await failureOf(store.receive(inPieces(pack), { maxInflatedBytes: 39_999 }))).toBe('LIMIT_EXCEEDED');
        expect(await collect(store.oids())).toEqual([]);
        await (await store.receive(inPieces(pack), { maxObjectBytes: 20_000, maxInflatedBytes: 40_000 })).publish();
        expect((await collect(store.oids())).length).toBe(2);
      }),
    );

    test(
      'was aborted',
      withStore(async (store, algorithm) => {
        const pack = await packOf(algorithm, texts(150));
        const abort = new AbortController();
        async function* stream(): AsyncGenerator<Uint8Array> {
          for await (const piece of inPieces(pack, 100)) {
            yield piece;
            abort.abort(new Error('enough'));
          }
        }
        const receiving = store.receive(stream(), { signal: abort.signal });
        expect(await receiving.catch((error: unknown) => String(error))).toBe('Error: enough');
        expect(await collect(store.oids())).toEqual([]);
      }),
    );
  });

  async function readsAll(
    reader: Pick<ObjectStore, 'read' | 'readMany' | 'stat'>,
    objects: readonly RawObject[],
    algorithm: HashAlgorithm,
  ): Promise<void> {
    const expected = new Map(objects.map((object) => [oidOf(algorithm, object), object]));
    for await (const [oid, object] of reader.readMany(expected.keys())) {
      expect(object).toEqual(expected.get(oid));
    }
    for (const [oid, object] of [...expected].slice(0, 20)) {
      expect(await reader.read(oid)).toEqual(object);
      const stat = await reader.stat(oid);
      expect([stat?.kind, stat?.size]).toEqual([object.kind, object.body.length]);
    }
  }
}

/** The pack with `change` added to one byte, and a checksum that fits again. */
function resealed(pack: Uint8Array, algorithm: HashAlgorithm, offset: number, change: number): Uint8Array {
  const body = pack.slice(0, pack.length - algorithm.oidLength);
  body[offset] = (body[offset] as number) + change;
  return sealed(algorithm, body);
}
