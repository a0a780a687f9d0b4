import { createMemoryRepository } from '@git-kv/repository/memory';
import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import * as vitest from 'vitest';
import { describe, expect, test } from 'vitest';
import { GitKvKeyv } from '../../src/adapters/keyv.js';
import { GitKv, Key } from '../../src/index.js';
import { startRemote } from '../support/remote.js';

const shared = await GitKv.open(createMemoryRepository());
const adapter = () => new GitKvKeyv(shared);

// Fails of itself, with Keyv's own stores too: it reads a BigInt back as a number of another precision.
const KNOWN_FAILURE = 'value can be BigInt using other serializer/deserializer';
const it = ((name: string, run: (t: vitest.TestContext) => unknown) =>
  name === KNOWN_FAILURE ? vitest.it.fails(name, run as never) : vitest.it(name, run as never)) as typeof vitest.it;
const suiteTest = { ...vitest, it } as typeof vitest;

describe('the suite of Keyv passes:', () => {
  describe('api', () => keyvApiTests(suiteTest as never, Keyv, adapter as never));
  describe('values', () => keyvValueTests(suiteTest as never, Keyv, adapter as never));
  describe('namespaces', () => keyvNamespaceTest(suiteTest as never, Keyv, adapter as never));
  describe('iterators', () => keyvIteratorTests(suiteTest as never, Keyv, adapter as never));
});

describe('GitKvKeyv', () => {
  test('keeps a namespace in a directory', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const keyv = new Keyv({ store: new GitKvKeyv(store, { directory: 'cache' }), namespace: 'users' });
    await keyv.set('ada/1', { role: 'admin' });
    expect(await store.getText('cache/users/ada%2F1')).toBe('{"value":{"role":"admin"}}');
    expect(await keyv.get('ada/1')).toEqual({ role: 'admin' });
  });

  test('makes one commit of many keys', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const adapter = new GitKvKeyv(store);
    await adapter.setMany([
      { key: 'a', value: '1' },
      { key: 'b:x', value: '2' },
      { key: `${'n'.repeat(300)}:x`, value: '3' },
    ]);
    const { commit } = store;
    expect(await adapter.getMany(['a', 'b:x', `${'n'.repeat(300)}:x`, 'c'])).toEqual(['1', '2', '3', undefined]);
    expect(await adapter.deleteMany(['a', 'c'])).toBe(false);
    expect(await adapter.hasMany(['a', 'b:x'])).toEqual([false, true]);
    expect(store.commit).not.toEqual(commit);
    adapter.namespace = 'n'.repeat(300);
    await adapter.clear();
    const keys: string[] = [];
    for await (const [key] of adapter.iterator()) keys.push(key);
    expect(keys).toEqual(['b:x']);
  });

  test('takes a value whose time is over for absent, and prunes it', async () => {
    const store = await GitKv.open(createMemoryRepository());
    let now = Date.now();
    const adapter = new GitKvKeyv(store, { clock: () => now });
    const keyv = new Keyv({ store: adapter });
    await keyv.set('short', 1, 1000);
    await keyv.set('long', 2);
    await keyv.set('quoted', '"expires":1');
    expect(await keyv.has(['short', 'long'])).toEqual([true, true]);
    now += 2000;
    expect(await keyv.has(['short', 'long'])).toEqual([false, true]);
    expect(await adapter.prune()).toBe(1);
    expect(await store.list('keyv')).toMatchObject([{ key: Key.of('keyv/long') }, { key: Key.of('keyv/quoted') }]);
  });

  test('has no key where a directory of other files stands', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.set('users/foo/bar', 'of others');
    const keyv = new Keyv({ store: new GitKvKeyv(store), namespace: 'users' });
    expect(await keyv.get('foo')).toBeUndefined();
    expect(await keyv.get(['foo', 'none'])).toEqual([undefined, undefined]);
    expect(await keyv.has('foo')).toBe(false);
    expect(await keyv.delete('foo')).toBe(false);
    expect(await store.getText('users/foo/bar')).toBe('of others');
  });

  test('refuses a key that is not well-formed text, which would stand for another', async () => {
    const store = await GitKv.open(createMemoryRepository());
    const adapter = new GitKvKeyv(store);
    await adapter.set('\uFFFD', 'x');
    for (const key of ['\uD800', 'a:\uDC00', '\uD800:a']) {
      for (const call of [adapter.set(key, 'y'), adapter.get(key), adapter.has(key), adapter.delete(key)]) {
        await expect(call).rejects.toMatchObject({ code: 'INVALID_KEY' });
      }
    }
    expect(await adapter.get('\uFFFD')).toBe('x');
  });

  test('refuses a value that no serializer has made text of', async () => {
    await expect(adapter().set('a', 1)).rejects.toThrow(TypeError);
  });

  test('works over a git server', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    await new Keyv({ store: new GitKvKeyv(store) }).set('a', 1);
    expect(remote.files()).toEqual({ 'keyv/a': '{"value":1}' });
  });
});
