import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { commitFiles, git } from '../../../../test/support/git.js';
import { GitKv, Key } from '../../src/index.js';
import { startRemote } from '../support/remote.js';

/** A store whose clock says what it is told. */
async function timedStore(): Promise<{ store: GitKv; at: (seconds: number) => void }> {
  let now = 0;
  const store = await GitKv.open(createMemoryRepository(), { clock: () => now * 1000 });
  return { store, at: (seconds) => (now = seconds) };
}

describe('M26 K32 lastModified', () => {
  test('is the time of the head for every key, or with exact that of the last commit that changed it', async () => {
    const { store, at } = await timedStore();
    at(100);
    await store.set('d/a', '1');
    at(200);
    await store.set('d/sub/b', '1');
    at(300);
    await store.set('c', '1');
    at(400);
    await store.set('d/a', '2');
    at(500);
    await store.set('d/a', '2', { permissions: 'exec' });
    at(600);
    await store.rename('c', 'e');
    const times = async (exact: boolean): Promise<Record<string, number | undefined>> => {
      const keys = ['/', 'd', 'd/a', 'd/sub', 'd/sub/b', 'c', 'e', 'none', 'e/below'];
      const found = keys.map(async (key) => [key, await store.lastModified(key, { exact })] as const);
      return Object.fromEntries(await Promise.all(found));
    };
    const gone = { c: undefined, none: undefined, 'e/below': undefined };
    expect(await times(false)).toEqual({ '/': 600, d: 600, 'd/a': 600, 'd/sub': 600, 'd/sub/b': 600, e: 600, ...gone });
    expect(await times(true)).toEqual({ '/': 600, d: 500, 'd/a': 500, 'd/sub': 200, 'd/sub/b': 200, e: 600, ...gone });
  });

  test('with exact, a key that was away for a while changed when it came back', async () => {
    const { store, at } = await timedStore();
    for (const [time, change] of [
      [100, () => store.set('a', '1')],
      [200, () => store.remove('a')],
      [300, () => store.set('a', '1')],
      [400, () => store.set('b', '1')],
    ] as const) {
      at(time);
      await change();
    }
    expect(await store.lastModified('a', { exact: true })).toBe(300);
  });

  test('in a batch: of what it changed, now; of all else, as before it', async () => {
    const { store, at } = await timedStore();
    at(50);
    await store.changeAndPush(async (batch) => {
      expect(await batch.lastModified('/')).toBe(50);
      await batch.set('first', '1');
      expect(await batch.lastModified('first', { exact: true })).toBe(50);
    });
    at(100);
    await store.set('a', '1');
    at(200);
    await store.set('b', '1');
    at(300);
    await store.changeAndPush(async (batch) => {
      await batch.set('a', '2');
      await batch.set('d/new', '1');
      for (const key of ['a', 'b', 'd/new']) expect(await batch.lastModified(key)).toBe(200);
      expect(await batch.lastModified('a', { exact: true })).toBe(300);
      expect(await batch.lastModified('d', { exact: true })).toBe(300);
      expect(await batch.lastModified('b', { exact: true })).toBe(200);
    });
  });

  test('with exact, a merge is no change where a parent has the same: as git log tells', async () => {
    const remote = await startRemote();
    const base = remote.commit({ a: '1', b: '1', c: '1' }, { time: 1_000 });
    const ours = remote.commit({ a: '2' }, { time: 2_000 });
    git(['branch', 'side', base], { cwd: remote.directory });
    const theirs = commitFiles(remote.directory, [{ files: { b: '2' }, time: 3_000 }], 'side');
    const blob = (rev: string): string => remote.git('rev-parse', rev);
    const lines = [`${blob(`${ours}:a`)}\ta`, `${blob(`${theirs}:b`)}\tb`, `${blob(`${ours}:c`)}\tc`];
    const tree = git(['mktree'], {
      cwd: remote.directory,
      input: `${lines.map((line) => `100644 blob ${line}`).join('\n')}\n`,
    });
    const env = { GIT_COMMITTER_DATE: '@4000 +0000', GIT_AUTHOR_DATE: '@4000 +0000' };
    const merge = git(['commit-tree', '-p', ours, '-p', theirs, '-m', 'merge', tree], { cwd: remote.directory, env });
    remote.git('update-ref', 'refs/heads/main', merge);
    const { openRepository } = await import('@git-kv/repository/node-fs');
    const repository = await openRepository(remote.directory);
    try {
      const store = await GitKv.open(repository);
      for (const key of ['a', 'b', 'c']) {
        const time = await store.lastModified(key, { exact: true });
        expect([key, String(time)]).toEqual([key, remote.git('log', '-1', '--format=%ct', 'main', '--', key)]);
      }
      expect(await store.lastModified('/', { exact: true })).toBe(4_000);
    } finally {
      await repository.close();
    }
  });

  test('with exact, a store without history says so; without it, all is as ever', async () => {
    const remote = await startRemote();
    remote.commit({ a: '1' });
    const store = await remote.connect();
    expect(await store.lastModified('a', { exact: true })).toBe(await store.lastModified('a'));
    await store.set('b', '1');
    await store.set('b', '2');
    await expect(store.lastModified('a', { exact: true })).rejects.toMatchObject({
      code: 'HISTORY_MISSING',
      key: Key.of('a'),
      message: `Cannot tell when /a was changed: history ends at commit ${store.commit?.oid}`,
    });
    expect(await store.lastModified('none', { exact: true })).toBeUndefined();
  });

  test('can be given up', async () => {
    const { store } = await timedStore();
    await store.set('a', '1');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(store.lastModified('a', { exact: true, signal })).rejects.toThrow('enough');
  });
});
