import { concatBytes, encodeUtf8, FileMode, hashObject, type Oid, sha1, sha256 } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { createMemoryRepository } from '../../src/engines/memory/index.js';
import { materialize, type TreeSink } from '../../src/materialize/materialize.js';
import type { ObjectStore } from '../../src/object-store.js';

type Entry = readonly [mode: number | string, name: string, oid: Oid];

/** The body of a tree as it is given, whatever is wrong with it. */
function rawTree(entries: readonly Entry[]): Uint8Array {
  return concatBytes(
    entries.flatMap(([mode, name, oid]) => [
      encodeUtf8(`${typeof mode === 'string' ? mode : mode.toString(8)} `),
      Buffer.from(name, 'latin1'),
      Uint8Array.of(0),
      Buffer.from(oid, 'hex'),
    ]),
  );
}

async function writeTree(objects: ObjectStore, entries: readonly Entry[]): Promise<Oid> {
  return await objects.write({ kind: 'tree', body: rawTree(entries) });
}

/** A sink that writes down what it is told. */
function recorder(): { readonly told: string[]; readonly sink: TreeSink } {
  const told: string[] = [];
  return {
    told,
    sink: {
      directory: ({ path }) => void told.push(`${path}/`),
      async file({ path, body, size, isExecutable }) {
        let text = '';
        for await (const piece of body) text += Buffer.from(piece).toString();
        told.push(`${path}${isExecutable ? '*' : ''} ${size} ${text}`);
      },
      symlink: ({ path, target }) => void told.push(`${path} -> ${Buffer.from(target)}`),
      gitlink: ({ path, commitOid }) => void told.push(`${path} @ ${commitOid}`),
    },
  };
}

describe.each([sha1, sha256])('a tree of $name goes to a sink', (algorithm) => {
  test('in order, with all it is made of', async () => {
    const { objects } = createMemoryRepository({ algorithm });
    const blob = await objects.write({ kind: 'blob', body: encodeUtf8('text') });
    const elsewhere = '1'.repeat(algorithm.hexLength) as Oid;
    const inner = await writeTree(objects, [[FileMode.executable, 'run', blob]]);
    const root = await writeTree(objects, [
      [FileMode.regular, 'a', blob],
      [FileMode.tree, 'd', inner],
      [0o100664, 'e', blob],
      [FileMode.symlink, 'l', blob],
      [FileMode.gitlink, 's', elsewhere],
    ]);
    const { told, sink } = recorder();
    expect(await materialize(objects, root, sink)).toEqual({
      directories: 1,
      files: 3,
      symlinks: 1,
      gitlinks: 1,
      bytes: 16,
    });
    expect(told).toEqual(['a 4 text', 'd/', 'd/run* 4 text', 'e 4 text', 'l -> text', `s @ ${elsewhere}`]);
  });

  test('even where it is empty', async () => {
    const { objects } = createMemoryRepository({ algorithm });
    const { told, sink } = recorder();
    await materialize(objects, algorithm.emptyTreeOid, sink);
    expect(told).toEqual([]);
  });
});

describe('of a hostile tree, the sink sees nothing', () => {
  const names = [
    '..',
    '.',
    '.git',
    '.GIT',
    '.Git ',
    'git~1',
    '.g\xe2\x80\x8cit',
    'a/b',
    '../a',
    'a\\b',
    '.git\\x',
    '.git::$INDEX_ALLOCATION',
  ];

  test.each(names)('that names %j', async (name) => {
    const { objects } = createMemoryRepository();
    const blob = await objects.write({ kind: 'blob', body: encodeUtf8('text') });
    for (const mode of [FileMode.regular, FileMode.symlink, FileMode.gitlink]) {
      const inner = await writeTree(objects, [[mode, name, blob]]);
      const root = await writeTree(objects, [
        [FileMode.regular, 'a', blob],
        [FileMode.tree, 'd', inner],
      ]);
      const { told, sink } = recorder();
      await expect(materialize(objects, root, sink)).rejects.toMatchObject({ code: 'CHECK_FAILED', oid: inner });
      expect(told).toEqual([]);
    }
  });

  const blob = hashObject(sha1, 'blob', new Uint8Array());
  const tree = sha1.emptyTreeOid;

  test.each<[what: string, entries: readonly Entry[], id: string]>([
    [
      'has a name twice',
      [
        [FileMode.regular, 'a', blob],
        [FileMode.regular, 'a', blob],
      ],
      'duplicateEntries',
    ],
    [
      'has a link and a directory of one name',
      [
        [FileMode.symlink, 'a', blob],
        [FileMode.tree, 'a', tree],
      ],
      'duplicateEntries',
    ],
    [
      'has them with another one between',
      [
        [FileMode.symlink, 'a', blob],
        [FileMode.regular, 'a.b', blob],
        [FileMode.tree, 'a', tree],
      ],
      'duplicateEntries',
    ],
    [
      'is not in order',
      [
        [FileMode.regular, 'b', blob],
        [FileMode.regular, 'a', blob],
      ],
      'treeNotSorted',
    ],
    ['has a device', [[0o060644, 'a', blob]], 'badFilemode'],
    ['has a mode of nothing', [['0', 'a', blob]], 'badFilemode'],
    ['has an object of zeros', [[FileMode.regular, 'a', '0'.repeat(40) as Oid]], 'nullSha1'],
    ['has a link for .gitmodules', [[FileMode.symlink, '.gitmodules', blob]], 'gitmodulesSymlink'],
    ['has an empty name', [[FileMode.regular, '', blob]], 'badTree'],
  ])('that %s', async (_what, entries, id) => {
    const { objects } = createMemoryRepository();
    await objects.writeMany([
      { kind: 'blob', body: new Uint8Array() },
      { kind: 'tree', body: new Uint8Array() },
    ]);
    const root = await writeTree(objects, entries);
    const { told, sink } = recorder();
    await expect(materialize(objects, root, sink)).rejects.toMatchObject({ code: 'CHECK_FAILED', id });
    expect(told).toEqual([]);
  });

  test('that is cut short anywhere', async () => {
    const { objects } = createMemoryRepository();
    const body = rawTree([[FileMode.regular, 'name', blob]]);
    for (let end = 1; end < body.length; end++) {
      const root = await objects.write({ kind: 'tree', body: body.subarray(0, end) });
      const { told, sink } = recorder();
      await expect(materialize(objects, root, sink)).rejects.toMatchObject({ code: 'CHECK_FAILED', id: 'badTree' });
      expect(told).toEqual([]);
    }
  });

  /** A tree that is `depth` deep, and holds what is below it under each of `names`. */
  async function tower(objects: ObjectStore, depth: number, floors: readonly string[]): Promise<Oid> {
    let oid = await writeTree(objects, [
      [FileMode.regular, 'a', await objects.write({ kind: 'blob', body: new Uint8Array() })],
    ]);
    for (let floor = 0; floor < depth; floor++)
      oid = await writeTree(
        objects,
        floors.map((name) => [FileMode.tree, name, oid]),
      );
    return oid;
  }

  test.each<[what: string, depth: number, floors: readonly string[], limit: string]>([
    ['is ten billion files', 10, [...'abcdefghij'], 'maxEntries'],
    ['is too deep', 2050, ['a'], 'treeDepth'],
    ['has paths too long', 30, ['a'.repeat(200)], 'pathBytes'],
  ])('that %s', async (_what, depth, floors, limit) => {
    const { objects } = createMemoryRepository();
    const root = await tower(objects, depth, floors);
    const { told, sink } = recorder();
    await expect(materialize(objects, root, sink)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit });
    expect(told).toEqual([]);
  });
});

describe('a tree goes to a sink', () => {
  test('as far as the bytes allow', async () => {
    const { objects } = createMemoryRepository();
    const blob = await objects.write({ kind: 'blob', body: new Uint8Array(10) });
    const root = await writeTree(
      objects,
      [...'abc'].map((name): Entry => [FileMode.regular, name, blob]),
    );
    const { told, sink } = recorder();
    await expect(materialize(objects, root, sink, { maxBytes: 25 })).rejects.toMatchObject({ limit: 'maxBytes' });
    expect(told).toHaveLength(2);
  });

  test('with a target of a link that is one', async () => {
    const { objects } = createMemoryRepository();
    const blob = await objects.write({ kind: 'blob', body: new Uint8Array(5000) });
    const root = await writeTree(objects, [[FileMode.symlink, 'l', blob]]);
    await expect(materialize(objects, root, recorder().sink)).rejects.toMatchObject({ limit: 'symlinkBytes' });
  });

  test('with backslashes only where that is asked for', async () => {
    const { objects } = createMemoryRepository();
    const blob = await objects.write({ kind: 'blob', body: encodeUtf8('x') });
    const root = await writeTree(objects, [[FileMode.regular, 'a\\x2db', blob]]);
    const { told, sink } = recorder();
    await materialize(objects, root, sink, { allowBackslash: true });
    expect(told).toEqual(['a\\x2db 1 x']);
  });

  test('only where all is there, and of the right kind', async () => {
    const { objects } = createMemoryRepository();
    const empty = await objects.write({ kind: 'tree', body: new Uint8Array() });
    const missing = await writeTree(objects, [[FileMode.regular, 'a', '1'.repeat(40) as Oid]]);
    const wrong = await writeTree(objects, [[FileMode.regular, 'a', empty]]);
    const { sink } = recorder();
    await expect(materialize(objects, missing, sink)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    await expect(materialize(objects, wrong, sink)).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
    await expect(materialize(objects, '2'.repeat(40) as Oid, sink)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('until it is told to end', async () => {
    const { objects } = createMemoryRepository();
    const blob = await objects.write({ kind: 'blob', body: encodeUtf8('x') });
    const root = await writeTree(
      objects,
      [...'abc'].map((name): Entry => [FileMode.regular, name, blob]),
    );
    const stop = new AbortController();
    const seen: string[] = [];
    const sink: TreeSink = {
      file: ({ path }) => {
        seen.push(path);
        stop.abort(new Error('enough'));
      },
      symlink: () => {},
    };
    await expect(materialize(objects, root, sink, { signal: stop.signal })).rejects.toThrow('enough');
    expect(seen).toEqual(['a']);
  });
});
