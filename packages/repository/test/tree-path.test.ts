import { FileMode, sha1, sha256 } from '@git-kv/objects';
import { readTreePath } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { blob, inventedOid, writeTree } from './support/objects.js';

describe.each([sha1, sha256])('readTreePath ($name)', (algorithm) => {
  const setUp = async () => {
    const { objects: store } = createMemoryRepository({ algorithm });
    return { store, root: await writeTree(store, { a: '1', 'b/c/d': '2', 'é/x': '3' }) };
  };

  test('finds values and trees', async () => {
    const { store, root } = await setUp();
    expect(await readTreePath(store, root, ['a'])).toEqual({
      mode: FileMode.regular,
      oid: await store.write(blob('1')),
    });
    expect(await readTreePath(store, root, ['b', 'c', 'd'])).toMatchObject({ mode: FileMode.regular });
    expect(await readTreePath(store, root, ['b'])).toMatchObject({ mode: FileMode.tree });
    expect(await readTreePath(store, root, [])).toEqual({ mode: FileMode.tree, oid: root });
  });

  test('takes segments as text or as bytes', async () => {
    const { store, root } = await setUp();
    const asText = await readTreePath(store, root, ['é', 'x']);
    expect(asText).toBeDefined();
    expect(await readTreePath(store, root, [new TextEncoder().encode('é'), 'x'])).toEqual(asText);
  });

  test.each([[['x']], [['b', 'x']], [['a', 'b']], [['b', 'c', 'd', 'e']], [['']], [['b/c']]])(
    'has nothing at %j',
    async (path) => {
      const { store, root } = await setUp();
      expect(await readTreePath(store, root, path)).toBeUndefined();
    },
  );

  test('knows the empty tree without having it, and no other', async () => {
    const { store } = await setUp();
    expect(await readTreePath(store, algorithm.emptyTreeOid, ['a'])).toBeUndefined();
    await expect(readTreePath(store, inventedOid(algorithm, '1'), ['a'])).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
    const value = await store.write(blob('not a tree'));
    await expect(readTreePath(store, value, ['a'])).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
  });
});
