import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { git, gitEnv, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { startGitDaemon } from '../../../../test/support/git-daemon.js';
import { jsonCodec } from '../../src/codecs/index.js';
import { keyMerges } from '../../src/merge/index.js';
import { openTransport } from '../../src/node/index.js';
import {
  type PushBranchOptions,
  type RemoteOptions,
  type VersionedOptions,
  type VersionedRemote,
  type VersionedStore,
  type VersionedWatchEvent,
  valueMerge,
} from '../../src/versioned/index.js';
import { InProcessRemote, noWait } from '../support/in-process.js';
import { allOf, fsck, makeRepository, openStore } from './support.js';

interface Client {
  readonly store: VersionedStore<unknown>;
  readonly remote: VersionedRemote<unknown>;
}

async function clientOf(
  where: string | Transport,
  name: string,
  options: Partial<VersionedOptions<unknown>> = {},
  { repository = createMemoryRepository(), ...reached }: RemoteOptions & { repository?: Repository } = {},
): Promise<Client> {
  const store = await openStore(repository, { author: { name, email: `${name}@example.com` }, ...options });
  const remote = await store.remote(where, reached);
  onTestFinished(() => remote.disconnect());
  return { store, remote };
}

/** Two stores that share what is `where`, with a first value that both have. */
async function pair(
  where: string | Transport,
  options: Partial<VersionedOptions<unknown>> = {},
  reached: RemoteOptions = {},
): Promise<[ann: Client, bob: Client]> {
  const ann = await clientOf(where, 'ann', options, reached);
  const bob = await clientOf(where, 'bob', options, reached);
  await ann.store.branch().set('a', 1);
  expect(await ann.remote.push()).toMatchObject({ status: 'pushed' });
  expect(await bob.remote.pull()).toMatchObject({ status: 'fast-forward' });
  return [ann, bob];
}

const transportOf = (remote: InProcessRemote): Transport => remote.transport;

async function contentOf({ store }: Client, branch?: string): Promise<Record<string, unknown>> {
  const entries = await allOf((await store.branch(branch).snapshot()).entries());
  return Object.fromEntries(entries.map(([key, value]) => [key.segments.join('/'), value]));
}

const headOf = async ({ store }: Client): Promise<Oid | undefined> => (await store.branch().head())?.oid;

describe.each<[string, () => Promise<{ where: string | Transport; options?: RemoteOptions; directory?: string }>]>([
  ['a repository of this process', async () => ({ where: transportOf(new InProcessRemote()) })],
  [
    'HTTP',
    async () => {
      const repository = createMemoryRepository();
      const server = createGitServer({ resolve: () => repository, authorize: allowAll });
      const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
        await server(new Request(url, init));
      return { where: 'http://localhost/store.git', options: { fetch } };
    },
  ],
  [
    'git://',
    async () => {
      const root = temporaryDirectory();
      const directory = initBare(join(root, 'r.git'));
      const { url, close } = await startGitDaemon(root, { enableReceivePack: true });
      onTestFinished(close);
      return { where: openTransport(`${url}/r.git`, { environment: gitEnv }), directory };
    },
  ],
  [
    'a path',
    async () => {
      const directory = initBare(join(temporaryDirectory(), 'r.git'));
      return { where: openTransport(directory), directory };
    },
  ],
])('T17 branches of two stores, over %s,', (_name, serve) => {
  test('are pushed, pulled and merged, until all have the same', async () => {
    const { where, options, directory } = await serve();
    const [ann, bob] = await pair(where, {}, options);
    await ann.store.branch().set('from/ann', 1);
    await bob.store.branch().set('from/bob', 2);
    expect(await ann.remote.sync()).toMatchObject({ status: 'synced', isPushed: true });
    const synced = await bob.remote.sync();
    expect(synced).toMatchObject({ status: 'synced', isPushed: true, commit: { parentOids: { length: 2 } } });
    expect(await ann.remote.sync()).toMatchObject({ status: 'synced', isPushed: false });
    expect(await headOf(ann)).toBe(await headOf(bob));
    expect(await contentOf(ann)).toEqual({ a: 1, 'from/ann': 1, 'from/bob': 2 });
    const draft = await bob.store.createBranch('drafts/1');
    await draft.set('a', 2);
    await bob.remote.sync('drafts/1');
    expect([...(await ann.remote.branches()).keys()]).toEqual(['drafts/1', 'main']);
    await ann.remote.pull('drafts/1');
    expect(await contentOf(ann, 'drafts/1')).toMatchObject({ a: 2 });
    if (directory === undefined) return;
    expect(fsck(directory)).toBe('');
    expect(git(['log', '-1', '--format=%s', 'main'], { cwd: directory })).toMatch(/^Merge main of /);
  });
});

describe('a pull', () => {
  test('of keys that both changed has the three sides, and moves nothing; settled by hand, it is pushed', async () => {
    const origin = new InProcessRemote();
    const [ann, bob] = await pair(origin.transport);
    await ann.store.branch().set('a', 'ann');
    await ann.remote.push();
    await bob.store.branch().set('a', 'bob');
    const before = await headOf(bob);
    const conflict = await bob.remote.pull();
    expect(conflict).toMatchObject({
      status: 'conflict',
      conflicts: [
        { reason: 'both sides changed it', base: { value: 1 }, ours: { value: 'bob' }, theirs: { value: 'ann' } },
      ],
    });
    expect(await headOf(bob)).toBe(before);
    expect(await bob.remote.sync()).toMatchObject({ status: 'conflict' });
    expect(await bob.remote.pull(undefined, { onUnpushed: 'rebase' })).toMatchObject({
      status: 'conflict',
      conflicts: [{ base: { value: 1 }, ours: { value: 'bob' }, theirs: { value: 'ann' } }],
    });
    await bob.store.branch().transact({ merges: ['origin/main'] }, (draft) => draft.set('a', 'both'));
    expect(await bob.remote.push()).toMatchObject({ status: 'pushed' });
    expect(await ann.remote.pull()).toMatchObject({ status: 'fast-forward' });
    expect(await contentOf(ann)).toEqual({ a: 'both' });
  });

  test('goes by the rules of the store, or of the call', async () => {
    const sum = valueMerge<unknown>(
      jsonCodec(),
      ({ base, ours, theirs }) => ({ status: 'merged', value: Number(ours) + Number(theirs) - Number(base) }),
      { mergesEqual: true },
    );
    const [ann, bob] = await pair(new InProcessRemote().transport, { merge: [{ prefix: 'a', merge: sum }] });
    await ann.store.branch().set('a', 3);
    await bob.store.branch().set('a', 3);
    await ann.remote.sync();
    await bob.remote.sync();
    expect(await contentOf(bob)).toEqual({ a: 5 });
    await ann.store.branch().set('a', 'text');
    await bob.remote.push();
    await ann.remote.pull(undefined, { rules: keyMerges.ours });
    expect(await contentOf(ann)).toEqual({ a: 'text' });
  });

  test('by policy makes one line of both, gives ours up, or does nothing', async () => {
    const origin = new InProcessRemote();
    const [ann, bob] = await pair(origin.transport);
    await ann.store.branch().set('ann', 1);
    const [theirs] = [await headOf(ann), await ann.remote.push()];
    await bob.store.branch().set('bob', 1);
    await bob.store.branch().set('bob', 2);
    expect(await bob.remote.pull(undefined, { onUnpushed: 'reject' })).toEqual({ status: 'diverged' });
    expect(await bob.remote.pull(undefined, { onUnpushed: 'rebase' })).toMatchObject({ status: 'rebased' });
    const log = await allOf(bob.store.history());
    expect(log.map(({ commit }) => [commit.message, commit.author.name])).toEqual([
      ['Update bob', 'bob'],
      ['Update bob', 'bob'],
      ['Update ann', 'ann'],
      ['Update a', 'ann'],
    ]);
    expect(log[2]?.commit.oid).toBe(theirs);
    expect(await contentOf(bob)).toEqual({ a: 1, ann: 1, bob: 2 });
    await bob.store.branch().reset('origin/main~1');
    await bob.store.branch().set('bob', 3);
    expect(await bob.remote.pull(undefined, { onUnpushed: 'theirs' })).toMatchObject({
      status: 'reset',
      commit: { oid: theirs },
    });
    expect(await contentOf(bob)).toEqual({ a: 1, ann: 1 });
  });

  test('of a remote without branches, without this one, and of one that went another way', async () => {
    const origin = new InProcessRemote();
    const ann = await clientOf(origin.transport, 'ann');
    expect(await ann.remote.pull()).toEqual({ status: 'empty' });
    expect(await ann.remote.sync()).toEqual({ status: 'synced', commit: undefined, isPushed: false });
    await expect(ann.remote.push()).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    await ann.store.branch().set('a', 1);
    await ann.remote.sync();
    await expect(ann.remote.pull('other')).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
    const bob = await clientOf(origin.transport, 'bob');
    await bob.store.branch().set('b', 1);
    expect(await bob.remote.pull()).toEqual({ status: 'unrelated' });
    expect(await bob.remote.sync()).toEqual({ status: 'unrelated' });
    expect(await bob.remote.sync(undefined, { allowUnrelated: true })).toMatchObject({ status: 'synced' });
    expect(await contentOf(bob)).toEqual({ a: 1, b: 1 });
    await expect(ann.store.remote('https://host.example/a.git#main')).rejects.toMatchObject({ code: 'INVALID_URL' });
    await expect(ann.store.remote('ssh://host.example/a.git')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(ann.store.remote(origin.transport, { name: 'a..b' })).rejects.toMatchObject({
      code: 'INVALID_REF_NAME',
    });
  });
});

describe('a push', () => {
  test('goes only where the branch is as it was seen, or as it is expected, and loses no commits unless it is forced', async () => {
    const origin = new InProcessRemote();
    const [ann, bob] = await pair(origin.transport);
    const first = await headOf(ann);
    await ann.store.branch().set('a', 2);
    await ann.remote.push();
    await bob.store.branch().set('b', 2);
    expect(await bob.remote.push()).toEqual({ status: 'stale' });
    expect(await bob.remote.push(undefined, { expected: null })).toEqual({ status: 'stale' });
    await bob.remote.fetch();
    expect(await bob.remote.push()).toEqual({ status: 'diverged' });
    expect(await bob.remote.push(undefined, { expected: first as Oid })).toEqual({ status: 'stale' });
    expect(await bob.remote.push(undefined, { isForced: true })).toMatchObject({ status: 'pushed' });
    expect(await bob.remote.push()).toMatchObject({ status: 'up-to-date' });
    expect(await ann.remote.push()).toEqual({ status: 'stale' });
    expect((await ann.remote.branches()).get('main')).toBe(await headOf(bob));
  });

  test('that the server refuses is PUSH_REJECTED, from a sync too, which asks once', async () => {
    const origin = new InProcessRemote();
    const [ann] = await pair(origin.transport);
    origin.hooks.preReceive = () => ({ reject: 'not today' });
    await ann.store.branch().set('a', 2);
    const before = origin.pushes;
    await expect(ann.remote.push()).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    await expect(ann.remote.sync(undefined, { backOff: noWait })).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(origin.pushes).toBe(before + 2);
  });

  test('of a branch that somebody deleted there is stale, until that is seen', async () => {
    const origin = new InProcessRemote();
    const [ann] = await pair(origin.transport);
    await ann.store.createBranch('other');
    await ann.remote.push('other');
    await origin.repository.refs.update([{ name: 'refs/heads/main', next: null }]);
    expect(await ann.remote.push()).toEqual({ status: 'stale' });
    await expect(ann.remote.fetch()).rejects.toMatchObject({ code: 'REMOTE_REF_NOT_FOUND' });
    expect(await ann.remote.push()).toMatchObject({ status: 'pushed' });
  });

  test('and a sync are done, and told to watches, where it cannot be noted here', async () => {
    const origin = new InProcessRemote();
    const [ann] = await pair(origin.transport);
    const { refs } = ann.store.repository;
    await refs.update([{ name: 'refs/remotes/origin/topic', next: { oid: (await headOf(ann)) as Oid } }]); // in the way
    const topic = await ann.store.createBranch('topic/1');
    const first = await topic.set('a', 2);
    expect(await ann.remote.sync('topic/1')).toMatchObject({ status: 'synced', isPushed: true });
    const ended = new AbortController();
    onTestFinished(() => ended.abort());
    const events = ann.remote.watch('topic/1', '', { pollMs: 1e6, signal: ended.signal, from: first.oid });
    const next = events.next();
    const { oid } = await topic.set('a', 3);
    expect(await ann.remote.push('topic/1', { expected: first.oid })).toMatchObject({ status: 'pushed' });
    expect((await ann.remote.branches()).get('topic/1')).toBe(oid);
    expect((await next).value).toMatchObject({ commit: oid });
  });

  test('tells no progress, which is of what is fetched', async () => {
    expectTypeOf<PushBranchOptions>().not.toHaveProperty('onProgress');
    const [ann, bob] = await pair(new InProcessRemote().transport);
    await ann.store.branch().set('a', 2);
    await ann.remote.sync();
    const phases: string[] = [];
    await bob.remote.sync(undefined, { onProgress: ({ phase }) => phases.push(phase) });
    expect(phases).not.toEqual([]);
  });

  test.each(['arrived', 'did not arrive'])(
    'K25 whose answer was lost and that %s is settled by a sync',
    async (what) => {
      const origin = new InProcessRemote();
      const [ann, bob] = await pair(origin.transport, { merge: keyMerges.theirs });
      await ann.store.branch().set('n', 1);
      const isTaken = what === 'arrived';
      if (isTaken) {
        origin.hooks.referenceTransaction = (phase) => {
          if (phase === 'committed') origin.isCut = true;
        };
      } else {
        origin.hooks.preReceive = () => {
          origin.isCut = true;
          return { reject: 'never told' };
        };
      }
      await expect(ann.remote.sync()).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
      delete origin.hooks.preReceive;
      delete origin.hooks.referenceTransaction;
      origin.isCut = false;
      expect(await ann.remote.sync()).toMatchObject({ status: 'synced', isPushed: !isTaken });
      await bob.remote.sync();
      expect(await contentOf(bob)).toEqual({ a: 1, n: 1 });
      expect(await allOf(bob.store.history('n'))).toHaveLength(1);
    },
  );
});

describe('a sync', () => {
  test('is done again where others were faster, as often as it is allowed to', async () => {
    const origin = new InProcessRemote();
    const [ann, bob] = await pair(origin.transport);
    let left = 3;
    origin.onConnect = async (service) => {
      if (service !== 'git-receive-pack' || left === 0) return;
      left -= 1;
      const before = left;
      left = 0; // the other's own push
      await bob.remote.sync();
      await bob.store.branch().set(`bob/${before}`, before);
      await bob.remote.sync();
      left = before;
    };
    await ann.store.branch().set('ann', 1);
    const once = ann.remote.sync(undefined, { retries: 0, backOff: noWait });
    await expect(once).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    const waits: number[] = [];
    const backOff = async (attempt: number): Promise<void> => void waits.push(attempt);
    expect(await ann.remote.sync(undefined, { backOff })).toMatchObject({ status: 'synced', isPushed: true });
    expect(waits).toEqual([1, 2]);
    expect(await contentOf(ann)).toEqual({ a: 1, ann: 1, 'bob/2': 2, 'bob/1': 1, 'bob/0': 0 });
  });

  test('asks a server that speaks of a race a few times only, where nothing moves', async () => {
    const origin = new InProcessRemote();
    const [ann] = await pair(origin.transport);
    origin.hooks.preReceive = () => ({ reject: 'failed to update ref' });
    await ann.store.branch().set('a', 2);
    const before = origin.pushes;
    const refused = ann.remote.sync(undefined, { backOff: noWait });
    await expect(refused).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(origin.pushes - before).toBe(5);
  });

  test('of six writers that write and sync at once loses nothing, in sha256', async () => {
    const { repository } = await makeRepository('memory', 'sha256');
    const origin = new InProcessRemote(repository);
    const counter = [{ prefix: 'n', merge: keyMerges.counter() }];
    const writers = await Promise.all(
      Array.from({ length: 6 }, async (_, at) => {
        const { repository: own } = await makeRepository('memory', 'sha256');
        return await clientOf(origin.transport, `writer${at}`, { merge: counter }, { repository: own });
      }),
    );
    await Promise.all(
      writers.map(async ({ store, remote }, at) => {
        for (let step = 0; step < 3; step++) {
          await store.branch().commit(async (draft) => {
            await draft.set(`by/${at}/${step}`, step);
            await draft.set('n', Number((await draft.get('n')) ?? 0) + 1);
          });
          const outcome = await remote.sync(undefined, { retries: 100, allowUnrelated: true });
          expect(outcome.status).toBe('synced');
        }
      }),
    );
    const [one] = writers as [Client];
    await one.remote.sync();
    const content = await contentOf(one);
    expect(Object.keys(content)).toHaveLength(6 * 3 + 1);
    expect(content.n).toBe(6 * 3);
  });
});

test('T17 writers who commit, pull by either policy, push and sync in any order come to the same', async () => {
  const step = fc.record({
    who: fc.nat(2),
    how: fc.constantFrom('set', 'set', 'count', 'merge', 'rebase', 'push', 'sync'),
    key: fc.constantFrom('x', 'y', 'd/z'),
  });
  const merge = [{ prefix: 'n', merge: keyMerges.counter() }];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const origin = new InProcessRemote();
      const writers = await Promise.all([0, 1, 2].map((at) => clientOf(origin.transport, `writer${at}`, { merge })));
      const expected: Record<string, unknown> = { n: 0 };
      await writers[0]?.store.branch().set('n', 0);
      for (const { remote } of [...writers, ...writers]) await remote.sync();
      for (const [at, { who, how, key }] of steps.entries()) {
        const { store, remote } = writers[who] as Client;
        const main = store.branch();
        if (how === 'set') {
          expected[`by/${who}/${key}`] = at;
          await main.set(`by/${who}/${key}`, at);
        } else if (how === 'count') {
          expected.n = Number(expected.n) + 1;
          await main.set('n', Number(await main.get('n')) + 1);
        } else if (how === 'push') {
          expect(['pushed', 'up-to-date', 'stale', 'diverged']).toContain((await remote.push()).status);
        } else if (how === 'sync') expect(await remote.sync()).toMatchObject({ status: 'synced' });
        else expect((await remote.pull(undefined, { onUnpushed: how })).status).not.toBe('conflict');
      }
      for (const { remote } of [...writers, ...writers]) await remote.sync();
      for (const writer of writers) {
        expect(await contentOf(writer)).toEqual(expected);
        expect(await headOf(writer)).toBe((await writer.remote.branches()).get('main'));
      }
    }),
    { numRuns: 10 },
  );
});

describe('a rebase of a branch', () => {
  test('makes its commits again on top of another, or says why not', async () => {
    const store = await openStore(createMemoryRepository());
    const main = store.branch();
    await main.set('a', 1);
    const topic = await store.createBranch('topic');
    expect(await topic.rebase('main')).toMatchObject({ status: 'up-to-date' });
    await topic.set('b', 1);
    expect(await topic.rebase('main')).toMatchObject({ status: 'up-to-date' });
    expect(await main.rebase('topic')).toMatchObject({ status: 'fast-forward' });
    await main.set('a', 2);
    await topic.set('c', 1);
    expect(await topic.rebase('main')).toMatchObject({ status: 'rebased', commit: { message: 'Update c' } });
    const log = await allOf(topic.history());
    expect(log.map(({ commit }) => commit.message)).toEqual(['Update c', 'Update a', 'Update b', 'Update a']);
    await main.set('a', 3);
    await topic.set('a', 4);
    const before = await topic.head();
    expect(await topic.rebase('main')).toMatchObject({ status: 'conflict', conflicts: [{ theirs: { value: 3 } }] });
    expect(await topic.head()).toEqual(before);
    expect(await topic.rebase('main', { rules: keyMerges.ours })).toMatchObject({ status: 'rebased' });
    await store.branch('other').set('x', 1);
    expect(await topic.rebase('other')).toEqual({ status: 'unrelated' });
    expect(await store.branch('new').rebase('topic')).toMatchObject({ status: 'fast-forward' });
  });
});

describe('a watch', () => {
  const told = (event: VersionedWatchEvent<unknown> | undefined): string[] | undefined =>
    event?.changes?.map(({ kind, key }) => `${kind} ${key}`);
  const nextOf = async (
    events: AsyncGenerator<VersionedWatchEvent<unknown>, void>,
  ): Promise<VersionedWatchEvent<unknown> | undefined> => (await events.next()).value ?? undefined;

  test('of a branch tells what this store and others write, at once, with values decoded', async () => {
    const repository = createMemoryRepository();
    const [store, other] = [await openStore(repository), await openStore(repository)];
    const first = await store.branch().set('app/a', { x: 1 });
    const ended = new AbortController();
    onTestFinished(() => ended.abort());
    const events = store.branch().watch('app', { pollMs: 1e6, signal: ended.signal });
    const next = nextOf(events);
    const commit = await store.branch().commit(async (draft) => {
      await draft.set('app/a', { x: 2 });
      await draft.set('app/b', [1]);
      await draft.set('else', 0);
    });
    const event = await next;
    expect(event).toMatchObject({ kind: 'commit', from: first.oid, commit: commit?.oid });
    expect(told(event)).toEqual(['change /app/a', 'add /app/b']);
    expect(await Promise.all(event?.changes?.map((change) => change.value()) ?? [])).toEqual([{ x: 2 }, [1]]);
    const second = nextOf(events);
    await other.branch().set('else', 1);
    await other.branch().remove('app/a');
    expect(told(await second)).toEqual(['remove /app/a']);
    expect(await (await second)?.changes?.[0]?.value()).toBeUndefined();
    const third = nextOf(events);
    await store.branch().reset(first.oid);
    expect(await third).toMatchObject({ kind: 'reset', reason: 'rewritten', commit: first.oid });
    ended.abort();
    expect(await nextOf(events)).toBeUndefined();
  });

  test('of a remote goes on from a commit, and tells what others push, and own pushes at once', async () => {
    const origin = new InProcessRemote();
    const [ann, bob] = await pair(origin.transport);
    const start = (await headOf(ann)) as Oid;
    const made: unknown[] = [];
    for (const value of [2, 3]) made.push((await ann.store.branch().set('a', value)).oid);
    await ann.remote.push();
    const quick = { pollMs: 5, maxPollMs: 5 };
    const events = bob.remote.watch('main', '', quick);
    const both = [await nextOf(events), await nextOf(events)];
    expect(both.map((event) => event?.commit)).toEqual(made);
    expect(both[0]?.from).toBe(start);
    expect(await both[1]?.changes?.[0]?.value()).toBe(3);
    expect(await headOf(bob)).toBe(start); // a watch moves nothing
    const again = bob.remote.watch('main', '', { ...quick, from: made[0] as Oid });
    expect((await nextOf(again))?.commit).toBe(made[1]);
    await again.return();
    const slow = ann.remote.watch('main', 'b', { pollMs: 1e6 });
    const own = nextOf(slow);
    await ann.store.branch().set('b', 1);
    await ann.remote.push();
    expect(told(await own)).toEqual(['add /b']);
    const last = nextOf(slow);
    await ann.remote.disconnect();
    expect(await last).toBeUndefined();
    await events.return();
  });
});
