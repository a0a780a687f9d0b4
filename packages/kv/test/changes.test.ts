import { encodeUtf8, FileMode, type Oid, sha1, TreeBuilder } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { expect, test } from 'vitest';
import { diffKeys } from '../src/changes.js';

test('a few trees that stand for very many keys end at the limit, before memory does', async () => {
  const { objects: store } = createMemoryRepository();
  let target: { mode: number; oid: Oid } = {
    mode: FileMode.regular,
    oid: await store.write({ kind: 'blob', body: encodeUtf8('x') }),
  };
  for (let level = 0; level < 10; level++) {
    const builder = new TreeBuilder(sha1);
    for (const name of 'abcdefghij') builder.set(name, target.mode, target.oid);
    target = { mode: FileMode.tree, oid: await store.write({ kind: 'tree', body: builder.build() }) };
  }
  const listing = diffKeys(store, undefined, target.oid, { maxChanges: 5000 });
  await expect(listing).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxChanges', actual: 5001 });
});
