import { isGitError, sha1 } from '@git-kv/objects';
import type { RefStore, RefUpdate, RefValue } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { findViolation, type Operation } from './checker.js';

const WRITERS = 64;
const REFS = Array.from({ length: 5 }, (_, at) => `refs/heads/shared-${at}`);
const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const SEED = Number(process.env.GIT_KV_SEED ?? 1);

interface Run {
  readonly initial: Record<string, string>;
  readonly history: readonly Operation[];
  readonly wins: number;
}

/**
 * Writers that move one to three refs each from what they saw, look again at what they lost to, and take snapshots, all at once on
 * several stores that share their refs.
 */
async function race(stores: readonly RefStore[], rounds: number): Promise<Run> {
  let clock = 0;
  let values = 0;
  let wins = 0;
  const history: Operation[] = [];
  const fresh = (): string => (++values).toString(16).padStart(sha1.hexLength, '0');
  const initial: Record<string, string> = Object.fromEntries(REFS.map((ref) => [ref, fresh()]));
  await stores[0]?.update(REFS.map((name) => ({ name, expected: null, next: { oid: initial[name] as string } })));
  const oidOf = (value: RefValue | null | undefined): string => (value && 'oid' in value ? value.oid : 'none');

  const writer = async (number: number): Promise<void> => {
    const refs = stores[number % stores.length] as RefStore;
    let state = (SEED * 7919 + number * 104_729) >>> 0;
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < rounds; round++) {
      const first = draw(REFS.length);
      const names = Array.from({ length: 1 + draw(3) }, (_, at) => REFS[(first + at) % REFS.length] as string);
      const start = clock++;
      const seen =
        names.length === 1 ? new Map([[names[0], await refs.read(names[0] as string)]]) : await refs.snapshot(names);
      const saw = Object.fromEntries(names.map((name) => [name, oidOf(seen.get(name))]));
      history.push({ start, end: clock++, saw, wrote: {} });
      // Some refs are only verified.
      const moved = names.filter((_, at) => at === 0 || draw(3) > 0);
      const wrote = Object.fromEntries(moved.map((name) => [name, fresh()]));
      const updates = names.map((name): RefUpdate => {
        const expected = { oid: saw[name] as string };
        return { name, expected, next: wrote[name] === undefined ? expected : { oid: wrote[name] } };
      });
      const began = clock++;
      try {
        const outcome = await refs.update(updates);
        if (outcome.status === 'updated') {
          wins++;
          history.push({ start: began, end: clock++, saw, wrote });
        } else if (outcome.status === 'conflict') {
          // A lost race tells what stands there: that is a read.
          history.push({ start: began, end: clock++, saw: { [outcome.name]: oidOf(outcome.actual) }, wrote: {} });
        }
      } catch (error) {
        // Nothing moved: so many want the lock that some wait in vain.
        if (!isGitError(error, 'REF_LOCKED')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
  return { initial, history, wins };
}

/** The clock of one process orders what its calls and answers were. */
function expectLinearizable({ initial, history, wins }: Run): void {
  expect(wins).toBeGreaterThan(10);
  expect(findViolation(initial, history)).toBe(undefined);
}

describe(`${WRITERS} writers on ${REFS.length} refs`, () => {
  test('of the memory engine have one order', async () => {
    expectLinearizable(await race([createMemoryRepository().refs], IS_SLOW ? 200 : 20));
  });

  test('of one file repository have one order', { timeout: 600_000 }, async () => {
    const repository = await initRepository(temporaryDirectory(), { durability: 'none' });
    expectLinearizable(await race([repository.refs], IS_SLOW ? 100 : 4));
    await repository.close();
  });

  test('of four file repositories on one directory have one order', { timeout: 600_000 }, async () => {
    const directory = temporaryDirectory();
    const first = await initRepository(directory, { durability: 'none' });
    const others = await Promise.all([1, 2, 3].map(() => openRepository(directory, { durability: 'none' })));
    const repositories = [first, ...others];
    expectLinearizable(
      await race(
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
  const { initial, history } = await race([broken], 20);
  expect(findViolation(initial, history)).toEqual(expect.any(String));
});
