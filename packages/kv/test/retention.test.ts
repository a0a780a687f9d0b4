import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Oid, RawObject } from '@git-kv/objects';
import { type ObjectStore, openRemoteRepository, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test, vi } from 'vitest';
import { KvBatch } from '../src/batch.js';
import { StoreCore } from '../src/core.js';
import { setIn } from '../src/draft-writes.js';
import { type ChangeOptions, GitKv, type KvLimits } from '../src/index.js';
import { PartialUpstream } from '../src/partial/partial-upstream.js';
import { Retention } from '../src/retention.js';
import { Transaction } from '../src/transaction.js';
import { RemoteUpstream } from '../src/upstream.js';
import { InProcessRemote, noWait } from './support/in-process.js';

const blob = (size: number, fill = 0): RawObject => ({ kind: 'blob', body: new Uint8Array(size).fill(fill) });

async function objectCount({ objects }: { readonly objects: Pick<ObjectStore, 'oids'> }): Promise<number> {
  let count = 0;
  for await (const _oid of objects.oids()) count++;
  return count;
}

/** A repository with two commits, the first of which nothing needs. */
async function sample(): Promise<{ repository: Repository; old: Oid; oldTree: Oid; head: Oid }> {
  const repository = createMemoryRepository();
  const store = await GitKv.open(repository);
  await store.set('a', '1');
  const old = store.commit?.oid as Oid;
  const oldTree = Buffer.from((await store.digest('/')) as Uint8Array).toString('hex');
  await store.set('a', '2');
  await repository.shallow.update({ add: [store.commit?.oid as Oid], remove: [] });
  return { repository, old, oldTree, head: store.commit?.oid as Oid };
}

describe('Retention', () => {
  test('K13 drops what fell out of use, when enough was written', async () => {
    const { repository, old, head } = await sample();
    const retention = new Retention(repository, { isEnabled: true });
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(6);
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(3);
    expect(await repository.objects.read(old)).toBeUndefined();
  });

  test('keeps what someone reads, and everything while it is held', async () => {
    const { repository, oldTree, head } = await sample();
    const retention = new Retention(repository, { isEnabled: true });
    retention.wrote([blob(20_000_000)]);
    retention.hold();
    await retention.release([head], undefined);
    expect(await objectCount(repository)).toBe(6);
    retention.unhold();
    await retention.pinned(oldTree, async () => {
      await retention.release([head], undefined);
      expect(await objectCount(repository)).toBe(5);
    });
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], undefined);
    expect(await objectCount(repository)).toBe(3);
  });

  test("leaves a repository of the caller's alone", async () => {
    const { repository, old, head } = await sample();
    const retention = new Retention(repository, { isEnabled: false });
    retention.wrote([blob(20_000_000)]);
    await retention.release([head], { oid: head, parentOids: [old] });
    expect(await objectCount(repository)).toBe(6);
  });
});

const refName = 'refs/heads/main';
const common = { refName, onUnpushed: 'reject', backOff: noWait } as const;

/** What a store stands on, where its new objects are, and how large a value makes it look for what is of no use. */
const stores: [
  name: string,
  bytes: number,
  open: (
    remote: InProcessRemote,
    limits?: KvLimits,
  ) => Promise<{ core: StoreCore; objects: Pick<ObjectStore, 'oids'> }>,
][] = [
  [
    'A store in memory',
    17_000_000,
    async ({ transport }, limits = {}) => {
      const repository = createMemoryRepository();
      const upstream = new RemoteUpstream(repository, transport, refName);
      const core = await StoreCore.open({ ...common, repository, upstream, limits });
      return { core, objects: repository.objects };
    },
  ],
  [
    'A partial store',
    10_000,
    async ({ transport }, limits = {}) => {
      const repository = await openRemoteRepository(transport, { refName });
      const upstream = new PartialUpstream(repository, transport, refName, 'tree:1');
      const core = await StoreCore.open({ ...common, repository, upstream, limits });
      return { core, objects: repository.written.objects };
    },
  ],
];

describe.each(stores)('%s lets go of what the remote does not take', (_name, bytes, open) => {
  const change =
    (options: ChangeOptions) =>
    (core: StoreCore, value: Uint8Array): Promise<void> =>
      new Transaction(core, options).run(
        (base, manners) => KvBatch.open(core, base, manners),
        (batch) => batch.set('big', value),
      );
  const writes: [string, (core: StoreCore, value: Uint8Array) => Promise<void>][] = [
    ['a write', (core, value) => core.write(setIn('big', value, {}), {})],
    ['a batch', change({})],
    ['a serializable batch', change({ isolation: 'serializable' })],
  ];
  test.each(writes)('by %s', async (_way, write) => {
    const remote = new InProcessRemote();
    await (await remote.connect()).set('a', '1');
    const { core, objects } = await open(remote);
    await core.exclusively(() => core.pull({ isOpening: true }));
    const before = await objectCount({ objects });
    remote.hooks.preReceive = () => ({ reject: 'closed' });
    await expect(write(core, new Uint8Array(bytes).fill(1))).rejects.toMatchObject({ code: 'PUSH_REJECTED' });
    expect(await objectCount({ objects })).toBe(before);
    delete remote.hooks.preReceive;
    await core.write(setIn('b', '2', {}), {});
    expect(await remote.values()).toEqual({ a: '1', b: '2' });
  });
});

describe.each(stores)('%s of which a batch stored values before its commit', (_name, bytes, open) => {
  async function sampleStore(): Promise<{
    count: () => Promise<number>;
    change: <T>(change: (batch: KvBatch) => Promise<T>) => Promise<T>;
  }> {
    const remote = new InProcessRemote();
    await (await remote.connect()).set('big', 'old');
    const { core, objects } = await open(remote, { heldBytes: 300 });
    await core.exclusively(() => core.pull({ isOpening: true }));
    return {
      count: () => objectCount({ objects }),
      change: (change) => new Transaction(core, {}).run((base, manners) => KvBatch.open(core, base, manners), change),
    };
  }

  test('K13 keeps what its commit needs alone', async () => {
    const { count, change } = await sampleStore();
    const before = await count(); // one value, then as now
    await change(async (batch) => {
      await batch.set('big', new Uint8Array(bytes).fill(1));
      await batch.set('big', new Uint8Array(bytes).fill(2));
    });
    expect(await count()).toBe(before);
  });

  test('K23 keeps nothing of it where the function fails, or comes to nothing', async () => {
    const { count, change } = await sampleStore();
    const before = await count();
    const failing = change(async (batch) => {
      await batch.set('big', new Uint8Array(bytes).fill(1));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await count()).toBe(before);
    await change(async (batch) => {
      await batch.set('new', new Uint8Array(bytes).fill(1));
      await batch.remove('new');
    });
    expect(await count()).toBe(before);
  });
});

test('A saved state whose bytes nobody takes to the end lets go of the store once it is forgotten', async () => {
  const [hold, unhold] = [vi.spyOn(Retention.prototype, 'hold'), vi.spyOn(Retention.prototype, 'unhold')];
  try {
    const store = await new InProcessRemote().connect();
    await store.set('a', '1');
    const begin = async (): Promise<void> => void (await store.toOctets().next());
    await begin();
    expect([hold.mock.calls.length, unhold.mock.calls.length]).toEqual([1, 0]);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let turn = 0; turn < 100 && unhold.mock.calls.length === 0; turn++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(unhold).toHaveBeenCalledTimes(1);
    for await (const _ of store.toOctets()) break; // one that is left tells so at once
    expect([hold.mock.calls.length, unhold.mock.calls.length]).toEqual([2, 2]);
  } finally {
    vi.restoreAllMocks();
  }
});
