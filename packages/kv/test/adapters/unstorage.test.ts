import { createMemoryRepository } from '@git-kv/repository/memory';
import { createStorage, prefixStorage, restoreSnapshot, snapshot } from 'unstorage';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type GitKvDriverOptions, gitKvDriver } from '../../src/adapters/unstorage.js';
import { GitKv } from '../../src/index.js';
import { InProcessRemote } from '../support/in-process.js';
import { startRemote } from '../support/remote.js';

let store: GitKv;
const open = (options: Partial<GitKvDriverOptions> = {}) =>
  createStorage({ driver: gitKvDriver({ store, ...options }) as never });

beforeEach(async () => {
  store = await GitKv.open(createMemoryRepository());
});

describe('a storage over a store', () => {
  test('sets, gets and removes', async () => {
    const storage = open();
    await storage.setItem('s1:a', 'test_data');
    expect(await storage.hasItem('s1:a')).toBe(true);
    expect(await storage.getItem('s1:a')).toBe('test_data');
    await storage.removeItem('s1:a');
    expect(await storage.hasItem('s1:a')).toBe(false);
    expect(await storage.getItem('s1:a')).toBe(null);
  });

  test.each([
    ['text', 'hello'],
    ['a number', 20],
    ['a boolean', false],
    ['an object', { a: [1, { b: null }] }],
    ['an array', [1, 'two']],
    ['empty text', ''],
  ])('keeps %s', async (_what, value) => {
    const storage = open();
    await storage.setItem('key', value);
    expect(await storage.getItem('key')).toEqual(value);
  });

  test('keeps bytes as they are', async () => {
    const storage = open();
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await storage.setItemRaw('bytes.bin', bytes);
    expect(await storage.getItemRaw('bytes.bin')).toEqual(bytes);
    expect(await storage.getItemRaw('none')).toBe(null);
    await expect(storage.setItemRaw('bytes.bin', 1)).rejects.toThrow(TypeError);
  });

  test('writes keys as paths', async () => {
    const storage = open({ directory: 'data' });
    await storage.setItem('config:site.json', { title: 'Notes' });
    await storage.setItem('config:.hidden', 'x');
    expect(await store.getText('data/config/site.json')).toBe('{"title":"Notes"}');
    expect(await store.getText('data/config/%2Ehidden')).toBe('x');
  });

  test('lists keys, of all and of a base, to a depth', async () => {
    const storage = open();
    const long = `l:${'ü'.repeat(100)}`;
    const keys = ['a', 'b:c', 'b:d:e', 'b2:f', 'b d', long];
    for (const key of keys) await storage.setItem(key, 'x');
    expect((await storage.getKeys()).sort()).toEqual([...keys].sort());
    expect((await storage.getKeys('b')).sort()).toEqual(['b:c', 'b:d:e']);
    expect((await storage.getKeys('', { maxDepth: 1 })).sort()).toEqual(['a', 'b:c', 'b2:f', 'b d', long].sort());
    expect((await storage.getKeys('b', { maxDepth: 1 })).sort()).toEqual(['b:c']);
    expect(await storage.getKeys('none')).toEqual([]);
    expect(await storage.getKeys('a')).toEqual([]);
  });

  test('makes one commit of many items', async () => {
    const storage = open({ message: 'By unstorage' });
    await storage.setItems<number | string>([
      { key: 'a', value: 1 },
      { key: 'b:c', value: 'two' },
    ]);
    const { commit } = store;
    await storage.setItems([{ key: 'a', value: 1 }]);
    expect(store.commit).toEqual(commit);
    expect(await storage.getItems(['a', 'b:c', 'd'])).toEqual([
      { key: 'a', value: 1 },
      { key: 'b:c', value: 'two' },
      { key: 'd', value: null },
    ]);
  });

  test('clears a base, or everything, and leaves what is outside', async () => {
    await store.set('README', 'x');
    const driver = gitKvDriver({ store, directory: 'data' });
    const storage = createStorage({ driver: driver as never });
    for (const key of ['a:1', 'a:2', 'b:1']) await storage.setItem(key, 'x');
    await driver.clear('a:'); // unstorage itself clears whole mounts only
    expect(await storage.getKeys()).toEqual(['b:1']);
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
    expect(await store.getText('README')).toBe('x');
  });

  test('tells time and size, and keeps meta data of others', async () => {
    store = await GitKv.open(createMemoryRepository(), { clock: () => 1_700_000_000_000 });
    const storage = open();
    await storage.setItem('a', 'four');
    await storage.setMeta('a', { owner: 'ada' });
    expect(await storage.getMeta('a')).toMatchObject({ size: 4, mtime: new Date(1_700_000_000_000), owner: 'ada' });
    expect(await storage.getMeta('none')).toEqual({});
  });

  test('mounts, with a prefix, and takes snapshots', async () => {
    const storage = createStorage();
    storage.mount('git', gitKvDriver({ store }) as never);
    await prefixStorage<number>(storage, 'git:users').setItem('ada', 1);
    expect(await store.getText('users/ada')).toBe('1');
    const saved = await snapshot(storage, 'git');
    await storage.clear();
    await restoreSnapshot(storage, saved, 'git');
    expect(await storage.getItem('git:users:ada')).toBe(1);
    expect(storage.getMount('git').driver.getInstance?.()).toBe(store);
  });

  test('refuses a value above or below another, as a file system does', async () => {
    const storage = open();
    await storage.setItem('a', 1);
    await expect(storage.setItem('a:b', 2)).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
    await storage.setItem('c:d', 1);
    await expect(storage.setItem('c', 2)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    expect(await storage.getItem('c')).toBe(null);
    expect(await storage.hasItem('c')).toBe(false);
  });
});

test('a key that is not well-formed text is refused: it would stand for another', async () => {
  const storage = open();
  await storage.setItem('a:\uFFFD', 1);
  for (const call of [
    storage.setItem('a:\uD800', 2),
    storage.getItem('a:\uD800'),
    storage.hasItem('a:\uD800'),
    gitKvDriver({ store }).hasItem('\uDC00'),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'INVALID_KEY' });
  }
  expect(await storage.getItem('a:\uFFFD')).toBe(1);
});

describe('a storage that is watched', () => {
  test('stores and tells the others when a watcher throws, and says what it threw', async () => {
    const errors: unknown[] = [];
    const events: string[] = [];
    const driver = gitKvDriver({ store, pollMs: 1e6, onWatchError: (error) => errors.push(error) });
    const thrown = new Error('not mine');
    driver.watch(() => {
      throw thrown;
    });
    driver.watch((event, key) => events.push(`${event} ${key}`));
    await driver.setItem('a', '1');
    await driver.removeItem('a');
    driver.dispose();
    expect(events).toEqual(['update a', 'remove a']);
    expect(errors).toEqual([thrown, thrown]);
  });

  test('tells of its own writes at once, and of those of others after the next poll', async () => {
    const repository = createMemoryRepository();
    store = await GitKv.open(repository);
    const storage = open({ pollMs: 1 });
    const events: string[] = [];
    let seen: (() => void) | undefined;
    const unwatch = await storage.watch((event, key) => {
      events.push(`${event} ${key}`);
      if (event === 'remove') seen?.();
    });
    onTestFinished(() => unwatch());
    await storage.setItem('mine', 1);
    expect(events).toEqual(['update mine']);
    const other = await GitKv.open(repository);
    const told = new Promise<void>((resolve) => {
      seen = resolve;
    });
    await other.changeAndPush(async (batch) => {
      await batch.set('theirs/x', '1');
      await batch.remove('mine');
    });
    await told;
    expect(events.slice(1).sort()).toEqual(['remove mine', 'update theirs:x']);
  });

  test('tells all of others, also what came with its own writes or with pulls of somebody else, and none of these fails', async () => {
    const remote = new InProcessRemote();
    store = await remote.connect();
    const other = await remote.connect();
    const events: string[] = [];
    const errors: unknown[] = [];
    const onWatchError = (error: unknown) => errors.push(error);
    const driver = gitKvDriver({ store, directory: 'd', pollMs: 1, onWatchError });
    const unwatch = driver.watch((event, key) => events.push(`${event} ${key}`));
    onTestFinished(unwatch);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const key of keys) {
      await other.set(`d/theirs/${key}`, '1');
      const pulled = store.pull();
      await driver.setItem(`mine:${key}`, '1');
      await pulled;
    }
    await other.remove('d/theirs/a');
    await store.pull();
    await driver.removeItem('mine:a');
    expect(errors).toEqual([]);
    const updates = keys.flatMap((key) => [`update mine:${key}`, `update theirs:${key}`]);
    expect(events.sort()).toEqual(['remove mine:a', 'remove theirs:a', ...updates].sort());
  });

  test('says why a poll failed, and goes on', async () => {
    const remote = await startRemote();
    store = await remote.connect();
    const errors: unknown[] = [];
    let failed: (() => void) | undefined;
    const storage = open({
      pollMs: 1,
      onWatchError: (error) => {
        errors.push(error);
        remote.intercept = undefined;
      },
    });
    remote.intercept = (_request, response) => {
      response.writeHead(403).end();
      return true;
    };
    const unwatch = await storage.watch(() => failed?.());
    onTestFinished(() => unwatch());
    await new Promise<void>((resolve) => {
      failed = resolve;
      remote.commit({ later: 'x' });
    });
    expect(errors.length).toBeGreaterThan(0);
    await storage.dispose();
  });
});
