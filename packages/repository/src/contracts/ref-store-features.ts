import type { PreparedRefUpdate, RefStore, RefTransaction, RefUpdate, TransactionId } from '../ref-store.js';
import { failureOf, type RefStoreFeatures, summary, type TestHarness, type WithRefs } from './harness.js';

const A = 'refs/heads/a';
const B = 'refs/heads/b';

/** What some stores have beyond the contract of all. */
export function refFeaturesContract(harness: TestHarness, withRefs: WithRefs, features: RefStoreFeatures): void {
  if (features.fences) fenceContract(harness, withRefs);
  if (features.transactions) transactionContract(harness, withRefs);
  if (features.prepare) prepareContract(harness, withRefs);
}

function prepareContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  const prepare = async (refs: RefStore, updates: readonly RefUpdate[]): Promise<PreparedRefUpdate> => {
    const prepared = await refs.prepare?.(updates);
    if (prepared?.status !== 'prepared') throw new Error(`BUG: not prepared but ${prepared?.status}`);
    return prepared;
  };

  describe('a prepared update', () => {
    test(
      'moves nothing before its commit, and nothing else moves its refs meanwhile',
      withRefs(async (refs, value) => {
        const prepared = await prepare(refs, [{ name: A, expected: null, next: value('1') }]);
        expect(await refs.read(A)).toEqual(undefined);
        const other = refs.update([{ name: A, expected: null, next: value('2') }]);
        expect((await prepared.commit()).status).toBe('updated');
        expect(await other).toEqual({ status: 'conflict', name: A, actual: value('1') });
      }),
    );

    test(
      'leaves all as it was when it is aborted',
      withRefs(async (refs, value) => {
        await refs.update([{ name: A, next: value('1') }]);
        const prepared = await prepare(refs, [
          { name: A, next: null },
          { name: B, next: value('2') },
        ]);
        await prepared.abort();
        expect([await refs.read(A), await refs.read(B)]).toEqual([value('1'), undefined]);
        expect(summary(await refs.update([{ name: A, expected: value('1'), next: null }]))).toBe('updated');
      }),
    );

    test(
      'is a conflict where another value stands there',
      withRefs(async (refs, value) => {
        const conflict = await refs.prepare?.([{ name: A, expected: value('1'), next: null }]);
        expect(conflict).toEqual({ status: 'conflict', name: A, actual: null });
      }),
    );
  });
}

function fenceContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  describe('fences', () => {
    test(
      'shut out the writer of an older term for good',
      withRefs(async (refs, value) => {
        const write = async (digit: string, term: number): Promise<unknown> =>
          summary(await refs.update([{ name: A, next: value(digit) }], { fence: { term } }));
        expect(await write('1', 3)).toBe('updated');
        expect(await write('2', 2)).toEqual({ status: 'fenced', term: 3 });
        expect(await refs.read(A)).toEqual(value('1'));
        expect(await write('3', 3)).toBe('updated');
        expect(await write('4', 5)).toBe('updated');
        expect(await write('5', 4)).toEqual({ status: 'fenced', term: 5 });
        expect(await refs.read(A)).toEqual(value('4'));
      }),
    );

    test(
      'are not raised by an update that lost its race',
      withRefs(async (refs, value) => {
        const lost = await refs.update([{ name: A, expected: value('1'), next: null }], { fence: { term: 9 } });
        expect(lost.status).toBe('conflict');
        expect(summary(await refs.update([{ name: A, next: value('1') }], { fence: { term: 1 } }))).toBe('updated');
      }),
    );
  });
}

function transactionContract({ describe, test, expect }: TestHarness, withRefs: WithRefs): void {
  /** The next `count` transactions. */
  const take = async (refs: RefStore, count: number, since?: TransactionId): Promise<RefTransaction[]> => {
    const taken: RefTransaction[] = [];
    for await (const transaction of follow(refs, since)) {
      taken.push(transaction);
      if (taken.length === count) break;
    }
    return taken;
  };

  describe('transactions', () => {
    test(
      'are told in order, with old and new values and their attachment',
      withRefs(async (refs, value) => {
        await refs.update([{ name: A, next: value('1') }]);
        await refs.update([{ name: A, expected: value('2'), next: null }]); // a conflict is no transaction
        const attachment = Uint8Array.of(1, 2);
        const last = await refs.update(
          [
            { name: A, next: null },
            { name: B, next: value('2') },
          ],
          { attachment },
        );
        attachment.fill(9);
        const [first, second] = await take(refs, 2);
        expect(first?.updates).toEqual([{ name: A, expected: null, next: value('1') }]);
        expect(second?.updates).toEqual([
          { name: A, expected: value('1'), next: null },
          { name: B, expected: null, next: value('2') },
        ]);
        expect([...(second?.attachment ?? [])]).toEqual([1, 2]);
        expect(last.status === 'updated' && last.transaction).toBe(second?.id);
      }),
    );

    test(
      'can be followed from where one stopped, and as they come',
      withRefs(async (refs, value) => {
        await refs.update([{ name: A, next: value('1') }]);
        const [first] = await take(refs, 1);
        const following = take(refs, 2, first?.id);
        await refs.update([{ name: A, next: value('2') }]);
        await refs.update([{ name: A, next: value('3') }]);
        expect((await following).map(({ updates }) => updates[0]?.next)).toEqual([value('2'), value('3')]);
      }),
    );

    test(
      'that only verify are told too, so that every id can be resumed from',
      withRefs(async (refs, value) => {
        await refs.update([{ name: A, next: value('1') }]);
        const verified = await refs.update([{ name: A, expected: value('1'), next: value('1') }]);
        const since = verified.status === 'updated' ? verified.transaction : undefined;
        await refs.update([{ name: A, next: value('2') }]);
        const [, second] = await take(refs, 2);
        expect([second?.id, second?.updates]).toEqual([since, []]);
        expect((await take(refs, 1, since))[0]?.updates).toEqual([{ name: A, expected: value('1'), next: value('2') }]);
      }),
    );

    test(
      'stand wholly in a snapshot, and all that are told in the next one',
      withRefs(async (refs, value) => {
        const both = (digit: string): RefUpdate[] => [A, B].map((name) => ({ name, next: value(digit) }));
        await refs.update(both('1'));
        const writing = (async () => {
          for (const digit of '23456789') await refs.update(both(digit));
        })();
        for (const { updates } of await take(refs, 9)) {
          const seen = await refs.snapshot([A, B]);
          expect(seen.get(A)).toEqual(seen.get(B));
          const told = updates[0]?.next as { oid: string };
          expect((seen.get(A) as { oid: string }).oid >= told.oid).toBe(true);
        }
        await writing;
      }),
    );

    test(
      'end with the store, and with the signal',
      withRefs(async (refs) => {
        const abort = new AbortController();
        const aborted = take(refs, 1, undefined);
        const signalled = (async () => {
          for await (const _ of refs.transactions?.({ signal: abort.signal }) ?? []);
        })();
        abort.abort(new Error('enough'));
        expect(await signalled.catch((error: unknown) => String(error))).toBe('Error: enough');
        await refs.close();
        expect(await aborted).toEqual([]);
      }),
    );

    test(
      'that are not known cannot be resumed from',
      withRefs(async (refs) => {
        expect(await failureOf(take(refs, 1, 'no transaction'))).toBe('TRANSACTION_NOT_FOUND');
      }),
    );
  });

  function follow(refs: RefStore, since: TransactionId | undefined): AsyncIterable<RefTransaction> {
    if (!refs.transactions) throw new Error('BUG: the store has no transactions');
    return refs.transactions(since === undefined ? {} : { since });
  }
}
