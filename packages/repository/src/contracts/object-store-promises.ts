import { FileMode, type HashAlgorithm, type RawObject, TreeBuilder } from '@git-kv/objects';
import { collect, type TestHarness, type WithStore } from './harness.js';
import { absentOid, inPieces, oidOf, packOf, sortedOids, textBlob } from './samples.js';

/** Packs from promisor remotes, of stores that know of them. */
export function promisesContract({ describe, test, expect }: TestHarness, withStore: WithStore): void {
  /** A tree that names an object which is nowhere. */
  const treeOver = (algorithm: HashAlgorithm, digit: string): RawObject => {
    const tree = new TreeBuilder(algorithm).set('missing', FileMode.regular, absentOid(algorithm, digit));
    return { kind: 'tree', body: tree.build() };
  };

  describe('a pack from a promisor remote', () => {
    for (const count of [1, 400]) {
      test(
        `of ${count} objects promises what it has and what that names, once it is published`,
        withStore(async (store, algorithm) => {
          if (store.openPromises === undefined) return;
          expect(await store.openPromises()).toBe(undefined);
          const texts = Array.from({ length: count - 1 }, (_, at) => textBlob(`text ${at}\n`));
          const objects = [treeOver(algorithm, '1'), ...texts];
          const quarantine = await store.receive(inPieces(await packOf(algorithm, objects)), { promisor: '' });
          expect(await store.openPromises()).toBe(undefined);
          await quarantine.publish();
          const promises = await store.openPromises();
          const oids = objects.map((object) => oidOf(algorithm, object));
          expect(sortedOids(new Set(promises?.oids()))).toEqual(sortedOids(oids));
          for (const oid of oids.slice(0, 5)) {
            expect(promises?.has(oid)).toBe(true);
            expect(await promises?.covers(oid)).toBe(true);
          }
          expect(promises?.has(absentOid(algorithm, '1'))).toBe(false);
          expect(await promises?.covers(absentOid(algorithm, '1'))).toBe(true);
          expect(await promises?.covers(absentOid(algorithm, '2'))).toBe(false);
        }),
      );
    }

    test(
      'promises beside others, and objects that came in other ways promise nothing',
      withStore(async (store, algorithm) => {
        if (store.openPromises === undefined) return;
        await store.write(treeOver(algorithm, '1'));
        await (await store.receive(inPieces(await packOf(algorithm, [treeOver(algorithm, '2')])))).publish();
        expect(await store.openPromises()).toBe(undefined);
        for (const digit of ['3', '4']) {
          const pack = await packOf(algorithm, [treeOver(algorithm, digit)]);
          await (
            await store.receive(inPieces(pack), { promisor: `${absentOid(algorithm)} refs/heads/main\n` })
          ).publish();
        }
        const promises = await store.openPromises();
        const covered = ['1', '2', '3', '4'].map((digit) => promises?.covers(absentOid(algorithm, digit)));
        expect(await Promise.all(covered)).toEqual([false, false, true, true]);
      }),
    );

    test(
      'is not pruned',
      withStore(async (store, algorithm) => {
        if (store.openPromises === undefined) return;
        const kept = treeOver(algorithm, '1');
        await (await store.receive(inPieces(await packOf(algorithm, [kept])), { promisor: '' })).publish();
        await store.write(textBlob('to go'));
        expect(await store.prune(() => false)).toEqual({ removed: 1, kept: 1 });
        expect(await collect(store.oids())).toEqual([oidOf(algorithm, kept)]);
      }),
    );

    test(
      'that is discarded promises nothing',
      withStore(async (store, algorithm) => {
        if (store.openPromises === undefined) return;
        const pack = await packOf(algorithm, [treeOver(algorithm, '1')]);
        await (await store.receive(inPieces(pack), { promisor: '' })).discard();
        expect(await store.openPromises()).toBe(undefined);
      }),
    );
  });
}
