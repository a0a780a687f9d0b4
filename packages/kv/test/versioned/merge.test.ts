import type { HashName, Oid, RawObject } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { git } from '../../../../test/support/git.js';
import { jsonCodec } from '../../src/codecs/index.js';
import { keyMerges } from '../../src/merge/index.js';
import { type VersionedStore, valueMerge } from '../../src/versioned/index.js';
import { allOf, fsck, makeRepository, namesOf, openStore } from './support.js';

/** `topic` and `main`, one commit each beyond what they share. */
async function forked(
  base: Record<string, unknown>,
  ours: Record<string, unknown>,
  theirs: Record<string, unknown>,
): Promise<VersionedStore<unknown>> {
  const store = await openStore(createMemoryRepository());
  const write = async (branch: string, values: Record<string, unknown>): Promise<void> => {
    await store.branch(branch).transact({ allowEmpty: true }, async (draft) => {
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) await draft.remove(key);
        else await draft.set(key, value);
      }
    });
  };
  await write('main', base);
  await store.createBranch('topic');
  await write('main', ours);
  await write('topic', theirs);
  return store;
}

async function contentOf(store: VersionedStore<unknown>, branch = 'main'): Promise<Record<string, unknown>> {
  const entries = await allOf((await store.branch(branch).snapshot()).entries());
  return Object.fromEntries(entries.map(([key, value]) => [key.segments.join('/'), value]));
}

const sum = valueMerge<unknown>(jsonCodec(), ({ base, ours, theirs }) => ({
  status: 'merged',
  value: Number(ours ?? 0) + Number(theirs ?? 0) - Number(base ?? 0),
}));

describe('a merge', () => {
  test('of keys that one side changed takes that side, in a commit of two parents', async () => {
    const store = await forked({ a: 1, b: 1, c: 1 }, { a: 2, c: undefined }, { b: 2, 'd/e': 1 });
    const [ours, theirs] = [await store.branch().head(), await store.branch('topic').head()];
    const outcome = await store.branch().merge('topic');
    expect(outcome).toMatchObject({
      status: 'merged',
      commit: { parentOids: [ours?.oid, theirs?.oid], message: 'Merge topic into main' },
    });
    expect(await contentOf(store)).toEqual({ a: 2, b: 2, 'd/e': 1 });
    expect(await store.branch().merge('topic')).toMatchObject({ status: 'up-to-date' });
    expect(await store.branch('topic').merge('main')).toMatchObject({ status: 'fast-forward' });
    expect((await store.branch('topic').head())?.oid).toBe((await store.branch().head())?.oid);
  });

  test('of keys that both changed is for the rules: of the call, else of the store, else a conflict with three sides', async () => {
    const store = await forked({ n: 10, m: { x: 1 } }, { n: 13, m: { x: 2 } }, { n: 11, m: undefined });
    const before = await store.branch().head();
    const conflict = await store.branch().merge('topic');
    expect(conflict).toMatchObject({
      status: 'conflict',
      hasMore: false,
      conflicts: [
        { base: { value: { x: 1 } }, ours: { value: { x: 2 } }, theirs: undefined },
        { base: { value: 10 }, ours: { value: 13 }, theirs: { value: 11 } },
      ],
    });
    expect(await store.branch().head()).toEqual(before);
    const rules = [
      { prefix: 'n', merge: sum },
      { prefix: '*', merge: keyMerges.theirs },
    ];
    expect(await store.branch().merge('topic', { rules })).toMatchObject({ status: 'merged' });
    expect(await contentOf(store)).toEqual({ n: 14 });
  });

  test('goes by the time of commits where the last writer wins', async () => {
    const store = await forked({ a: 0 }, { a: 'first' }, { a: 'last' });
    await store.branch().merge('topic', { rules: keyMerges.lastWriterWins() });
    expect(await store.branch().get('a')).toBe('last');
  });

  test('of a branch that has nothing of its own is a fast-forward, unless it is to be a commit', async () => {
    const store = await forked({ a: 1 }, {}, { a: 2 });
    const topic = (await store.branch('topic').head())?.oid as Oid;
    const main = store.branch();
    await main.reset('topic~1');
    const other = await store.createBranch('other');
    expect(await main.merge('topic', { fastForward: 'only' })).toMatchObject({
      status: 'fast-forward',
      commit: { oid: topic },
    });
    expect(await other.merge('topic', { fastForward: 'never', message: 'Join' })).toMatchObject({
      status: 'merged',
      commit: { message: 'Join', parentOids: { length: 2 } },
    });
    expect(await store.branch('new').merge('topic')).toMatchObject({ status: 'fast-forward' });
    await main.set('b', 1);
    expect(await other.merge('main', { fastForward: 'only' })).toEqual({ status: 'diverged' });
  });

  test('of unrelated histories is refused, unless it is meant', async () => {
    const store = await openStore(createMemoryRepository());
    await store.branch('main').set('a', 1);
    await store.branch('other').set('b', 2);
    expect(await store.branch().merge('other')).toEqual({ status: 'unrelated' });
    expect(await store.branch().merge('other', { allowUnrelated: true })).toMatchObject({ status: 'merged' });
    expect(await contentOf(store)).toEqual({ a: 1, b: 2 });
  });

  test('of what is not there is an error', async () => {
    const store = await forked({}, {}, {});
    await expect(store.branch().merge('nowhere')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });

  test('of a value against a dictionary is a conflict, which a transaction settles by hand', async () => {
    const store = await forked({ a: 1 }, { a: 2 }, { a: undefined, 'a/b': 3 });
    expect(await store.branch().merge('topic', { rules: keyMerges.ours })).toMatchObject({
      status: 'conflict',
      conflicts: [{ ours: { value: 2 } }],
    });
    const [ours, theirs] = [await store.branch().head(), await store.branch('topic').head()];
    const settled = await store.branch().transact({ merges: ['topic'], message: 'Settle' }, async (draft) => {
      await draft.remove('a');
      await draft.set('a/b', 3);
    });
    expect(settled).toMatchObject({ status: 'committed', commit: { parentOids: [ours?.oid, theirs?.oid] } });
    expect(await store.branch().merge('topic')).toMatchObject({ status: 'up-to-date' });
  });

  test('tells of a side that the codec cannot read, with its bytes', async () => {
    const store = await forked({ a: 1 }, { a: 2 }, { a: 3 });
    const raw = await openStore(store.repository, {
      codec: { encode: (value) => new TextEncoder().encode(String(value)), decode: (bytes) => bytes },
    });
    await raw.branch('topic').set('a', 'not JSON');
    const outcome = await store.branch().merge('topic');
    expect(outcome).toMatchObject({
      status: 'conflict',
      conflicts: [{ theirs: { bytes: new TextEncoder().encode('not JSON'), error: { code: 'MALFORMED' } } }],
    });
  });

  test('of a branch that moves meanwhile is done again', async () => {
    const store = await forked({ a: 1, n: 0 }, { a: 2, n: 1 }, { b: 1, n: 2 });
    const other = await openStore(store.repository);
    let round = 0;
    const rules = async () => {
      if (round++ === 0) await other.branch().set('c', 1);
      return { status: 'merged' as const, value: new TextEncoder().encode('9') };
    };
    expect(await store.branch().merge('topic', { rules })).toMatchObject({ status: 'merged' });
    expect(await contentOf(store)).toEqual({ a: 2, b: 1, c: 1, n: 9 });
    expect(round).toBe(2);
  });
});

describe('a criss-cross merge', () => {
  /** Two branches that merged each other's first commit, so that both of those are best common ancestors. */
  async function crossed(first: unknown, second: unknown, rules = sum): Promise<VersionedStore<unknown>> {
    const store = await forked({ n: 10, left: 0, right: 0 }, { n: first, left: 1 }, { n: second, right: 1 });
    const [main, topic] = [store.branch(), store.branch('topic')];
    const theirs = (await topic.head())?.oid as Oid;
    const ours = (await main.head())?.oid as Oid;
    await main.merge(theirs, { rules });
    await topic.merge(ours, { rules });
    return store;
  }

  test('has the merge of its common ancestors for a base', async () => {
    const store = await crossed(13, 14);
    const [main, topic] = [store.branch(), store.branch('topic')];
    expect([await main.get('n'), await topic.get('n')]).toEqual([17, 17]);
    await main.set('n', 20);
    await topic.set('n', 18);
    expect(await main.merge('topic', { rules: sum })).toMatchObject({ status: 'merged' });
    expect(await contentOf(store)).toEqual({ n: 21, left: 1, right: 1 });
  });

  test('whose ancestors do not agree on a key has no base for it', async () => {
    const store = await crossed(13, 14, keyMerges.ours);
    const [main, topic] = [store.branch(), store.branch('topic')];
    expect([await main.get('n'), await topic.get('n')]).toEqual([13, 14]);
    expect(await main.merge('topic')).toMatchObject({
      status: 'conflict',
      conflicts: [{ base: undefined, ours: { value: 13 }, theirs: { value: 14 } }],
    });
    const seen: unknown[] = [];
    const rules = valueMerge<unknown>(jsonCodec(), ({ base, ours, theirs }) => {
      seen.push([base, ours, theirs]);
      return base === undefined && ours === 13 ? { status: 'merged', value: 99 } : { status: 'conflict' };
    });
    expect(await main.merge('topic', { rules })).toMatchObject({ status: 'merged' });
    expect(await contentOf(store)).toEqual({ n: 99, left: 1, right: 1 });
    expect(seen.at(-1)).toEqual([undefined, 13, 14]);
    for (const oid of await allOf(store.repository.objects.oids())) {
      const { body } = (await store.repository.objects.read(oid)) as RawObject;
      expect(new TextDecoder().decode(body)).not.toContain('disagree');
    }
  });

  test('whose ancestors have a value and a dictionary of one name is a conflict that says so', async () => {
    const store = await openStore(createMemoryRepository());
    const [main, topic] = [store.branch(), store.branch('topic')];
    await main.set('a', 1);
    await store.createBranch('topic');
    const ours = (await main.set('a', 2)).oid;
    const theirs = (
      await topic.commit(async (draft) => {
        await draft.remove('a');
        await draft.set('a/b', 3);
      })
    )?.oid as Oid;
    await main.transact({ merges: [theirs] }, () => {});
    await topic.transact({ merges: [ours] }, () => {});
    expect(await main.merge('topic', { rules: keyMerges.ours })).toMatchObject({
      status: 'conflict',
      conflicts: [{ reason: expect.stringMatching(/^the common ancestors conflict: /) }],
    });
  });
});

describe('a revert', () => {
  test('undoes one commit and nothing since', async () => {
    const store = await openStore(createMemoryRepository());
    const main = store.branch();
    await main.set('a', 1);
    const wrong = await main.commit(
      async (draft) => {
        await draft.set('a', 2);
        await draft.set('b', 2);
      },
      { message: 'Go wrong\n\nBadly.' },
    );
    await main.set('c', 3);
    const outcome = await main.revert(wrong?.oid as Oid);
    expect(outcome).toMatchObject({
      status: 'reverted',
      commit: { message: `Revert "Go wrong"\n\nThis reverts commit ${wrong?.oid}.\n` },
    });
    expect(await contentOf(store)).toEqual({ a: 1, c: 3 });
    expect(await main.revert(wrong?.oid as Oid)).toMatchObject({ status: 'unchanged' });
  });

  test('of a key that was changed since is a conflict, or for the rules', async () => {
    const store = await openStore(createMemoryRepository());
    const main = store.branch();
    await main.set('n', 1);
    await main.set('n', 5);
    await main.set('n', 6);
    expect(await main.revert('main~1')).toMatchObject({
      status: 'conflict',
      conflicts: [{ base: { value: 5 }, ours: { value: 6 }, theirs: { value: 1 } }],
    });
    expect(await main.revert('main~1', { rules: sum })).toMatchObject({ status: 'reverted' });
    expect(await main.get('n')).toBe(2);
  });

  test('of the first commit leaves nothing of it, and of a merge goes by its mainline', async () => {
    const store = await forked({ a: 1 }, { b: 1 }, { c: 1 });
    const main = store.branch();
    await main.merge('topic');
    await expect(main.revert('main')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(main.revert('main', { mainline: 3 })).rejects.toThrow(RangeError);
    await main.revert('main', { mainline: 1 });
    expect(await contentOf(store)).toEqual({ a: 1, b: 1 });
    await main.revert('topic~1');
    expect(await contentOf(store)).toEqual({ b: 1 });
    await expect(store.branch('none').revert('main')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
  });
});

test.each<HashName>(['sha1', 'sha256'])(
  'git finds merges and reverts in %s as they should be',
  async (objectFormat) => {
    const { repository, directory = '' } = await makeRepository('file', objectFormat);
    const store = await openStore(repository);
    const main = store.branch();
    await main.set('a', 1);
    const topic = await store.createBranch('topic');
    await topic.set('d/e', 2);
    await main.set('b', 3);
    const outcome = await main.merge('topic');
    await main.revert('main~1');
    if (outcome.status !== 'merged') throw new Error('It was to be merged');
    expect(git(['merge-tree', '--write-tree', 'main~2', 'topic'], { cwd: directory })).toBe(outcome.commit.treeOid);
    expect(git(['log', '--format=%s', '--first-parent'], { cwd: directory }).split('\n')).toEqual([
      'Revert "Update b"',
      'Merge topic into main',
      'Update b',
      'Update a',
    ]);
    expect(git(['ls-tree', '-r', '--name-only', 'main'], { cwd: directory }).split('\n')).toEqual(
      await namesOf(main.keys()),
    );
    expect(fsck(directory)).toBe('');
  },
);
