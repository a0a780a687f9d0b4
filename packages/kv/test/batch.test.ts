import { describe, expect, test } from 'vitest';
import type { GitKv, KvBatch } from '../src/index.js';
import { startRemote } from './support/remote.js';

async function emptyStore(): Promise<{ store: GitKv; remote: Awaited<ReturnType<typeof startRemote>> }> {
  const remote = await startRemote();
  return { store: await remote.connect(), remote };
}

describe('K45 the test cases of the first git-kv', () => {
  test('read in changeAndPush', async () => {
    const { store } = await emptyStore();
    await store.changeAndPush(async (batch) => {
      await batch.set('/foo', 'value');
      expect(await batch.getText('/foo')).toBe('value');
    });
    expect(await store.getText('/foo')).toBe('value');
  });

  test('K23 set outside changeAndPush: the outer write stays, the batch fails', async () => {
    const { store, remote } = await emptyStore();
    const change = store.changeAndPush(async (batch) => {
      await batch.set('/foo', 'value');
      await store.set('/bar', 'other value');
    });
    await expect(change).rejects.toMatchObject({
      code: 'STORE_MODIFIED',
      message: expect.stringContaining('store was modified outside of'),
    });
    expect(await store.get('/foo')).toBeUndefined();
    expect(await store.getText('/bar')).toBe('other value');
    expect(remote.files()).toEqual({ bar: 'other value' });
  });

  test('remove in changeAndPush', async () => {
    const { store } = await emptyStore();
    await store.set('/foo', 'value');
    await store.changeAndPush(async (batch) => {
      expect(await batch.getText('/foo')).toBe('value');
      await batch.remove('/foo');
      expect(await store.getText('/foo')).toBe('value');
    });
    expect(await store.get('/foo')).toBeUndefined();
  });

  test('last modified in changeAndPush', async () => {
    const { store } = await emptyStore();
    await store.set('/foo', 'value');
    const before = (await store.lastModified('/foo')) as number;
    const inside = await store.changeAndPush(async (batch) => {
      const first = (await batch.lastModified('/foo')) as number;
      expect(first).toBeGreaterThanOrEqual(before);
      await batch.set('/foo', 'new value');
      const second = (await batch.lastModified('/foo')) as number;
      expect(second).toBeGreaterThanOrEqual(first);
      return second;
    });
    expect(await store.lastModified('/foo')).toBeGreaterThanOrEqual(inside);
  });

  test('digest in changeAndPush', async () => {
    const { store } = await emptyStore();
    await store.set('/foo', 'value');
    const before = await store.digest('/foo');
    await store.changeAndPush(async (batch) => {
      expect(await batch.digest('/foo')).toEqual(before);
      await batch.set('/foo', 'something else');
      expect(await batch.digest('/foo')).not.toEqual(before);
    });
    expect(await store.digest('/foo')).not.toEqual(before);
  });

  test('K22 multiple changeAndPush: three that start each other run one after another', async () => {
    const { store, remote } = await emptyStore();
    const tasks: Promise<void>[] = [];
    const step = async (batch: KvBatch, expected: string | undefined, next: string): Promise<void> => {
      expect(await batch.getText('/foo')).toBe(expected);
      await batch.set('/foo', next);
      expect(await batch.getText('/foo')).toBe(next);
    };
    const taskC = (): Promise<void> => store.changeAndPush((batch) => step(batch, 'value 2', 'value 3'));
    const taskB = (): Promise<void> =>
      store.changeAndPush(async (batch) => {
        tasks.push(taskC());
        await step(batch, 'value', 'value 2');
      });
    await store.changeAndPush(async (batch) => {
      tasks.push(taskB());
      await step(batch, undefined, 'value');
    });
    await tasks[0];
    await tasks[1];
    expect(await store.getText('/foo')).toBe('value 3');
    expect(remote.git('rev-list', '--count', 'main')).toBe('3');
  });
});

describe('changeAndPush', () => {
  test('K20 makes one commit, with the author and message given', async () => {
    const { store, remote } = await emptyStore();
    await store.changeAndPush(
      async (batch) => {
        await batch.set('a', '1');
        await batch.set('dir/b', '2');
        expect(await store.exists('a')).toBeUndefined();
      },
      { author: 'Ann', authorEmail: 'ann@example.com', message: 'Two keys' },
    );
    expect(remote.git('log', '--format=%an <%ae>: %B', 'main')).toBe('Ann <ann@example.com>: Two keys');
    expect(remote.files()).toEqual({ a: '1', 'dir/b': '2' });
  });

  test('K20 without a net change makes no commit and no push', async () => {
    const { store, remote } = await emptyStore();
    await store.set('a', '1');
    const requests = remote.backend.requests.length;
    await store.changeAndPush(async (batch) => {
      await batch.set('a', '2');
      await batch.set('dir/b', '3');
      await batch.set('a', '1');
      await batch.remove('dir');
    });
    expect(remote.backend.requests.length).toBe(requests);
  });

  test('K5 inside, the commit is dirty, also without changes', async () => {
    const { store } = await emptyStore();
    await store.changeAndPush((batch) => expect(batch.commit).toBeUndefined());
    await store.set('a', '1');
    await store.changeAndPush((batch) => expect(batch.commit).toEqual({ state: 'dirty', oid: store.commit?.oid }));
    expect(store.commit?.state).toBe('clean');
  });

  test('K21 nested is NESTED_CHANGE', async () => {
    const { store } = await emptyStore();
    await store.changeAndPush(async (batch) => {
      await expect(batch.changeAndPush()).rejects.toMatchObject({ code: 'NESTED_CHANGE' });
    });
  });

  test('K24 gives what the function gives', async () => {
    const { store } = await emptyStore();
    expect(await store.changeAndPush(() => 42)).toBe(42);
    expect(await store.changeAndPush((batch) => batch.set('a', '1').then(() => 'done'))).toBe('done');
  });

  test('keeps nothing where the function throws', async () => {
    const { store, remote } = await emptyStore();
    const change = store.changeAndPush(async (batch) => {
      await batch.set('a', '1');
      throw new Error('changed my mind');
    });
    await expect(change).rejects.toThrow('changed my mind');
    expect(store.commit).toBeUndefined();
    expect(remote.git('for-each-ref')).toBe('');
    await store.changeAndPush((batch) => batch.set('b', '2'));
    expect(remote.files()).toEqual({ b: '2' });
  });

  test('waits for writes that were not awaited, and takes none after', async () => {
    const { store, remote } = await emptyStore();
    let late: KvBatch | undefined;
    await store.changeAndPush((batch) => {
      late = batch;
      for (const key of ['a/1', 'a/2', 'b']) void batch.set(key, key);
    });
    expect(Object.keys(remote.files())).toEqual(['a/1', 'a/2', 'b']);
    await expect(late?.set('c', 'x')).rejects.toThrow(TypeError);
    await expect(late?.get('a/1')).rejects.toThrow(TypeError);
  });

  test('a wrong write fails alone: the batch can go on', async () => {
    const { store, remote } = await emptyStore();
    await store.changeAndPush(async (batch) => {
      await batch.set('a', '1');
      await expect(batch.set('a/b', '2')).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
      const signal = AbortSignal.abort();
      const aborted = [
        batch.set('c', '2', { signal }),
        batch.remove('a', { signal }),
        batch.rename('a', 'd', { signal }),
      ];
      for (const write of aborted) await expect(write).rejects.toBe(signal.reason);
      await batch.set('b', '3');
    });
    expect(remote.files()).toEqual({ a: '1', b: '3' });
  });

  test('K23 a pull during the batch fails it too', async () => {
    const { store, remote } = await emptyStore();
    await store.set('a', '1');
    remote.commit({ b: '2' });
    const change = store.changeAndPush(async (batch) => {
      await batch.set('c', '3');
      await store.pull();
    });
    await expect(change).rejects.toMatchObject({ code: 'STORE_MODIFIED' });
    expect(await store.getText('b')).toBe('2');
  });
});
