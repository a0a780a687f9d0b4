import { parseCommitLinks, type RawObject } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GitKv } from '../src/index.js';
import { InProcessRemote, noWait, valuesOf } from './support/in-process.js';

describe('Writes that wait at once', () => {
  test('are pushed together, a commit each, in their order', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.set('last', `${n}`)));
    expect(await remote.log()).toHaveLength(20);
    expect(await remote.values()).toEqual({ last: '19' });
    expect(remote.pushes).toBe(1);
  });

  test('fail alone where they are wrong, and make no commit where they change nothing', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    const outcomes = await Promise.allSettled([
      store.set('a', '1'),
      store.set('a/b', '2'),
      store.set('c', '3'),
      store.set('c', '3'),
      store.remove('d'),
      store.set('e', '5'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', ...Array(4).fill('fulfilled')]);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'DICTIONARY_EXPECTED' } });
    expect(await remote.log()).toHaveLength(3);
    expect(await remote.values()).toEqual({ a: '1', c: '3', e: '5' });
  });

  test('are not blamed for what others of them never did', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    remote.hooks.preReceive = () => ({ reject: 'closed' });
    const outcomes = await Promise.allSettled([
      store.set('a', 'file'),
      store.set('a/b', '1'),
      store.allocate('a', 1),
      store.set('a', '2', { expected: null }),
    ]);
    expect(outcomes).toMatchObject(Array(4).fill({ reason: { code: 'PUSH_REJECTED' } }));
    expect(store.commit).toBeUndefined();
  });

  test('are made without one that nobody signs', async () => {
    const remote = new InProcessRemote();
    let count = 0;
    const sign = async (): Promise<string> => {
      if (++count === 2) throw new Error('the key is gone');
      return 'signed';
    };
    const store = await remote.connect({ sign });
    const outcomes = await Promise.allSettled([
      store.set('a', '1'),
      store.set('k', '1'),
      store.set('k', '2'),
      store.set('l', '3'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await remote.values()).toEqual({ a: '1', k: '2', l: '3' });
    expect(await valuesOf(store)).toEqual(await remote.values());
  });

  test('are made without those of them that the server refuses', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await store.set('a', '0');
    let pushes = 0;
    remote.hooks.preReceive = () => (pushes++ < 2 ? { reject: 'not now' } : undefined);
    const outcomes = await Promise.allSettled([
      store.set('a', '1'),
      store.set('a', '2'),
      store.rename('a', 'b'),
      store.set('c', '3'),
      store.set('c/d', '4'),
      store.allocate('a', 1),
    ]);
    expect(outcomes).toMatchObject([
      { reason: { code: 'PUSH_REJECTED' } },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { reason: { code: 'DICTIONARY_EXPECTED' } },
      { status: 'fulfilled' },
    ]);
    expect(await remote.values()).toEqual({ a: '\0', b: '2', c: '3' });
    expect(await valuesOf(store)).toEqual(await remote.values());
  });

  test('hear of an abort while they wait, and where they have nothing to change', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await store.set('a', '1');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(store.set('a', '1', { signal })).rejects.toThrow('enough');
    await expect(store.remove('none', { signal })).rejects.toThrow('enough');
    let hasRun = false;
    const change = (): void => {
      hasRun = true;
    };
    await expect(store.changeAndPush(change, { signal })).rejects.toThrow('enough');
    expect(hasRun).toBe(false);
    const controller = new AbortController();
    let release = (): void => {};
    remote.onConnect = () => new Promise<void>((resolve) => (release = resolve));
    const first = store.set('b', '1');
    const waiting = store.set('c', '1', { signal: controller.signal });
    controller.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    remote.onConnect = undefined;
    release();
    await first;
    await store.set('d', '1');
    expect(await remote.values()).toEqual({ a: '1', b: '1', d: '1' });
  });

  test('keep their place among pulls and batches', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    await Promise.all([
      store.set('a', '1').then(note('a')),
      store.pull().then(note('pull')),
      store.set('b', '1').then(note('b')),
      store.set('c', '1').then(note('c')),
    ]);
    expect(order).toEqual(['a', 'pull', 'b', 'c']);
  });

  test('are made again together on top of others, and only what clashes fails', async () => {
    const remote = new InProcessRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('b', 'theirs');
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => other.set(key, 'mine')));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'MERGE_CONFLICT' } });
    expect(await remote.values()).toEqual({ a: 'mine', b: 'theirs', c: 'mine', d: 'mine' });
    expect(await valuesOf(other)).toEqual(await remote.values());
  });

  test('go one by one where the server refuses them together', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await store.set('first', '1');
    remote.hooks.update = async ({ newOid }, { objects }) => {
      const commit = await objects.read(newOid ?? '');
      const root = await objects.read(parseCommitLinks((commit as RawObject).body).treeOid);
      return new TextDecoder().decode(root?.body).includes('secret') ? 'no secrets here' : undefined;
    };
    const outcomes = await Promise.allSettled(['a', 'secret', 'b'].map((key) => store.set(key, '2')));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await remote.values()).toEqual({ a: '2', b: '2', first: '1' });
    expect(await valuesOf(store)).toEqual(await remote.values());
  });

  /** The server takes no group; alone it takes those before `cut`, and the line breaks at that one. */
  const cutAt = (remote: InProcessRemote, cut: number): void => {
    let pushes = 0;
    remote.hooks.preReceive = () => {
      const push = pushes++;
      if (push === 0) return { reject: 'one at a time' };
      if (push < cut) return undefined;
      remote.isCut = true;
      return { reject: 'never told' };
    };
  };

  test.each([false, true])('that went one by one are there as far as they came (partial: %s)', async (partial) => {
    const remote = new InProcessRemote();
    const store = await remote.connect({ partial });
    await store.set('first', '1');
    cutAt(remote, 2);
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((key) => store.set(key, '2')));
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'PUSH_OUTCOME_UNKNOWN' } },
      { reason: { code: 'UNPUSHED_COMMIT' } },
    ]);
    delete remote.hooks.preReceive;
    remote.isCut = false;
    expect(await valuesOf(store)).toEqual({ a: '2', first: '1' });
    expect(store.pendingCommit).toBeDefined();
    const other = await remote.connect();
    await other.set('d', '3');
    expect((await store.pull({ onUnpushed: 'rebase' })).map(({ key }) => String(key))).toEqual(['/b', '/d']);
    await store.push();
    expect(await remote.values()).toEqual({ a: '2', b: '2', d: '3', first: '1' });
    expect(await remote.log()).toHaveLength(4);
  });

  test('that went one by one on top of others are there as far as they came', async () => {
    const remote = new InProcessRemote();
    const [one, store] = [await remote.connect(), await remote.connect()];
    for (const value of ['1', '2', '3']) await one.set('theirs', value);
    cutAt(remote, 2);
    const outcomes = await Promise.allSettled(['a', 'b'].map((key) => store.set(key, '2')));
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'PUSH_OUTCOME_UNKNOWN' } }]);
    delete remote.hooks.preReceive;
    remote.isCut = false;
    expect(await valuesOf(store)).toEqual({ a: '2', theirs: '3' });
    await store.pull();
    await store.set('c', '2');
    expect(await remote.values()).toEqual({ a: '2', c: '2', theirs: '3' });
  });

  test('all fail where the remote is gone, and the store is as it was', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await store.set('a', '1');
    remote.isCut = true;
    const outcomes = await Promise.allSettled(['b', 'c', 'd'].map((key) => store.set(key, '2')));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    expect(await valuesOf(store)).toEqual({ a: '1' });
  });

  test('come to what they do one after the other', async () => {
    const key = fc.constantFrom('a', 'b', 'a/b', 'c/d', 'c/e');
    const write = fc.record({ key, value: fc.constantFrom('1', '2', null) });
    const run = (store: GitKv, { key: at, value }: { key: string; value: string | null }): Promise<void> =>
      value === null ? store.remove(at) : store.set(at, value);
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        const [together, apart] = [createMemoryRepository(), createMemoryRepository()];
        const clock = () => 1_700_000_000_000;
        const options = { backOff: noWait, clock, deterministic: true };
        const [one, other] = [await GitKv.open(together, options), await GitKv.open(apart, options)];
        const outcomes = await Promise.allSettled(writes.map((each) => run(one, each)));
        const expected: string[] = [];
        for (const each of writes) expected.push((await Promise.allSettled([run(other, each)]))[0]?.status ?? '');
        expect(outcomes.map(({ status }) => status)).toEqual(expected);
        expect(one.commit).toEqual(other.commit);
      }),
      { numRuns: 60 },
    );
  });
});
