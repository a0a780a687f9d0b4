import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compareBytes } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { GitKvLevel, type GitKvLevelOptions } from '../../src/adapters/abstract-level.js';
import { GitKv, Key } from '../../src/index.js';
import { startRemote } from '../support/remote.js';
import { createTape, type TapeTest } from '../support/tape.js';

const suite = createRequire(import.meta.url)('abstract-level/test') as (options: {
  readonly test: TapeTest;
  readonly factory: (options?: GitKvLevelOptions<string, string>) => GitKvLevel;
}) => void;

test('the suite of abstract-level passes, all of it', { timeout: 60_000 }, async () => {
  const tape = createTape();
  suite({ test: tape.test, factory: (options) => new GitKvLevel(GitKv.open(createMemoryRepository()), options) });
  // As many as tape itself counts.
  expect(await tape.run()).toEqual({ assertions: 4664, tests: 1440, failures: [] });
});

describe('GitKvLevel', () => {
  test('stores a key as a file that says its name', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('README', 'not of the database');
    const db = new GitKvLevel<string, unknown>(store, { directory: 'db', valueEncoding: 'json', message: 'By level' });
    await db.put('user:ada/1', { role: 'admin' });
    await db.put('', 1);
    expect(await store.list('db')).toMatchObject([{ key: Key.of('db/%') }, { key: Key.of('db/user%3Aada%2F1') }]);
    expect(await store.getText('db/user%3Aada%2F1')).toBe('{"role":"admin"}');
    expect(await db.keys().all()).toEqual(['', 'user:ada/1']);
    await db.clear();
    expect(await store.list()).toMatchObject([{ key: Key.of('README') }]);
  });

  test('makes one commit of a batch, and none of a batch that changes nothing', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const db = new GitKvLevel(store);
    await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ]);
    const { commit } = store;
    await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'del', key: 'c' },
    ]);
    expect(store.commit).toEqual(commit);
  });

  test('sees what others wrote to the store, in order, and leaves out what is no key', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const db = new GitKvLevel(store);
    await db.put('b', '2');
    expect(await db.keys().all()).toEqual(['b']);
    await store.set('a', '1');
    await store.set('not%a name', 'x');
    await store.set('folder/file', 'x');
    await db.put('%', '0'); // the index has not seen what came before
    expect(await db.iterator().all()).toEqual([
      ['%', '0'],
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('keeps keys of any bytes, up to lengths that take several names, in order of their bytes', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const options = { keyEncoding: 'view', valueEncoding: 'view' };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 }), async (keys) => {
        const db = new GitKvLevel<Uint8Array, Uint8Array>(store, { ...options, directory: 'db' });
        await db.clear();
        await db.batch(keys.map((key) => ({ type: 'put', key, value: key })));
        const sorted = [...new Map(keys.map((key) => [key.join(), key])).values()].sort(compareBytes);
        expect(await db.values().all()).toEqual(sorted);
        expect(await db.keys({ reverse: true }).all()).toEqual(sorted.reverse());
      }),
      { numRuns: 25 },
    );
  });

  test('works over a git server: each write is pushed, and git finds nothing to complain of', async () => {
    const remote = await startRemote();
    const db = new GitKvLevel(remote.connect());
    await db.batch([
      { type: 'put', key: 'git~1', value: '1' },
      { type: 'put', key: '.git/config', value: '2' },
    ]);
    expect(remote.files()).toEqual({ '%2Egit%2Fconfig': '2', '%67it~1': '1' });
    expect(remote.git('fsck', '--strict')).toBe('');
    expect(await db.keys().all()).toEqual(['.git/config', 'git~1']);
  });

  test('works over a repository on disk, and finds its keys again', async () => {
    const directory = join(temporaryDirectory(), 'db.git');
    const repository = await initRepository(directory);
    const db = new GitKvLevel(GitKv.open(repository));
    await db.batch([
      { type: 'put', key: 'b', value: '2' },
      { type: 'put', key: 'a', value: '1' },
    ]);
    await db.close();
    const again = new GitKvLevel(GitKv.open(repository));
    expect(await again.iterator().all()).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(git(['ls-tree', '--name-only', 'main'], { cwd: directory })).toBe('a\nb');
    await repository.close();
  });

  test('opens only when the store is there, and says why it is not', async () => {
    const db = new GitKvLevel(Promise.reject(new Error('no such host')));
    await expect(db.open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { message: 'no such host' },
    });
  });

  test('has no key where a directory of other files stands, and leaves those alone', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('foo/bar', 'of others');
    const db = new GitKvLevel(store);
    expect(await db.get('foo')).toBeUndefined();
    expect(await db.getMany(['foo', 'none'])).toEqual([undefined, undefined]);
    expect(await db.has('foo')).toBe(false);
    await db.del('foo');
    expect(await store.getText('foo/bar')).toBe('of others');
    await expect(db.put('foo', 'x')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
  });

  test('clears the first or last keys of a range', async () => {
    const db = new GitKvLevel(GitKv.open(createMemoryRepository()));
    await db.batch([...'abcdef'].map((key) => ({ type: 'put', key, value: key })));
    await db.clear({ gt: 'a', limit: 2 });
    await db.clear({ reverse: true, limit: 1 });
    expect(await db.keys().all()).toEqual(['a', 'd', 'e']);
  });
});
