import { FileMode, type HashAlgorithm, type Oid, sha1, sha256, TreeBuilder } from '@git-kv/objects';
import {
  type DiffTreesOptions,
  diffTrees,
  type ObjectReader,
  type ObjectStore,
  type TreeChange,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { blob, collect, inventedOid, loadGitObjects, writeTree } from './support/objects.js';

type Files = Readonly<Record<string, string>>;

const setUp = async (algorithm: HashAlgorithm, before: Files | undefined, after: Files | undefined) => {
  const { objects: store } = createMemoryRepository({ algorithm });
  const oldTree = before && (await writeTree(store, before));
  const newTree = after && (await writeTree(store, after));
  return { store, oldTree, newTree };
};

/** "+ path", "- path", "* path", a slash after trees. */
const lines = (changes: readonly TreeChange[]): string[] =>
  changes.map(
    ({ change, path, isTree }) => `${{ add: '+', remove: '-', modify: '*' }[change]} ${path}${isTree ? '/' : ''}`,
  );

describe.each([sha1, sha256])('diffTrees ($name)', (algorithm) => {
  const cases: [title: string, before: Files | undefined, after: Files | undefined, leaves: string[], all: string[]][] =
    [
      ['nothing', { a: '1' }, { a: '1' }, [], []],
      ['a value', { a: '1', b: '1' }, { a: '1', b: '2' }, ['* b'], ['* /', '* b']],
      [
        'a value below',
        { 'a/b/c': '1', d: '1' },
        { 'a/b/c': '2', d: '1' },
        ['* a/b/c'],
        ['* /', '* a/', '* a/b/', '* a/b/c'],
      ],
      ['all from no tree', undefined, { a: '1', 'b/c': '2' }, ['+ a', '+ b/c'], ['+ /', '+ a', '+ b/', '+ b/c']],
      ['all to no tree', { a: '1', 'b/c': '2' }, undefined, ['- a', '- b/c'], ['- /', '- a', '- b/', '- b/c']],
      ['a value that became a tree', { a: '1' }, { 'a/b': '2' }, ['- a', '+ a/b'], ['* /', '- a', '+ a/', '+ a/b']],
      [
        'in order of bytes',
        { a: '0' },
        { 'a/b': '1', 'a.b': '1', a0: '1' },
        ['- a', '+ a.b', '+ a/b', '+ a0'],
        ['* /', '- a', '+ a.b', '+ a/', '+ a/b', '+ a0'],
      ],
    ];
  test.each(cases)('lists %s', async (_title, before, after, leaves, all) => {
    const { store, oldTree, newTree } = await setUp(algorithm, before, after);
    expect(lines(await collect(diffTrees(store, oldTree, newTree)))).toEqual(leaves);
    expect(lines(await collect(diffTrees(store, oldTree, newTree, { trees: true })))).toEqual(all);
  });

  test('tells what stood there and what stands there', async () => {
    const { store, oldTree, newTree } = await setUp(algorithm, { a: '1' }, { a: '2' });
    const [change] = await collect(diffTrees(store, oldTree, newTree));
    expect(change).toMatchObject({ old: { mode: 0o100644 }, new: { mode: 0o100644 }, pathBytes: Uint8Array.of(0x61) });
    expect(change?.old?.oid).not.toBe(change?.new?.oid);
  });

  test('never reads subtrees that are equal', async () => {
    const { store, oldTree, newTree } = await setUp(algorithm, { 'a/b': '1', 'c/d': '1' }, { 'a/b': '1', 'c/d': '2' });
    const read: Oid[] = [];
    const counting: ObjectReader = {
      algorithm,
      read: (oid) => {
        read.push(oid);
        return store.read(oid);
      },
      readMany: (oids) => {
        const wanted = [...oids];
        read.push(...wanted);
        return store.readMany(wanted);
      },
      stat: (oid) => store.stat(oid),
    };
    await collect(diffTrees(counting, oldTree, newTree));
    expect(read).toHaveLength(4);
  });

  test('looks at what is selected only, and at the trees themselves where it is to be shallow', async () => {
    const before = { a: '1', 'b/c': '1', 'b/d/e': '1', 'b/f': '1' };
    const after = { a: '2', 'b/c': '2', 'b/d/e': '2', 'b/f': '1' };
    const { store, oldTree, newTree } = await setUp(algorithm, before, after);
    const list = async (options: DiffTreesOptions) => lines(await collect(diffTrees(store, oldTree, newTree, options)));
    expect(await list({ shallow: true })).toEqual(['* a', '* b/']);
    const select = (path: Uint8Array, isTree: boolean) => isTree || path.at(-1) === 0x63;
    expect(await list({ select })).toEqual(['* b/c']);
    expect(await list({ select, shallow: true })).toEqual(['* b/']);
    expect(await list({ select: (path) => path[0] === 0x61 })).toEqual(['* a']);
  });

  test('a missing tree is an error', async () => {
    const { store, oldTree } = await setUp(algorithm, { a: '1' }, undefined);
    const missing = collect(diffTrees(store, oldTree, inventedOid(algorithm, '1')));
    await expect(missing).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('stops when aborted', async () => {
    const { store, oldTree, newTree } = await setUp(algorithm, { a: '1' }, { a: '2' });
    const diff = collect(diffTrees(store, oldTree, newTree, { signal: AbortSignal.abort(new Error('enough')) }));
    await expect(diff).rejects.toThrow('enough');
  });

  test('agrees with maps for any two trees', async () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'b.c', 'b-', 'dd'), { minLength: 1, maxLength: 3 });
    const files = fc.array(fc.tuple(path, fc.constantFrom('1', '2'))).map((entries) => {
      const made: Record<string, string> = {};
      for (const [parts, text] of entries) {
        const name = parts.join('/');
        const clashes = Object.keys(made).some(
          (other) => `${other}/`.startsWith(`${name}/`) || name.startsWith(`${other}/`),
        );
        if (!clashes) made[name] = text;
      }
      return made;
    });
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const { store, oldTree, newTree } = await setUp(algorithm, before, after);
        const expected = [...new Set([...Object.keys(before), ...Object.keys(after)])]
          .filter((name) => before[name] !== after[name])
          .sort()
          .map((name) => `${name in before ? (name in after ? '*' : '-') : '+'} ${name}`);
        expect(lines(await collect(diffTrees(store, oldTree, newTree)))).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

test('diffTrees agrees with git diff-tree', async () => {
  const directory = initBare(temporaryDirectory());
  const oid = (text: string): string => git(['hash-object', '-w', '--stdin'], { cwd: directory, input: text });
  const tree = (files: Record<string, string>): string => {
    const index = { GIT_INDEX_FILE: `${directory}/index` };
    git(['read-tree', '--empty'], { cwd: directory, env: index });
    const input = Object.entries(files).map(([path, spec]) => `${spec}\t${path}\n`);
    git(['update-index', '--index-info'], { cwd: directory, env: index, input: input.join('') });
    return git(['write-tree'], { cwd: directory, env: index });
  };
  const one = `100644 ${oid('one')}`;
  const two = `100755 ${oid('two')}`;
  const link = `120000 ${oid('target')}`;
  const gitlink = `160000 ${'1'.repeat(40)}`;
  const before = tree({ a: one, 'b/c': one, 'b/d': link, e: two, 'm/n/o': one, s: gitlink, 'x.y': one, 'x/y': one });
  const after = tree({ 'a/q': one, 'b/c': two, 'b/d': one, e: two, 'm/n/p': one, 's/t': one, x: two });
  const { objects: store } = createMemoryRepository();
  await loadGitObjects(directory, store);
  const raw = git(['diff-tree', '-r', '--raw', '--no-renames', '--no-abbrev', before, after], { cwd: directory });
  const zero = { mode: 0, oid: '0'.repeat(40) };
  const ours = (await collect(diffTrees(store, before, after))).map(({ path, old = zero, new: next = zero }) => {
    const modes = `${old.mode.toString(8).padStart(6, '0')} ${next.mode.toString(8).padStart(6, '0')}`;
    const letter = old === zero ? 'A' : next === zero ? 'D' : (old.mode ^ next.mode) & 0o170000 ? 'T' : 'M';
    return `:${modes} ${old.oid} ${next.oid} ${letter}\t${path}`;
  });
  expect(ours.sort()).toEqual(raw.split('\n').sort());
});

describe('diffTrees of trees that are made to harm', () => {
  const nested = async (store: ObjectStore, depth: number, names: readonly string[]): Promise<Oid> => {
    let target = { mode: FileMode.regular as number, oid: await store.write(blob('x')) };
    for (let level = 0; level < depth; level++) {
      const builder = new TreeBuilder(store.algorithm);
      for (const name of names) builder.set(name, target.mode, target.oid);
      target = { mode: FileMode.tree, oid: await store.write({ kind: 'tree', body: builder.build() }) };
    }
    return target.oid;
  };
  const { objects: store } = createMemoryRepository();

  test('hears its signal, also where ten trees stand for 10^10 paths and nothing waits', async () => {
    const tree = await nested(store, 10, [...'abcdefghij']);
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 0);
    let count = 0;
    const walk = async (): Promise<void> => {
      for await (const _ of diffTrees(store, undefined, tree, { signal: abort.signal })) if (++count > 1e6) return;
    };
    await expect(walk()).rejects.toThrow('enough');
  });

  test.each([
    ['deep', 2100, 'a', 'treeDepth'],
    ['long', 30, 'n'.repeat(200), 'pathBytes'],
  ])('ends where paths are too %s', async (_what, depth, name, limit) => {
    const tree = await nested(store, depth, [name]);
    await expect(collect(diffTrees(store, undefined, tree))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit });
  });
});
