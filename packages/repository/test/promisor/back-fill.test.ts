import { join } from 'node:path';
import { type HashAlgorithm, hashAlgorithm, hashObject, type Oid, TransportError } from '@git-kv/objects';
import {
  type BackFilledRepository,
  type BackFillOptions,
  backFill,
  checkConnectivity,
  diffTrees,
  materialize,
  objectsBetween,
  packContent,
  type Repository,
  readTreePaths,
} from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { type Engine, MATRIX } from '../support/engines.js';
import { blob, collect, writeCommit, writeTree } from '../support/objects.js';
import { type PromisorOptions, TestPromisor } from '../support/promisor.js';

/** Three directories of three directories of four files, each with a text of its own, and one level more. */
function manyFiles(version = 0): Record<string, string> {
  const files: Record<string, string> = {};
  for (const a of 'abc') for (const b of 'xyz') for (const f of '1234') files[`${a}/${b}/${f}`] = `${a}${b}${f}`;
  for (let changed = 0; changed < version; changed++) files[`abc`[changed] + '/y/2'] = `version ${version}`;
  return files;
}

interface Setup {
  readonly source: Repository;
  readonly near: Repository;
  readonly clone: BackFilledRepository;
  readonly promisor: TestPromisor;
  readonly treeOid: Oid;
}

async function setUp(
  algorithm: HashAlgorithm = hashAlgorithm('sha1'),
  engine: Engine = 'memory',
  options: BackFillOptions = {},
  promised: PromisorOptions = {},
): Promise<Setup> {
  const source = createMemoryRepository({ algorithm });
  const treeOid = await writeTree(source.objects, manyFiles());
  const near =
    engine === 'memory'
      ? createMemoryRepository({ algorithm })
      : await initRepository(join(temporaryDirectory(), 'near.git'), {
          objectFormat: algorithm.name,
          durability: 'none',
        });
  onTestFinished(() => near.close());
  const promisor = new TestPromisor(source.objects, promised);
  return { source, near, promisor, treeOid, clone: backFill(near, promisor.connect, options) };
}

const blobsOf = async ({ source, treeOid }: Setup): Promise<Oid[]> =>
  (await collect(objectsBetween(source.objects, { wants: [treeOid] })))
    .filter(({ kind }) => kind === 'blob')
    .map(({ oid }) => oid);

describe.each(MATRIX)('a missing object is fetched ($engine, $format)', ({ engine, format }) => {
  const algorithm = hashAlgorithm(format);

  test('once, kept in a promisor pack, and asked for without haves or what it leads to', async () => {
    const setup = await setUp(algorithm, engine);
    const { clone, near, promisor, source, treeOid } = setup;
    expect(await clone.objects.read(treeOid)).toEqual(await source.objects.read(treeOid));
    expect(await near.objects.stat(treeOid)).toMatchObject({ kind: 'tree' });
    expect(promisor.asked).toEqual([{ wants: [treeOid], haves: 0, filter: 'tree:0' }]);
    const promises = await near.objects.openPromises?.();
    expect(promises?.has(treeOid)).toBe(true);
    const [oid] = await blobsOf(setup);
    expect(promises?.has(oid as Oid)).toBe(false);
    await clone.objects.read(treeOid);
    expect(promisor.asked).toHaveLength(1);
    expect(clone.objects.requestCount).toBe(2); // the connection is one
  });

  test('with many others in one request', async () => {
    const setup = await setUp(algorithm, engine);
    const { clone, promisor } = setup;
    const oids = await blobsOf(setup);
    const found = new Map(await collect(clone.objects.readMany(oids)));
    expect([...found.keys()].sort()).toEqual([...oids].sort());
    for (const [oid, object] of found) expect(object && hashObject(algorithm, object.kind, object.body)).toBe(oid);
    expect(promisor.asked).toHaveLength(1);
  });

  test('together with others that are read in the same turn', async () => {
    const setup = await setUp(algorithm, engine);
    const { clone, promisor } = setup;
    const oids = await blobsOf(setup);
    const reads = oids.map((oid, at) => (at % 3 === 0 ? clone.objects.stat(oid) : clone.objects.read(oid)));
    expect((await Promise.all(reads)).every((one) => one?.kind === 'blob')).toBe(true);
    expect(promisor.asked.map(({ wants }) => wants.length)).toEqual([oids.length]);
  });

  test('or is absent where nobody has it', async () => {
    const { clone } = await setUp(algorithm, engine);
    const oid = hashObject(algorithm, 'blob', blob('nowhere').body);
    expect(await clone.objects.read(oid)).toBeUndefined();
    expect(await clone.objects.stat(oid)).toBeUndefined();
    expect(await clone.objects.open(oid)).toBeUndefined();
  });
});

describe('what is asked for ahead costs a request a level', () => {
  const wantsOf = ({ promisor }: Setup): number[] => promisor.asked.map(({ wants }) => wants.length);

  test('of tree look-ups of several paths', async () => {
    const setup = await setUp();
    const paths = ['a/x/1', 'b/y/2', 'c/z/3', 'c/none/3', 'a/x/1/below'].map((path) => path.split('/'));
    const found = await readTreePaths(setup.clone.objects, setup.treeOid, paths);
    expect(found.map((target) => target?.mode)).toEqual([0o100644, 0o100644, 0o100644, undefined, undefined]);
    expect(wantsOf(setup)).toEqual([1, 3, 3]);
  });

  test('of a diff', async () => {
    const setup = await setUp();
    const other = await writeTree(setup.source.objects, manyFiles(3));
    const changes = await collect(diffTrees(setup.clone.objects, setup.treeOid, other));
    expect(changes.map(({ path }) => path)).toEqual(['a/y/2', 'b/y/2', 'c/y/2']);
    expect(wantsOf(setup)).toEqual([2, 6, 6]);
  });

  test('of files made of a tree', async () => {
    const setup = await setUp();
    let files = 0;
    await materialize(setup.clone.objects, setup.treeOid, {
      file: async ({ body }) => {
        for await (const _ of body) files++;
      },
      symlink: () => {},
    });
    expect(files).toBe(36);
    expect(wantsOf(setup)).toEqual([1, 3, 9, 36]);
  });

  test('of a pack for others', async () => {
    const setup = await setUp();
    const head = await writeCommit(setup.source.objects, { files: manyFiles() });
    const { objects } = await packContent(setup.clone, { wants: [head], thin: true });
    expect(objects).toHaveLength(1 + 1 + 3 + 9 + 36);
    expect(wantsOf(setup)).toEqual([1, 1, 3, 9, 36]);
  });
});

test('what was promised is not fetched to check that all is there', async () => {
  const { source, near, promisor, clone } = await setUp();
  const head = await writeCommit(source.objects, { files: manyFiles() });
  await clone.objects.read(head);
  expect(await checkConnectivity(clone.objects, { roots: [head] })).toMatchObject({ connected: true });
  expect(await checkConnectivity(near.objects, { roots: [head] })).toMatchObject({ connected: true });
  expect(promisor.asked).toHaveLength(1);
});

describe('requests are bounded', () => {
  test('in objects', async () => {
    const setup = await setUp(undefined, 'memory', { maxBatchObjects: 10 });
    const oids = await blobsOf(setup);
    await collect(setup.clone.objects.readMany(oids));
    expect(setup.promisor.asked.map(({ wants }) => wants.length)).toEqual([10, 10, 10, 6]);
  });

  test('in number: one more is an error, and what is here is read on', async () => {
    const setup = await setUp(undefined, 'memory', { maxRequests: 2 });
    const [first, second] = (await blobsOf(setup)) as [Oid, Oid];
    await setup.clone.objects.read(first);
    await expect(setup.clone.objects.read(second)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'requests' });
    expect(await setup.clone.objects.read(first)).toBeDefined();
    expect(setup.promisor.asked).toHaveLength(1);
  });

  test('in bytes', async () => {
    const setup = await setUp(undefined, 'memory', { maxPackBytes: 100 });
    await expect(collect(setup.clone.objects.readMany(await blobsOf(setup)))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(await collect(setup.near.objects.oids())).toEqual([]);
  });

  test('by an abort of who waits, and by nobody else', async () => {
    let release: () => void = () => {};
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const setup = await setUp(undefined, 'memory', {}, { beforeAnswer: () => waiting });
    const [first, second] = (await blobsOf(setup)) as [Oid, Oid];
    const gone = new AbortController();
    const left = setup.clone.objects.read(first, { signal: gone.signal });
    const stays = setup.clone.objects.read(second);
    while (setup.promisor.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    gone.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    release();
    expect(await stays).toBeDefined();
  });

  test('by an abort of all who wait: the request ends, and nothing stays', async () => {
    let ended: unknown;
    const beforeAnswer: PromisorOptions['beforeAnswer'] = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => {
          ended = signal.reason;
          reject(signal.reason);
        }),
      );
    const setup = await setUp(undefined, 'memory', {}, { beforeAnswer });
    const [first] = (await blobsOf(setup)) as [Oid];
    const gone = new AbortController();
    const read = setup.clone.objects.read(first, { signal: gone.signal });
    while (setup.promisor.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    gone.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBeDefined();
    setup.promisor.options = {};
    expect(await setup.clone.objects.read(first)).toBeDefined();
  });
});

describe('a promisor that breaks its word', () => {
  test('and lacks what it promised is named', async () => {
    const setup = await setUp();
    const { clone, source, treeOid } = setup;
    await clone.objects.read(treeOid);
    const subtree = (await readTreePaths(source.objects, treeOid, [['a']]))[0]?.oid as Oid;
    await source.objects.prune((oid) => oid !== subtree);
    await expect(clone.objects.read(subtree)).rejects.toMatchObject({ code: 'PROMISE_BROKEN', subject: subtree });
  });

  test('and lacks one of many does not keep the others back', async () => {
    const setup = await setUp();
    const oids = await blobsOf(setup);
    await setup.source.objects.prune((oid) => oid !== oids[3] && oid !== oids[7]);
    const found = await collect(setup.clone.objects.readMany(oids));
    expect(found.filter(([, object]) => object === undefined).map(([oid]) => oid)).toEqual([oids[3], oids[7]]);
    expect(setup.promisor.asked).toHaveLength(3);
  });

  test.each([
    ['less', (wants: readonly Oid[]) => wants.slice(1)],
    ['nothing', () => []],
  ])('and sends %s', async (what, send) => {
    const setup = await setUp(undefined, 'memory', {}, { send });
    const [first, second] = (await blobsOf(setup)) as [Oid, Oid];
    const reads = [setup.clone.objects.read(first), setup.clone.objects.read(second)];
    const [lost, other] = await Promise.allSettled(reads);
    expect(lost).toMatchObject({ reason: { code: 'PROMISE_BROKEN', subject: first } });
    expect(other?.status).toBe(what === 'less' ? 'fulfilled' : 'rejected');
  });

  test('and sends other objects leaves nothing behind', async () => {
    const setup = await setUp();
    const [first, second] = (await blobsOf(setup)) as [Oid, Oid];
    setup.promisor.options = { send: () => [second] };
    await expect(setup.clone.objects.read(first)).rejects.toMatchObject({ code: 'PROMISE_BROKEN' });
    expect(await collect(setup.near.objects.oids())).toEqual([]);
  });

  test.each([0, 20, 100])(
    'and breaks off after %i bytes leaves nothing behind; the next try succeeds',
    async (cutAt) => {
      const setup = await setUp();
      const oids = await blobsOf(setup);
      setup.promisor.options = { cutAt };
      await expect(collect(setup.clone.objects.readMany(oids))).rejects.toMatchObject({ isGitError: true });
      expect(await collect(setup.near.objects.oids())).toEqual([]);
      setup.promisor.options = {};
      expect(await collect(setup.clone.objects.readMany(oids))).toHaveLength(oids.length);
    },
  );

  test('and has closed an idle connection is connected to anew', async () => {
    const setup = await setUp();
    const [first, second] = (await blobsOf(setup)) as [Oid, Oid];
    await setup.clone.objects.read(first);
    let isClosed = true;
    setup.promisor.options = {
      beforeAnswer: () => {
        const wasClosed = isClosed;
        isClosed = false;
        if (wasClosed) throw new TransportError('TRANSPORT_CLOSED', 'Cannot go on: the connection is closed');
      },
    };
    expect(await setup.clone.objects.read(second)).toBeDefined();
    expect(setup.promisor.connections).toBe(2);
  });
});

test('64 readers at once ask for each object once', async () => {
  const setup = await setUp();
  const oids = await blobsOf(setup);
  const readers = Array.from({ length: 64 }, async (_, reader) => {
    const mine = oids.map((_oid, at) => oids[(at * 7 + reader) % oids.length] as Oid);
    for (let at = 0; at < mine.length; at += 1 + (reader % 5)) {
      const batch = mine.slice(at, at + 1 + (reader % 5));
      for (const [oid, object] of await collect(setup.clone.objects.readMany(batch))) {
        expect(object && hashObject(setup.clone.algorithm, object.kind, object.body)).toBe(oid);
      }
    }
  });
  await Promise.all(readers);
  const wants = setup.promisor.asked.flatMap((asked) => asked.wants);
  expect(wants.toSorted()).toEqual(oids.toSorted());
});
