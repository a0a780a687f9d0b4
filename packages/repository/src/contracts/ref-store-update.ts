import type { Oid } from '@git-kv/objects';
import type { RefName, RefStore, RefUpdate, RefValue } from '../ref-store.js';
import { collect, summary, type TestHarness, type WithRefs } from './harness.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';
const C = 'refs/heads/c';

/** Compare-and-swap, of one ref and of several. */
export function refUpdateContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  const valuesOf = async (refs: RefStore): Promise<Record<RefName, RefValue>> =>
    Object.fromEntries((await collect(refs.list('refs/'))).map(({ name, value }) => [name, value]));

  describe('updating', () => {
    test(
      'creates, moves and deletes',
      withRefs(async (refs, value) => {
        expect(await refs.read(A)).toBe(undefined);
        expect(summary(await refs.update([{ name: A, expected: null, next: value('1') }]))).toBe('updated');
        expect(await refs.read(A)).toEqual(value('1'));
        expect(summary(await refs.update([{ name: A, expected: value('1'), next: value('2') }]))).toBe('updated');
        expect(await refs.read(A)).toEqual(value('2'));
        expect(summary(await refs.update([{ name: A, expected: value('2'), next: null }]))).toBe('updated');
        expect(await refs.read(A)).toBe(undefined);
      }),
    );

    test(
      'nothing is a transaction too',
      withRefs(async (refs) => {
        expect(summary(await refs.update([]))).toBe('updated');
      }),
    );

    test(
      'gives every transaction a name of its own',
      withRefs(async (refs, value) => {
        const names = new Set<string>();
        for (const digit of ['1', '2', '3']) {
          const outcome = await refs.update([{ name: A, next: value(digit) }]);
          if (outcome.status === 'updated') names.add(outcome.transaction);
        }
        expect(names.size).toBe(3);
      }),
    );

    const checks: [title: string, expected: '1' | '2' | null | undefined, next: '1' | '2' | null, wins: boolean][] = [
      ['an expected value that is there', '1', '2', true],
      ['another expected value', '2', '2', false],
      ['absence expected', null, '2', false],
      ['nothing expected', undefined, '2', true],
      ['the value verified', '1', '1', true],
      ['another value verified', '2', '2', false],
      ['a deletion of the value', '1', null, true],
      ['a deletion of another value', '2', null, false],
      ['an unchecked deletion', undefined, null, true],
      ['absence verified', null, null, false],
    ];
    for (const [title, expected, next, wins] of checks) {
      test(
        `where the ref exists, with ${title}, ${wins ? 'succeeds' : 'is a conflict'}`,
        withRefs(async (refs, value) => {
          await refs.update([{ name: A, next: value('1') }]);
          const outcome = await refs.update([update(A, expected, next, value)]);
          expect(summary(outcome)).toEqual(wins ? 'updated' : { status: 'conflict', name: A, actual: value('1') });
          const left = wins ? (next === null ? undefined : value(next)) : value('1');
          expect(await refs.read(A)).toEqual(left);
        }),
      );
    }

    const absences: [title: string, expected: '1' | null | undefined, next: '1' | null, wins: boolean][] = [
      ['a value expected', '1', '1', false],
      ['a value to delete expected', '1', null, false],
      ['absence expected', null, '1', true],
      ['nothing expected', undefined, '1', true],
      ['absence verified', null, null, true],
      ['an unchecked deletion', undefined, null, true],
    ];
    for (const [title, expected, next, wins] of absences) {
      test(
        `where the ref does not exist, with ${title}, ${wins ? 'succeeds' : 'is a conflict'}`,
        withRefs(async (refs, value) => {
          const outcome = await refs.update([update(A, expected, next, value)]);
          expect(summary(outcome)).toEqual(wins ? 'updated' : { status: 'conflict', name: A, actual: null });
          expect(await refs.read(A)).toEqual(wins && next !== null ? value(next) : undefined);
        }),
      );
    }

    test(
      'of two writers that saw the same, exactly one wins',
      withRefs(async (refs, value) => {
        for (const expected of [undefined, value('1')]) {
          const race = await Promise.all(
            ['2', '3'].map((digit) => refs.update([{ name: A, expected: expected ?? null, next: value(digit) }])),
          );
          expect(race.map(({ status }) => status).sort()).toEqual(['conflict', 'updated']);
          const winner = race[0]?.status === 'updated' ? '2' : '3';
          expect(await refs.read(A)).toEqual(value(winner));
          await refs.update([{ name: A, next: value('1') }]);
        }
      }),
    );

    test(
      'by many writers that try again loses nothing',
      withRefs(async (refs, value) => {
        // Each writer moves the ref one step on; all steps must be there in the end.
        const digits = '0123456789abcdef';
        await refs.update([{ name: A, next: value('1') }]);
        const step = async (): Promise<void> => {
          for (;;) {
            const current = (await refs.read(A)) as { oid: Oid };
            const next = digits[digits.indexOf(current.oid[0] as string) + 1] as string;
            const outcome = await refs.update([{ name: A, expected: current, next: value(next) }]);
            if (outcome.status === 'updated') return;
          }
        };
        await Promise.all(Array.from({ length: 8 }, step));
        expect(await refs.read(A)).toEqual(value('9'));
      }),
    );

    test(
      'several refs happens for all or for none',
      withRefs(async (refs, value) => {
        await refs.update([
          { name: A, next: value('1') },
          { name: B, next: value('1') },
        ]);
        const changes: RefUpdate[] = [
          { name: C, expected: null, next: value('2') },
          { name: A, expected: value('1'), next: value('2') },
          { name: B, expected: value('3'), next: null },
        ];
        expect(summary(await refs.update(changes))).toEqual({ status: 'conflict', name: B, actual: value('1') });
        expect(await valuesOf(refs)).toEqual({ [A]: value('1'), [B]: value('1') });
        const right = changes.map((change) => (change.name === B ? { ...change, expected: value('1') } : change));
        expect(summary(await refs.update(right))).toBe('updated');
        expect(await valuesOf(refs)).toEqual({ [A]: value('2'), [C]: value('2') });
      }),
    );

    test(
      'some refs while others are verified holds both ways',
      withRefs(async (refs, value) => {
        await refs.update([{ name: B, next: value('1') }]);
        const verified = (digit: string): RefUpdate => ({ name: B, expected: value(digit), next: value(digit) });
        const create: RefUpdate = { name: A, expected: null, next: value('1') };
        const conflict = { status: 'conflict', name: B, actual: value('1') };
        expect(summary(await refs.update([create, verified('2')]))).toEqual(conflict);
        expect(await refs.read(A)).toBe(undefined);
        expect(summary(await refs.update([create, verified('1')]))).toBe('updated');
        expect(await valuesOf(refs)).toEqual({ [A]: value('1'), [B]: value('1') });
      }),
    );

    test(
      'a symbolic ref changes itself, not what it names',
      withRefs(async (refs, value) => {
        const [toA, toB] = [{ target: A }, { target: B }];
        expect(summary(await refs.update([{ name: 'HEAD', next: toA }]))).toBe('updated');
        // What it names need not exist.
        expect(await refs.read('HEAD')).toEqual(toA);
        expect(summary(await refs.update([{ name: 'HEAD', expected: toA, next: toB }]))).toBe('updated');
        expect(summary(await refs.update([{ name: 'HEAD', expected: toA, next: toA }]))).toEqual({
          status: 'conflict',
          name: 'HEAD',
          actual: toB,
        });
        await refs.update([{ name: B, next: value('1') }]);
        expect(summary(await refs.update([{ name: 'HEAD', expected: value('1'), next: null }]))).toEqual({
          status: 'conflict',
          name: 'HEAD',
          actual: toB,
        });
        expect(summary(await refs.update([{ name: 'HEAD', expected: toB, next: value('2') }]))).toBe('updated');
        expect(await refs.read('HEAD')).toEqual(value('2'));
        expect(await refs.read(B)).toEqual(value('1'));
      }),
    );

    test(
      'is refused where it was aborted before',
      withRefs(async (refs, value) => {
        const signal = AbortSignal.abort(new Error('enough'));
        const updating = refs.update([{ name: A, next: value('1') }], { signal });
        expect(await updating.then(summary, (error: unknown) => String(error))).toBe('Error: enough');
        expect(await refs.read(A)).toBe(undefined);
      }),
    );
  });
}

function update(
  name: RefName,
  expected: string | null | undefined,
  next: string | null,
  value: (digit: string) => RefValue,
): RefUpdate {
  const nextValue = next === null ? null : value(next);
  if (expected === undefined) return { name, next: nextValue };
  return { name, expected: expected === null ? null : value(expected), next: nextValue };
}
