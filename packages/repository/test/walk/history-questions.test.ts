import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import {
  commonAncestors,
  countAheadBehind,
  independentCommits,
  isAncestor,
  mergeBases,
  octopusMergeBases,
  RevisionWalk,
} from '@git-kv/repository';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory, type OddHistory } from '../../../../test/support/odd-history.js';

const GRAPHS = ['no commit-graph', 'a commit-graph', 'a commit-graph of levels', 'a commit-graph of older commits'];

describe.each(['sha1', 'sha256'] as const)('questions about an odd history (%s)', (objectFormat) => {
  let root: string;
  let history: OddHistory;
  let reached: ReadonlyMap<Oid, ReadonlySet<Oid>>;
  beforeAll(() => {
    root = makeDirectory();
    history = makeOddHistory(join(root, 'odd.git'), objectFormat);
    git(['repack', '-adq'], { cwd: history.directory });
    reached = new Map(
      Object.values(history.commits).map((oid) => [
        oid,
        new Set(git(['rev-list', oid], { cwd: history.directory }).split('\n')),
      ]),
    );
  });
  afterAll(() => removeDirectory(root));

  describe.each(GRAPHS)('with %s', (state) => {
    let repository: FileRepository;
    beforeAll(async () => {
      const cwd = history.directory;
      rmSync(join(cwd, 'objects/info/commit-graph'), { force: true });
      if (state === GRAPHS[1]) git(['commit-graph', 'write', '--reachable'], { cwd });
      if (state === GRAPHS[2])
        git(['-c', 'commitGraph.generationVersion=1', 'commit-graph', 'write', '--reachable'], { cwd });
      if (state === GRAPHS[3])
        git(['commit-graph', 'write', '--stdin-commits'], { cwd, input: `${history.commits.p}\n` });
      repository = await openRepository(cwd);
      expect((await repository.objects.commitGraph()) === undefined).toBe(state === GRAPHS[0]);
    });
    afterAll(() => repository.close());

    test('isAncestor knows who reaches whom', async () => {
      for (const [descendant, below] of reached) {
        for (const ancestor of reached.keys()) {
          expect(await isAncestor(repository.objects, ancestor, descendant)).toBe(below.has(ancestor));
        }
      }
    });

    test('commonAncestors finds commits that reach all that both reach', async () => {
      for (const [first, belowFirst] of reached) {
        for (const [second, belowSecond] of reached) {
          const found = await commonAncestors(repository.objects, first, second);
          const below = new Set(found.flatMap((oid) => [...(reached.get(oid) as Set<Oid>)]));
          expect(below).toEqual(new Set([...belowFirst].filter((oid) => belowSecond.has(oid))));
        }
      }
    });

    test('mergeBases, octopusMergeBases and independentCommits give what git merge-base prints', async () => {
      const cwd = history.directory;
      const ask = async (...args: string[]): Promise<string[]> =>
        (await gitAsync(['merge-base', ...args], { cwd })).stdout.split('\n').slice(0, -1);
      const names = ['tip', 'cross1', 'cross2', 'octopus', 'late', 'a3', 'root3', 'merge'];
      const oids = names.map((name) => history.commits[name] as Oid);
      for (const [at, first] of oids.entries()) {
        for (const second of oids.slice(at)) {
          expect(await mergeBases(repository.objects, first, [second])).toEqual(await ask('--all', first, second));
        }
        const three = [first, oids[(at + 1) % 8] as Oid, oids[(at + 3) % 8] as Oid];
        const [one, ...others] = three as [Oid, ...Oid[]];
        expect(await mergeBases(repository.objects, one, others)).toEqual(await ask('--all', ...three));
        expect(await octopusMergeBases(repository.objects, three)).toEqual(await ask('--all', '--octopus', ...three));
        expect(await independentCommits(repository.objects, three)).toEqual(await ask('--independent', ...three));
      }
      expect(await independentCommits(repository.objects, oids)).toEqual(await ask('--independent', ...oids));
      expect(await mergeBases(repository.objects, oids[0] as Oid, [])).toEqual([oids[0]]);
    });

    test('countAheadBehind counts what only one of two reaches', async () => {
      for (const [first, belowFirst] of reached) {
        for (const [second, belowSecond] of reached) {
          expect(await countAheadBehind(repository.objects, first, second)).toEqual({
            ahead: [...belowFirst].filter((oid) => !belowSecond.has(oid)).length,
            behind: [...belowSecond].filter((oid) => !belowFirst.has(oid)).length,
          });
        }
      }
    });

    test('a topological walk leaves out exactly what is excluded, where there are generation numbers', async () => {
      if (state === GRAPHS[0] || state === GRAPHS[3]) return;
      for (const [included, below] of reached) {
        for (const [excluded, known] of reached) {
          const walk = await RevisionWalk.open(repository.objects, {
            include: [included],
            exclude: [excluded],
            order: 'topological',
          });
          const rows = await walk.next(100);
          expect(new Set(rows.map((row) => walk.table.oidAt(row)))).toEqual(
            new Set([...below].filter((oid) => !known.has(oid))),
          );
          await walk.close();
        }
      }
    });
  });
});
