import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChangeOptions, GitKv, type KvBatch } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';
import { InProcessRemote, valuesOf } from './support/in-process.js';
import { bytesOf } from './support/remote.js';

const serializable: ChangeOptions = { isolation: 'serializable' };

async function twoStores(values: Record<string, string>): Promise<[GitKv, GitKv, InProcessRemote]> {
  const remote = new InProcessRemote();
  const one = await remote.connect();
  await one.changeAndPush(async (batch) => {
    for (const [key, value] of Object.entries(values)) await batch.set(key, value);
  });
  return [one, await remote.connect(), remote];
}

describe('Two doctors go off call, each because the other is on', () => {
  const goOff = (who: string) => async (batch: KvBatch) => {
    let onCall = 0;
    for (const { key } of (await batch.list('on-call')) ?? []) if ((await batch.getText(key)) === 'yes') onCall++;
    if (onCall > 1) await batch.set(`on-call/${who}`, 'no');
  };

  test.each<[ChangeOptions['isolation'], number]>([
    ['snapshot', 0],
    ['serializable', 1],
  ])('by %s: so many are left', async (isolation, left) => {
    const [one, other, remote] = await twoStores({ 'on-call/ann': 'yes', 'on-call/bob': 'yes' });
    await one.changeAndPush(goOff('ann'), isolation && { isolation });
    await other.changeAndPush(goOff('bob'), isolation && { isolation });
    const values = Object.values(await remote.values());
    expect(values.filter((value) => value === 'yes')).toHaveLength(left);
    expect(await valuesOf(other)).toEqual(
      left === 0 ? await remote.values() : { 'on-call/ann': 'yes', 'on-call/bob': 'yes' },
    );
  });
});

describe('A serializable batch is run again where others', () => {
  const reads: [
    what: string,
    others: (store: GitKv) => Promise<void>,
    read: (batch: KvBatch) => Promise<unknown>,
    runs: number,
  ][] = [
    ['changed a value it read', (store) => store.set('a', '2'), (batch) => batch.get('a'), 2],
    ['removed a value whose size it asked for', (store) => store.remove('a'), (batch) => batch.size('a'), 2],
    ['made what it found absent', (store) => store.set('x/y', '1'), (batch) => batch.exists('x/y'), 2],
    ['added to a dictionary it listed', (store) => store.set('d/new', '1'), (batch) => batch.list('d'), 2],
    [
      'changed anything below what it has a digest of',
      (store) => store.set('d/e/f', '2'),
      (batch) => batch.digest('d'),
      2,
    ],
    ['added to a dictionary it removed', (store) => store.set('d/new', '1'), (batch) => batch.remove('d'), 2],
    ['added to a dictionary it moved', (store) => store.set('d/e/new', '1'), (batch) => batch.rename('d', 'moved'), 2],
    ['committed at all, and it asked when', (store) => store.set('z', '1'), (batch) => batch.lastModified('a'), 2],
    ['changed the key it set', (store) => store.set('mine', 'theirs'), async () => {}, 2],
    ['changed a value it wrote into', (store) => store.set('a', '2'), (batch) => batch.setPartial('a', {}, 'X'), 2],
    [
      'removed what it could not allocate for',
      (store) => store.remove('a'),
      (batch) => batch.allocate('a', 1).catch(() => {}),
      2,
    ],
    [
      'removed a dictionary it could not set',
      (store) => store.remove('d'),
      (batch) => batch.set('d', '1').catch(() => {}),
      2,
    ],
    [
      'removed a value it could not set a key below',
      (store) => store.remove('a'),
      (batch) => batch.set('a/x/y', '1').catch(() => {}),
      2,
    ],
    ['changed a value it set to what it was', (store) => store.set('a', '2'), (batch) => batch.set('a', '1'), 2],
    [
      'changed a value it set to something and back',
      (store) => store.set('a', '2'),
      async (batch) => {
        await batch.set('a', 'x');
        await batch.set('a', '1');
      },
      2,
    ],
    ['changed a value it replaced by the same', (store) => store.set('d/a', '2'), (batch) => batch.rename('a', 'd'), 2],
    ['committed at all, and it looked at the commit', (store) => store.set('z', '1'), async (batch) => batch.commit, 2],
  ];
  test.each(reads)('%s', async (_what, others, read, runs) => {
    const [one, other, remote] = await twoStores({ a: '1', 'd/a': '1', 'd/e/f': '1', b: '1' });
    await others(one);
    let count = 0;
    await other.changeAndPush(async (batch) => {
      count++;
      await read(batch);
      await batch.set('mine', `${count}`);
    }, serializable);
    expect(count).toBe(runs);
    expect((await remote.values()).mine).toBe(`${runs}`);
    expect(await valuesOf(other)).toEqual(await remote.values());
  });

  test('... and not even what it set was new', async () => {
    const [one, other, remote] = await twoStores({ a: '1' });
    await one.set('a', '2');
    let count = 0;
    await other.changeAndPush(async (batch) => {
      count++;
      await batch.set('a', '1');
    }, serializable);
    expect(count).toBe(2);
    expect(await remote.values()).toEqual({ a: '1' });
  });

  test('... and is not where all it set was there, here and there', async () => {
    const [one, other, remote] = await twoStores({ a: '1' });
    await one.set('b', '2');
    const before = await remote.connect();
    let count = 0;
    await other.changeAndPush(async (batch) => {
      count++;
      await batch.set('a', '1');
    }, serializable);
    expect(count).toBe(1);
    expect((await remote.connect()).commit?.oid).toBe(before.commit?.oid);
  });

  const untouched: typeof reads = [
    ['changed another value', (store) => store.set('b', '2'), (batch) => batch.get('a'), 1],
    ['changed a value in a dictionary it listed', (store) => store.set('d/g', '2'), (batch) => batch.list('d'), 1],
    ['wrote beside a dictionary it asked for', (store) => store.set('d/new', '1'), (batch) => batch.exists('d'), 1],
    ['changed another value than it set', (store) => store.set('d/e/f', '2'), (batch) => batch.set('d/e/g', '1'), 1],
    ['wrote to a value of its own with the same', (store) => store.set('mine', '1'), async () => {}, 1],
  ];
  test.each(untouched)('... and not where they %s', async (_what, others, read, runs) => {
    const [one, other] = await twoStores({ a: '1', 'd/e/f': '1', 'd/g': '1', b: '1' });
    await others(one);
    let count = 0;
    await other.changeAndPush(async (batch) => {
      count++;
      await read(batch);
      await batch.set('mine', `${count}`);
    }, serializable);
    expect(count).toBe(runs);
  });

  test('... and then comes to what it does alone, whatever the rules say', async () => {
    const remote = new InProcessRemote();
    const one = await remote.connect();
    await one.set('v', 'aaaa');
    const other = await remote.connect({ merge: keyMerges.ours });
    await one.set('v', 'bbbb');
    await other.changeAndPush((batch) => batch.setPartial('v', { offset: 0 }, 'X'), serializable);
    expect(await remote.values()).toEqual({ v: 'Xbbb' });
  });

  test('so often as it may, and then it is STORE_MODIFIED and the store is as it was', async () => {
    const [one, other] = await twoStores({ a: '0' });
    const before = other.commit;
    let count = 0;
    const change = async (batch: KvBatch): Promise<void> => {
      const value = Number(await batch.getText('a'));
      await one.set('a', `${value + 10}`);
      await batch.set('mine', `${++count}`);
    };
    await expect(other.changeAndPush(change, { ...serializable, retries: 3 })).rejects.toMatchObject({
      code: 'STORE_MODIFIED',
    });
    expect(count).toBe(4);
    expect(other.commit).toEqual(before);
    expect(await valuesOf(other)).toEqual({ a: '0' });
  });

  test('K23 and a write to the store itself still fails it', async () => {
    const [, other] = await twoStores({ a: '0' });
    const change = other.changeAndPush(async (batch) => {
      await batch.set('b', '1');
      await other.set('c', '2');
    }, serializable);
    await expect(change).rejects.toMatchObject({ code: 'STORE_MODIFIED' });
  });

  test('and a change that throws then leaves the store as it was', async () => {
    const [one, other] = await twoStores({ a: '0' });
    await one.set('a', '1');
    const change = other.changeAndPush(async (batch) => {
      if ((await batch.getText('a')) === '1') throw new Error('not like this');
      await batch.set('b', '1');
    }, serializable);
    await expect(change).rejects.toThrow('not like this');
    expect(await valuesOf(other)).toEqual({ a: '0' });
  });
});

test('Serializable batches come to what they do one after another', async () => {
  const key = fc.constantFrom('a', 'b', 'c');
  // Each adds the values of what it reads, and one, to what it writes.
  const batch = fc.record({ reads: fc.uniqueArray(key), writes: key, isFirst: fc.boolean() });
  const blind = { reads: [], writes: 'a', isFirst: false };
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
      const remote = new InProcessRemote();
      const stores = [await remote.connect(), await remote.connect()];
      const model: Record<string, number> = {};
      for (const { reads, writes, isFirst } of batches) {
        await stores[isFirst ? 0 : 1]?.changeAndPush(async (one) => {
          let sum = 1;
          for (const at of reads) sum += Number((await one.getText(at)) ?? 0);
          await one.set(writes, `${sum % 1000}`);
        }, serializable);
        model[writes] = reads.reduce((sum, at) => sum + (model[at] ?? 0), 1) % 1000;
        expect(await remote.values()).toEqual(
          Object.fromEntries(Object.entries(model).map(([at, sum]) => [at, `${sum}`])),
        );
      }
    }),
    { numRuns: 15, examples: [[[blind, { reads: ['a'], writes: 'a', isFirst: true }, blind]]] },
  );
});

describe('A write that expects something', () => {
  test('is made where it is so', async () => {
    const [one, , remote] = await twoStores({ a: '1' });
    await one.set('a', '2', { expected: (await one.digest('a')) as Uint8Array });
    await one.set('b', '1', { expected: null });
    await one.remove('a', { expected: Buffer.from((await one.digest('a')) as Uint8Array).toString('hex') });
    expect(await remote.values()).toEqual({ b: '1' });
  });

  test('is a conflict where it is not, here or there, whatever the rules say', async () => {
    const [one, other, remote] = await twoStores({ a: '1' });
    const expected = (await other.digest('a')) as Uint8Array;
    const before = other.commit;
    await one.set('a', '2');
    await one.set('b', '1');
    await expect(one.set('a', '3', { expected })).rejects.toMatchObject({
      code: 'MERGE_CONFLICT',
      conflicts: [{ theirs: new TextEncoder().encode('2') }],
    });
    await expect(other.set('a', '3', { expected })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await expect(other.set('b', '3', { expected: null })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await expect(other.remove('a', { expected })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    expect(other.commit).toEqual(before);
    await other.set('c', '1', { expected: null });
    expect(await remote.values()).toEqual({ a: '2', b: '1', c: '1' });
    await expect(one.set('a', '3', { expected: 'x' })).rejects.toThrow(TypeError);
  });

  test('is asked of the remote also where it has nothing to change', async () => {
    for (const partial of [false, true]) {
      const remote = new InProcessRemote();
      const [one, other] = [await remote.connect({ partial }), await remote.connect({ partial })];
      await one.set('lock', 'me');
      await other.pull();
      const expected = (await one.digest('lock')) as Uint8Array;
      const { pushes } = remote;
      await one.set('lock', 'me', { expected });
      expect(remote.pushes).toBe(pushes);
      await other.set('beside', '1');
      await one.set('lock', 'me', { expected });
      expect(await valuesOf(one)).toEqual({ beside: '1', lock: 'me' });
      await other.set('lock', 'thief');
      await expect(one.set('lock', 'me', { expected, onConflict: 'fail' })).rejects.toMatchObject({
        code: 'PUSH_REJECTED',
      });
      await expect(one.set('lock', 'me', { expected })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
      expect(await one.getText('lock')).toBe('me');
      await expect(one.remove('none', { expected: null })).resolves.toBeUndefined();
      await other.set('none', 'some');
      await expect(one.remove('none', { expected: null })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
      remote.isCut = true;
      await expect(one.set('beside', '1', { expected: (await one.digest('beside')) as Uint8Array })).rejects.toThrow();
      await one.set('beside', '1');
    }
  });

  test('is asked of a remote that was empty a moment ago', async () => {
    const remote = new InProcessRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.remove('a', { expected: null });
    expect(await remote.log()).toEqual([]);
    await other.set('a', '1');
    await expect(one.remove('a', { expected: null })).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await one.remove('b', { expected: null });
    expect(await valuesOf(one)).toEqual({ a: '1' });
  });

  test('takes along what the remote does not have yet', async () => {
    const remote = new InProcessRemote();
    const local = await GitKv.open(createMemoryRepository());
    await local.set('a', '1');
    const load = async (saved: GitKv): Promise<GitKv> =>
      await GitKv.ofOctets(await bytesOf(saved.toOctets()), {
        remote: 'test://in-process/store.git',
        transport: remote.transport,
      });
    const store = await load(local);
    const late = await load(local);
    const expected = (await store.digest('a')) as Uint8Array;
    await store.set('a', '1', { expected });
    expect(await remote.values()).toEqual({ a: '1' });
    expect(await store.pull()).toEqual([]);
    await store.set('b', '2');
    await expect(late.set('a', '1', { expected })).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
  });

  test('of several that wait at once, one wins', async () => {
    const [one, , remote] = await twoStores({ a: '0' });
    const expected = (await one.digest('a')) as Uint8Array;
    const outcomes = await Promise.allSettled(['1', '2', '3'].map((value) => one.set('a', value, { expected })));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await remote.values()).toEqual({ a: '1' });
  });
});
