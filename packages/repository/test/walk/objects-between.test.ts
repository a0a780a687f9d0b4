import {
  buildIdentity,
  buildTag,
  type HashAlgorithm,
  type ObjectKind,
  type Oid,
  parseCommit,
  parseTree,
  sha1,
  sha256,
} from '@git-kv/objects';
import { packNameHash } from '@git-kv/pack';
import { type ObjectReader, type ObjectStore, objectsBetween, reachableOids } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { blob, collect, inventedOid, loadGitObjects, writeCommit, writeTree } from '../support/objects.js';

const storeOf = (algorithm: HashAlgorithm): ObjectStore => createMemoryRepository({ algorithm }).objects;

async function writeTag(store: ObjectStore, targetOid: Oid, targetKind: ObjectKind): Promise<Oid> {
  const tagger = buildIdentity({ name: 'T', email: 't@example.com', timestamp: 1 });
  return store.write({ kind: 'tag', body: buildTag({ targetOid, targetKind, name: 'v1', tagger, message: 'Tag\n' }) });
}

describe.each([sha1, sha256])('objectsBetween ($name)', (algorithm) => {
  const between = async (store: ObjectStore, wants: Oid[], haves: Oid[] = [], shallow?: ReadonlySet<Oid>) => {
    const found = await collect(objectsBetween(store, { wants, haves, ...(shallow && { shallow }) }));
    expect(new Set(found.map(({ oid }) => oid)).size, 'each object once').toBe(found.length);
    return found.map(({ oid }) => oid);
  };

  test('lists a whole history: commits first, newest first', async () => {
    const store = storeOf(algorithm);
    const first = await writeCommit(store, { files: { a: '1', 'b/c': '2' }, time: 1 });
    const second = await writeCommit(store, { files: { a: '3', 'b/c': '2' }, parents: [first], time: 2 });
    const found = await collect(objectsBetween(store, { wants: [second] }));
    expect(found.map(({ kind }) => kind).sort()).toEqual([
      'blob',
      'blob',
      'blob',
      'commit',
      'commit',
      'tree',
      'tree',
      'tree',
    ]);
    expect(found.slice(0, 2).map(({ oid }) => oid)).toEqual([second, first]);
  });

  test('tells the name hash of the path where a tree or blob was met', async () => {
    const store = storeOf(algorithm);
    const commit = await writeCommit(store, { files: { a: '1', 'b/c/d': '2' }, time: 1 });
    const found = await collect(objectsBetween(store, { wants: [commit] }));
    const hashes = found.map(({ nameHash }) => nameHash);
    const paths = ['', 'a', 'b', 'b/c', 'b/c/d'].map((path) => packNameHash(path));
    expect(hashes[0]).toBe(undefined);
    expect(hashes.slice(1).sort()).toEqual(paths.sort());
  });

  test('lists what a commit adds to its parent, and no more', async () => {
    const store = storeOf(algorithm);
    const files = { a: '1', 'b/c': '2', 'b/d/e': '3', 'f/g': '4' };
    const first = await writeCommit(store, { files });
    const next = { ...files, 'b/c': 'new', 'h/i': '4' };
    const second = await writeCommit(store, { files: next, parents: [first] });
    const root = await writeTree(store, next);
    const b = await writeTree(store, { c: 'new', 'd/e': '3' });
    const h = await writeTree(store, { i: '4' });
    const value = await store.write(blob('new'));
    // The blob of h/i is the one of f/g: known trees are not read at paths where nothing new stands.
    const moved = await store.write(blob('4'));
    expect((await between(store, [second], [first])).sort()).toEqual([second, root, b, h, value, moved].sort());
  });

  test('lists nothing where the haves are ahead of the wants', async () => {
    const store = storeOf(algorithm);
    const first = await writeCommit(store, { files: { a: '1' }, time: 1 });
    const second = await writeCommit(store, { files: { a: '2' }, parents: [first], time: 2 });
    expect(await between(store, [first], [second])).toEqual([]);
    expect(await between(store, [first], [first])).toEqual([]);
  });

  test('ignores haves that the store lacks, and misses wants', async () => {
    const store = storeOf(algorithm);
    const commit = await writeCommit(store, { files: { a: '1' } });
    const absent = inventedOid(algorithm, '1');
    expect(await between(store, [commit], [absent])).toHaveLength(3);
    await expect(between(store, [absent])).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND', subject: absent });
  });

  test('follows tags, tags of tags, and wants of every kind', async () => {
    const store = storeOf(algorithm);
    const treeOid = await writeTree(store, { 'a/b': '1' });
    const commit = await writeCommit(store, { treeOid });
    const inner = await writeTag(store, commit, 'commit');
    const outer = await writeTag(store, inner, 'tag');
    const value = await store.write(blob('x'));
    expect((await between(store, [outer])).slice(0, 3)).toEqual([outer, inner, commit]);
    expect(await between(store, [outer])).toHaveLength(6);
    expect(await between(store, [treeOid])).toHaveLength(3);
    expect(await between(store, [value])).toEqual([value]);
    expect((await between(store, [outer, value, treeOid], [commit])).sort()).toEqual([outer, inner, value].sort());
    expect(await between(store, [inner, treeOid], [outer])).toEqual([]);
  });

  test('does not follow gitlinks', async () => {
    const store = storeOf(algorithm);
    const oid = Uint8Array.from({ length: algorithm.oidLength }, () => 7);
    const body = Uint8Array.of(...new TextEncoder().encode('160000 module\0'), ...oid);
    const treeOid = await store.write({ kind: 'tree', body });
    expect(await between(store, [treeOid])).toEqual([treeOid]);
  });

  test('ends at the shallow boundary', async () => {
    const store = storeOf(algorithm);
    const first = await writeCommit(store, { files: { a: '1' }, time: 1 });
    const second = await writeCommit(store, { files: { a: '2' }, parents: [first], time: 2 });
    const third = await writeCommit(store, { files: { a: '3' }, parents: [second], time: 3 });
    expect(await between(store, [third], [], new Set([second]))).toHaveLength(6);
    expect(await between(store, [third], [], new Set([third]))).toHaveLength(3);
  });

  test('K15: a shallow receiver gets what its old head lacks, though no parent joins them', async () => {
    const store = storeOf(algorithm);
    const files = { a: '1', 'b/c': '2' };
    const first = await writeCommit(store, { files, time: 1 });
    const second = await writeCommit(store, { files: { ...files, a: '9' }, parents: [first], time: 2 });
    const third = await writeCommit(store, { files: { ...files, a: '3' }, parents: [second], time: 3 });
    const found = await between(store, [third], [first], new Set([first, third]));
    expect(found).toEqual([third, await writeTree(store, { ...files, a: '3' }), await store.write(blob('3'))]);
  });

  test('a have whose history ends in a boundary is no error', async () => {
    const store = storeOf(algorithm);
    const base = await writeCommit(store, { files: { a: '1' }, parents: [inventedOid(algorithm, 'a')], time: 1 });
    const tip = await writeCommit(store, { files: { a: '2' }, parents: [base], time: 2 });
    expect(await between(store, [tip], [base])).toHaveLength(3);
    await expect(between(store, [tip])).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('reads none of many haves but the one that the wants end at', async () => {
    const store = storeOf(algorithm);
    const files = { a: '1', 'b/c': '2' };
    const base = await writeCommit(store, { files, time: 1 });
    const tips: Oid[] = [];
    for (let time = 2; time < 80; time++) tips.push(await writeCommit(store, { files, parents: [base], time }));
    const first = await writeCommit(store, { files: { ...files, a: '3' }, parents: [tips[7] as Oid], time: 90 });
    const second = await writeCommit(store, { files: { ...files, a: '4' }, parents: [first], time: 91 });
    const read: Oid[] = [];
    const watched: ObjectReader = {
      algorithm,
      read: (oid) => {
        read.push(oid);
        return store.read(oid);
      },
      async *readMany(oids) {
        for (const oid of oids) yield [oid, await watched.read(oid)] as const;
      },
      stat: (oid) => store.stat(oid),
    };
    const found = await collect(objectsBetween(watched, { wants: [second], haves: tips }));
    expect(found.map(({ kind }) => kind)).toEqual(['commit', 'commit', 'tree', 'blob', 'tree', 'blob']);
    expect(tips.filter((oid) => read.includes(oid))).toEqual([tips[7]]);
  });

  test.each([
    ['a branch at a commit that others have, whose history ends there', 1],
    ['a branch at a commit that others have, many commits before', 20],
  ])('lists nothing for %s', async (_, length) => {
    const store = storeOf(algorithm);
    let old: Oid | undefined;
    for (let time = 0; time < length; time++)
      old = await writeCommit(store, { files: { a: `${time}` }, parents: old === undefined ? [] : [old], time });
    const next = await writeCommit(store, { files: { a: 'next' }, parents: [old as Oid], time: 99 });
    expect(await between(store, [old as Oid], [next, ...branchesElsewhere(algorithm)])).toEqual([]);
  });

  test('stops at objects that isKnown knows', async () => {
    const store = storeOf(algorithm);
    const first = await writeCommit(store, { files: { a: '1', 'b/c': '2' }, time: 1 });
    const second = await writeCommit(store, { files: { a: '3', 'b/c': '2' }, parents: [first], time: 2 });
    const known = await reachableOids(store, [first]);
    const isKnown = async (oid: Oid): Promise<boolean> => known.has(oid);
    const found = await collect(objectsBetween(store, { wants: [second], isKnown }));
    expect(found.map(({ kind }) => kind)).toEqual(['commit', 'tree', 'blob']);
  });

  test('stops when aborted', async () => {
    const store = storeOf(algorithm);
    const commit = await writeCommit(store, { files: { a: '1' } });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(collect(objectsBetween(store, { wants: [commit], signal }))).rejects.toThrow('enough');
  });

  test('never lists too little, whatever the history and its dates', async () => {
    const texts = fc.record({
      a: fc.constantFrom('1', '2', '3'),
      'b/c': fc.constantFrom('1', '2'),
      'b/d/e': fc.constantFrom('1', '4'),
    });
    const commits = fc.array(
      fc.record({ files: texts, parents: fc.array(fc.nat(), { maxLength: 2 }), time: fc.nat(9) }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(
        commits,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 3 }),
        fc.boolean(),
        async (inputs, wantAt, haveAt, isMany) => {
          const store = storeOf(algorithm);
          const oids: Oid[] = [];
          for (const { files, parents, time } of inputs) {
            const parentOids = oids.length === 0 ? [] : parents.map((at) => oids[at % oids.length] as Oid);
            oids.push(await writeCommit(store, { files, parents: [...new Set(parentOids)], time }));
          }
          const pick = (places: number[]): Oid[] => places.map((at) => oids[at % oids.length] as Oid);
          const [wants, haves] = [pick(wantAt), pick(haveAt)];
          const reached = await closure(store, wants);
          const had = await closure(store, haves);
          // Many are not read at first, and those that are not here are passed over.
          const told = isMany ? [...haves, ...branchesElsewhere(algorithm)] : haves;
          const found = new Set(await between(store, wants, told));
          expect(
            [...reached].filter((oid) => !had.has(oid) && !found.has(oid)),
            'missing',
          ).toEqual([]);
          expect(
            [...found].filter((oid) => !reached.has(oid)),
            'not wanted',
          ).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('objectsBetween agrees with git rev-list --objects', async () => {
  const directory = initBare(temporaryDirectory());
  const files = (round: number) => ({ [`a/${round % 3}`]: `${round}`, [`b/c/${round}`]: 'same', top: `${round}` });
  commitFiles(
    directory,
    Array.from({ length: 20 }, (_, round) => ({ files: files(round) })),
  );
  git(['branch', 'side', 'main~8'], { cwd: directory });
  commitFiles(directory, [{ files: { side: '1' }, time: 1_700_000_100 }], 'side');
  git(['tag', '-a', '-m', 'Tag', 'v1', 'main~2'], { cwd: directory });
  const { objects: store } = createMemoryRepository();
  await loadGitObjects(directory, store);
  const oid = (revision: string): Oid => git(['rev-parse', revision], { cwd: directory });
  const cases: [wants: string[], haves: string[]][] = [
    [['main'], []],
    [['main', 'side', 'v1'], []],
    [['main'], ['side']],
    [['side'], ['main']],
    [
      ['v1', 'main'],
      ['main~5', 'side~1'],
    ],
  ];
  for (const [wants, haves] of cases) {
    const listed = git(['rev-list', '--objects', '--no-object-names', ...wants, '--not', ...haves], { cwd: directory });
    const found = await collect(objectsBetween(store, { wants: wants.map(oid), haves: haves.map(oid) }));
    expect(found.map((object) => object.oid).sort()).toEqual(listed.split('\n').sort());
  }
});

/** Many haves that are not here. */
function branchesElsewhere(algorithm: HashAlgorithm): Oid[] {
  return Array.from(
    { length: 64 },
    (_, at) => `${at.toString(16).padStart(2, '0')}${'e'.repeat(algorithm.hexLength - 2)}`,
  );
}

/** Everything that `oids` reach, the slow and obvious way. */
async function closure(store: ObjectStore, oids: readonly Oid[]): Promise<Set<Oid>> {
  const reached = new Set<Oid>();
  const stack = [...oids];
  for (let oid = stack.pop(); oid !== undefined; oid = stack.pop()) {
    if (reached.has(oid)) continue;
    reached.add(oid);
    const object = await store.read(oid);
    if (object === undefined) throw new Error(`missing ${oid}`);
    if (object.kind === 'commit') {
      const { treeOid, parentOids } = parseCommit(object.body);
      stack.push(treeOid, ...parentOids);
    } else if (object.kind === 'tree') {
      for (const entry of parseTree(object.body, store.algorithm.oidLength)) stack.push(entry.oid);
    }
  }
  return reached;
}
