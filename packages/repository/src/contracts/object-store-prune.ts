import type { HashAlgorithm, Oid, RawObject } from '@git-kv/objects';
import type { ObjectStore } from '../object-store.js';
import { collect, type TestHarness, type WithStore } from './harness.js';
import { deltaPackOf, inPieces, oidOf, packOf, resultOf, sortedOids, textBlob } from './samples.js';

/** Dropping objects. */
export function pruneContract({ describe, test, expect }: TestHarness, withStore: WithStore): void {
  const texts = (count: number, name = 'text'): RawObject[] =>
    Array.from({ length: count }, (_, at) => textBlob(`${name} ${at}\n`));

  const publish = async (store: ObjectStore, pack: Uint8Array): Promise<void> =>
    (await store.receive(inPieces(pack))).publish();

  /** After a prune that keeps `kept` of `objects`. */
  const expectKept = async (
    store: ObjectStore,
    algorithm: HashAlgorithm,
    objects: readonly RawObject[],
    kept: (oid: Oid) => boolean,
  ): Promise<void> => {
    const oids = objects.map((object) => oidOf(algorithm, object));
    expect(await collect(store.oids())).toEqual(sortedOids(oids.filter(kept)));
    const found = new Map(await collect(store.readMany(oids)));
    for (const [at, oid] of oids.entries()) expect(found.get(oid)).toEqual(kept(oid) ? objects[at] : undefined);
    for (const oid of oids.slice(0, 10)) {
      expect((await store.stat(oid)) !== undefined).toBe(kept(oid));
      expect((await store.read(oid)) !== undefined).toBe(kept(oid));
      expect((await store.findByPrefix(oid, 5)).length).toBe(kept(oid) ? 1 : 0);
    }
  };

  describe('pruning', () => {
    const shares: [title: string, keep: (oid: Oid) => boolean][] = [
      ['everything', () => false],
      ['nothing', () => true],
      ['about a quarter', (oid) => oid >= '4'],
      ['about three quarters', (oid) => oid >= 'c'],
    ];
    const origins: [title: string, store: (store: ObjectStore, algorithm: HashAlgorithm) => Promise<RawObject[]>][] = [
      [
        'objects that were written',
        async (store) => {
          const objects = texts(60);
          await store.writeMany(objects);
          return objects;
        },
      ],
      [
        'a small pack',
        async (store, algorithm) => {
          const objects = texts(40);
          await publish(store, await packOf(algorithm, objects));
          return objects;
        },
      ],
      [
        'a large pack',
        async (store, algorithm) => {
          const objects = texts(400);
          await publish(store, await packOf(algorithm, objects));
          return objects;
        },
      ],
      [
        'all of these together, some objects twice',
        async (store, algorithm) => {
          const objects = [...texts(300, 'other'), ...texts(50)];
          await publish(store, await packOf(algorithm, objects));
          await store.writeMany(objects.slice(250, 320));
          await publish(store, await packOf(algorithm, objects.slice(200, 340)));
          return objects;
        },
      ],
    ];
    for (const [origin, fill] of origins) {
      for (const [share, keep] of shares) {
        test(
          `drops ${share} of ${origin}`,
          withStore(async (store, algorithm) => {
            const objects = await fill(store, algorithm);
            const oids = objects.map((object) => oidOf(algorithm, object));
            const report = await store.prune(keep);
            const kept = oids.filter(keep).length;
            expect([report.kept, report.removed]).toEqual([kept, oids.length - kept]);
            await expectKept(store, algorithm, objects, keep);
          }),
        );
      }
    }

    test(
      'keeps what is a delta against something dropped',
      withStore(async (store, algorithm) => {
        const base = textBlob('a base that is long enough to be copied\n');
        const delta = { base, added: Uint8Array.of(1) };
        const others = texts(200);
        await publish(store, deltaPackOf(algorithm, [base, ...others], [delta]));
        const baseOid = oidOf(algorithm, base);
        await store.prune((oid) => oid !== baseOid);
        await expectKept(store, algorithm, [base, ...others, resultOf(delta)], (oid) => oid !== baseOid);
        const deltaOid = oidOf(algorithm, resultOf(delta));
        await store.prune((oid) => oid === deltaOid);
        await expectKept(store, algorithm, [base, ...others, resultOf(delta)], (oid) => oid === deltaOid);
      }),
    );

    test(
      'lets an object come back',
      withStore(async (store, algorithm) => {
        const objects = texts(200);
        await publish(store, await packOf(algorithm, objects));
        const oid = oidOf(algorithm, objects[7] as RawObject);
        await store.prune((other) => other !== oid);
        expect(await store.write(objects[7] as RawObject)).toBe(oid);
        await expectKept(store, algorithm, objects, () => true);
        await store.prune((other) => other !== oid);
        await publish(store, await packOf(algorithm, objects));
        await expectKept(store, algorithm, objects, () => true);
      }),
    );

    test(
      'does not touch what is in quarantine',
      withStore(async (store, algorithm) => {
        const quarantine = await store.receive(inPieces(await packOf(algorithm, texts(150))));
        await store.prune(() => false);
        await quarantine.publish();
        await expectKept(store, algorithm, texts(150), () => true);
      }),
    );

    test(
      'beside a writer loses nothing it was to keep, and nothing by half',
      withStore(async (store, algorithm) => {
        const objects = texts(300);
        await publish(store, await packOf(algorithm, objects));
        const kept = new Set(objects.slice(0, 20).map((object) => oidOf(algorithm, object)));
        const pruning = store.prune((oid) => kept.has(oid));
        const written = await store.writeMany(texts(5, 'new'));
        await pruning;
        const found = await collect(store.readMany([...kept]));
        expect(found.filter(([, object]) => object === undefined)).toEqual([]);
        // A writer that comes while a prune runs is either before it (and its objects may go) or after it.
        const left = (await collect(store.readMany(written))).filter(([, object]) => object !== undefined);
        for (const [oid, object] of left) expect(oidOf(algorithm, object as RawObject)).toBe(oid);
      }),
    );
  });
}
