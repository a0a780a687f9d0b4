import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { jsonCodec } from '../src/codecs/index.js';
import { openRepo } from '../src/files/index.js';
import { GitKv } from '../src/index.js';
import { VersionedStore } from '../src/versioned/index.js';
import { storeOf } from './support/ways.js';

describe('text with half a character, which would silently become another, is refused', () => {
  const half = 'half \ud83d of it';
  const change = { message: half };
  const cases: [what: string, write: (store: GitKv) => Promise<unknown>][] = [
    ['as a value', (store) => store.set('a', half)],
    ['as a low half', (store) => store.set('a', '\ude42')],
    ['as part of a value', (store) => store.setPartial('a', { offset: 1 }, half)],
    ['as a value of a batch', (store) => store.changeAndPush((batch) => batch.set('a', half))],
    ['as a message', (store) => store.changeAndPush((batch) => batch.set('a', '2'), change)],
    ['as an author', (store) => store.changeAndPush((batch) => batch.set('a', '2'), { author: half })],
    ['as an address', (store) => store.changeAndPush((batch) => batch.set('a', '2'), { authorEmail: half })],
  ];
  test.each(cases)('%s of a store', async (_what, write) => {
    const store = await storeOf({ a: '1' });
    const before = store.commit;
    await expect(write(store)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(store.commit).toEqual(before);
    await store.set('a', 'whole \u{1f642}');
    expect(await store.getText('a')).toBe('whole \u{1f642}');
  });

  test('as what a store, a versioned store, its messages and tags, and files of a repository are given', async () => {
    const repository = createMemoryRepository();
    const codec = jsonCodec();
    const refused = { code: 'INVALID_VALUE' };
    await expect(GitKv.open(repository, { author: half })).rejects.toMatchObject(refused);
    const author = { name: half, email: 'a@example.com' };
    await expect(VersionedStore.open(repository, { codec, author })).rejects.toMatchObject(refused);
    const store = await VersionedStore.open(repository, { codec });
    await expect(store.branch().set('a', 1, change)).rejects.toMatchObject(refused);
    await store.branch().set('a', 1);
    await expect(store.createTag('v1', 'main', change)).rejects.toMatchObject(refused);
    const repo = await openRepo(repository);
    await repo.open('b', 'w', (file) => file.write('x'));
    await expect(repo.commit(half)).rejects.toMatchObject(refused);
  });
});
