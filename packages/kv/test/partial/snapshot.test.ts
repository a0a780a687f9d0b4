import { describe, expect, test } from 'vitest';
import type { GitKv } from '../../src/index.js';
import { InProcessRemote } from '../support/in-process.js';
import { bytesOf } from '../support/remote.js';

/** Small, so that what is dropped is gone. */
const partial = { cacheBytes: 2000 };
const large = 'x'.repeat(1500);

/** A partial store on a commit that the remote never had, as a pull made it again on top of what others wrote. */
async function withOwnCommit(): Promise<{ remote: InProcessRemote; one: GitKv; store: GitKv }> {
  const remote = new InProcessRemote();
  const one = await remote.connect();
  await one.set('a', '1');
  const store = await remote.connect({ partial });
  remote.hooks.preReceive = () => {
    remote.isCut = true;
    return { reject: 'never told' };
  };
  await expect(store.set('own/deep', `mine ${large}`)).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
  delete remote.hooks.preReceive;
  remote.isCut = false;
  await one.set('b', '2');
  await store.pull({ onUnpushed: 'rebase' });
  return { remote, one, store };
}

/** Others go on, and the store goes with them, without what it made. */
async function abandon(one: GitKv, store: GitKv): Promise<void> {
  await one.set('c', '3');
  await store.pull({ onUnpushed: 'theirs' });
  for (const key of ['d', 'e', 'f']) await store.set(key, `${key} ${large}`);
  for (const key of ['d', 'e', 'f']) await store.get(key);
}

describe('a partial store whose own commit was abandoned', () => {
  test('keeps what a snapshot of it reads, for as long as it is open', async () => {
    const { one, store } = await withOwnCommit();
    const [before, another] = [store.snapshot(), store.snapshot()];
    await abandon(one, store);
    another.close();
    expect(await before.getText('own/deep')).toBe(`mine ${large}`);
    expect(await before.list('own')).toHaveLength(1);
    expect(await store.exists('own/deep')).toBeUndefined();
    before.close();
    await abandon(one, store);
    expect(await store.getText('c')).toBe('3');
  });

  test('goes on to save what it began to save', async () => {
    const { one, store } = await withOwnCommit();
    const octets = store.toOctets()[Symbol.asyncIterator]();
    const first = await octets.next();
    await abandon(one, store);
    const rest = await bytesOf({ [Symbol.asyncIterator]: () => octets });
    expect(rest.length + (first.value as Uint8Array).length).toBeGreaterThan(200);
  });
});
