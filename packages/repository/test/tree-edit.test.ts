import { compareTreeEntries, FileMode, parseTree, sha1, sha256, type TreeEntry } from '@git-kv/objects';
import { editTree, type TreeEdit } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blob, inventedOid, listTree, writeTree } from './support/objects.js';

const algorithms = [sha1, sha256];

describe.each(algorithms)('editTree ($name)', (algorithm) => {
  const setUp = async (files: Record<string, string>) => {
    const { objects: store } = createMemoryRepository({ algorithm });
    const root = await writeTree(store, files);
    const set = async (path: string, text: string): Promise<TreeEdit> => ({
      path: path.split('/'),
      entry: { mode: FileMode.regular, oid: await store.write(blob(text)) },
    });
    const remove = (path: string): TreeEdit => ({ path: path.split('/'), entry: null });
    /** Edit, store what is new, and list the result as path to content. */
    const edit = async (edits: TreeEdit[], from: string | undefined = root) => {
      const outcome = await editTree(store, from, edits);
      if (outcome.status === 'conflict') throw new Error('conflict');
      await store.writeMany(outcome.objects);
      const leaves = Object.entries(await listTree(store, outcome.treeOid));
      const texts = leaves.map(async ([path, { oid }]) => [
        path,
        new TextDecoder().decode((await store.read(oid))?.body),
      ]);
      return { ...outcome, files: Object.fromEntries(await Promise.all(texts)) as Record<string, string> };
    };
    return { store, root, set, remove, edit };
  };

  test('makes the tree that would have been written whole', async () => {
    const { store, set, remove, edit } = await setUp({ a: '1', 'b/c': '2', 'b/d/e': '3', 'b.txt': '4' });
    const { treeOid } = await edit([
      await set('b/d/f', '5'),
      remove('b/c'),
      await set('g/h/i', '6'),
      await set('a', '7'),
    ]);
    const whole = { a: '7', 'b/d/e': '3', 'b/d/f': '5', 'b.txt': '4', 'g/h/i': '6' };
    expect(treeOid).toBe(await writeTree(store, whole));
  });

  test('gives only the trees that are new, parents after children', async () => {
    const { set, edit } = await setUp({ 'a/b/c': '1', 'd/e': '2' });
    const { objects, treeOid } = await edit([await set('a/b/x', '3')]);
    expect(objects.map(({ kind }) => kind)).toEqual(['tree', 'tree', 'tree']);
    const { objects: store } = createMemoryRepository({ algorithm });
    expect((await store.writeMany(objects)).at(-1)).toBe(treeOid);
  });

  test('writes a tree that comes to stand at two places once', async () => {
    const { set, edit } = await setUp({});
    const { objects } = await edit([await set('a/x', '1'), await set('b/x', '1')]);
    expect(objects).toHaveLength(2);
  });

  test('gives nothing where nothing changes', async () => {
    const { root, set, remove, edit } = await setUp({ 'a/b': '1' });
    expect(await edit([await set('a/b', '1'), remove('x'), remove('a/b/c'), remove('q/r')])).toMatchObject({
      treeOid: root,
      objects: [],
    });
  });

  test('takes away trees that become empty, up to the root', async () => {
    const { remove, edit } = await setUp({ 'a/b/c': '1', d: '2' });
    expect((await edit([remove('a/b/c')])).files).toEqual({ d: '2' });
    const empty = await edit([remove('a/b/c'), remove('d')]);
    expect(empty.treeOid).toBe(algorithm.emptyTreeOid);
    expect(empty.objects).toEqual([{ oid: algorithm.emptyTreeOid, kind: 'tree', body: new Uint8Array(0) }]);
  });

  test('starts from nothing', async () => {
    const { set, edit } = await setUp({});
    expect((await edit([await set('a/b', '1')], undefined)).files).toEqual({ 'a/b': '1' });
    expect((await edit([], algorithm.emptyTreeOid)).objects).toEqual([]);
  });

  test('replaces a tree by a value, and removes a whole tree', async () => {
    const { set, remove, edit } = await setUp({ 'a/b': '1', 'c/d': '2', 'c/e': '3' });
    expect((await edit([await set('a', '4'), remove('c')])).files).toEqual({ a: '4' });
  });

  test('applies edits in turn', async () => {
    const { set, remove, edit } = await setUp({ a: '1', 'b/c': '2' });
    expect((await edit([remove('a'), await set('a/x', '3')])).files).toEqual({ 'a/x': '3', 'b/c': '2' });
    expect((await edit([await set('b/d', '4'), remove('b')])).files).toEqual({ a: '1' });
    expect((await edit([remove('b'), await set('b/d', '4')])).files).toEqual({ a: '1', 'b/d': '4' });
    expect((await edit([await set('a', '5'), await set('a', '6')])).files).toEqual({ a: '6', 'b/c': '2' });
  });

  test('edits below a tree that was just put there', async () => {
    const { store, set, edit } = await setUp({ a: '1' });
    const oid = await writeTree(store, { x: '2', y: '3' });
    const graft: TreeEdit = { path: ['t'], entry: { mode: FileMode.tree, oid } };
    expect((await edit([graft, await set('t/x', '4')])).files).toEqual({ a: '1', 't/x': '4', 't/y': '3' });
  });

  test('K36: reports an edit that would go below a value, and which value', async () => {
    const { store, root, set } = await setUp({ 'a/b': '1' });
    const edit = await set('a/b/c/d', '2');
    expect(await editTree(store, root, [edit])).toEqual({ status: 'conflict', edit, depth: 2 });
    const second = await set('x/y', '4');
    expect(await editTree(store, root, [await set('x', '3'), second])).toEqual({
      status: 'conflict',
      edit: second,
      depth: 1,
    });
  });

  test('keeps the order of git where a file becomes a tree', async () => {
    const { store, set, remove, edit } = await setUp({ a: '1', 'a.b': '2', 'a-b': '3', a0: '4' });
    const { treeOid } = await edit([remove('a'), await set('a/x', '5')]);
    const tree = parseTree((await store.read(treeOid))?.body as Uint8Array, algorithm.oidLength);
    expect(tree.map(({ name }) => new TextDecoder().decode(name))).toEqual(['a-b', 'a.b', 'a', 'a0']);
  });

  test.each([['..'], ['.git'], ['a/b'], [''], ['a\0b']])('refuses the name %j', async (name) => {
    const { store, root } = await setUp({});
    const entry = { mode: FileMode.regular, oid: inventedOid(algorithm, '1') };
    await expect(editTree(store, root, [{ path: [name], entry }])).rejects.toThrow(RangeError);
  });

  test('refuses a path that is too deep, and a root that is a value', async () => {
    const { store, root } = await setUp({});
    const entry = { mode: FileMode.regular, oid: inventedOid(algorithm, '1') };
    const deep = { path: Array.from({ length: 3000 }, () => 'a'), entry };
    await expect(editTree(store, root, [deep])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'treeDepth' });
    await expect(editTree(store, root, [{ path: [], entry }])).rejects.toThrow(RangeError);
  });

  test('a missing tree is an error, never an empty one', async () => {
    const { store } = await setUp({});
    const oid = inventedOid(algorithm, '1');
    await expect(editTree(store, oid, [{ path: ['a'], entry: null }])).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      subject: oid,
    });
  });

  test('agrees with a plain map for any edits', async () => {
    const segment = fc.constantFrom('a', 'b', 'a.b', 'a-', 'c');
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const step = fc.record({ path, text: fc.option(fc.constantFrom('1', '2', '3')) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 8 }), async (before, steps) => {
        const base = new Map<string, string>();
        for (const one of before) if (!applyToMap(base, one)) return;
        const { store, root, set, remove, edit } = await setUp(Object.fromEntries(base));
        const model = new Map(base);
        for (const one of steps) if (!applyToMap(model, one)) return;
        const edits = steps.map((one) => (one.text === null ? remove(one.path) : set(one.path, one.text)));
        const { files, treeOid } = await edit(await Promise.all(edits), root);
        expect(files).toEqual(Object.fromEntries(model));
        await assertSorted(treeOid);
        expect(treeOid).toBe(await writeTree(store, Object.fromEntries(model)));

        async function assertSorted(oid: string): Promise<void> {
          const body = (await store.read(oid))?.body ?? new Uint8Array(0);
          const entries: TreeEntry[] = parseTree(body, algorithm.oidLength);
          expect([...entries].sort(compareTreeEntries)).toEqual(entries);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** What an edit does to a map of paths. False where it would go below a value. */
function applyToMap(map: Map<string, string>, step: { path: string; text: string | null }): boolean {
  for (let slash = step.path.indexOf('/'); slash >= 0; slash = step.path.indexOf('/', slash + 1)) {
    if (map.has(step.path.slice(0, slash))) return step.text === null;
  }
  for (const path of [...map.keys()]) if (path === step.path || path.startsWith(`${step.path}/`)) map.delete(path);
  if (step.text !== null) map.set(step.path, step.text);
  return true;
}
