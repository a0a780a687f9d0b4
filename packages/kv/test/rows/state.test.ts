import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { GitKv } from '../../src/index.js';
import { bytesOf, startRemote, streamOf } from '../support/remote.js';
import { contents, storeOf } from '../support/ways.js';

const NOWHERE = 'http://127.0.0.1:9/none.git';

describe('K44 the scripts of the first git-kv, as far as a store goes', () => {
  test('simple: get, save, get from what was saved, pull', async () => {
    const remote = await startRemote();
    remote.commit({ foo: 'Hello World!\n' }, { time: 1_471_792_723 });
    const store = await remote.connect();
    expect(await store.getText('/foo')).toBe('Hello World!\n');
    const saved = await bytesOf(store.toOctets({ format: 'pack' }));
    // The trailer is the hash of all before it, so these are the bytes of every run on every machine.
    expect(Buffer.from(saved.subarray(-20)).toString('hex')).toBe('523c996259d48b12ba4306da32e966f338f8336b');
    const again = await GitKv.ofOctets(streamOf(saved), { remote: remote.url });
    expect(await again.getText('/foo')).toBe('Hello World!\n');
    remote.commit({ bar: 'Git rocks!\n' }, { time: 1_471_792_723 });
    const signs = { add: '+', remove: '-', change: '*' };
    const pulled = (await again.pull({ directories: true })).map(({ kind, key }) => `${signs[kind]} ${key}`);
    expect(pulled).toEqual(['+ /bar', '* /']); // K14 K15: in the order of the first git-kv, though no date is newer
    expect(await contents(again)).toEqual({ '/bar': 'Git rocks!\n', '/foo': 'Hello World!\n' });
  });

  test('fold, fold2: two writes and reads between them, one commit', async () => {
    const remote = await startRemote();
    const store = await remote.connect();
    await store.changeAndPush(async (batch) => {
      await batch.set('/bar', 'Git rocks!');
      expect((await batch.list('/'))?.map(({ key }) => String(key))).toEqual(['/bar']);
      expect(await batch.getText('/bar')).toBe('Git rocks!');
      await batch.set('/foo', 'Hello World!');
      expect(await batch.exists('/bar')).toBe('value');
    });
    expect(await contents(await remote.connect())).toEqual({ '/bar': 'Git rocks!', '/foo': 'Hello World!' });
    expect(remote.git('rev-list', '--count', 'main')).toBe('1');
  });
});

describe('K7 K9 the pack', () => {
  test('has level 4 by default, equal bytes at each level, and can be read at all of them', async () => {
    const store = await storeOf({ a: 'some text, some more text\n'.repeat(200), b: 'other', empty: '' });
    const packOf = (level?: number): Promise<Uint8Array> =>
      bytesOf(store.toOctets({ format: 'pack', ...(level !== undefined && { level }) }));
    expect(await packOf()).toEqual(await packOf(4));
    for (let level = 0; level <= 9; level++) {
      const octets = await packOf(level);
      expect(await packOf(level)).toEqual(octets);
      const again = await GitKv.ofOctets(octets, { remote: NOWHERE });
      expect(await contents(again)).toEqual(await contents(store));
    }
  });

  test('has no deltas, though what was pulled had', async () => {
    const remote = await startRemote();
    const text = Array.from({ length: 2000 }, (_, n) => `line ${n * n}\n`).join('');
    remote.commit(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key ${n}`, `${text}${n}`])));
    remote.git('repack', '-adfq');
    expect(remote.git('count-objects', '-v')).toMatch(/size-pack: \d\d?$/m); // deltas, or it were ten times that
    const store = await remote.connect();
    const file = join(temporaryDirectory(), 'saved.pack');
    writeFileSync(file, await bytesOf(store.toOctets({ format: 'pack' })));
    const cwd = remote.directory;
    git(['index-pack', '--strict', file], { cwd });
    const shown = git(['verify-pack', '-v', file], { cwd });
    expect(shown).toContain('non delta: 22 objects');
    expect(shown).not.toContain('chain length');
  });
});

describe('K46', () => {
  test('a long batch lets timers come through', async () => {
    const store = await storeOf();
    await store.changeAndPush(async (batch) => {
      let isOver = false;
      setTimeout(() => (isOver = true), 0);
      let count = 0;
      while (!isOver && count < 1_000_000) await batch.set(`key ${count++ % 100}`, String(count));
      expect(isOver).toBe(true);
    });
  });

  test('saving a large store lets timers come through', async () => {
    const values = Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [`${n % 30}/${n}`, `value ${n}`]));
    const store = await storeOf(values);
    let isOver = false;
    setTimeout(() => (isOver = true), 0);
    for await (const _chunk of store.toOctets()) if (isOver) break;
    expect(isOver).toBe(true);
  });
});

describe('M34 M35', () => {
  test('there is no batch(): changeAndPush takes its place', async () => {
    const store = await storeOf();
    expect('batch' in store).toBe(false);
    await store.changeAndPush((batch) => expect('batch' in batch).toBe(false));
  });

  test('sizes and offsets are whole numbers up to 2^53 - 1, times are seconds', async () => {
    const store = await GitKv.open(createMemoryRepository(), { clock: () => 1_700_000_000_999 });
    await store.set('a', '1');
    expect(await store.getPartial('a', { offset: Number.MAX_SAFE_INTEGER })).toEqual(new Uint8Array(0));
    expect(await store.lastModified('a')).toBe(1_700_000_000);
  });
});
