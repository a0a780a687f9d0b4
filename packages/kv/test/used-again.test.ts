import { bytesCodec } from '@git-kv/kv/codecs';
import { openRepo } from '@git-kv/kv/files';
import { VersionedStore } from '@git-kv/kv/versioned';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { GitKv } from '../src/index.js';

const SIZE = 64 * 1024;
const NAMES = ['a', 'b', 'c'];

/** One buffer of Node's for all values, as who reads file after file has it. */
async function setAll(set: (name: string, bytes: Uint8Array) => Promise<unknown>): Promise<void> {
  const buffer = Buffer.alloc(SIZE);
  for (const [at, name] of NAMES.entries()) {
    buffer.fill(at + 1);
    await set(name, buffer);
  }
  buffer.fill(0);
}

const expected = NAMES.map((_, at) => new Uint8Array(SIZE).fill(at + 1));

describe('a buffer of Node that is used again changes nothing that was written', () => {
  test('by set', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await setAll((name, bytes) => store.set(name, bytes));
    expect(await Promise.all(NAMES.map((name) => store.get(name)))).toEqual(expected);
  });

  test('in a batch', async () => {
    const store = await GitKv.open(createMemoryRepository());
    await store.changeAndPush((batch) => setAll((name, bytes) => batch.set(name, bytes)));
    expect(await Promise.all(NAMES.map((name) => store.get(name)))).toEqual(expected);
  });

  test('in a versioned store', async () => {
    const store = await VersionedStore.open(createMemoryRepository(), { codec: bytesCodec });
    const main = store.branch('main');
    await setAll((name, bytes) => main.set(name, bytes));
    expect(await Promise.all(NAMES.map((name) => main.get(name)))).toEqual(expected);
  });

  test('in a file', async () => {
    const repo = await openRepo(createMemoryRepository());
    await setAll(async (name, bytes) => {
      const file = await repo.open(name, 'wb');
      await file.write(bytes);
      await file.close();
    });
    const read = async (name: string): Promise<Uint8Array> => await (await repo.open(name, 'rb')).read();
    expect(await Promise.all(NAMES.map(read))).toEqual(expected);
  });
});
