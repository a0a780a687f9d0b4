import { type HashName, hashAlgorithm } from '@git-kv/objects';
import {
  type IndexPackOptions,
  indexPack,
  memoryPackStorage,
  memorySource,
  type ResolveWorkers,
  resolveShare,
} from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { chunked, waitingSource } from '../support/craft.js';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describe.each<HashName>(['sha1', 'sha256'])('deltas of a %s pack that are resolved by several', (format) => {
  const golden = goldenPack(directory.path, format, 'ofs');
  const algorithm = hashAlgorithm(format);

  /** Workers in this thread: all of what crosses to one, without one. */
  const workers = (waits = false): ResolveWorkers & { readonly started: number } => {
    let started = 0;
    return {
      leastDeltas: 0,
      get started() {
        return started;
      },
      start(task) {
        started++;
        const source = waits ? waitingSource(golden.pack) : memorySource(golden.pack);
        return { finished: resolveShare(structuredClone(task), source) };
      },
    };
  };
  const index = (pack: Uint8Array, options: Partial<IndexPackOptions>) =>
    indexPack(chunked(pack), { algorithm, storage: memoryPackStorage(), ...options });

  test.each([2, 5])('%i threads make the same idx', async (threads) => {
    for (const waits of [false, true]) {
      const others = workers(waits);
      const indexed = await index(golden.pack, { threads, workers: others });
      expect(Buffer.compare(indexed.index, golden.idx)).toBe(0);
      expect(others.started).toBe(threads - 1);
    }
  });

  test.each<[string, ResolveWorkers]>([
    ['cannot start', { leastDeltas: 0, start: () => ({ finished: Promise.reject(new Error('no threads here')) }) }],
    [
      'takes roots and dies',
      {
        leastDeltas: 0,
        start(task) {
          Atomics.add(task.state, 0, 1000);
          return { finished: Promise.reject(new Error('killed')) };
        },
      },
    ],
  ])('and where a worker %s, all is done here', async (_, broken) => {
    const indexed = await index(golden.pack, { threads: 2, workers: broken });
    expect(Buffer.compare(indexed.index, golden.idx)).toBe(0);
  });

  test('no worker is asked where it does not pay, or where objects are to be seen here', async () => {
    const others = workers();
    const { leastDeltas: _, ...usual } = others;
    await index(golden.pack, { threads: 2, workers: { ...usual, start: others.start } });
    await index(golden.pack, { threads: 2, workers: others, visit: () => undefined });
    await index(golden.pack, { threads: 2, workers: others, check: {} });
    await index(golden.pack, { workers: others });
    expect(others.started).toBe(0);
  });

  test('an error of a worker comes out as that of this thread, typed', async () => {
    const others = workers();
    const limits = { objectBytes: 5000 };
    await expect(index(golden.pack, { threads: 2, workers: others, limits })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('an abort ends all of them', async () => {
    const abort = new AbortController();
    const others = workers();
    const stopping: ResolveWorkers = {
      leastDeltas: 0,
      start(task) {
        abort.abort(new Error('enough'));
        return others.start(task);
      },
    };
    const { signal } = abort;
    await expect(index(golden.pack, { threads: 2, workers: stopping, signal })).rejects.toThrow('enough');
  });

  test('an abort reaches a worker that is waited for', async () => {
    const abort = new AbortController();
    const slow: ResolveWorkers = {
      leastDeltas: 0,
      start: ({ state }) => ({
        // Goes on until it is told to stop, which it is when this thread has nothing left to do.
        finished: (async () => {
          for (let turn = 0; state[2] === 0; turn++) {
            if (turn === 100) abort.abort(new Error('enough'));
            await new Promise((resolve) => setImmediate(resolve));
          }
        })(),
      }),
    };
    const { signal } = abort;
    await expect(index(golden.pack, { threads: 2, workers: slow, signal })).rejects.toThrow('enough');
  });

  test('where one cannot be started, those before it are ended', async () => {
    const others = workers();
    let terminated = 0;
    const scarce: ResolveWorkers = {
      leastDeltas: 0,
      start(task) {
        if (others.started > 0) throw new Error('no more threads');
        return { ...others.start(task), terminate: () => void terminated++ };
      },
    };
    await expect(index(golden.pack, { threads: 3, workers: scarce })).rejects.toThrow('no more threads');
    expect(terminated).toBe(1);
  });
});
