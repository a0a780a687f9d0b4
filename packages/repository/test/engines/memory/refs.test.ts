import { sha1 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { inventedOid } from '../../support/objects.js';

const value = (digit: string): { oid: string } => ({ oid: inventedOid(sha1, digit) });

describe('createMemoryRepository', () => {
  test('is of sha1, with HEAD on main, where nothing else is said', async () => {
    const repository = createMemoryRepository();
    expect(repository.algorithm).toBe(sha1);
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/main' });
  });

  test('takes another first branch, and refuses one that is none', async () => {
    const repository = createMemoryRepository({ initialBranch: 'refs/heads/trunk' });
    expect(await repository.refs.read('HEAD')).toEqual({ target: 'refs/heads/trunk' });
    const wrong = (): unknown => createMemoryRepository({ initialBranch: 'refs/heads/..' });
    expect(wrong).toThrow(expect.objectContaining({ code: 'INVALID_REF_NAME' }));
  });

  test('keeps as many transactions as it was told, and says so when one comes too late', async () => {
    const { refs } = createMemoryRepository({ transactionHistory: 2 });
    const ids: string[] = [];
    for (const digit of ['1', '2', '3', '4']) {
      const outcome = await refs.update([{ name: 'refs/heads/a', next: value(digit) }]);
      if (outcome.status === 'updated') ids.push(outcome.transaction);
    }
    const next = async (since?: string): Promise<unknown> => {
      for await (const { updates } of refs.transactions?.(since === undefined ? {} : { since }) ?? []) {
        return updates[0]?.next;
      }
      return undefined;
    };
    expect(await next()).toEqual(value('3'));
    expect(await next(ids[1])).toEqual(value('3'));
    expect(await next(ids[2])).toEqual(value('4'));
    await expect(next(ids[0])).rejects.toMatchObject({ code: 'TRANSACTION_NOT_FOUND' });
  });
});
