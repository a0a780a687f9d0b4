import { parseCommit, type RawObject } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { GitKv, type KvConflictError, type OfOctetsOptions, type UnpushedPolicy } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';
import { InProcessRemote, valuesOf } from './support/in-process.js';
import { bytesOf, text } from './support/remote.js';

type Values = Record<string, string>;

const put = (store: GitKv, values: Values, message: string): Promise<void> =>
  store.changeAndPush(
    async (batch) => {
      for (const [key, value] of Object.entries(values)) await batch.set(key, value);
    },
    { message, author: message },
  );

/** A store with a commit of ours for each of `ours` on top of `base`, where others have pushed `theirs`. */
async function diverged(
  { base, ours, theirs }: { base: Values; ours: Values[]; theirs: Values },
  options: Partial<OfOctetsOptions> = {},
): Promise<{ remote: InProcessRemote; store: GitKv }> {
  const remote = new InProcessRemote();
  let seconds = 1_700_000_000;
  const clock = () => seconds++ * 1000;
  const load = async (from: GitKv): Promise<GitKv> =>
    await GitKv.ofOctets(await bytesOf(from.toOctets()), {
      remote: 'test://in-process/store.git',
      transport: remote.transport,
      clock,
      ...options,
    });
  const local = await GitKv.open(createMemoryRepository(), { clock });
  await put(local, base, 'base');
  await (await load(local)).push();
  for (const [at, values] of ours.entries()) await put(local, values, `ours ${at + 1}`);
  await put(await remote.connect({ clock }), theirs, 'theirs');
  return { remote, store: await load(local) };
}

const spelled = (changes: Awaited<ReturnType<GitKv['pull']>>): string[] =>
  changes.map(({ kind, key }) => `${kind} ${key}`);

const apart = { base: { a: '1', b: '1' }, ours: [{ a: '2' }, { c: '3' }], theirs: { b: '2', d: '4' } };

describe('K18 a pull where others went another way than commits of ours', () => {
  test('fails by default, and loses nothing', async () => {
    const { store } = await diverged(apart);
    await expect(store.pull()).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    expect(await valuesOf(store)).toEqual({ a: '2', b: '1', c: '3' });
  });

  test('by rebase makes them again on top, one by one, as they were meant', async () => {
    const { store, remote } = await diverged(apart, { onUnpushed: 'rebase' });
    expect(spelled(await store.pull())).toEqual(['change /b', 'add /d']);
    expect(await valuesOf(store)).toEqual({ a: '2', b: '2', c: '3', d: '4' });
    expect(await remote.log()).toEqual(['theirs', 'base']);
    await store.push();
    expect(await remote.log()).toEqual(['ours 2', 'ours 1', 'theirs', 'base']);
    expect(await remote.values()).toEqual(await valuesOf(store));
    const { body } = (await remote.repository.objects.read(store.commit?.oid ?? '')) as RawObject;
    expect(parseCommit(body)).toMatchObject({ author: { name: 'ours 2' }, committer: { name: 'Git KV' } });
  });

  test('by merge makes one commit of both, with two parents', async () => {
    const { store, remote } = await diverged(apart);
    const ours = store.commit?.oid;
    expect(spelled(await store.pull({ onUnpushed: 'merge' }))).toEqual(['change /b', 'add /d']);
    expect(await valuesOf(store)).toEqual({ a: '2', b: '2', c: '3', d: '4' });
    const theirs = await remote.repository.refs.read('refs/heads/main');
    await store.push();
    const { body } = (await remote.repository.objects.read(store.commit?.oid ?? '')) as RawObject;
    expect(parseCommit(body).parentOids).toEqual([ours, (theirs as { oid: string }).oid]);
    expect(await remote.log()).toEqual(['Merge main of in-process:', 'ours 2', 'ours 1', 'base']);
    expect(await remote.values()).toEqual(await valuesOf(store));
  });

  test('by theirs gives them up', async () => {
    const { store } = await diverged(apart);
    expect(spelled(await store.pull({ onUnpushed: 'theirs' }))).toEqual([
      'change /a',
      'change /b',
      'remove /c',
      'add /d',
    ]);
  });

  const clash = { base: { a: '1', n: '10' }, ours: [{ a: '2', n: '13' }], theirs: { a: '3', n: '11' } };

  test.each<UnpushedPolicy>(['rebase', 'merge'])(
    'by %s tells of what both changed, and stays where it was',
    async (onUnpushed) => {
      const { store } = await diverged(clash, { onUnpushed });
      const before = store.commit;
      const error = (await store.pull().catch((caught: unknown) => caught)) as KvConflictError;
      expect(error).toMatchObject({
        code: 'MERGE_CONFLICT',
        message: 'Cannot pull /a and 1 more: both sides changed it',
      });
      const sides = error.conflicts.map(({ base, ours, theirs }) => [base, ours, theirs].map(text).join(' '));
      expect(sides).toEqual(['1 2 3', '10 13 11']);
      expect(store.commit).toEqual(before);
      await expect(store.pull({ onUnpushed: 'reject' })).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    },
  );

  test.each<UnpushedPolicy>(['rebase', 'merge'])(
    'by %s goes by the rules, which know the times',
    async (onUnpushed) => {
      const merge = [
        { prefix: 'n', merge: keyMerges.counter() },
        { prefix: '*', merge: keyMerges.lastWriterWins() },
      ];
      const { store, remote } = await diverged(clash, { onUnpushed, merge });
      expect(spelled(await store.pull())).toEqual(['change /a', 'change /n']);
      expect(await valuesOf(store)).toEqual({ a: '3', n: '14' }); // theirs is the later one
      await store.set('z', '1');
      expect(await remote.values()).toEqual({ a: '3', n: '14', z: '1' });
    },
  );

  test('by rebase drops a commit that others made the same', async () => {
    const { store, remote } = await diverged({ base: { a: '1' }, ours: [{ a: '2' }, { c: '3' }], theirs: { a: '2' } });
    expect(spelled(await store.pull({ onUnpushed: 'rebase' }))).toEqual([]);
    await store.push();
    expect(await remote.log()).toEqual(['ours 2', 'theirs', 'base']);
  });

  test('by merge, and by rebase after that, when others went on again', async () => {
    const { store, remote } = await diverged(apart);
    await store.pull({ onUnpushed: 'merge' });
    const other = await remote.connect();
    await put(other, { e: '5' }, 'theirs 2');
    expect(spelled(await store.pull({ onUnpushed: 'rebase' }))).toEqual(['add /e']);
    await store.push();
    expect(await remote.values()).toEqual({ a: '2', b: '2', c: '3', d: '4', e: '5' });
    expect(await remote.log()).toEqual(['Merge main of in-process:', 'theirs 2', 'theirs', 'base']);
    expect(spelled(await other.pull())).toEqual(['change /a', 'add /c']);
  });

  test('a write before the pull is refused, and nothing is lost', async () => {
    const { store, remote } = await diverged(apart);
    await expect(store.set('z', '1')).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(await valuesOf(store)).toEqual({ a: '2', b: '1', c: '3' });
    expect(await remote.values()).toEqual({ a: '1', b: '2', d: '4' });
  });
});
