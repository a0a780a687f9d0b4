import type { RefName, RefOutcome, RefUpdate } from '../ref-store.js';
import { collect, failureOf, summary, type TestHarness, type WithRefs } from './harness.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';
const C = 'refs/heads/c';

/** Which names and values a store takes. */
export function refNameContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  const wrong = [
    '',
    'head',
    'refs',
    'refs/',
    'refs/heads/',
    '/refs/heads/a',
    'refs//heads',
    'refs/heads/..',
    'refs/heads/a..b',
    '../refs/heads/a',
    'refs/heads/.a',
    'refs/heads/a.lock',
    'refs/heads/a.lock/b',
    'refs/heads/a b',
    'refs/heads/a~1',
    'refs/heads/a^',
    'refs/heads/a:b',
    'refs/heads/a?',
    'refs/heads/a[b',
    'refs/heads/a\\b',
    'refs/heads/a@{0}',
    'refs/heads/a\n',
    'refs/heads/a.',
    'objects/info/alternates',
    `refs/heads/${'x'.repeat(2000)}`,
  ];

  describe('names', () => {
    test(
      'that git does not allow are refused, with all that comes with them',
      withRefs(async (refs, value) => {
        for (const name of wrong) {
          const good: RefUpdate = { name: A, next: value('1') };
          expect([name, await failureOf(refs.update([good, { name, next: value('1') }]))]).toEqual([
            name,
            'INVALID_REF_NAME',
          ]);
          expect([name, await failureOf(refs.update([{ name, next: null }]))]).toEqual([name, 'INVALID_REF_NAME']);
          expect([name, await failureOf(refs.update([{ name: A, next: { target: name } }]))]).toEqual([
            name,
            'INVALID_REF_NAME',
          ]);
          expect([name, await failureOf(refs.read(name))]).toEqual([name, 'INVALID_REF_NAME']);
          expect([name, await failureOf(refs.snapshot([A, name]))]).toEqual([name, 'INVALID_REF_NAME']);
        }
        expect(await collect(refs.list('refs/'))).toEqual([]);
      }),
    );

    test(
      'may be as odd as git allows',
      withRefs(async (refs, value) => {
        const odd = [
          'refs/x',
          'refs/heads/ä/ö',
          'refs/heads/@',
          'refs/tags/-v1.0',
          'refs/heads/a#%&+=',
          'refs/heads/日本',
        ];
        for (const name of odd) {
          expect(summary(await refs.update([{ name, expected: null, next: value('1') }]))).toBe('updated');
          expect(await refs.read(name)).toEqual(value('1'));
        }
        expect((await collect(refs.list('refs/'))).map(({ name }) => name).sort()).toEqual([...odd].sort());
      }),
    );

    test(
      'one name twice in a transaction is refused',
      withRefs(async (refs, value) => {
        const twice = [
          { name: A, next: value('1') },
          { name: A, next: value('2') },
        ];
        expect(await failureOf(refs.update(twice))).toBe('REF_CONFLICT');
        expect(await refs.read(A)).toBe(undefined);
      }),
    );

    test(
      'values that are no object ids are refused',
      withRefs(async (refs, value) => {
        const { oid } = value('a');
        for (const bad of ['', 'main', oid.slice(1), oid.toUpperCase(), `${oid}\n`, '0'.repeat(oid.length)]) {
          expect([bad, await failureOf(refs.update([{ name: A, next: { oid: bad } }]))]).toEqual([bad, 'INVALID_OID']);
        }
        expect(await refs.read(A)).toBe(undefined);
      }),
    );

    test(
      'cannot be a ref and the directory of another',
      withRefs(async (refs, value) => {
        const create = (name: RefName): Promise<RefOutcome> =>
          refs.update([{ name, expected: null, next: value('1') }]);
        const conflictWith = (name: RefName): unknown => ({ status: 'conflict', name, actual: value('1') });
        await create(A);
        expect(summary(await create(`${A}/b`))).toEqual(conflictWith(A));
        expect(summary(await create(`${A}/b/c`))).toEqual(conflictWith(A));
        await create(`${B}/c/d`);
        expect(summary(await create(B))).toEqual(conflictWith(`${B}/c/d`));
        expect(summary(await create(`${B}/c`))).toEqual(conflictWith(`${B}/c/d`));
        expect((await collect(refs.list('refs/'))).map(({ name }) => name)).toEqual([A, `${B}/c/d`]);
        // Neighbours are no conflict.
        expect(summary(await create(`${A}b`))).toBe('updated');
        expect(summary(await create(`${B}/c/e`))).toBe('updated');
      }),
    );

    test(
      'are free again when what stood in the way is gone',
      withRefs(async (refs, value) => {
        for (const [first, second] of [
          [A, `${A}/b/c`],
          [`${A}/b/c`, A],
        ] as const) {
          await refs.update([{ name: first, expected: null, next: value('1') }]);
          await refs.update([{ name: first, expected: value('1'), next: null }]);
          expect(summary(await refs.update([{ name: second, expected: null, next: value('2') }]))).toBe('updated');
          await refs.update([{ name: second, next: null }]);
        }
        expect(await collect(refs.list('refs/'))).toEqual([]);
      }),
    );

    test(
      'in the way of each other within one transaction stop it',
      withRefs(async (refs, value) => {
        for (const names of [
          [A, `${A}/b`],
          [`${A}/b`, A],
        ]) {
          const updates = names.map((name) => ({ name, expected: null, next: value('1') }));
          const outcome = await refs.update([{ name: C, next: value('1') }, ...updates]);
          expect(summary(outcome)).toEqual({ status: 'conflict', name: A, actual: null });
          expect(await collect(refs.list('refs/'))).toEqual([]);
        }
      }),
    );
  });
}
