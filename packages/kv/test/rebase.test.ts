import { sha256 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GitKv, Key, type KvConflictError, type KvOptions, type UnpushedPolicy } from '../src/index.js';
import { keyMerges } from '../src/merge/index.js';
import { InProcessRemote, noWait, valuesOf } from './support/in-process.js';
import { bytesOf, text } from './support/remote.js';

/** Two stores on one branch: over the protocol, and on a repository at hand. */
const ways: [name: string, open: (options?: KvOptions) => Promise<[GitKv, GitKv, InProcessRemote]>][] = [
  [
    'a remote',
    async (options) => {
      const remote = new InProcessRemote();
      return [await remote.connect(options), await remote.connect(options), remote];
    },
  ],
  [
    'a remote in sha256',
    async (options) => {
      const remote = new InProcessRemote(createMemoryRepository({ algorithm: sha256 }));
      return [await remote.connect(options), await remote.connect(options), remote];
    },
  ],
  [
    'a remote that is not cloned',
    async (options) => {
      const remote = new InProcessRemote();
      const partial = { ...options, partial: true };
      return [await remote.connect(partial), await remote.connect(partial), remote];
    },
  ],
  [
    'a repository at hand',
    async (options) => {
      const remote = new InProcessRemote(createMemoryRepository());
      const open = () => GitKv.open(remote.repository, { backOff: noWait, ...options });
      return [await open(), await open(), remote];
    },
  ],
];

describe.each(ways)('A write that others were faster than, on %s', (_name, open) => {
  test('is made again on top of what they wrote', async () => {
    const [one, other, remote] = await open();
    await one.set('a', '1');
    await other.set('b', '2');
    await one.set('dir/c', '3');
    await other.remove('a');
    await one.changeAndPush(async (batch) => {
      expect(await batch.getText('a')).toBe('1'); // as it was when the batch began
      await batch.set('dir/d', '4');
    });
    expect(await remote.values()).toEqual({ b: '2', 'dir/c': '3', 'dir/d': '4' });
    expect(await valuesOf(one)).toEqual(await remote.values());
    expect(await remote.log()).toHaveLength(5);
    expect(await one.pull()).toEqual([]);
  });

  test('of a key they changed too is a conflict with three sides, and the store is as it was', async () => {
    const [one, other, remote] = await open();
    await one.set('a', '1');
    await other.pull();
    await one.set('a', 'one');
    const before = other.commit;
    const error = (await other.set('a', 'other').catch((caught: unknown) => caught)) as KvConflictError;
    expect(error).toMatchObject({ code: 'MERGE_CONFLICT', hasMore: false });
    expect(error.message).toBe('Cannot write /a: both sides changed it');
    const [{ key, base, ours, theirs }] = error.conflicts as [KvConflictError['conflicts'][number]];
    expect([String(key), text(base), text(ours), text(theirs)]).toEqual(['/a', '1', 'other', 'one']);
    expect(other.commit).toEqual(before);
    expect(await other.getText('a')).toBe('1');
    expect(await remote.values()).toEqual({ a: 'one' });
    await other.pull();
    await other.set('a', 'other');
    expect(await remote.values()).toEqual({ a: 'other' });
  });

  test('goes by the rules for its keys', async () => {
    const merge = [
      { prefix: 'counters', merge: keyMerges.counter() },
      { prefix: '*', merge: keyMerges.ours },
    ];
    const [one, other, remote] = await open({ merge });
    await one.set('counters/x', '10');
    await other.pull();
    await one.changeAndPush(async (batch) => {
      await batch.set('counters/x', '13');
      await batch.set('last', 'one');
    });
    await other.changeAndPush(async (batch) => {
      await batch.set('counters/x', '11');
      await batch.set('last', 'other');
    });
    expect(await remote.values()).toEqual({ 'counters/x': '14', last: 'other' });
  });

  test('is PUSH_REJECTED where that is wanted, or there may be no second try', async () => {
    const [one, other, remote] = await open();
    await one.set('a', '1');
    for (const options of [{ onConflict: 'fail' as const }, { retries: 0 }]) {
      await expect(other.set('b', '2', options)).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
      expect(other.commit).toBeUndefined();
    }
    expect(await remote.values()).toEqual({ a: '1' });
    const [two, last] = await open({ onConflict: 'fail' });
    await two.set('a', '1');
    await expect(last.changeAndPush((batch) => batch.set('b', '2'))).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    await last.set('b', '2', { onConflict: 'rebase' });
  });

  test('makes no commit of what they made the same', async () => {
    const [one, other, remote] = await open();
    await one.set('a', '1');
    await other.set('a', '1');
    expect(await remote.log()).toHaveLength(1);
    expect(other.commit).toEqual(one.commit);
  });

  test('M29 K35 finds a key that they made in the meantime, be it of the same content', async () => {
    const [one, other, remote] = await open();
    await one.allocate('lock', 1);
    await expect(other.allocate('lock', 1)).rejects.toMatchObject({ code: 'ALREADY_PRESENT', key: Key.of('lock') });
    await other.allocate('other/lock', 1);
    expect(await remote.values()).toEqual({ lock: '\0', 'other/lock': '\0' });
    expect(await remote.log()).toHaveLength(2);
  });

  test('M33 K39 moves what they left, and nothing that they moved or removed', async () => {
    const [one, other, remote] = await open();
    await one.changeAndPush(async (batch) => {
      for (const key of ['x', 'y', 'd/1', 'into/old']) await batch.set(key, key);
    });
    await other.pull();
    await one.rename('x', 'mine');
    await expect(other.rename('x', 'theirs')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND', key: Key.of('x') });
    await one.set('y', 'changed');
    await other.rename('y', 'z');
    await one.pull();
    await one.changeAndPush(async (batch) => {
      await batch.set('d/2', 'added');
      await batch.set('into/new', 'beside');
    });
    await other.rename('d', 'into');
    expect(await remote.values()).toEqual({
      mine: 'x',
      z: 'changed',
      'into/d/1': 'd/1',
      'into/d/2': 'added',
      'into/new': 'beside',
      'into/old': 'into/old',
    });
  });

  test('M33 puts nothing moved in the place of what they put there', async () => {
    const [one, other, remote] = await open();
    await one.set('x', 'x');
    await other.pull();
    await one.set('to', 'theirs');
    await expect(other.rename('x', 'to')).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    await one.remove('to');
    await other.pull();
    await one.set('to/below', 'theirs');
    await expect(other.rename('x', 'to')).rejects.toMatchObject({ code: 'MERGE_CONFLICT' });
    expect(await remote.values()).toEqual({ 'to/below': 'theirs', x: 'x' });
  });

  test('tells what they changed, which no pull does again', async () => {
    const told: string[] = [];
    const [one, other] = await open({
      onRebase: (changes) => void told.push(...changes.map(({ kind, key }) => `${kind} ${key}`)),
    });
    await one.set('a', '1');
    await one.set('b', '1');
    await other.set('c', '2');
    expect(told).toEqual(['add /a', 'add /b']);
    expect(await other.pull()).toEqual([]);
    expect((await one.pull()).map(({ key }) => String(key))).toEqual(['/c']);
  });

  test('keeps author, message and signature to its own commit', async () => {
    const [one, other, remote] = await open();
    await one.changeAndPush((batch) => batch.set('a', '1'), { message: 'One', author: 'Ann' });
    await other.changeAndPush((batch) => batch.set('b', '1'), { message: 'Other', author: 'Bob' });
    expect(await remote.log()).toEqual(['Other', 'One']);
  });
});

test('A write on top of what others did is made also where the list of their changes cannot be', async () => {
  const remote = new InProcessRemote();
  const one = await remote.connect();
  await one.set('x/y/z', '1');
  let hasPushed = false;
  const { url, connect } = remote.transport;
  const transport: typeof remote.transport = {
    url,
    connect: async (call) => {
      const connection = await connect(call);
      const close = async (): Promise<void> => {
        await connection.close();
        remote.isCut = hasPushed;
      };
      return call.service === 'git-receive-pack' ? { ...connection, close } : connection;
    },
  };
  const told: unknown[] = [];
  const store = await remote.connect({ transport, partial: true, onRebase: (changes) => void told.push(changes) });
  await one.set('x/y/z', '2');
  remote.hooks.postReceive = () => {
    hasPushed = true;
  };
  await store.set('c', '3');
  await new Promise((resolve) => setImmediate(resolve));
  expect(remote.isCut).toBe(true);
  expect(told).toEqual([]);
  hasPushed = remote.isCut = false;
  expect(await remote.values()).toEqual({ c: '3', 'x/y/z': '2' });
});

describe('A write that is made again leaves the store as it was where', () => {
  /** A store that is one write behind, and the commit it is at. */
  async function behind(options: KvOptions = {}): Promise<{ remote: InProcessRemote; one: GitKv; store: GitKv }> {
    const remote = new InProcessRemote();
    const one = await remote.connect();
    await one.set('a', '1');
    const store = await remote.connect(options);
    await one.set('b', '2');
    return { remote, one, store };
  }

  const unchanged = async (store: GitKv): Promise<void> => {
    expect(await valuesOf(store)).toEqual({ a: '1' });
    expect(store.pendingCommit).toBeUndefined();
    expect((await store.pull()).map(({ key }) => String(key))).toEqual(['/b']);
    await store.set('c', '3');
    expect(await valuesOf(store)).toEqual({ a: '1', b: '2', c: '3' });
  };

  test('it is aborted while it waits', async () => {
    const controller = new AbortController();
    const backOff = async (_attempt: number, signal?: AbortSignal): Promise<void> => {
      controller.abort(new Error('enough'));
      signal?.throwIfAborted();
    };
    const { store } = await behind({ backOff });
    await expect(store.set('c', '3', { signal: controller.signal })).rejects.toThrow('enough');
    await unchanged(store);
  });

  test('the remote cannot be asked what it has now', async () => {
    const { remote, store } = await behind();
    remote.onConnect = (service) => {
      if (service === 'git-upload-pack') throw new Error('the network is gone');
    };
    await expect(store.set('c', '3')).rejects.toThrow('the network is gone');
    remote.onConnect = undefined;
    await unchanged(store);
  });

  test('a rule fails', async () => {
    const boom = () => {
      throw new Error('boom');
    };
    const { store } = await behind({ merge: boom });
    await expect(store.set('b', '3')).rejects.toThrow('boom');
    await unchanged(store);
  });

  test('the server refuses it by its rules', async () => {
    const { remote, store } = await behind();
    remote.hooks.preReceive = () => ({ reject: 'not on a Sunday' });
    await expect(store.set('c', '3')).rejects.toMatchObject({
      code: 'PUSH_REJECTED',
      message: expect.stringContaining('not on a Sunday'),
    });
    delete remote.hooks.preReceive;
    await unchanged(store);
  });

  test('the branch is gone', async () => {
    const { remote, store } = await behind();
    const value = await remote.repository.refs.read('refs/heads/main');
    await remote.repository.refs.update([{ name: 'refs/heads/main', next: null }]);
    await expect(store.set('c', '3')).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    await remote.repository.refs.update([{ name: 'refs/heads/main', next: value as never }]);
    await unchanged(store);
  });
});

test('A write gives up after as many tries as it may', async () => {
  const remote = new InProcessRemote();
  const one = await GitKv.open(remote.repository);
  const tried: number[] = [];
  const other = await remote.connect({ retries: 3, backOff: async (attempt) => void tried.push(attempt) });
  let count = 0;
  remote.onConnect = async (service) => {
    if (service === 'git-receive-pack') await one.set('theirs', `${count++}`); // somebody is faster every time
  };
  await expect(other.set('mine', '1')).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
  expect(tried).toEqual([1, 2, 3]);
  expect(other.commit).toBeUndefined();
  expect(await remote.values()).toEqual({ theirs: '3' });
  await expect(other.set('mine', '1', { retries: 5 })).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
  expect(tried.slice(3)).toEqual([1, 2, 3, 4, 5]);
});

describe('A push that the server judges after it was sent', () => {
  test('is made again where another came in between', async () => {
    const remote = new InProcessRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    await one.set('a', '1');
    await other.pull();
    let isFirst = true;
    remote.hooks.preReceive = async () => {
      if (isFirst) {
        isFirst = false;
        await one.set('b', '2');
      }
      return undefined;
    };
    await other.set('c', '3');
    expect(await remote.values()).toEqual({ a: '1', b: '2', c: '3' });
  });

  test('waits before each further try, in whatever words the server says that another came in between', async () => {
    const remote = new InProcessRemote();
    const one = await GitKv.open(remote.repository);
    const tried: number[] = [];
    const other = await remote.connect({ backOff: async (attempt) => void tried.push(attempt) });
    remote.hooks.update = async () => {
      if (tried.length >= 3) return undefined;
      await one.set('theirs', `${tried.length}`);
      return 'non-fast-forward';
    };
    await other.set('mine', '1');
    expect(tried).toEqual([1, 2, 3]);
    expect(await remote.values()).toEqual({ mine: '1', theirs: '2' });
  });

  test('is sent again a few times where the server could not lock the branch', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    let left = 3;
    remote.hooks.update = () => (left-- > 0 ? 'failed to update ref' : undefined);
    await store.set('a', '1');
    expect(await remote.values()).toEqual({ a: '1' });
    left = 100;
    await expect(store.set('b', '2')).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(left).toBe(95);
  });
});

describe('K25 a push with no known outcome, of a write that was made again', () => {
  /** `store` wrote on top of what `one` wrote, and does not know what became of it. */
  async function inDoubt(arrives: boolean): Promise<{ remote: InProcessRemote; one: GitKv; store: GitKv }> {
    const remote = new InProcessRemote();
    const one = await remote.connect();
    await one.set('a', '1');
    const store = await remote.connect();
    await one.set('b', '2');
    const cut = (): void => {
      remote.isCut = true;
    };
    if (arrives) remote.hooks.referenceTransaction = (phase) => (phase === 'committed' ? void cut() : undefined);
    else
      remote.hooks.preReceive = () => {
        cut();
        return { reject: 'never told' };
      };
    await expect(store.set('c', '3')).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
    delete remote.hooks.referenceTransaction;
    delete remote.hooks.preReceive;
    remote.isCut = false;
    expect(await valuesOf(store)).toEqual({ a: '1' });
    expect(store.pendingCommit).toMatch(/^[0-9a-f]{40}$/);
    await expect(store.set('d', '4')).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    return { remote, one, store };
  }

  const settled = async (store: GitKv, onUnpushed: UnpushedPolicy = 'reject'): Promise<unknown[]> => {
    const told: unknown[] = [];
    const changes = await store.pull({ onUnpushed, onSettled: ({ status }) => void told.push(status) });
    return [...told, ...changes.map(({ kind, key }) => `${kind} ${key}`)];
  };

  test('the remote has it', async () => {
    const { remote, store } = await inDoubt(true);
    expect(await settled(store)).toEqual(['pushed', 'add /b', 'add /c']);
    await store.set('d', '4');
    expect(await remote.values()).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  });

  test('it never arrived: the store goes to where the others are', async () => {
    const { remote, store } = await inDoubt(false);
    expect(await settled(store)).toEqual(['rolled-back', 'add /b']);
    await store.set('d', '4');
    expect(await remote.values()).toEqual({ a: '1', b: '2', d: '4' });
  });

  test('others built on it', async () => {
    const { remote, one, store } = await inDoubt(true);
    await one.set('e', '5');
    expect(await settled(store)).toEqual(['pushed', 'add /b', 'add /c', 'add /e']);
    expect(await valuesOf(store)).toEqual(await remote.values());
  });

  test('K18 others went on without it, and the policy makes it again', async () => {
    const { remote, one, store } = await inDoubt(false);
    await one.set('e', '5');
    await expect(store.pull()).rejects.toMatchObject({ code: 'UNPUSHED_COMMIT' });
    expect(await settled(store, 'rebase')).toEqual(['rebased', 'add /b', 'add /c', 'add /e']);
    expect(store.pendingCommit).toBeUndefined();
    await store.push();
    expect(await remote.values()).toEqual({ a: '1', b: '2', c: '3', e: '5' });
    expect(await remote.log()).toHaveLength(4);
  });

  const counted: [string, KvOptions][] = [
    ['without a rule', {}],
    ['where each side is counted', { merge: keyMerges.counter() }],
    ['where ours counts', { merge: keyMerges.ours }],
  ];
  describe.each<UnpushedPolicy>(['rebase', 'merge'])('is made again by %s without what it stood on', (onUnpushed) => {
    test.each(counted)('%s', async (_name, options) => {
      for (const partial of [false, true]) {
        const remote = new InProcessRemote();
        const one = await remote.connect();
        await one.set('k', '10');
        const store = await remote.connect({ partial, ...options });
        await one.set('k', '11');
        remote.hooks.preReceive = () => {
          remote.isCut = true;
          return { reject: 'never told' };
        };
        await expect(store.set('j', '1')).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
        delete remote.hooks.preReceive;
        remote.isCut = false;
        await one.set('k', '12');
        await store.pull({ onUnpushed });
        expect(await valuesOf(store)).toEqual({ j: '1', k: '12' });
        await store.push();
        expect(await remote.values()).toEqual({ j: '1', k: '12' });
      }
    });
  });

  test('is saved with the store', async () => {
    const { remote, store } = await inDoubt(true);
    const saved = await bytesOf(store.toOctets());
    const again = await GitKv.ofOctets(saved, { remote: 'test://in-process/store.git', transport: remote.transport });
    expect(await valuesOf(again)).toEqual({ a: '1' });
    expect(await settled(again)).toEqual(['pushed', 'add /b', 'add /c']);
  });
});

describe('A store that writes on top of others', () => {
  test('K13 keeps the newest commit alone', async () => {
    const remote = new InProcessRemote();
    const [one, other] = [await remote.connect(), await remote.connect()];
    for (let n = 0; n < 20; n++) {
      await one.set('one', `${n}`);
      await other.set('other', `${n}`);
    }
    expect((await bytesOf(other.toOctets({ format: 'pack' })))[11]).toBe(1 + 1 + 1); // both hold the same value
  });
});

describe('Two stores that write by turns are what Maps of their changes are', () => {
  const key = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/c');
  const step = fc.record({ isFirst: fc.boolean(), key, value: fc.constantFrom('1', '2', null), pulls: fc.boolean() });

  test('for disjoint keys and overlapping ones', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { repository } = new InProcessRemote();
        const stores = [
          await GitKv.open(repository, { backOff: noWait }),
          await GitKv.open(repository, { backOff: noWait }),
        ];
        const remote = new Map<string, string>();
        const seen = [new Map<string, string>(), new Map<string, string>()];
        for (const { isFirst, key: at, value, pulls } of steps) {
          const which = isFirst ? 0 : 1;
          const store = stores[which] as GitKv;
          const mine = seen[which] as Map<string, string>;
          const before = store.commit;
          const isNoChange = mine.get(at) === (value ?? undefined);
          // They changed it since this store looked, and not to the same.
          const isConflict = !isNoChange && remote.get(at) !== mine.get(at) && remote.get(at) !== (value ?? undefined);
          const outcome = await (value === null ? store.remove(at) : store.set(at, value)).catch(
            (error: unknown) => error,
          );
          if (isConflict) {
            expect(outcome).toMatchObject({ code: 'MERGE_CONFLICT' });
            expect(store.commit).toEqual(before);
          } else {
            expect(outcome).toBeUndefined();
            if (!isNoChange) {
              if (value === null) remote.delete(at);
              else remote.set(at, value);
              seen[which] = new Map(remote);
            }
          }
          if (pulls) {
            await store.pull();
            seen[which] = new Map(remote);
          }
          expect(await valuesOf(store)).toEqual(Object.fromEntries(seen[which] as Map<string, string>));
        }
        for (const store of stores) {
          await store.pull();
          expect(await valuesOf(store)).toEqual(Object.fromEntries(remote));
        }
      }),
      { numRuns: 60 },
    );
  });
});
