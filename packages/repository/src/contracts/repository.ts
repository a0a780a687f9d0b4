import { type HashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import type { Repository } from '../repository.js';
import { collect, type TestHarness } from './harness.js';
import { absentOid, inPieces, oidOf, oneOfEach, packOf, textBlob } from './samples.js';

/** Gives a fresh, empty repository. The suite closes it. */
export type OpenRepository = (algorithm: HashAlgorithm) => Promise<Repository>;

/** What every {@link Repository} does beyond its two stores, which have contracts of their own. */
export function repositoryContract({ describe, test, expect }: TestHarness, open: OpenRepository): void {
  for (const algorithm of [sha1, sha256]) {
    const withRepository = (run: (repository: Repository) => Promise<void>) => async (): Promise<void> => {
      const repository = await open(algorithm);
      try {
        await run(repository);
      } finally {
        await repository.close();
      }
    };

    describe(`keeps the Repository contract (${algorithm.name})`, () => {
      test(
        'is of one algorithm, and new: a HEAD that names a branch yet unborn, and no refs',
        withRepository(async ({ algorithm: own, objects, refs }) => {
          expect([own.name, objects.algorithm.name]).toEqual([algorithm.name, algorithm.name]);
          const head = await refs.read('HEAD');
          expect(head !== undefined && 'target' in head && head.target.startsWith('refs/heads/')).toBe(true);
          expect(await collect(refs.list(''))).toEqual([]);
        }),
      );

      test(
        'transact brings objects and refs in together',
        withRepository(async (repository) => {
          const objects = oneOfEach(algorithm);
          const [, , commit] = objects.map((object) => ({ oid: oidOf(algorithm, object) }));
          const quarantine = await repository.objects.receive(inPieces(await packOf(algorithm, objects)));
          const updates = [{ name: 'refs/heads/main', expected: null, next: commit ?? null }];
          expect((await repository.transact({ quarantine, updates })).status).toBe('updated');
          expect(await repository.refs.read('refs/heads/main')).toEqual(commit);
          expect((await collect(repository.objects.oids())).length).toBe(4);
        }),
      );

      test(
        'transact that loses its race moves no ref, and may be tried again with the same objects',
        withRepository(async (repository) => {
          const object = textBlob('pushed');
          const next = { oid: oidOf(algorithm, object) };
          const stands = { oid: await repository.objects.write(textBlob('stands')) };
          await repository.refs.update([{ name: 'refs/heads/main', next: stands }]);
          const quarantine = await repository.objects.receive(inPieces(await packOf(algorithm, [object])));
          const push = (expected: typeof next | null) => ({
            quarantine,
            updates: [
              { name: 'refs/heads/new', expected: null, next },
              { name: 'refs/heads/main', expected, next },
            ],
          });
          expect(await repository.transact(push(null))).toEqual({
            status: 'conflict',
            name: 'refs/heads/main',
            actual: stands,
          });
          expect(await repository.refs.read('refs/heads/new')).toBe(undefined);
          expect((await repository.transact(push(stands))).status).toBe('updated');
          expect(await repository.objects.read(next.oid)).toEqual(object);
        }),
      );

      test(
        'transact works without objects',
        withRepository(async (repository) => {
          const next = { oid: await repository.objects.write(textBlob('a value')) };
          const updates = [{ name: 'refs/tags/v1', expected: null, next }];
          expect((await repository.transact({ updates })).status).toBe('updated');
          expect((await repository.transact({ updates })).status).toBe('conflict');
        }),
      );

      test(
        'the shallow boundary is a set that grows and shrinks',
        withRepository(async ({ shallow }) => {
          const [one, two, three] = ['1', '2', '3'].map((digit) => absentOid(algorithm, digit)) as [
            string,
            string,
            string,
          ];
          expect([...(await shallow.read())]).toEqual([]);
          await shallow.update({ add: [one, two], remove: [] });
          const before = await shallow.read();
          await shallow.update({ add: [three, two], remove: [one, absentOid(algorithm, '9')] });
          expect([...(await shallow.read())].sort()).toEqual([two, three]);
          expect([...before].sort()).toEqual([one, two]);
          await shallow.update({ add: [], remove: [two, three] });
          expect([...(await shallow.read())]).toEqual([]);
        }),
      );
    });
  }
}
