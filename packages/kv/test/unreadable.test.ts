import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeAll, describe, expect, test } from 'vitest';
import { bytesCodec } from '../src/codecs/index.js';
import { GitKv } from '../src/index.js';
import { VersionedStore } from '../src/versioned/index.js';
import { InProcessRemote } from './support/in-process.js';

/** A tree of 16 MiB, which is as much as is read of one, less than one entry. */
const NAME = 'n'.repeat(3900);
const COUNT = 4265;
const tooLarge = { code: 'LIMIT_EXCEEDED', limit: 'structuredObjectBytes' };

describe('A dictionary that is as large as one can be', () => {
  const repository = createMemoryRepository();
  let store: GitKv;

  beforeAll(async () => {
    store = await GitKv.open(repository);
    await store.changeAndPush(async (batch) => {
      for (let at = 0; at < COUNT; at++) await batch.set(`d/${NAME}${1e4 + at}`, '');
    });
  });

  test('takes no more, as nobody would read it, and what fails takes nothing else along', async () => {
    const outcomes = await Promise.allSettled([
      store.set('before', '1'),
      store.set(`d/${NAME}more`, '1'),
      store.set('after', '1'),
      store.rename('before', `d/${NAME}moved`),
      store.set(`d/${NAME}10000`, 'changed'),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { reason: tooLarge },
      { status: 'fulfilled' },
      { reason: tooLarge },
      { status: 'fulfilled' },
    ]);
    const change = store.changeAndPush((batch) => batch.set(`d/${NAME}more`, '1'));
    await expect(change).rejects.toMatchObject(tooLarge);
    const other = await new InProcessRemote(repository).connect();
    expect(await other.exists('before')).toBe('value');
    expect(await other.getText(`d/${NAME}10000`)).toBe('changed');
  });
});

test('A message that nobody would read is refused', async () => {
  const message = 'x'.repeat(16 * 2 ** 20);
  const store = await GitKv.open(createMemoryRepository());
  const change = store.changeAndPush((batch) => batch.set('a', '1'), { message });
  await expect(change).rejects.toMatchObject(tooLarge);
  expect(store.commit).toBeUndefined();
  const versioned = await VersionedStore.open(createMemoryRepository(), { codec: bytesCodec });
  await expect(versioned.branch().set('a', new Uint8Array(0), { message })).rejects.toMatchObject(tooLarge);
});
