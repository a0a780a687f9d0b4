import { type Oid, sha1, sha256 } from '@git-kv/objects';
import { commitsFrom, isAncestor, shallowBoundary } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect, inventedOid, writeCommit } from '../support/objects.js';

describe.each([sha1, sha256])('walks over commits ($name)', (algorithm) => {
  const setUp = () => {
    const { objects: store } = createMemoryRepository({ algorithm });
    let made = 0;
    const commit = (time: number, ...parents: Oid[]): Promise<Oid> =>
      writeCommit(store, { treeOid: algorithm.emptyTreeOid, time, parents, message: `${made++}\n` });
    const listed = async (starts: Oid[], shallow: Oid[] = []): Promise<Oid[]> =>
      (await collect(commitsFrom(store, starts, { shallow: new Set(shallow) }))).map(({ oid }) => oid);
    return { store, commit, listed };
  };

  describe('commitsFrom', () => {
    test('lists each commit once, newest first, across merges', async () => {
      const { commit, listed } = setUp();
      const root = await commit(1);
      const left = await commit(3, root);
      const right = await commit(2, root);
      const merge = await commit(4, left, right);
      expect(await listed([merge])).toEqual([merge, left, right, root]);
      expect(await listed([right, merge, right])).toEqual([merge, left, right, root]);
    });

    test('gives tree, parents and time', async () => {
      const { store, commit } = setUp();
      const root = await commit(7);
      expect(await collect(commitsFrom(store, [root]))).toEqual([
        { oid: root, treeOid: algorithm.emptyTreeOid, parentOids: [], timestamp: 7 },
      ]);
    });

    test('ends at the shallow boundary, and misses parents without one', async () => {
      const { commit, listed } = setUp();
      const cut = await commit(1, inventedOid(algorithm, 'a'));
      const tip = await commit(2, cut);
      expect(await listed([tip], [cut])).toEqual([tip, cut]);
      await expect(listed([tip])).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    test('gives what comes before a commit that is missing', async () => {
      const { store, commit } = setUp();
      const cut = await commit(1, inventedOid(algorithm, 'a'));
      const tips: Oid[] = [];
      for (let time = 9; time > 1; time--) tips.push(await commit(time, cut));
      const seen: Oid[] = [];
      const walk = async (): Promise<void> => {
        for await (const { oid } of commitsFrom(store, tips)) seen.push(oid);
      };
      await expect(walk()).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      expect(seen).toEqual(tips);
    });

    test('refuses what is no commit', async () => {
      const { store, listed } = setUp();
      const value = await store.write({ kind: 'blob', body: new Uint8Array(1) });
      await expect(listed([value])).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
    });
  });

  describe('isAncestor', () => {
    test('agrees with plain reachability for any history and any dates', async () => {
      const commits = fc.array(fc.record({ parents: fc.array(fc.nat(), { maxLength: 2 }), time: fc.nat(6) }), {
        minLength: 2,
        maxLength: 14,
      });
      await fc.assert(
        fc.asyncProperty(commits, fc.nat(), fc.nat(), async (inputs, first, second) => {
          const { store, commit } = setUp();
          const oids: Oid[] = [];
          const above: Set<Oid>[] = [];
          for (const { parents, time } of inputs) {
            const places = oids.length === 0 ? [] : [...new Set(parents.map((at) => at % oids.length))];
            oids.push(await commit(time, ...places.map((at) => oids[at] as Oid)));
            const reached = new Set([oids.at(-1) as Oid]);
            for (const at of places) for (const oid of above[at] as Set<Oid>) reached.add(oid);
            above.push(reached);
          }
          const [a, b] = [first % oids.length, second % oids.length];
          const expected = (above[b] as Set<Oid>).has(oids[a] as Oid);
          expect(await isAncestor(store, oids[a] as Oid, oids[b] as Oid)).toBe(expected);
        }),
        { numRuns: 200 },
      );
    });

    test('does not read on below the older commit', async () => {
      const { store, commit } = setUp();
      const cut = await commit(1, inventedOid(algorithm, 'a'));
      const ancestor = await commit(2, cut);
      const other = await commit(3, cut);
      expect(await isAncestor(store, ancestor, await commit(4, ancestor))).toBe(true);
      expect(await isAncestor(store, ancestor, other)).toBe(false);
    });

    test('commits that are missing are nobody', async () => {
      const { store, commit } = setUp();
      const root = await commit(1);
      expect(await isAncestor(store, inventedOid(algorithm, 'a'), root)).toBe(false);
      expect(await isAncestor(store, root, inventedOid(algorithm, 'a'))).toBe(false);
    });
  });

  describe('shallowBoundary', () => {
    test('cuts at the depth, be it at a root', async () => {
      const { store, commit } = setUp();
      const root = await commit(1);
      const middle = await commit(2, root);
      const tip = await commit(3, middle);
      expect(await shallowBoundary(store, [tip], 1)).toEqual({ shallow: [tip], commits: [tip] });
      expect(await shallowBoundary(store, [tip], 2)).toEqual({ shallow: [middle], commits: [tip, middle] });
      expect(await shallowBoundary(store, [tip], 3)).toEqual({ shallow: [root], commits: [tip, middle, root] });
      expect(await shallowBoundary(store, [tip], 4)).toEqual({ shallow: [], commits: [tip, middle, root] });
      expect(await shallowBoundary(store, [tip, middle], 1)).toEqual({
        shallow: [tip, middle],
        commits: [tip, middle],
      });
    });

    test('counts the shortest way from any want', async () => {
      const { store, commit } = setUp();
      const root = await commit(1);
      const a = await commit(2, root);
      const b = await commit(3, a);
      const merge = await commit(4, b, a);
      expect(await shallowBoundary(store, [merge], 2)).toEqual({ shallow: [b, a], commits: [merge, b, a] });
    });

    test('keeps the boundary the repository has itself', async () => {
      const { store, commit } = setUp();
      const cut = await commit(1, inventedOid(algorithm, 'a'));
      const tip = await commit(2, cut);
      const shallow = new Set([cut]);
      expect(await shallowBoundary(store, [tip], 50, { shallow })).toEqual({ shallow: [cut], commits: [tip, cut] });
    });

    test('refuses a depth below 1', async () => {
      const { store, commit } = setUp();
      await expect(shallowBoundary(store, [await commit(1)], 0)).rejects.toThrow(RangeError);
    });
  });
});
