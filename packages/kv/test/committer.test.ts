import { generateKeyPairSync } from 'node:crypto';
import { formatSshPublicKey, type Oid, parseAllowedSigners } from '@git-kv/objects';
import { readSshPrivateKey, sshSigner, verifyCommit } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { git } from '../../../test/support/git.js';
import { jsonCodec } from '../src/codecs/index.js';
import { openRepo } from '../src/files/index.js';
import { GitKv } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';
import { VersionedStore } from '../src/versioned/index.js';
import { InProcessRemote, valuesOf } from './support/in-process.js';
import { storeOf } from './support/ways.js';
import { fsck, makeRepository, openStore } from './versioned/support.js';

// Two writers who make the very same change on the same commit in one second make two commits where steps are counted.

const clock = (): number => 1_700_000_000_000;
const counter = keyMerges.counter();

test.each(['rebase', 'merge'] as const)(
  'K18 a step that another took in the same second counts beside one of ours that never arrived, by %s',
  async (onUnpushed) => {
    const remote = new InProcessRemote();
    const options = { clock, merge: [{ prefix: 'n', merge: counter }], onUnpushed };
    const [one, other] = [await remote.connect(options), await remote.connect(options)];
    await one.set('n', '1');
    await other.pull();
    remote.hooks.preReceive = () => {
      remote.isCut = true;
      return { reject: 'never told' };
    };
    await expect(one.set('n', '2')).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
    delete remote.hooks.preReceive;
    remote.isCut = false;
    await other.set('n', '2');
    expect(other.commit?.oid).not.toBe(one.pendingCommit);
    await one.pull();
    await one.push();
    expect(await remote.values()).toEqual({ n: '3' });
    await other.pull();
    expect(await valuesOf(other)).toEqual({ n: '3' });
  },
);

test('no two commits are one, unless that is asked for and no rule counts steps', async () => {
  const commitOf = async (deterministic: boolean, merge?: typeof counter): Promise<string | undefined> => {
    const store = await GitKv.open(createMemoryRepository(), { clock, deterministic });
    await store.set('n', '1', merge && { merge });
    return store.commit?.oid;
  };
  expect(await commitOf(false)).not.toBe(await commitOf(false));
  expect(await commitOf(true)).toBe(await commitOf(true));
  expect(await commitOf(true, keyMerges.set())).toBe(await commitOf(true));
  expect(await commitOf(true, counter)).not.toBe(await commitOf(true, counter));
});

test.each([false, true])(
  'T17 a rule that a merge alone is given counts equal steps, but for equal commits (%s)',
  async (deterministic) => {
    const store = await openStore(createMemoryRepository(), { clock, deterministic });
    const main = store.branch();
    await main.set('n', 1);
    const topic = await store.createBranch('topic');
    await Promise.all([topic.set('n', 2), main.set('n', 2)]);
    await main.merge('topic', { rules: counter });
    expect(await main.get('n')).toBe(deterministic ? 2 : 3);
  },
);

test('T17 versioned stores that took the same step both count, and git takes their commits', async () => {
  const { repository, directory } = await makeRepository('file');
  const remote = new InProcessRemote(repository);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = await readSshPrivateKey(pem);
  const open = async () => {
    const store = await openStore(createMemoryRepository(), { clock, merge: counter, sign: sshSigner(key) });
    return { main: store.branch(), origin: await store.remote(remote.transport) };
  };
  const [one, other] = [await open(), await open()];
  await one.main.set('n', 1);
  await one.origin.sync();
  await other.origin.sync();
  await one.main.set('n', 2);
  await other.main.set('n', 2);
  await one.origin.sync();
  await other.origin.sync();
  expect(await other.main.get('n')).toBe(3);
  expect(fsck(directory as string)).toBe('');
  expect(git(['cat-file', 'commit', 'main'], { cwd: directory as string })).toMatch(/\ngit-kv-nonce [0-9]+\n/);
  const allowedSigners = parseAllowedSigners(`me@x ${formatSshPublicKey(key.publicKey)}`);
  const oid = (await other.main.head())?.oid as Oid;
  expect(await verifyCommit(repository.objects, oid, { allowedSigners })).toMatchObject({ status: 'good' });
});

test('T17 two branches of a store that took the same step both count, where the store was opened with the rule', async () => {
  const store = await openStore(createMemoryRepository(), { clock, merge: counter });
  const main = store.branch();
  await main.set('n', 1);
  const topic = await store.createBranch('topic');
  expect((await topic.set('n', 2)).oid).not.toBe((await main.set('n', 2)).oid);
  expect(await main.merge('topic')).toMatchObject({ status: 'merged' });
  expect(await main.get('n')).toBe(3);
});

describe('text with half a character, which would silently become another, is refused', () => {
  const half = 'half \ud83d of it';
  const change = { message: half };
  const cases: [what: string, write: (store: GitKv) => Promise<unknown>][] = [
    ['as a message', (store) => store.changeAndPush((batch) => batch.set('a', '2'), change)],
    ['as an author', (store) => store.changeAndPush((batch) => batch.set('a', '2'), { author: half })],
    ['as an address', (store) => store.changeAndPush((batch) => batch.set('a', '2'), { authorEmail: half })],
  ];
  test.each(cases)('%s of a store', async (_what, write) => {
    const store = await storeOf({ a: '1' });
    const before = store.commit;
    await expect(write(store)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(store.commit).toEqual(before);
    await store.set('a', 'whole \u{1f642}');
    expect(await store.getText('a')).toBe('whole \u{1f642}');
  });

  test('as what a store, a versioned store, its messages and tags, and files of a repository are given', async () => {
    const repository = createMemoryRepository();
    const codec = jsonCodec();
    const refused = { code: 'INVALID_VALUE' };
    await expect(GitKv.open(repository, { author: half })).rejects.toMatchObject(refused);
    const author = { name: half, email: 'a@example.com' };
    await expect(VersionedStore.open(repository, { codec, author })).rejects.toMatchObject(refused);
    const store = await VersionedStore.open(repository, { codec });
    await expect(store.branch().set('a', 1, change)).rejects.toMatchObject(refused);
    await store.branch().set('a', 1);
    await expect(store.createTag('v1', 'main', change)).rejects.toMatchObject(refused);
    const repo = await openRepo(repository);
    await repo.open('b', 'w', (file) => file.write('x'));
    await expect(repo.commit(half)).rejects.toMatchObject(refused);
  });
});
