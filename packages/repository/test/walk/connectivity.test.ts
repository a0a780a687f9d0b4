import { FileMode, type Oid, sha1, sha256, TreeBuilder } from '@git-kv/objects';
import { checkConnectivity, reachableOids } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { blob, inventedOid, writeCommit, writeTree } from '../support/objects.js';

describe.each([sha1, sha256])('checkConnectivity ($name)', (algorithm) => {
  const setUp = async () => {
    const { objects: store } = createMemoryRepository({ algorithm });
    const first = await writeCommit(store, { files: { a: '1', 'b/c': '2', 'd/e': '3' }, time: 1 });
    const second = await writeCommit(store, { files: { a: '1', 'b/c': '4', 'd/e': '3' }, parents: [first], time: 2 });
    const oids = {
      first,
      second,
      'the root tree': await writeTree(store, { a: '1', 'b/c': '4', 'd/e': '3' }),
      'a subtree': await writeTree(store, { c: '4' }),
      'a blob': await store.write(blob('4')),
      'an old blob': await store.write(blob('3')),
    };
    return { store, oids };
  };

  test('is satisfied with a whole history', async () => {
    const { store, oids } = await setUp();
    expect(await checkConnectivity(store, { roots: [oids.second] })).toEqual({ connected: true, objectCount: 11 });
    const known = await checkConnectivity(store, { roots: [oids.second], haves: [oids.first] });
    expect(known).toEqual({ connected: true, objectCount: 4 });
  });

  test.each(['first', 'second', 'the root tree', 'a subtree', 'a blob', 'an old blob'] as const)(
    'misses %s',
    async (name) => {
      const { store, oids } = await setUp();
      await store.prune((oid) => oid !== oids[name]);
      const outcome = await checkConnectivity(store, { roots: [oids.second] });
      expect(outcome).toEqual({ connected: false, missingOid: oids[name] });
    },
  );

  test('trusts what the haves reach', async () => {
    const { store, oids } = await setUp();
    await store.prune((oid) => oid !== oids['an old blob']);
    expect(await checkConnectivity(store, { roots: [oids.second], haves: [oids.first] })).toMatchObject({
      connected: true,
    });
  });

  test('trusts what isKnown says', async () => {
    const { store, oids } = await setUp();
    const known = await reachableOids(store, [oids.first]);
    await store.prune((oid) => oid !== oids.first);
    const isKnown = async (oid: Oid): Promise<boolean> => known.has(oid);
    expect(await checkConnectivity(store, { roots: [oids.second], isKnown })).toMatchObject({ connected: false });
    expect(await checkConnectivity(store, { roots: [oids['the root tree']], isKnown })).toMatchObject({
      connected: true,
    });
  });

  test('trees within trees are followed to a depth of 2048', async () => {
    const { store } = await setUp();
    let target = { mode: FileMode.regular as number, oid: await store.write(blob('x')) };
    for (let depth = 0; depth < 2050; depth++) {
      const builder = new TreeBuilder(algorithm);
      builder.set('a', target.mode, target.oid);
      target = { mode: FileMode.tree, oid: await store.write({ kind: 'tree', body: builder.build() }) };
    }
    const walked = checkConnectivity(store, { roots: [target.oid] });
    await expect(walked).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'treeDepth', allowed: 2048 });
  });

  test('an object of the wrong kind is an error', async () => {
    const { store, oids } = await setUp();
    const wrong = await writeCommit(store, { treeOid: oids['a blob'] });
    await expect(checkConnectivity(store, { roots: [wrong] })).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
  });

  test('a root that is missing is missing', async () => {
    const { store } = await setUp();
    const missingOid = inventedOid(algorithm, '1');
    expect(await checkConnectivity(store, { roots: [missingOid] })).toEqual({ connected: false, missingOid });
  });
});
