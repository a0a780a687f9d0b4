import { initFileRepository, openFileRepository } from '@git-kv/repository/file';
import { describe, expect, test } from 'vitest';
import { withLives } from '../../repository/test/crash/lives.js';
import { type DiskImage, losePower } from '../../repository/test/support/disk-image.js';
import { PowerLossFs } from '../../repository/test/support/power-loss-fs.js';
import { KEEP_ALL, lossStates } from '../../repository/test/support/power-loss-states.js';
import { GitKv } from '../src/index.js';

/** A write, and what a store that had it shows. */
type Step = readonly [run: (store: GitKv) => Promise<unknown>, state: Readonly<Record<string, string>>];

const STEPS: readonly Step[] = [
  [(store) => store.set('a', '1'), { '/a': '1' }],
  [(store) => store.set('dir/b', '2'), { '/a': '1', '/dir/b': '2' }],
  [
    (store) =>
      store.changeAndPush(async (batch) => {
        await batch.set('a', '3');
        await batch.set('dir/deep/c', '3');
      }),
    { '/a': '3', '/dir/b': '2', '/dir/deep/c': '3' },
  ],
  [(store) => store.remove('dir'), { '/a': '3' }],
  [(store) => store.set('a', 'x'.repeat(5000)), { '/a': 'x'.repeat(5000) }],
];

/** The process that writes is gone in each of the others, which differ in nothing that matters here. */
const WRITER = 1;
const READER = 2;

async function withStore<T>(fs: PowerLossFs, life: number, act: (store: GitKv) => Promise<T>): Promise<T> {
  const repository = await openFileRepository(fs, '/store.git', {
    processes: {
      self: { host: 'simulated', pid: life, start: '' },
      isAlive: (owner) => owner.pid === life,
    },
  });
  try {
    return await act(await GitKv.open(repository));
  } finally {
    await repository.close();
  }
}

/** A disk with an empty repository, all of it durable. */
async function emptyRepository(): Promise<DiskImage> {
  const disk = new PowerLossFs();
  await initFileRepository(disk, '/store.git');
  return losePower(disk.image, KEEP_ALL);
}

async function valuesOf(store: GitKv, dictionary = ''): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { key, kind } of (await store.list(dictionary)) ?? []) {
    if (kind === 'dictionary') Object.assign(values, await valuesOf(store, String(key)));
    else values[String(key)] = (await store.getText(key)) ?? 'absent';
  }
  return values;
}

describe('a store on files', () => {
  test('M30: has every write that was acknowledged after a power loss, and the one under way whole or not at all', async () => {
    const problems = await withLives(async () => {
      const disk = new PowerLossFs(await emptyRepository(), { record: true });
      // Where in the disk's history each write began and was acknowledged.
      const begun: number[] = [];
      const acknowledged: number[] = [];
      await withStore(disk, WRITER, async (store) => {
        for (const [run] of STEPS) {
          begun.push(disk.history.length);
          await run(store);
          acknowledged.push(disk.history.length - 1);
        }
      });
      const found: string[] = [];
      let checked = 0;
      const check = async (at: number, loss: string, state: DiskImage): Promise<void> => {
        const least = acknowledged.filter((place) => place <= at).length;
        const most = begun.filter((place) => place <= at).length;
        const allowed = [];
        for (let count = least; count <= most; count++) allowed.push(count === 0 ? {} : STEPS[count - 1]?.[1]);
        const values = await withStore(new PowerLossFs(state), READER, valuesOf);
        checked++;
        const isAllowed = allowed.some((expected) => JSON.stringify(expected) === JSON.stringify(values));
        if (!isAllowed) found.push(`change ${at}, ${loss}: ${JSON.stringify(values).slice(0, 200)}`);
      };
      for (const [at, image] of disk.history.entries()) {
        // Before the first write there may be no repository yet: that is the engine's own test.
        if (at < (begun[0] as number)) continue;
        const isEdge = acknowledged.includes(at);
        for (const [loss, state] of lossStates(image)) {
          if (isEdge || at % 7 === 0) await check(at, loss, state);
          if (!isEdge && loss === 'nothing unsynced') break;
        }
      }
      expect(checked).toBeGreaterThan(60);
      return found;
    });
    expect(problems).toEqual([]);
  });
});
