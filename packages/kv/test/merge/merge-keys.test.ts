import { encodeUtf8, FileMode, type Oid, sha1, sha256 } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type KeyConflict,
  keyMerges,
  type MergeKeysOptions,
  type MergeRules,
  mergeKeys,
} from '../../src/merge/index.js';
import { text } from '../support/remote.js';
import { type Entry, notingReads, readTree, writeTree } from '../support/trees.js';

type Entries = Readonly<Record<string, Entry>>;

const exec = (content: string): Entry => ({ mode: FileMode.executable, text: content });
const link = (target: string): Entry => ({ mode: FileMode.symlink, text: target });
const submodule = (digit: string): Entry => ({ mode: FileMode.gitlink, oid: digit.repeat(40) });

/** The merged values by path, or the conflicts as `key: reason`. */
async function merge(
  [base, ours, theirs]: readonly [Entries, Entries, Entries],
  rules?: MergeRules,
  options?: MergeKeysOptions,
): Promise<Record<string, string> | readonly string[]> {
  const repository = createMemoryRepository();
  const merged = await mergeIn(repository, [base, ours, theirs], rules, options);
  if (merged.status === 'conflict') return merged.conflicts.map(({ key, reason }) => `${key}: ${reason}`);
  await repository.objects.writeMany(merged.objects);
  return await readTree(repository, merged.treeOid);
}

async function mergeIn(
  repository: Repository,
  sides: readonly [Entries, Entries, Entries],
  rules?: MergeRules,
  options?: MergeKeysOptions,
): ReturnType<typeof mergeKeys> {
  const [base, ours, theirs] = await Promise.all(sides.map((side) => writeTree(repository, side)));
  return await mergeKeys(repository.objects, { base, ours, theirs }, rules, options);
}

describe('mergeKeys without rules', () => {
  const clean: [what: string, sides: [Entries, Entries, Entries], merged: Record<string, string>][] = [
    [
      'takes what one side added, changed or removed',
      [
        { a: '1', b: '1', c: '1' },
        { a: '2', b: '1', c: '1', d: '4' },
        { a: '1', c: '1', 'e/f': '5' },
      ],
      { a: '2', c: '1', d: '4', 'e/f': '5' },
    ],
    [
      'takes what both made alike',
      [
        { a: '1', b: '1' },
        { a: '2', c: '3' },
        { a: '2', c: '3' },
      ],
      { a: '2', c: '3' },
    ],
    [
      'merges keys of one dictionary',
      [
        { 'd/a': '1', 'd/b': '1' },
        { 'd/a': '2', 'd/b': '1' },
        { 'd/a': '1', 'd/b': '2' },
      ],
      { 'd/a': '2', 'd/b': '2' },
    ],
    [
      'keeps what theirs added to a dictionary that ours removed',
      [{ 'd/a': '1' }, {}, { 'd/a': '1', 'd/b': '2' }],
      { 'd/b': '2' },
    ],
    [
      'leaves no empty dictionary',
      [
        { 'd/a': '1', 'd/b': '1', c: '1' },
        { 'd/b': '1', c: '1' },
        { 'd/a': '1', c: '1' },
      ],
      { c: '1' },
    ],
    ['can end with nothing at all', [{ a: '1', b: '1' }, { b: '1' }, { a: '1' }], {}],
    [
      'turns a value that theirs left alone into a dictionary',
      [{ a: '1' }, { 'a/b': '2' }, { a: '1', c: '3' }],
      { 'a/b': '2', c: '3' },
    ],
    [
      'turns a dictionary that theirs left alone into a value',
      [{ 'a/b': '1' }, { a: '2' }, { 'a/b': '1', c: '3' }],
      { a: '2', c: '3' },
    ],
    [
      'joins two dictionaries that took the place of one value',
      [{ a: '1' }, { 'a/x': '1' }, { 'a/y': '2' }],
      { 'a/x': '1', 'a/y': '2' },
    ],
    [
      'merges a change of permissions with one of content',
      [{ a: '1' }, { a: exec('1') }, { a: '2' }],
      { a: '100755 2' },
    ],
    ['takes the wider permissions of two additions', [{}, { a: '1' }, { a: exec('1') }], { a: '100755 1' }],
    [
      'carries links and submodules of one side along',
      [{ a: '1' }, { a: '1', l: link('x'), 's/m': submodule('a') }, { a: '2' }],
      { a: '2', l: '120000 x', 's/m': `160000 ${'a'.repeat(40)}` },
    ],
  ];
  test.each(clean)('%s', async (_what, sides, merged) => {
    expect(await merge(sides)).toEqual(merged);
    const [base, ours, theirs] = sides;
    expect(await merge([base, theirs, ours])).toEqual(merged);
  });

  const conflicts: [what: string, sides: [Entries, Entries, Entries], told: string[]][] = [
    [
      'two changes of one key',
      [
        { a: '1', b: '1' },
        { a: '2', b: '1' },
        { a: '3', b: '2' },
      ],
      ['/a: both sides changed it'],
    ],
    ['two additions', [{}, { 'd/a': '2', x: '1' }, { 'd/a': '3' }], ['/d/a: both sides changed it']],
    [
      'a removal and a change',
      [{ a: '1', b: '1' }, { b: '1' }, { a: '2' }],
      ['/a: one side removed what the other changed'],
    ],
    [
      'a removed dictionary with a key that changed',
      [{ 'd/a': '1', 'd/b': '1' }, {}, { 'd/a': '2', 'd/b': '1' }],
      ['/d/a: one side removed what the other changed'],
    ],
    [
      'a value where the others have a dictionary',
      [{}, { a: '1', c: '1' }, { 'a/b/c': '2' }],
      ['/a: a value on one side is a dictionary on the other'],
    ],
    [
      'a value in place of a dictionary that grew',
      [{ 'a/b': '1' }, { a: '2' }, { 'a/b': '1', 'a/c': '3' }],
      ['/a: a value on one side is a dictionary on the other'],
    ],
    ['two changes of a link', [{ l: link('x') }, { l: link('y') }, { l: link('z') }], ['/l: both sides changed it']],
    [
      'two changes of a submodule',
      [{ s: submodule('a') }, { s: submodule('b') }, { s: submodule('c') }],
      ['/s: a submodule changed on both sides'],
    ],
  ];
  test.each(conflicts)('tells of %s', async (_what, sides, told) => {
    expect(await merge(sides)).toEqual(told);
    const [base, ours, theirs] = sides;
    expect(await merge([base, theirs, ours])).toEqual(told);
  });

  test('a conflict holds the three sides', async () => {
    const merged = await mergeIn(createMemoryRepository(), [{ a: '1', b: 'x' }, { a: '2' }, { a: '3', b: 'y' }]);
    const told = merged.status === 'conflict' ? merged.conflicts : [];
    const shown = ({ base, ours, theirs, oids }: KeyConflict) => [
      text(base),
      text(ours),
      text(theirs),
      Object.keys(oids),
    ];
    expect(told.map(shown)).toEqual([
      ['1', '2', '3', ['base', 'ours', 'theirs']],
      ['x', undefined, 'y', ['base', 'theirs']],
    ]);
  });

  test('stops at the number of conflicts allowed, and at the bytes they may hold', async () => {
    const many = (value: string) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, `${value}${n}`.repeat(10)]));
    const sides = [many('a'), many('b'), many('c')] as const;
    const few = await mergeIn(createMemoryRepository(), sides, undefined, { maxConflicts: 5 });
    expect(few).toMatchObject({ status: 'conflict', hasMore: true, conflicts: { length: 5 } });
    const small = await mergeIn(createMemoryRepository(), sides, undefined, { maxConflictBytes: 200 });
    const sizes = small.status === 'conflict' ? small.conflicts.map(({ ours }) => ours?.length ?? 0) : [];
    expect(sizes).toHaveLength(20);
    expect(sizes.reduce((sum, size) => sum + 3 * size, 0)).toBeLessThanOrEqual(200);
  });

  test('a tree may be absent, or all three the same', async () => {
    const repository = createMemoryRepository({ algorithm: sha256 });
    const tree = await writeTree(repository, { a: '1' });
    const { objects } = repository;
    const merged = (base?: Oid, ours?: Oid, theirs?: Oid) => mergeKeys(objects, { base, ours, theirs });
    expect(await merged(undefined, tree, undefined)).toEqual({ status: 'merged', treeOid: tree, objects: [] });
    expect(await merged(undefined, undefined, tree)).toMatchObject({ treeOid: tree });
    expect(await merged(tree, tree, tree)).toMatchObject({ treeOid: tree });
    expect(await merged(tree, undefined, undefined)).toMatchObject({ treeOid: sha256.emptyTreeOid });
  });
});

describe('mergeKeys with rules', () => {
  const rules: MergeRules = [
    { prefix: 'counters', merge: keyMerges.counter() },
    { prefix: '/tags/', merge: keyMerges.set() },
    { prefix: 'mine', merge: keyMerges.ours },
  ];

  test('asks the first rule that fits, and none for others', async () => {
    const base = { 'counters/a': '5', 'tags/x': 'p\nq\n', mine: '1', other: '1', countersx: '1' };
    const ours = { 'counters/a': '7', 'tags/x': 'q\nr\n', mine: '2', other: '1', countersx: '1' };
    const theirs = { 'counters/a': '8', 'tags/x': 'p\nq\ns\n', mine: '3', other: '2', countersx: '1' };
    expect(await merge([base, ours, theirs], rules)).toEqual({
      'counters/a': '10',
      'tags/x': 'q\nr\ns\n',
      mine: '2',
      other: '2',
      countersx: '1',
    });
    expect(await merge([base, { ...ours, countersx: '2' }, { ...theirs, countersx: '3' }], rules)).toEqual([
      '/countersx: both sides changed it',
    ]);
  });

  test('the prefix * fits what is left', async () => {
    const all = [...rules, { prefix: '*', merge: keyMerges.theirs }];
    expect(await merge([{}, { a: '1', 'd/b': '1' }, { a: '2' }], all)).toEqual({ a: '2', 'd/b': '1' });
  });

  test('a rule may take the key away, and its dictionary goes with it', async () => {
    expect(await merge([{ 'd/a': '1', b: '1' }, { b: '1' }, { 'd/a': '2', b: '1' }], keyMerges.ours)).toEqual({
      b: '1',
    });
  });

  test('a rule cannot put a value where a dictionary stays', async () => {
    const sides: [Entries, Entries, Entries] = [{ 'a/b': '1' }, { a: '2' }, { 'a/b': '3' }];
    expect(await merge(sides, keyMerges.theirs)).toEqual(['/a: a value on one side is a dictionary on the other']);
    expect(await merge(sides, keyMerges.ours)).toEqual({ a: '2' });
  });

  test('keeps the permissions that one side changed', async () => {
    expect(await merge([{ a: '1' }, { a: exec('2') }, { a: '4' }], keyMerges.counter())).toEqual({ a: '100755 5' });
  });

  test('the last of a link and a file of the same bytes is the same one on both sides', async () => {
    const rule = keyMerges.lastWriterWins();
    const [base, file, both] = [{ a: 'x' }, { a: 'y' }, { a: link('y') }];
    for (const [ours, theirs, expected] of [
      [1, 1, '120000 y'],
      [2, 1, 'y'],
      [1, 2, '120000 y'],
    ] as const) {
      const there = await merge([base, file, both], rule, { times: { ours, theirs } });
      const back = await merge([base, both, file], rule, { times: { ours: theirs, theirs: ours } });
      expect([there, back]).toEqual([{ a: expected }, { a: expected }]);
    }
  });

  test('of a link one side may stand, and nothing made of both', async () => {
    const sides: [Entries, Entries, Entries] = [{ a: link('1') }, { a: link('2') }, { a: '3' }];
    expect(await merge(sides, keyMerges.ours)).toEqual({ a: '120000 2' });
    expect(await merge(sides, keyMerges.theirs)).toEqual({ a: '3' });
    expect(await merge(sides, keyMerges.counter())).toEqual(['/a: a link changed on both sides']);
  });

  test('reads no value over the limit, and takes none', async () => {
    const sides: [Entries, Entries, Entries] = [{}, { a: 'x'.repeat(11) }, { a: 'y' }];
    expect(await merge(sides, keyMerges.ours, { maxValueBytes: 10 })).toEqual([
      '/a: a value is too large to be merged',
    ]);
    const long = () => ({ status: 'merged' as const, value: encodeUtf8('z'.repeat(11)) });
    await expect(merge([{}, { a: '1' }, { a: '2' }], long, { maxValueBytes: 10 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('a rule that fails fails the merge, and one that gives no bytes is a mistake of its author', async () => {
    const sides: [Entries, Entries, Entries] = [{}, { a: '1' }, { a: '2' }];
    const boom = () => Promise.reject(new Error('boom'));
    await expect(merge(sides, boom)).rejects.toThrow('boom');
    await expect(merge(sides, () => ({ status: 'merged', value: 'text' as never }))).rejects.toThrow(TypeError);
    expect(await merge(sides, () => ({ status: 'conflict', reason: 'not today' }))).toEqual(['/a: not today']);
  });
});

test('mergeKeys reads what both sides touched, and no more', async () => {
  const repository = createMemoryRepository();
  const many = (change: Record<string, string>) => {
    const entries: Record<string, string> = {};
    for (let n = 0; n < 30; n++) for (let m = 0; m < 30; m++) entries[`d${n}/k${m}`] = `${n}.${m}`;
    return { ...entries, ...change };
  };
  const base = await writeTree(repository, many({}));
  const ours = await writeTree(repository, many({ 'd1/k1': 'x', 'd3/k3': 'x' }));
  const theirs = await writeTree(repository, many({ 'd2/k2': 'y', 'd3/k4': 'y' }));
  const read = new Set<Oid>();
  const counting = notingReads(repository.objects, read);
  const merged = await mergeKeys(counting, { base, ours, theirs });
  expect(merged).toMatchObject({ status: 'merged', objects: { length: 2 } });
  expect(read.size).toBe(6); // three roots, and d3 of each
});

describe('mergeKeys is what a merge of Maps by key is', () => {
  const path = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a', 'd/e/b', 'f/a', 'f/b/c');
  const entries = fc.dictionary(path, fc.constantFrom('1', '2', '3')) as fc.Arbitrary<Record<string, string>>;
  const edits = fc.dictionary(path, fc.constantFrom('1', '2', '3', null)) as fc.Arbitrary<
    Record<string, string | null>
  >;
  const edited = (base: Record<string, string>, change: Record<string, string | null>): Record<string, string> =>
    Object.fromEntries(
      Object.entries({ ...base, ...change }).filter((entry): entry is [string, string] => entry[1] !== null),
    );

  test('for keys that are never dictionaries, clean or not', async () => {
    await fc.assert(
      fc.asyncProperty(entries, edits, edits, async (base, change, others) => {
        const [ours, theirs] = [edited(base, change), edited(base, others)];
        const expected: Record<string, string> = {};
        const clashes: string[] = [];
        for (const key of new Set([...Object.keys(base), ...Object.keys(ours), ...Object.keys(theirs)])) {
          const [was, mine, other] = [base[key], ours[key], theirs[key]];
          if (mine !== other && was !== mine && was !== other) clashes.push(key);
          const value = was === mine ? other : mine;
          if (value !== undefined) expected[key] = value;
        }
        const outcome = await merge([base, ours, theirs]);
        if (clashes.length === 0) expect(outcome).toEqual(expected);
        else expect((outcome as string[]).map((line) => line.split(':')[0]?.slice(1)).sort()).toEqual(clashes.sort());
        const settled = await merge([base, ours, theirs], keyMerges.ours);
        const wanted = Object.entries({ ...expected, ...Object.fromEntries(clashes.map((key) => [key, ours[key]])) });
        expect(settled).toEqual(Object.fromEntries(wanted.filter(([, value]) => value !== undefined)));
      }),
      { numRuns: 150 },
    );
  });

  test('in the other order too, with sha256 as with sha1', async () => {
    await fc.assert(
      fc.asyncProperty(entries, edits, edits, fc.boolean(), async (base, change, others, isSha256) => {
        const repository = createMemoryRepository({ algorithm: isSha256 ? sha256 : sha1 });
        const [ours, theirs] = [edited(base, change), edited(base, others)];
        const there = await mergeIn(repository, [base, ours, theirs], keyMerges.counter());
        const back = await mergeIn(repository, [base, theirs, ours], keyMerges.counter());
        expect(back.status === 'merged' && back.treeOid).toBe(there.status === 'merged' && there.treeOid);
      }),
      { numRuns: 60 },
    );
  });
});
