import { decodeUtf8 } from '@git-kv/objects';
import type { RefName, RefStore, RefValue } from '../ref-store.js';
import { collect, type TestHarness, type WithRefs } from './harness.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';
const C = 'refs/heads/c';

/** Seeing several refs. */
export function refListContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  const fill = async (refs: RefStore, names: readonly RefName[], value: RefValue): Promise<void> => {
    await refs.update(names.map((name) => ({ name, next: value })));
  };

  describe('listing', () => {
    test(
      'is by prefix, in order of bytes',
      withRefs(async (refs, value) => {
        const names = [
          'refs/heads/a',
          'refs/heads/a-b',
          'refs/heads/a.b',
          'refs/heads/ab/c',
          'refs/heads/b/a',
          'refs/heads/b/b',
          'refs/heads/b0',
          'refs/heads/z',
          'refs/heads/é',
          'refs/heads/\u{ffe6}',
          'refs/heads/\u{1f600}',
          'refs/tags/v1',
        ];
        await fill(refs, [...names].reverse(), value('1'));
        const listed = async (prefix: string): Promise<RefName[]> =>
          (await collect(refs.list(prefix))).map(({ name }) => name);
        const prefixes = [
          'refs/',
          'refs/heads/',
          'refs/heads/a',
          'refs/heads/b/',
          'refs/heads/b',
          'refs/t',
          'refs/x',
          '',
        ];
        for (const prefix of prefixes) {
          expect([prefix, await listed(prefix)]).toEqual([prefix, names.filter((name) => name.startsWith(prefix))]);
        }
      }),
    );

    test(
      'by runs tells of the same refs, where the store has them',
      withRefs(async (refs, value) => {
        if (refs.listRuns === undefined) return;
        await fill(refs, [A, B, 'refs/heads/b-c', 'refs/notes/a', 'refs/tags/v1'], value('1'));
        const prefixes = ['refs/heads/b', 'refs/tags/'];
        const told: [RefName, RefValue][] = [];
        for (const run of await collect(refs.listRuns(prefixes))) {
          if ('name' in run) told.push([run.name, run.value]);
          else
            for (const [, oid = '', name = ''] of decodeUtf8(run.lines).matchAll(/^([^^ ]+) (.+)$/gm))
              told.push([name, { oid }]);
        }
        const listed: [RefName, RefValue][] = [];
        for (const prefix of prefixes)
          for (const { name, value } of await collect(refs.list(prefix))) listed.push([name, value]);
        expect(told).toEqual(listed);
      }),
    );

    test(
      'gives values, symbolic ones as they are, and not HEAD',
      withRefs(async (refs, value) => {
        await refs.update([
          { name: 'HEAD', next: { target: A } },
          { name: A, next: value('1') },
          { name: 'refs/remotes/origin/HEAD', next: { target: 'refs/remotes/origin/a' } },
        ]);
        const listed = (await collect(refs.list(''))).map(({ name, value }) => [name, value]);
        expect(listed).toEqual([
          [A, value('1')],
          ['refs/remotes/origin/HEAD', { target: 'refs/remotes/origin/a' }],
        ]);
      }),
    );

    test(
      'follows every change',
      withRefs(async (refs, value) => {
        await fill(refs, [A, B, C], value('1'));
        await refs.update([
          { name: B, next: null },
          { name: C, next: value('2') },
        ]);
        expect((await collect(refs.list('refs/heads/'))).map(({ name, value }) => [name, value])).toEqual([
          [A, value('1')],
          [C, value('2')],
        ]);
      }),
    );
  });

  describe('a snapshot', () => {
    test(
      'holds the refs that exist, once each',
      withRefs(async (refs, value) => {
        await fill(refs, [A, B], value('1'));
        await refs.update([{ name: 'HEAD', next: { target: A } }]);
        const snapshot = await refs.snapshot(['HEAD', B, C, B]);
        expect([...snapshot].sort()).toEqual([
          ['HEAD', { target: A }],
          [B, value('1')],
        ]);
        expect([...(await refs.snapshot([]))]).toEqual([]);
      }),
    );

    test(
      'never shows half of a transaction',
      withRefs(async (refs, value) => {
        await fill(refs, [A, B], value('1'));
        let running = true;
        const write = async (): Promise<void> => {
          for (let round = 0; round < 20; round++) await fill(refs, [A, B], value(round % 2 ? '1' : '2'));
          running = false;
        };
        const watch = async (): Promise<void> => {
          while (running) {
            const snapshot = await refs.snapshot([A, B]);
            expect(snapshot.get(A)).toEqual(snapshot.get(B));
          }
        };
        await Promise.all([write(), watch()]);
      }),
    );
  });
}
