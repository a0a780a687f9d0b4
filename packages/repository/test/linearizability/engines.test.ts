import { sha1 } from '@git-kv/objects';
import type { RefStore, RefValue } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { findViolation } from './checker.js';
import { type RaceResult, REFS, race, startRace } from './race.js';

const WRITERS = 64;
const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const SEED = Number(process.env.GIT_KV_SEED ?? 1);

interface Run extends RaceResult {
  readonly initial: Record<string, string>;
}

/** Writers of this process, on several stores that share their refs. */
async function raceOn(stores: readonly RefStore[], rounds: number): Promise<Run> {
  let time = 0;
  let values = 0;
  const fresh = (): string => (++values).toString(16).padStart(sha1.hexLength, '0');
  const storeOf = (number: number): RefStore => stores[number % stores.length] as RefStore;
  const initial = await startRace(storeOf(0), fresh);
  const result = await race({
    writers: Array.from({ length: WRITERS }, (_, number) => number),
    storeOf,
    clock: () => time++,
    fresh,
    isOver: (round) => round >= rounds,
    seed: SEED,
  });
  return { initial, ...result };
}

/** The clock of one process orders what its calls and answers were. */
function expectLinearizable({ initial, history, wins }: Run): void {
  expect(wins).toBeGreaterThan(10);
  expect(findViolation(initial, history)).toBe(undefined);
}

describe(`${WRITERS} writers on ${REFS.length} refs`, () => {
  test('of the memory engine have one order', async () => {
    expectLinearizable(await raceOn([createMemoryRepository().refs], IS_SLOW ? 200 : 20));
  });

  test('of one file repository have one order', { timeout: 600_000 }, async () => {
    const repository = await initRepository(temporaryDirectory(), { durability: 'none' });
    expectLinearizable(await raceOn([repository.refs], IS_SLOW ? 100 : 4));
    await repository.close();
  });

  test('of four file repositories on one directory have one order', { timeout: 600_000 }, async () => {
    const directory = temporaryDirectory();
    const first = await initRepository(directory, { durability: 'none' });
    const others = await Promise.all([1, 2, 3].map(() => openRepository(directory, { durability: 'none' })));
    const repositories = [first, ...others];
    expectLinearizable(
      await raceOn(
        repositories.map(({ refs }) => refs),
        IS_SLOW ? 100 : 4,
      ),
    );
    for (const repository of repositories) await repository.close();
  });
});

const FAULTS: readonly [title: string, fault: (real: RefStore) => Partial<RefStore>][] = [
  [
    'checks, waits, and then writes',
    (real) => ({
      update: async (updates, options) => {
        for (const { name, expected } of updates) {
          const actual = (await real.read(name)) ?? null;
          if (JSON.stringify(actual) !== JSON.stringify(expected)) return { status: 'conflict', name, actual };
        }
        return real.update(
          updates.map(({ name, next }) => ({ name, next })),
          options,
        );
      },
    }),
  ],
  [
    'moves one ref after another',
    (real) => ({
      update: async (updates, options) => {
        let outcome = await real.update([]);
        for (const update of updates) {
          outcome = await real.update([update], options);
          if (outcome.status !== 'updated') return outcome;
        }
        return outcome;
      },
    }),
  ],
  [
    'takes its snapshots one ref after another',
    (real) => ({
      snapshot: async (names) => {
        const found = new Map<string, RefValue>();
        for (const name of names) {
          const value = await real.read(name);
          if (value) found.set(name, value);
        }
        return found;
      },
    }),
  ],
  [
    'reads from a cache',
    (real) => {
      const cache = new Map<string, Promise<RefValue | undefined>>();
      let reads = 0;
      return {
        read: (name) => {
          if (++reads % 8 === 0) cache.delete(name);
          const value = cache.get(name) ?? real.read(name);
          cache.set(name, value);
          return value;
        },
      };
    },
  ],
];

test.each(FAULTS)('a store that %s has none', async (_, fault) => {
  const { refs } = createMemoryRepository();
  const broken = new Proxy(refs, {
    get(real, name) {
      const value = (replaced as Record<PropertyKey, unknown>)[name] ?? (Reflect.get(real, name, real) as unknown);
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
  const replaced = fault(refs);
  const { initial, history } = await raceOn([broken], 20);
  expect(findViolation(initial, history)).toEqual(expect.any(String));
});
