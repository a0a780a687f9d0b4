import { generateKeyPairSync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatSshPublicKey, type Oid, parseAllowedSigners } from '@git-kv/objects';
import { readSshPrivateKey, sshSigner, verifyCommit, verifyTag } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { git } from '../../../../test/support/git.js';
import { jsonCodec, type StandardSchema, textCodec, withSchema } from '../../src/codecs/index.js';
import { Key } from '../../src/index.js';
import { verifyProof } from '../../src/proof/index.js';
import {
  type Expectations,
  type VersionedCommit,
  type VersionedDraft,
  VersionedStore,
} from '../../src/versioned/index.js';
import { allOf, type EngineName, fsck, makeRepository, namesOf, openStore } from './support.js';

const open = (options?: Parameters<typeof openStore>[1]): Promise<VersionedStore<unknown>> =>
  openStore(createMemoryRepository(), options);

describe('a draft', () => {
  test('reads its own writes, which nobody else does until they are one commit', async () => {
    const store = await open();
    const main = store.branch();
    await main.set('a/old', 1);
    const commit = await main.commit(
      async (draft) => {
        await draft.set('a/new', { b: 2 });
        await draft.set('c', 3);
        await draft.remove('a/old');
        expect(await draft.get('a/new')).toEqual({ b: 2 });
        expect(await draft.get('a/old')).toBeUndefined();
        expect((await draft.keys()).map(String)).toEqual(['/a/new', '/c']);
        expect((await draft.keys('a')).map(String)).toEqual(['/a/new']);
        expect([await draft.exists('a'), await draft.exists('c'), await draft.exists('d')]).toEqual([
          'dictionary',
          'value',
          undefined,
        ]);
        await expect(draft.require('d')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
        await draft.rename('c', 'a/moved');
        expect(await draft.require('a/moved')).toBe(3);
        expect(await namesOf(main.keys())).toEqual(['a/old']);
      },
      { message: 'All at once', author: { name: 'Ann', email: 'ann@example.com' } },
    );
    expect(commit).toMatchObject({ message: 'All at once', author: { name: 'Ann' } });
    expect(await namesOf(main.keys())).toEqual(['a/moved', 'a/new']);
    expect(await allOf(main.history())).toHaveLength(2);
  });

  test('is good only within its function, and keeps nothing of one that throws', async () => {
    const store = await open();
    let kept: VersionedDraft<unknown> | undefined;
    const failing = store.branch().commit(async (draft) => {
      kept = draft;
      await draft.set('a', 1);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await store.branch().head()).toBeUndefined();
    await expect(kept?.set('a', 1)).rejects.toThrow(TypeError);
  });

  test('takes writes that overlap, and refuses what no tree can hold', async () => {
    const store = await open();
    await store.branch().commit(async (draft) => {
      await Promise.all(Array.from({ length: 20 }, (_, at) => draft.set(`d${at % 3}/${at}`, at)));
      await expect(draft.set('d0/0/below', 1)).rejects.toMatchObject({ code: 'DICTIONARY_EXPECTED' });
      await expect(draft.set('d0', 1)).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
      await expect(draft.set('.git/x', 1)).rejects.toMatchObject({ code: 'INVALID_KEY' });
      await expect(draft.remove('/')).rejects.toMatchObject({ code: 'INVALID_KEY' });
    });
    expect(await namesOf(store.branch().keys())).toHaveLength(20);
  });

  test('has writes that nobody waited for, with what the values were then', async () => {
    const schema: StandardSchema<unknown> = {
      '~standard': { version: 1, vendor: 'test', validate: async (value) => ({ value: structuredClone(value) }) },
    };
    for (const codec of [jsonCodec(), withSchema(jsonCodec(), schema)]) {
      const store = await open({ codec });
      await store.branch().commit((draft) => {
        const value = { at: 1 };
        void draft.set('a', value);
        void draft.set('b', value);
        if (codec.encode(value) instanceof Uint8Array) value.at = 2;
      });
      expect([await store.branch().get('a'), await store.branch().get('b')]).toEqual([{ at: 1 }, { at: 1 }]);
      await expect(store.branch().set('c', () => {})).rejects.toThrow();
    }
  });

  test('may not hold values over the limit', async () => {
    const store = await open({ limits: { valueBytes: 4 } });
    await expect(store.branch().set('a', 'long')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'valueBytes',
    });
  });
});

describe('a transaction', () => {
  test('goes where commit, tree and keys are as expected, and else tells what is there', async () => {
    const store = await open();
    const main = store.branch();
    const write = (expect: object): Promise<unknown> =>
      main.transact({ expect }, async (draft) => {
        await draft.set('a', Number((await draft.get('a')) ?? 0) + 1);
      });
    expect(await write({ commit: null, tree: null, keys: { a: null } })).toMatchObject({ status: 'committed' });
    const head = (await main.head()) as { oid: Oid; treeOid: Oid };
    const version = (await main.version('a')) as Oid;
    expect(await write({ commit: null })).toEqual({
      status: 'conflict',
      failed: { what: 'commit', expected: null, actual: head.oid },
    });
    expect(await write({ tree: head.oid })).toMatchObject({
      status: 'conflict',
      failed: { what: 'tree', actual: head.treeOid },
    });
    expect(await write({ keys: { a: version, b: version } })).toMatchObject({
      status: 'conflict',
      failed: { what: 'key', key: Key.of('b'), expected: version, actual: null },
    });
    expect(await main.get('a')).toBe(1);
    expect(await write({ commit: head.oid, tree: head.treeOid, keys: { a: version, b: null } })).toMatchObject({
      status: 'committed',
    });
    expect(await main.get('a')).toBe(2);
  });

  test('expects nothing to be there where what it is given is undefined, as reads give it', async () => {
    const store = await open();
    const main = store.branch();
    const write = (expect: Expectations): Promise<unknown> => main.transact({ expect }, (draft) => draft.set('a', 1));
    const nothing = { commit: (await main.head())?.oid, keys: { a: await main.version('a') } };
    expect(nothing).toEqual({ commit: undefined, keys: { a: undefined } });
    expect(await write(nothing)).toMatchObject({ status: 'committed' });
    const { oid, treeOid } = (await main.head()) as VersionedCommit;
    expect(await write({ commit: undefined })).toEqual({
      status: 'conflict',
      failed: { what: 'commit', expected: null, actual: oid },
    });
    expect(await write({ tree: undefined })).toEqual({
      status: 'conflict',
      failed: { what: 'tree', expected: null, actual: treeOid },
    });
    expect(await write({ keys: { a: undefined } })).toMatchObject({
      status: 'conflict',
      failed: { what: 'key', expected: null },
    });
    await expect(main.reset(oid, { expect: undefined })).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    await expect(store.deleteBranch('main', { expect: undefined })).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    await store.branch('new').reset(oid, { expect: undefined });
    expect((await store.branch('new').head())?.oid).toBe(oid);
  });

  test('is in conflict where a dictionary stands in the place of an expected value, or of none', async () => {
    const store = await open();
    const main = store.branch();
    await main.set('value', 1);
    const version = await main.version('value');
    await main.set('d/a', 1);
    for (const expected of [null, version]) {
      const outcome = await main.transact({ expect: { keys: { d: expected } } }, (draft) => draft.set('b', 1));
      expect(outcome).toMatchObject({ status: 'conflict', failed: { what: 'key', key: Key.of('d'), expected } });
      if (outcome.status !== 'conflict') continue;
      const { actual } = outcome.failed;
      const again = await main.transact({ expect: { keys: { d: actual } } }, () => {});
      expect(again).toMatchObject({ status: 'unchanged' });
    }
  });

  test('has each commit for a parent once, whatever it merges', async () => {
    const store = await open();
    const main = store.branch();
    const first = await main.set('a', 1);
    const topic = await store.createBranch('topic');
    const other = await topic.set('b', 1);
    const merge = (merges: readonly string[], change: number): Promise<unknown> =>
      main.transact({ merges }, (draft) => draft.set('c', change));
    expect(await merge(['main'], 1)).toMatchObject({ status: 'committed', commit: { parentOids: [first.oid] } });
    const tip = (await main.head())?.oid;
    expect(await merge(['main', tip as Oid], 1)).toMatchObject({ status: 'unchanged', commit: { oid: tip } });
    expect(await merge(['topic', 'main', other.oid], 2)).toMatchObject({
      status: 'committed',
      commit: { parentOids: [tip, other.oid] },
    });
  });

  test.each<EngineName>(['memory', 'file', 'overlay'])(
    'runs once where another branch is in the way, and says which (%s)',
    async (engine) => {
      const store = await openStore((await makeRepository(engine)).repository);
      const { oid } = await store.branch('main').set('a', 1);
      let runs = 0;
      const blocked = store.branch('main/x');
      const writing = blocked.transact({}, async (draft) => {
        runs++;
        await draft.set('a', 2);
      });
      const inTheWay = {
        code: 'REF_CONFLICT',
        message: 'Cannot move refs/heads/main/x: refs/heads/main is in the way',
      };
      await expect(writing).rejects.toMatchObject(inTheWay);
      expect(runs).toBe(1);
      await expect(blocked.merge('main')).rejects.toMatchObject(inTheWay);
      await expect(blocked.reset(oid)).rejects.toMatchObject(inTheWay);
    },
  );

  test('of many that expect the same, exactly one goes, across stores of one repository', async () => {
    const repository = createMemoryRepository();
    const stores = await Promise.all([0, 1, 2].map(() => openStore(repository)));
    const head = await stores[0]?.branch().set('count', 0);
    const outcomes = await Promise.all(
      Array.from({ length: 9 }, (_, at) =>
        (stores[at % 3] as VersionedStore<unknown>)
          .branch()
          .transact({ expect: { commit: head?.oid as Oid } }, (draft) => draft.set('count', at + 1)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'committed')).toHaveLength(1);
    expect(outcomes.filter(({ status }) => status === 'conflict')).toHaveLength(8);
  });

  test('without expectations is done again on what others made, so that nothing is lost', async () => {
    const repository = createMemoryRepository();
    const stores = await Promise.all([0, 1, 2, 3].map(() => openStore(repository)));
    await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 5 }, () =>
          store.branch().transact({ retries: 100 }, async (draft) => {
            await draft.set('count', Number((await draft.get('count')) ?? 0) + 1);
          }),
        ),
      ),
    );
    expect(await stores[0]?.branch().get('count')).toBe(20);
    expect(await allOf((stores[0] as VersionedStore<unknown>).history())).toHaveLength(20);
  });

  test('gives up when it lost too often', async () => {
    const repository = createMemoryRepository();
    const [store, other] = [await openStore(repository), await openStore(repository)];
    let round = 0;
    const losing = store.branch().transact({ retries: 2 }, async (draft) => {
      await other.branch().set('other', ++round);
      await draft.set('a', 1);
    });
    await expect(losing).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    expect(round).toBe(3);
  });

  test('that changes nothing makes no commit, unless it is to', async () => {
    const store = await open();
    const main = store.branch();
    expect(await main.transact({}, () => 7)).toEqual({ status: 'unchanged', commit: undefined, result: 7 });
    const empty = await main.transact({ allowEmpty: true, message: 'Begin' }, () => {});
    expect(empty).toMatchObject({ status: 'committed', commit: { message: 'Begin', parentOids: [] } });
    expect(await main.remove('nothing')).toMatchObject({ message: 'Begin' });
    expect(await namesOf(main.keys())).toEqual([]);
  });

  test('can be heard out no longer when its signal is aborted', async () => {
    const store = await open();
    await expect(store.branch().transact({ signal: AbortSignal.abort() }, () => {})).rejects.toThrow('aborted');
  });
});

describe('a snapshot', () => {
  test('never changes, whatever becomes of its branch', async () => {
    const store = await open();
    const main = store.branch();
    await main.set('a/b', 1);
    const snapshot = await main.snapshot();
    await main.set('a/b', 2);
    await main.set('c', 3);
    await store.deleteBranch('main');
    expect(await snapshot.get('a/b')).toBe(1);
    expect(await namesOf(snapshot.keys())).toEqual(['a/b']);
    expect(await allOf(snapshot.entries('a'))).toEqual([[Key.of('a/b'), 1]]);
    expect([await snapshot.exists('a'), await snapshot.exists('a/b'), await snapshot.exists('c')]).toEqual([
      'dictionary',
      'value',
      undefined,
    ]);
    await expect(snapshot.get('a')).rejects.toMatchObject({ code: 'VALUE_EXPECTED' });
    expect(await main.head()).toBeUndefined();
    expect(await namesOf((await main.snapshot()).keys())).toEqual([]);
  });

  test('of a deleted branch outlives collections while it is pinned, and is an error after, never another value', async () => {
    const { repository, directory = '' } = await makeRepository('file');
    const store = await openStore(repository);
    await store.branch('topic').set('a', { long: 'x'.repeat(100) });
    const snapshot = await store.branch('topic').snapshot();
    const pin = await snapshot.pin();
    await store.deleteBranch('topic');
    const collect = (): string => git(['gc', '--quiet', '--prune=now'], { cwd: directory });
    collect();
    expect(await (await store.at(snapshot.commit?.oid as Oid)).get('a')).toEqual({ long: 'x'.repeat(100) });
    await pin[Symbol.asyncDispose]();
    git(['reflog', 'expire', '--expire=now', '--all'], { cwd: directory });
    collect();
    expect(git(['count-objects'], { cwd: directory })).toMatch(/^0 objects/);
    expect(readdirSync(join(directory, 'refs', 'heads'))).toEqual([]);
    const later = await openStore(await reopened(directory));
    await expect(later.at(snapshot.commit?.oid as Oid)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('proves what it reads', async () => {
    const store = await open();
    const main = store.branch();
    await expect(main.get('a', { proof: true })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    const { oid } = await main.set('a/b', { c: 1 });
    const { value, proof } = await main.get('a/b', { proof: true });
    expect(value).toEqual({ c: 1 });
    expect((await verifyProof(proof, { commit: oid, key: 'a/b' })).value).toEqual(new TextEncoder().encode('{"c":1}'));
    const none = await main.get('a/c', { proof: true });
    expect(none.value).toBeUndefined();
    expect((await verifyProof(none.proof, { commit: oid })).value).toBeUndefined();
  });

  test('is found by whatever git takes for a revision', async () => {
    const store = await open();
    const main = store.branch();
    const first = await main.set('a', 1);
    await main.set('a', 2);
    await store.createTag('v2', 'main', { message: 'Two' });
    await main.set('a', 3);
    const values: unknown[] = [];
    for (const revision of ['main', 'main~1', 'v2', 'v2^', first.oid, first.oid.slice(0, 10), '@', 'refs/heads/main']) {
      values.push(await (await store.at(revision)).get('a'));
    }
    expect(values).toEqual([3, 2, 2, 1, 1, 1, 3, 3]);
  });
});

async function reopened(directory: string): Promise<Awaited<ReturnType<typeof makeRepository>>['repository']> {
  const { openRepository } = await import('@git-kv/repository/node-fs');
  return await openRepository(directory);
}

describe('history and differences', () => {
  test('history is of one key or all below a dictionary, newest first, no longer than asked for', async () => {
    const store = await open();
    const main = store.branch();
    await main.set('a/*', 1);
    await main.set('a/c', 2);
    await main.set('b', 3);
    await main.set('a/*', 4);
    const messages = async (key?: string, limit?: number): Promise<string[]> =>
      (await allOf(main.history(key, limit === undefined ? {} : { limit }))).map(({ commit }) => commit.message);
    expect(await messages('a/*')).toEqual(['Update a/*', 'Update a/*']);
    expect(await messages('a')).toEqual(['Update a/*', 'Update a/c', 'Update a/*']);
    expect(await messages('a', 2)).toEqual(['Update a/*', 'Update a/c']);
    expect(await messages()).toHaveLength(4);
    expect(await messages('nothing')).toEqual([]);
    const [entry] = await allOf(store.history('a/*', { from: 'main~2' }));
    expect(await entry?.value()).toBe(1);
  });

  test('a difference tells keys, kinds and both values, below a prefix alone where one is given', async () => {
    const store = await open();
    const main = store.branch();
    await main.commit(async (draft) => {
      for (const key of ['a/1', 'a/2', 'ab', 'c']) await draft.set(key, key);
    });
    await main.commit(async (draft) => {
      await draft.set('a/1', 'new');
      await draft.remove('c');
      await draft.set('ab', 'new');
      await draft.set('a/3/x', 'x');
    });
    const told = async (prefix?: string): Promise<string[]> => {
      const lines: string[] = [];
      for await (const each of store.diff('main~1', 'main', prefix === undefined ? {} : { prefix })) {
        lines.push(`${each.kind} ${each.key} ${await each.oldValue()} ${await each.newValue()}`);
      }
      return lines;
    };
    const below = ['change /a/1 a/1 new', 'add /a/3/x undefined x'];
    expect(await told()).toEqual([...below, 'change /ab ab new', 'remove /c c undefined']);
    expect(await told('a')).toEqual(below);
    expect(await told('a/3/x')).toEqual(['add /a/3/x undefined x']);
    expect(await told('nothing')).toEqual([]);
    expect(await allOf(store.diff('main', 'main'))).toEqual([]);
  });
});

describe('branches and tags', () => {
  test('are made, listed and deleted, each once', async () => {
    const store = await open();
    const first = await store.branch().set('a', 1);
    const topic = await store.createBranch('topic/one');
    await topic.set('a', 2);
    expect(await store.branch().get('a')).toBe(1);
    await expect(store.createBranch('topic/one')).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    await expect(store.createBranch('topic')).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    expect((await allOf(store.branches())).map(({ name }) => name)).toEqual(['main', 'topic/one']);
    await expect(store.deleteBranch('topic/one', { expect: first.oid })).rejects.toMatchObject({
      code: 'REF_CONFLICT',
    });
    await store.deleteBranch('topic/one');
    const light = await store.createTag('light');
    const annotated = await store.createTag('v1', first.oid, { message: 'Version one' });
    expect(light).toEqual({ name: 'light', commitOid: first.oid });
    await expect(store.createTag('v1')).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    expect(await allOf(store.tags())).toEqual([light, { ...annotated, message: 'Version one\n' }]);
    const second = await store.branch().set('a', 3);
    expect(await store.createTag('light', 'main', { isForced: true })).toMatchObject({ commitOid: second.oid });
    await store.deleteTag('v1');
    expect((await allOf(store.tags())).map(({ name }) => name)).toEqual(['light']);
    await expect(store.createTag('no good')).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
  });

  test('are not made where git would make none, but those that are there are read and deleted', async () => {
    const { repository } = await makeRepository('memory');
    const store = await openStore(repository);
    const { oid } = await store.branch('main').set('a', 1);
    for (const name of ['HEAD', '-x']) {
      const refused = { code: 'INVALID_REF_NAME' };
      await expect(store.createBranch(name)).rejects.toMatchObject(refused);
      await expect(store.branch(name).set('a', 1)).rejects.toMatchObject(refused);
      await expect(store.branch(name).reset(oid)).rejects.toMatchObject(refused);
      await repository.refs.update([{ name: `refs/heads/${name}`, next: { oid } }]);
      expect((await allOf(store.branches())).map((branch) => branch.name).sort()).toEqual([name, 'main'].sort());
      await store.branch(name).set('a', 2);
      await store.deleteBranch(name);
    }
  });

  test('are signed where a signer is given, and git reads them', async () => {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = await readSshPrivateKey(pem);
    const allowedSigners = parseAllowedSigners(`me@x ${formatSshPublicKey(key.publicKey)}`);
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const { repository, directory = '' } = await makeRepository('file', objectFormat);
      const store = await openStore(repository, { sign: sshSigner(key) });
      const commit = await store.branch().set('a', 1);
      const tag = await store.createTag('v1', 'main', { message: 'Version one' });
      expect(await verifyCommit(repository.objects, commit.oid, { allowedSigners })).toMatchObject({ status: 'good' });
      expect(await verifyTag(repository.objects, tag.tagOid as Oid, { allowedSigners })).toMatchObject({
        status: 'good',
      });
      expect(git(['tag', '--list', '--format=%(objecttype) %(subject)'], { cwd: directory })).toBe('tag Version one');
      expect(fsck(directory)).toBe('');
    }
  });
});

test('a store does not open with an author, timezone or branch that git would not take', async () => {
  const repository = createMemoryRepository();
  const codec = textCodec;
  await expect(VersionedStore.open(repository, { codec, author: { name: 'A>', email: '' } })).rejects.toThrow(
    RangeError,
  );
  await expect(VersionedStore.open(repository, { codec, timezone: 'CET' })).rejects.toThrow(RangeError);
  await expect(VersionedStore.open(repository, { codec, branch: 'a..b' })).rejects.toMatchObject({
    code: 'INVALID_REF_NAME',
  });
});
