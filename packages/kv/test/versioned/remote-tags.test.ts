import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { expect, onTestFinished, test } from 'vitest';
import { git, gitEnv, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { sshdProblem, startSshd } from '../../../../test/support/sshd.js';
import { openTransport } from '../../src/node/index.js';
import type { VersionedRemote, VersionedStore } from '../../src/versioned/index.js';
import { startRemote } from '../support/remote.js';
import { openStore } from './support.js';

interface Client {
  readonly store: VersionedStore<unknown>;
  readonly remote: VersionedRemote<unknown>;
}

async function clientOf(where: Parameters<VersionedStore<unknown>['remote']>[0]): Promise<Client> {
  const store = await openStore(createMemoryRepository());
  const remote = await store.remote(where);
  onTestFinished(() => remote.disconnect());
  return { store, remote };
}

test('tags go to git and come back with what they lead to, annotated ones and plain ones', async () => {
  const place = await startRemote();
  const [ann, bob] = [await clientOf(place.url), await clientOf(place.url)];
  expect(await ann.remote.pushTags()).toEqual([]);
  const first = await ann.store.branch().set('a', 1);
  await ann.store.createTag('v1', 'main', { message: 'the first' });
  const second = await ann.store.branch().set('a', 2);
  await ann.store.createTag('v2', 'main');
  expect(await ann.remote.pushTags()).toEqual(['v1', 'v2']);
  expect(await ann.remote.pushTags()).toEqual([]);
  expect(place.git('cat-file', '-t', 'v1')).toBe('tag');
  expect(place.git('fsck', '--strict')).toBe('');
  const there = new Map([
    ['v1', first.oid],
    ['v2', second.oid],
  ]);
  expect(await bob.remote.tags()).toEqual(there);
  expect(await bob.remote.fetchTags({ names: ['v1'] })).toEqual(['v1']);
  expect(await bob.remote.fetchTags()).toEqual(['v2']);
  expect(await bob.remote.fetchTags()).toEqual([]);
  expect(await (await bob.store.at('v1')).get('a')).toBe(1);
  expect(await (await bob.store.at('v2')).get('a')).toBe(2);
});

test('a tag that is elsewhere at another version is an error on both ways, unless it is forced', async () => {
  const place = await startRemote();
  const [ann, bob] = [await clientOf(place.url), await clientOf(place.url)];
  await ann.store.branch().set('a', 1);
  await ann.store.createTag('v1', 'main');
  await ann.remote.pushTags({ names: ['v1'] });
  const mine = await bob.store.branch().set('b', 1);
  await bob.store.createTag('v1', 'main');
  await bob.store.createTag('v0', 'main');
  await expect(bob.remote.fetchTags()).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
  await expect(bob.remote.pushTags()).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
  expect([...(await ann.remote.tags()).keys()]).toEqual(['v1']);
  await expect(bob.remote.fetchTags({ names: ['v9'] })).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
  await expect(bob.remote.pushTags({ names: ['v9'] })).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  await expect(bob.remote.pushTags({ names: ['a..b'] })).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
  expect(await bob.remote.pushTags({ isForced: true })).toEqual(['v0', 'v1']);
  expect((await ann.remote.tags()).get('v1')).toBe(mine.oid);
  expect(await ann.remote.fetchTags({ isForced: true })).toEqual(['v0', 'v1']);
  expect(await (await ann.store.at('v1')).get('b')).toBe(1);
});

test.skipIf(sshdProblem !== undefined)(
  'branches and tags are shared over ssh, with OpenSSH at the other end',
  async () => {
    const root = temporaryDirectory('git-kv-ssh');
    const directory = initBare(join(root, 'store.git'));
    const sshd = await startSshd(root);
    onTestFinished(() => sshd.close());
    const environment = { ...gitEnv, GIT_SSH_COMMAND: sshd.command };
    const url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}${directory}`;
    const [ann, bob] = [
      await clientOf(openTransport(url, { environment })),
      await clientOf(openTransport(url, { environment })),
    ];
    await ann.store.branch().set('a', 1);
    await ann.store.createTag('v1', 'main');
    expect(await ann.remote.sync()).toMatchObject({ status: 'synced', isPushed: true });
    expect(await ann.remote.pushTags()).toEqual(['v1']);
    expect(await bob.remote.pull()).toMatchObject({ status: 'fast-forward' });
    expect(await bob.remote.fetchTags()).toEqual(['v1']);
    await bob.store.branch().set('b', 2);
    await ann.store.branch().set('c', 3);
    expect(await bob.remote.sync()).toMatchObject({ isPushed: true });
    expect(await ann.remote.sync()).toMatchObject({ isPushed: true });
    expect(git(['ls-tree', '--name-only', 'main'], { cwd: directory })).toBe('a\nb\nc');
    expect(git(['rev-parse', 'v1'], { cwd: directory })).toBe((await ann.remote.tags()).get('v1'));
  },
  60_000,
);
