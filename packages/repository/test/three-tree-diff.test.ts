import { type HashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import { diffThreeTrees, diffTrees, type ObjectReader, type TreeDivergence } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect, inventedOid, writeTree } from './support/objects.js';

type Files = Readonly<Record<string, string>>;
type Sides = readonly [base: Files | undefined, ours: Files | undefined, theirs: Files | undefined];

const setUp = async (algorithm: HashAlgorithm, [base, ours, theirs]: Sides) => {
  const { objects: store } = createMemoryRepository({ algorithm });
  const write = async (files: Files | undefined) => files && (await writeTree(store, files));
  return { store, trees: { base: await write(base), ours: await write(ours), theirs: await write(theirs) } };
};

/** Which sides have something at a path, and which of them the same: "aab path" where theirs differs, "." for nothing. */
const lines = (divergences: readonly TreeDivergence[]): string[] =>
  divergences.map(({ path, isTree, base, ours, theirs }) => {
    const seen: string[] = [];
    const letters = [base, ours, theirs].map((side) => {
      if (side === undefined) return '.';
      if (!seen.includes(side.oid)) seen.push(side.oid);
      return 'abc'[seen.indexOf(side.oid)];
    });
    return `${letters.join('')} ${path}${isTree ? '/' : ''}`;
  });

describe.each([sha1, sha256])('diffThreeTrees ($name)', (algorithm) => {
  const cases: [title: string, sides: Sides, leaves: string[], all: string[]][] = [
    ['nothing of equal trees', [{ a: '1' }, { a: '1' }, { a: '1' }], [], []],
    ['nothing of no trees', [undefined, undefined, undefined], [], []],
    [
      'what one side changed',
      [
        { a: '1', b: '1' },
        { a: '2', b: '1' },
        { a: '1', b: '1' },
      ],
      ['aba a'],
      ['aba /', 'aba a'],
    ],
    [
      'what both changed alike',
      [{ 'a/b': '1' }, { 'a/b': '2' }, { 'a/b': '2' }],
      ['abb a/b'],
      ['abb /', 'abb a/', 'abb a/b'],
    ],
    ['what both changed otherwise', [{ a: '1' }, { a: '2' }, { a: '3' }], ['abc a'], ['abc /', 'abc a']],
    [
      'what one side removed and the other changed',
      [{ 'a/b': '1', c: '1' }, { c: '1' }, { 'a/b': '2', c: '1' }],
      ['a.b a/b'],
      ['abc /', 'a.b a/', 'a.b a/b'],
    ],
    [
      'what both added, without a base',
      [undefined, { a: '1', b: '1' }, { a: '1' }],
      ['.aa a', '.a. b'],
      ['.ab /', '.aa a', '.a. b'],
    ],
    [
      'a value that one side made a tree, in order of bytes',
      [
        { a: '1', 'a.b': '1' },
        { 'a/c': '1', 'a.b': '1' },
        { a: '2', 'a.b': '2' },
      ],
      ['a.b a', 'aab a.b', '.a. a/c'],
      ['abc /', 'a.b a', 'aab a.b', '.a. a/', '.a. a/c'],
    ],
  ];
  test.each(cases)('lists %s', async (_title, sides, leaves, all) => {
    const { store, trees } = await setUp(algorithm, sides);
    expect(lines(await collect(diffThreeTrees(store, trees)))).toEqual(leaves);
    expect(lines(await collect(diffThreeTrees(store, trees, { trees: true })))).toEqual(all);
  });

  test('reads neither subtrees that are the same on all sides nor those it is told not to enter', async () => {
    const { store, trees } = await setUp(algorithm, [
      { 'same/a': '1', 'ours/x': '1', 'both/a': '1' },
      { 'same/a': '1', 'ours/x': '2', 'both/a': '2' },
      { 'same/a': '1', 'ours/x': '1', 'both/a': '3' },
    ]);
    let reads = 0;
    const counting: ObjectReader = {
      algorithm,
      read: (oid) => {
        reads++;
        return store.read(oid);
      },
      readMany: (oids) => {
        const wanted = [...oids];
        reads += wanted.length;
        return store.readMany(wanted);
      },
      stat: (oid) => store.stat(oid),
    };
    await collect(diffThreeTrees(counting, trees));
    expect(reads).toBe(3 + 3 + 2); // the roots, both/ and ours/
    reads = 0;
    const enters = ({ base, ours, theirs }: TreeDivergence) => base?.oid !== ours?.oid && base?.oid !== theirs?.oid;
    const listed = await collect(diffThreeTrees(counting, trees, { enters, trees: true }));
    expect(lines(listed)).toEqual(['abc /', 'abc both/', 'abc both/a', 'aba ours/']);
    expect(reads).toBe(3 + 3);
  });

  test('agrees with a comparison of whole listings, for any three trees', async () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'b.c', 'b-', 'dd'), { minLength: 1, maxLength: 3 });
    const files = fc.array(fc.tuple(path, fc.constantFrom('1', '2', '3'))).map((entries) => {
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
      fc.asyncProperty(fc.option(files, { nil: undefined }), files, files, async (base, ours, theirs) => {
        const { store, trees } = await setUp(algorithm, [base, ours, theirs]);
        const listing = async (oid: string | undefined) => {
          const values = new Map<string, string>();
          for await (const { path: at, new: next } of diffTrees(store, undefined, oid)) values.set(at, next?.oid ?? '');
          return values;
        };
        const [b, o, t] = [await listing(trees.base), await listing(trees.ours), await listing(trees.theirs)];
        const expected = [...new Set([...b.keys(), ...o.keys(), ...t.keys()])]
          .filter((at) => b.get(at) !== o.get(at) || b.get(at) !== t.get(at))
          .sort()
          .map((at) => [at, b.get(at), o.get(at), t.get(at)]);
        const found = (await collect(diffThreeTrees(store, trees))).map((one) => [
          one.path,
          one.base?.oid,
          one.ours?.oid,
          one.theirs?.oid,
        ]);
        expect(found).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test('a missing tree is an error, and a signal ends it', async () => {
    const { store, trees } = await setUp(algorithm, [{ a: '1' }, { a: '2' }, undefined]);
    const missing = collect(diffThreeTrees(store, { ...trees, theirs: inventedOid(algorithm, '1') }));
    await expect(missing).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(collect(diffThreeTrees(store, trees, { signal }))).rejects.toThrow('enough');
  });
});
