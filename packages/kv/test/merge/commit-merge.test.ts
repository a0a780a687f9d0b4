import type { Oid } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { textCodec } from '../../src/codecs/index.js';
import { openRepo } from '../../src/files/index.js';
import { GitKv, type UnpushedPolicy } from '../../src/index.js';
import { keyMerges } from '../../src/merge/index.js';
import type { VersionedStore } from '../../src/versioned/index.js';
import { InProcessRemote, valuesOf } from '../support/in-process.js';
import { bytesOf } from '../support/remote.js';
import { openStore } from '../versioned/support.js';

// Two histories that merged each other have two best common ancestors: either of them alone would count steps twice.

const merge = keyMerges.counter();

/** `main` and `topic` merged each other, where one had added 1 and the other 10, and then added 1 each. */
async function crossed(): Promise<{ remote: InProcessRemote; ours: Oid; put: (oid: Oid) => Promise<void> }> {
  const remote = new InProcessRemote(createMemoryRepository());
  const store = await openStore(remote.repository, { codec: textCodec as never, merge });
  const main = store.branch();
  await main.set('n', '0');
  const topic = await store.createBranch('topic');
  const [one, ten] = [await main.set('n', '1'), await topic.set('n', '10')];
  await main.merge(ten.oid);
  await topic.merge(one.oid);
  expect([await main.get('n'), await topic.get('n')]).toEqual(['11', '11']);
  await topic.set('n', '12');
  const { oid: ours } = await main.set('n', '12');
  const put = async (oid: Oid): Promise<void> =>
    void (await remote.repository.refs.update([{ name: 'refs/heads/main', next: { oid } }]));
  return { remote, ours, put };
}

const topicOf = async ({ repository }: InProcessRemote): Promise<Oid> => {
  const value = await repository.refs.read('refs/heads/topic');
  return (value as { oid: Oid }).oid;
};

test.each<UnpushedPolicy>(['merge', 'rebase'])(
  'K18 a pull of a store counts each step once, by %s',
  async (onUnpushed) => {
    const { remote, put } = await crossed();
    const saved = await bytesOf((await GitKv.open(remote.repository)).toOctets());
    await put(await topicOf(remote));
    const { transport } = remote;
    const store = await GitKv.ofOctets(saved, { remote: 'test://in-process/store.git', transport, merge });
    await store.pull({ onUnpushed });
    expect(await valuesOf(store)).toEqual({ n: '13' });
  },
);

test('G8 a pull of files counts each step once', async () => {
  const { remote, put } = await crossed();
  const repo = await openRepo(remote.repository, { merge: [{ prefix: 'n', merge }] });
  await repo.open('other', 'w', (file) => file.write('x'));
  await repo.commit();
  await put(await topicOf(remote));
  await repo.close();
  expect(await remote.values()).toEqual({ n: '13', other: 'x' });
});

test('a rebase of a versioned branch makes one change of a merge, over what others have of it', async () => {
  const { remote, ours } = await crossed();
  const store = await openStore(remote.repository, { codec: textCodec as never, merge });
  expect(await store.branch().rebase('topic')).toMatchObject({ status: 'rebased' });
  expect(await store.branch().get('n')).toBe('13');
  expect((await store.branch().head())?.parentOids).toHaveLength(1);
  expect(ours).not.toBe((await store.branch().head())?.oid);
});

describe('the last writer of a key is who changed it last, though others committed other keys since', () => {
  /** `a` was changed on the topic, then on main; then the topic went on with something else. */
  async function apart(): Promise<{ remote: InProcessRemote; store: VersionedStore<unknown>; topic: Oid }> {
    const remote = new InProcessRemote(createMemoryRepository());
    const store = await openStore(remote.repository, { codec: textCodec as never });
    const main = store.branch();
    await main.set('a', 'base');
    const topic = await store.createBranch('topic');
    await topic.set('a', 'earlier');
    await topic.remove('gone');
    await main.set('a', 'later');
    await main.set('c', '1');
    return { remote, store, topic: (await topic.set('b', '1')).oid };
  }
  const rules = keyMerges.lastWriterWins();

  test('in merges of versioned branches, either way', async () => {
    const { store, topic } = await apart();
    await store.createBranch('other', topic);
    await store.branch().merge(topic, { rules });
    expect(await store.branch().get('a')).toBe('later');
    await store.branch('other').merge('main~1', { rules });
    expect(await store.branch('other').get('a')).toBe('later');
    await store.branch('topic').rebase('main~1', { rules });
    expect(await store.branch('topic').get('a')).toBe('later');
  });

  test.each<UnpushedPolicy>(['merge', 'rebase'])('K18 in pulls of a store, by %s', async (onUnpushed) => {
    const { remote, topic } = await apart();
    const saved = await bytesOf((await GitKv.open(remote.repository)).toOctets());
    await remote.repository.refs.update([{ name: 'refs/heads/main', next: { oid: topic } }]);
    const options = { remote: 'test://in-process/store.git', transport: remote.transport, merge: rules };
    const store = await GitKv.ofOctets(saved, options);
    await store.pull({ onUnpushed });
    expect(await valuesOf(store)).toEqual({ a: 'later', b: '1', c: '1' });
  });

  test('G8 in pulls of files', async () => {
    const { remote, topic } = await apart();
    const repo = await openRepo(remote.repository, { merge: rules });
    await repo.open('d', 'w', (file) => file.write('1'));
    await repo.commit();
    await remote.repository.refs.update([{ name: 'refs/heads/main', next: { oid: topic } }]);
    await repo.close();
    expect(await remote.values()).toEqual({ a: 'later', b: '1', c: '1', d: '1' });
  });
});
