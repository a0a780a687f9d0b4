import type { Oid } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GitKv, type KvBatch } from '../src/index.js';
import { InProcessRemote } from './support/in-process.js';

const limits = { heldBytes: 300 };
const value = (at: number): string => `${at} `.repeat(20);

async function blobCount({ objects }: Pick<Repository, 'objects'>): Promise<number> {
  let count = 0;
  for await (const oid of objects.oids()) if ((await objects.stat(oid))?.kind === 'blob') count++;
  return count;
}

async function setMany(batch: KvBatch, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await batch.set(`d${at % 3}/k${at}`, value(at));
}

describe('A batch that holds few bytes of values', () => {
  test('has stored most of them before it is committed, and reads them all', async () => {
    const repository = createMemoryRepository();
    const store = await GitKv.open(repository, { limits });
    await store.changeAndPush(async (batch) => {
      await setMany(batch, 50);
      expect(await blobCount(repository)).toBeGreaterThan(30);
      for (let at = 0; at < 50; at++) expect(await batch.getText(`d${at % 3}/k${at}`)).toBe(value(at));
      await batch.set('d0/k0', value(1)); // which is stored
      await batch.setPartial('d1/k1', { offset: 0 }, 'X');
      await batch.remove('d2/k2');
      await batch.rename('d0/k3', 'moved');
      expect(await store.list('/')).toEqual([]);
    });
    expect(await store.getText('d0/k0')).toBe(value(1));
    expect(await store.getText('d1/k1')).toBe(`X${value(1).slice(1)}`);
    expect(await store.getText('moved')).toBe(value(3));
    expect(await store.exists('d2/k2')).toBeUndefined();
  });

  test('holds what it is told to by default', async () => {
    const repository = createMemoryRepository();
    const store = await GitKv.open(repository);
    await store.changeAndPush(async (batch) => {
      await setMany(batch, 50);
      expect(await blobCount(repository)).toBe(0);
    });
    expect(await blobCount(repository)).toBe(50);
  });

  test('K23 leaves nothing to be seen where it fails, and no more than an unborn batch to be kept', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect({ limits });
    await store.set('a', '1');
    const head = store.commit;
    const failing = store.changeAndPush(async (batch) => {
      await setMany(batch, 50);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([store.commit, await store.list('/')]).toMatchObject([head, [{ key: { segments: ['a'] } }]]);
    await store.set('b', '2');
    expect(await remote.values()).toEqual({ a: '1', b: '2' });
  });

  test('pushes what was stored before, while the store lets go of all else', async () => {
    const remote = new InProcessRemote();
    const [store, other] = [await remote.connect({ limits }), await remote.connect()];
    const disturbed = store.changeAndPush(async (batch) => {
      await setMany(batch, 30);
      // What comes is enough to have the store look for what nothing leads to.
      await other.set('big', new Uint8Array(17 * 2 ** 20));
      await expect(store.pull()).resolves.toHaveLength(1);
      await setMany(batch, 50);
    });
    await expect(disturbed).rejects.toMatchObject({ code: 'STORE_MODIFIED' });
    await store.changeAndPush((batch) => setMany(batch, 50));
    const pulled = await remote.connect();
    for (let at = 0; at < 50; at++) expect(await pulled.getText(`d${at % 3}/k${at}`)).toBe(value(at));
  });

  test('K23 has all it stored when it is committed, where a pull in between looks for what nothing leads to', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect({ limits: { heldBytes: 10_000 } });
    const count = 1200; // so many that the store looks
    await store.changeAndPush(async (batch) => {
      await setMany(batch, count);
      await expect(store.pull()).resolves.toEqual([]);
      await batch.set('last', '1');
    });
    const pulled = await remote.connect();
    for (let at = 0; at < count; at++) expect(await pulled.getText(`d${at % 3}/k${at}`)).toBe(value(at));
  });

  test('is made again on top of what others pushed', async () => {
    const remote = new InProcessRemote();
    const [store, other] = [await remote.connect({ limits }), await remote.connect()];
    await store.changeAndPush(
      async (batch) => {
        await batch.get('x');
        await setMany(batch, 30);
        if ((await batch.get('x')) === undefined) await other.set('x', '1');
      },
      { isolation: 'serializable' },
    );
    expect(Object.keys(await remote.values())).toHaveLength(31);
  });

  test('takes writes that nobody waits for, and in turn with others', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect({ limits });
    await store.changeAndPush(async (batch) => {
      await Promise.all(Array.from({ length: 60 }, (_, at) => batch.set(`k${at}`, value(at))));
    });
    await store.changeInTurn(async (batch) => setMany(batch, 40));
    expect(Object.keys(await remote.values())).toHaveLength(100);
  });

  test('ends at the commit that it ends at without', async () => {
    const key = fc.constantFrom('a', 'b', 'd/a', 'd/b');
    const step = fc.record({ key, size: fc.integer({ min: 0, max: 400 }), isGone: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const commits: (Oid | undefined)[] = [];
        for (const heldBytes of [0, 300, 2 ** 24]) {
          const repository = createMemoryRepository();
          const store = await GitKv.open(repository, { clock: () => 0, deterministic: true, limits: { heldBytes } });
          await store.changeAndPush(async (batch) => {
            for (const { key: at, size, isGone } of steps) {
              await (isGone ? batch.remove(at) : batch.set(at, 'x'.repeat(size)));
            }
          });
          commits.push(store.commit?.oid);
          for (const { key: at } of steps) await store.get(at);
        }
        expect(new Set(commits).size).toBe(1);
      }),
      { numRuns: 40 },
    );
  });
});
