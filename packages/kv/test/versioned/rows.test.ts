import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import {
  encodeUtf8,
  FileMode,
  type HashName,
  hashAlgorithm,
  hashObject,
  type RawObject,
  sha1,
  TreeBuilder,
} from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { git } from '../../../../test/support/git.js';
import { jsonCodec, type StandardSchema, textCodec, withSchema } from '../../src/codecs/index.js';
import { VersionedStore } from '../../src/versioned/index.js';
import { allOf, type EngineName, fsck, makeRepository, namesOf, openStore } from './support.js';

const ENGINES: readonly (readonly [EngineName, HashName])[] = [
  ['memory', 'sha1'],
  ['memory', 'sha256'],
  ['file', 'sha1'],
  ['file', 'sha256'],
  ['overlay', 'sha1'],
];
const absent = 'a'.repeat(40);

describe.each(ENGINES)('on the %s engine in %s', (engine, objectFormat) => {
  test('T1: a store is initialised by engine, hash, branch and timezone', async () => {
    const { repository } = await makeRepository(engine, objectFormat, 'master');
    const store = await openStore(repository, { timezone: '+0300' });
    expect(store.repository.algorithm.name).toBe(objectFormat);
    expect(store.branch().name).toBe('master');
    expect(await store.branch().head()).toBeUndefined();
    const commit = await store.branch().set('foo', 42);
    expect(commit.committer).toMatchObject({ name: 'A U Thor', email: 'author@example.com', timezone: '+0300' });
    expect((await openStore(repository, { branch: 'other' })).branch().name).toBe('other');
  });

  test('T2, T3: a branch tells its commit, moves only forward from what it was, and is a branch', async () => {
    const store = await openStore((await makeRepository(engine, objectFormat)).repository);
    const first = await store.branch().set('foo', 1);
    const second = await store.branch().set('foo', 2);
    expect(await store.branch().head()).toEqual(second);
    await store.branch().reset(first.oid, { expect: second.oid });
    expect((await store.branch().head())?.oid).toBe(first.oid);
    await expect(store.branch().reset(second.oid, { expect: second.oid })).rejects.toMatchObject({
      code: 'REF_CONFLICT',
    });
    for (const name of ['refs/tags/v1', 'refs/heads/main', 'a..b', '']) {
      expect(() => store.branch(name)).toThrow(expect.objectContaining({ code: 'INVALID_REF_NAME' }));
    }
  });

  test('T4, T5: no branch or tag is put at a commit that is not there, and no such branch is told', async () => {
    const { repository } = await makeRepository(engine, objectFormat);
    const store = await openStore(repository);
    const oid = absent.padEnd(repository.algorithm.hexLength, 'a');
    const missing = { code: 'OBJECT_NOT_FOUND' };
    await expect(store.createBranch('topic', oid)).rejects.toMatchObject(missing);
    await expect(store.branch().reset(oid)).rejects.toMatchObject(missing);
    await expect(store.createTag('v1', oid)).rejects.toMatchObject(missing);
    await expect(store.at(oid)).rejects.toMatchObject(missing);
    await expect(store.at('nowhere')).rejects.toMatchObject(missing);
    await expect(store.createBranch('topic')).rejects.toMatchObject(missing);
    await expect(store.deleteBranch('nowhere')).rejects.toMatchObject(missing);
    await expect(store.deleteTag('nowhere')).rejects.toMatchObject(missing);
    expect(await allOf(store.branches())).toEqual([]);
    const blob = await repository.objects.write({ kind: 'blob', body: encodeUtf8('no commit') });
    await expect(store.at(blob)).rejects.toMatchObject({ code: 'OBJECT_KIND_MISMATCH' });
  });

  test('T7, T8: one key is one commit on the tip, and a key that is not there is undefined, or an error where it has to be', async () => {
    const store = await openStore((await makeRepository(engine, objectFormat)).repository);
    const first = await store.branch().set('foo', 42);
    const second = await store.branch().set('foo', 43);
    expect(first).toMatchObject({ message: 'Update foo', parentOids: [] });
    expect(second).toMatchObject({ message: 'Update foo', parentOids: [first.oid] });
    expect(await store.branch().get('foo')).toBe(43);
    expect(await (await store.at(first.oid)).get('foo')).toBe(42);
    expect(await store.branch().get('bar')).toBeUndefined();
    await expect(store.branch().require('bar')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect(await store.branch().set('foo', 43)).toEqual(second);
  });

  test('T9, T10: keys come in order, and values as they were put', async () => {
    const store = await openStore((await makeRepository(engine, objectFormat)).repository);
    const main = store.branch();
    await main.set('foo', 42);
    await main.set('bar', { a: 1, b: 2 });
    await main.set('foo', {});
    expect(await main.get('foo')).toEqual({});
    expect(await main.get('bar')).toEqual({ b: 2, a: 1 });
    expect(await namesOf(main.keys())).toEqual(['bar', 'foo']);
  });

  test('T13: what the schema refuses is not written, and what it refuses of others is not read', async () => {
    const schema: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
      },
    };
    const { repository } = await makeRepository(engine, objectFormat);
    const store = await VersionedStore.open(repository, { codec: withSchema(jsonCodec<number>(), schema) });
    await expect(store.branch().set('foo', 'text' as never)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(await store.branch().head()).toBeUndefined();
    await (await openStore(repository)).branch().set('foo', 'text');
    await expect(store.branch().get('foo')).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      issues: [{ message: 'no number', path: [] }],
    });
  });

  test('T17: removal, history, branches, merges and nested keys', async () => {
    const store = await openStore((await makeRepository(engine, objectFormat)).repository);
    const main = store.branch();
    const first = await main.set('limits/upload', 20);
    await main.set('limits/download', 30);
    const topic = await store.createBranch('topic');
    await topic.set('limits/upload', 40);
    await main.remove('limits/download');
    expect(await main.merge('topic')).toMatchObject({ status: 'merged', commit: { parentOids: { length: 2 } } });
    expect(await namesOf(main.keys())).toEqual(['limits/upload']);
    expect(await main.get('limits/upload')).toBe(40);
    const history = await allOf(main.history('limits/upload'));
    expect(history.map(({ commit }) => commit.message)).toEqual(['Update limits/upload', 'Update limits/upload']);
    expect(await Promise.all(history.map((entry) => entry.value()))).toEqual([40, 20]);
    expect(history.at(-1)?.commit.oid).toBe(first.oid);
    const removed = await allOf(main.history('limits/download'));
    expect(removed.map(({ version }) => typeof version)).toEqual(['undefined', 'string']);
    expect((await allOf(store.branches())).map(({ name }) => name)).toEqual(['main', 'topic']);
  });

  test('T18: the example prints its three lines', async () => {
    const store = await openStore((await makeRepository(engine, objectFormat, 'master')).repository);
    const master = store.branch('master');
    const lines: string[] = [];
    await master.set('foo', { a: 1, b: 2 });
    lines.push(`Value of key foo = ${JSON.stringify(await master.get('foo'))}`);
    await master.set('bar', { name: 'thing', value: 42 });
    await master.set('foo', { x: 1, y: 2 });
    lines.push(`Value of key foo after update = ${JSON.stringify(await master.get('foo'))}`);
    lines.push(`All keys after updates = (${(await namesOf(master.keys())).join(' ')})`);
    expect(lines).toEqual([
      'Value of key foo = {"a":1,"b":2}',
      'Value of key foo after update = {"x":1,"y":2}',
      'All keys after updates = (bar foo)',
    ]);
  });
});

test('T1: sha512 is no object format of git', () => {
  expect(() => hashAlgorithm('sha512')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test('T6: every engine gives the same ids', async () => {
  const heads = await Promise.all(
    (['memory', 'file', 'overlay'] as const).map(async (engine) => {
      const store = await openStore((await makeRepository(engine)).repository, { deterministic: true });
      await store.branch().set('foo', { a: 1 });
      await store.branch().set('nested/bar', 'text');
      return (await store.branch().remove('foo'))?.oid;
    }),
  );
  expect(new Set(heads).size).toBe(1);
});

describe.each<HashName>(['sha1', 'sha256'])('git beside a store in files, in %s', (objectFormat) => {
  test('T11: reads the bare layout from the start, and everything that is written', async () => {
    const { repository, directory = '' } = await makeRepository('file', objectFormat, 'master');
    expect(readFileSync(join(directory, 'HEAD'), 'utf8')).toBe('ref: refs/heads/master\n');
    expect(git(['config', 'core.bare'], { cwd: directory })).toBe('true');
    expect(git(['config', 'core.filemode'], { cwd: directory })).toBe('true');
    const version = objectFormat === 'sha1' ? '0' : '1';
    expect(git(['config', 'core.repositoryformatversion'], { cwd: directory })).toBe(version);
    expect(readdirSync(join(directory, 'refs/heads'))).toEqual([]);
    const store = await openStore(repository, { timezone: '-0330' });
    await store.branch().set('foo', { b: 1, a: [2] });
    await store.branch().set('deep/er/key with spaces', 'x', { message: 'Say why\n\nAt length.\n' });
    await store.createTag('v1', 'master', { message: 'The first' });
    expect(git(['show', 'master:foo'], { cwd: directory })).toBe('{"a":[2],"b":1}');
    expect(git(['show', 'v1:deep/er/key with spaces'], { cwd: directory })).toBe('"x"');
    expect(git(['log', '--format=%an <%ae> %ad|%s', '--date=raw', 'master'], { cwd: directory })).toBe(
      'A U Thor <author@example.com> 1700000003 -0330|Say why\nA U Thor <author@example.com> 1700000002 -0330|Update foo',
    );
    expect(fsck(directory)).toBe('');
  });

  test('T12: git gc between writes takes nothing away, from the store or from snapshots', async () => {
    const { repository, directory = '' } = await makeRepository('file', objectFormat);
    const store = await openStore(repository);
    const main = store.branch();
    const snapshots = [];
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 3; at++) await main.set(`key/${at}`, [round, at]);
      snapshots.push(await main.snapshot());
      git(['gc', '--quiet', '--prune=now'], { cwd: directory });
      expect(readdirSync(join(directory, 'objects')).filter((name) => name.length === 2)).toEqual([]);
    }
    for (const [round, snapshot] of snapshots.entries()) expect(await snapshot.get('key/2')).toEqual([round, 2]);
    expect(await main.get('key/1')).toEqual([3, 1]);
    expect(fsck(directory)).toBe('');
  });
});

test('T14: a loose object whose header does not fit its content is an error and no value', async () => {
  const { repository, directory = '' } = await makeRepository('file');
  const sound = await openStore(createMemoryRepository(), { codec: textCodec });
  const { oid: headOid } = await sound.branch().set('foo', 'bar');
  const valueOid = (await sound.branch().version('foo')) as string;
  for await (const oid of sound.repository.objects.oids()) {
    if (oid !== valueOid) await repository.objects.write((await sound.repository.objects.read(oid)) as RawObject);
  }
  await repository.refs.update([{ name: 'refs/heads/main', next: { oid: headOid } }]);
  const folder = join(directory, 'objects', valueOid.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, valueOid.slice(2)), deflateSync(Buffer.from('blob 7\0bar')));
  const store = await openStore(repository, { codec: textCodec });
  await expect(store.branch().get('foo')).rejects.toMatchObject({ code: 'MALFORMED' });
});

describe('T15: objects that another store made', () => {
  const pekka = 'Pekka Kaitaniemi <pekka.kaitaniemi@gmail.com>';
  const commitBody = (lines: readonly string[], time: number, message: string): Uint8Array =>
    encodeUtf8(`${lines.join('\n')}\nauthor ${pekka} ${time} +0300\ncommitter ${pekka} ${time} +0300\n\n${message}\n`);
  const blob = encodeUtf8('Hoi maailma!\n');
  const blobOid = 'c616faf03af2fa58e38bf6a6438f4d4e683e8384';
  const treeOid = '02e66200476c086a035445776bf7d062d85c8f59';
  const tree = new TreeBuilder(sha1)
    .set('README with spaces.txt', FileMode.regular, blobOid)
    .set('README.txt', FileMode.regular, blobOid)
    .build();
  const root = 'fd307d636f824d27f996afd2bda812b10139170f';
  const next = '22a4b1833ceaddf77f479844ac1624b1ded17134';
  const merge = '3c30d3c34ae6ccde38a54bf4f95eca9de613c221';
  const branch = 'b6dac9fb1067de6ff1a8a940ef8696e0ed9db292';
  const commits: readonly (readonly [
    what: string,
    oid: string,
    body: Uint8Array,
    parents: readonly string[],
    message: string,
  ])[] = [
    [
      'a root',
      root,
      commitBody([`tree ${treeOid}`], 1696429465, 'Initialize the repository'),
      [],
      'Initialize the repository\n',
    ],
    [
      'a commit of one parent',
      next,
      commitBody(
        ['tree 7e9bf5223d78cca8f3404ef9ef5dd5a4d139a14c', `parent ${root}`],
        1696437923,
        'Update in master branch',
      ),
      [root],
      'Update in master branch\n',
    ],
    [
      'a merge',
      merge,
      commitBody(
        ['tree 19bcd5a1e5a0dc0bebf12411c2cf672c0eb48451', `parent ${next}`, `parent ${branch}`],
        1696437948,
        "Merge branch 'another-branch'",
      ),
      [next, branch],
      "Merge branch 'another-branch'\n",
    ],
  ];

  test('a blob, and a tree of names with spaces', async () => {
    const repository = createMemoryRepository();
    expect(await repository.objects.write({ kind: 'blob', body: blob })).toBe(blobOid);
    expect(await repository.objects.write({ kind: 'tree', body: tree })).toBe(treeOid);
    await repository.objects.write({ kind: 'commit', body: commits[0]?.[2] as Uint8Array });
    const snapshot = await (await openStore(repository, { codec: textCodec })).at(root);
    expect(await namesOf(snapshot.keys())).toEqual(['README with spaces.txt', 'README.txt']);
    expect(await snapshot.get('README with spaces.txt')).toBe('Hoi maailma!\n');
  });

  test.each(commits)('%s', async (_what, oid, body, parentOids, message) => {
    const repository = createMemoryRepository();
    expect(hashObject(sha1, 'commit', body)).toBe(oid);
    await repository.objects.write({ kind: 'commit', body });
    const { commit } = await (await openStore(repository)).at(oid);
    const by = { name: 'Pekka Kaitaniemi', email: 'pekka.kaitaniemi@gmail.com', timezone: '+0300' };
    expect(commit).toMatchObject({ oid, parentOids, message, author: by, committer: by });
  });
});

describe('T16: nothing is lost on the way', () => {
  test('messages are written as they are, and read so', async () => {
    const store = await openStore(createMemoryRepository());
    for (const message of ['no line feed', 'one\n', 'two\n\n', '']) {
      const { oid } = await store.branch().set('foo', message, { message });
      expect((await store.at(oid)).commit?.message).toBe(message);
    }
  });

  test('headers that others wrote stay, and a signature among them', async () => {
    const { repository, directory = '' } = await makeRepository('file');
    const store = await openStore(repository);
    const { treeOid } = await store.branch().set('foo', 1);
    const body = encodeUtf8(
      `tree ${treeOid}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nx-other 1\ngpgsig -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----\n\nsigned\n`,
    );
    const oid = await repository.objects.write({ kind: 'commit', body });
    await store.branch().reset(oid);
    await store.branch().set('foo', 2);
    expect(`${git(['cat-file', 'commit', 'main^'], { cwd: directory })}\n`).toBe(new TextDecoder().decode(body));
  });

  test('a dictionary is sorted among values as git sorts it, and refs are written as git does', async () => {
    const { repository, directory = '' } = await makeRepository('file');
    const store = await openStore(repository);
    await store.branch().commit(async (draft) => {
      for (const key of ['a/b', 'a.b', 'a-b', 'a0', 'ab']) await draft.set(key, 1);
    });
    expect(await namesOf(store.branch().keys())).toEqual(['a-b', 'a.b', 'a/b', 'a0', 'ab']);
    expect(fsck(directory)).toBe('');
    expect(readFileSync(join(directory, 'refs/heads/main'), 'utf8')).toMatch(/^[0-9a-f]{40}\n$/);
  });
});
