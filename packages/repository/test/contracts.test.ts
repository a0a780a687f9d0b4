import type { HashAlgorithm, Oid, RawObject } from '@git-kv/objects';
import { memorySource } from '@git-kv/pack';
import type { ObjectStore, Quarantine, RefOutcome, RefStore, RefValue, Repository } from '@git-kv/repository';
import {
  byteSourceContract,
  objectStoreContract,
  refStoreContract,
  repositoryContract,
  type TestHarness,
} from '@git-kv/repository/contracts';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { collect } from './support/objects.js';

/** Runs the tests that `define` makes, one after another, until one fails. @returns its title, or `undefined` where all pass */
async function firstFailure(define: (harness: TestHarness) => void): Promise<string | undefined> {
  const tests: { readonly title: string; readonly run: () => Promise<void> }[] = [];
  define({
    describe: (_, inner) => inner(),
    test: (title, run) => void tests.push({ title, run }),
    expect: (actual) => ({
      toBe: (expected) => {
        if (!Object.is(actual, expected)) throw new Error('not the same');
      },
      toEqual: (expected) => expect(actual).toEqual(expected),
    }),
  });
  for (const { title, run } of tests) {
    try {
      await within(run());
    } catch {
      return title;
    }
  }
  return undefined;
}

/** Some faults make a test wait for ever: that is a failure too. */
async function within(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it takes for ever')), 3000);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The same thing with some of its methods replaced. */
function but<T extends object>(target: T, faults: (real: T) => Partial<T>): T {
  const replaced = faults(target) as Record<PropertyKey, unknown>;
  return new Proxy(target, {
    get(real, name) {
      if (name in replaced) return replaced[name];
      const value = Reflect.get(real, name, real) as unknown;
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

const memory = (algorithm: HashAlgorithm): Repository => createMemoryRepository({ algorithm });

/** A quarantine with a fault. */
const receiving =
  (fault: (quarantine: Quarantine) => Quarantine | Promise<Quarantine>) =>
  (real: ObjectStore): Partial<ObjectStore> => ({
    receive: async (pack, options) => fault(await real.receive(pack, options)),
  });

const flipped = (object: RawObject | undefined): RawObject | undefined =>
  object && { kind: object.kind, body: object.body.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) };

const OBJECT_FAULTS: readonly [
  title: string,
  fault: (real: ObjectStore, algorithm: HashAlgorithm) => Partial<ObjectStore>,
][] = [
  ['loses a write', (_, algorithm) => ({ write: (object) => memory(algorithm).objects.write(object) })],
  ['stores under another id', (real) => ({ write: async (object) => real.write(flipped(object) as RawObject) })],
  ['returns wrong bytes', (real) => ({ read: async (oid) => flipped(await real.read(oid)) })],
  [
    'returns another kind',
    (real) => ({
      read: async (oid) => {
        const object = await real.read(oid);
        return object && { ...object, kind: 'blob' };
      },
    }),
  ],
  ['throws for what is absent', (real) => ({ read: async (oid) => (await real.read(oid)) ?? lost() })],
  [
    'keeps the buffer of its caller',
    (real) => {
      const kept = new Map<Oid, RawObject>();
      const write = async (object: RawObject): Promise<Oid> => {
        const oid = await real.write(object);
        kept.set(oid, object);
        return oid;
      };
      return { write, read: async (oid) => kept.get(oid) ?? real.read(oid) };
    },
  ],
  [
    'gives the oids of writeMany in another order',
    (real) => ({ writeMany: async (objects) => (await real.writeMany(objects)).sort() }),
  ],
  [
    'states another size',
    (real) => ({
      stat: async (oid) => {
        const stat = await real.stat(oid);
        return stat && { ...stat, size: stat.size + 1 };
      },
    }),
  ],
  [
    'streams a part of a body',
    (real) => ({
      open: async (oid) => {
        const opened = await real.open(oid);
        return (
          opened && {
            ...opened,
            body: (async function* () {
              for await (const piece of opened.body) {
                yield piece;
                return;
              }
            })(),
          }
        );
      },
    }),
  ],
  [
    'leaves out what is absent',
    (real) => ({
      async *readMany(oids) {
        for await (const found of real.readMany(oids)) if (found[1]) yield found;
      },
    }),
  ],
  [
    'reads an object as often as it is asked for',
    (real) => ({
      async *readMany(oids) {
        for (const oid of oids) yield [oid, await real.read(oid)] as const;
      },
    }),
  ],
  [
    'lists unsorted',
    (real) => ({
      async *oids() {
        yield* (await collect(real.oids())).reverse();
      },
    }),
  ],
  [
    'lists an object twice',
    (real) => ({
      async *oids() {
        for await (const oid of real.oids()) yield* [oid, oid];
      },
    }),
  ],
  ['finds more than the limit', (real) => ({ findByPrefix: (hex) => real.findByPrefix(hex, 1e9) })],
  ['finds nothing', () => ({ findByPrefix: async () => [] })],
  [
    'finds unsorted',
    (real) => ({ findByPrefix: async (hex, limit) => (await real.findByPrefix(hex, limit)).reverse() }),
  ],
  ['goes on after an abort', (real) => ({ read: (oid) => real.read(oid) })],
  ['answers at once with something else', (real) => ({ readSync: (oid) => flipped(real.readSync?.(oid)) })],
  [
    'shows what is in quarantine',
    receiving(async (quarantine) => {
      await quarantine.publish();
      return quarantine;
    }),
  ],
  ['does not publish', receiving((quarantine) => but(quarantine, () => ({ publish: async () => {} })))],
  [
    'publishes what is discarded',
    receiving((quarantine) => but(quarantine, (real) => ({ discard: () => real.publish() }))),
  ],
  ['counts wrong', receiving((quarantine) => but(quarantine, (real) => ({ objectCount: real.objectCount + 1 })))],
  ['says nothing of what arrived', receiving((quarantine) => but(quarantine, () => ({ oids: () => [] })))],
  [
    'reads in quarantine what was there before alone',
    (real) => ({
      receive: async (pack, options) => but(await real.receive(pack, options), () => ({ reader: real })),
    }),
  ],
  [
    'does not go by the limits',
    (real) => ({
      receive: (pack, { signal, check, beneath } = {}) =>
        real.receive(pack, { ...(signal && { signal }), ...(check && { check }), ...(beneath && { beneath }) }),
    }),
  ],
  [
    'takes a broken pack for an empty one',
    (real) => ({
      receive: (pack, options) => real.receive(pack, options).catch(() => emptyQuarantine(real)),
    }),
  ],
  [
    'knows no store beneath',
    (real) => ({ receive: (pack, options) => real.receive(pack, without(options, 'beneath')) }),
  ],
  ['prunes nothing', () => ({ prune: async () => ({ removed: 0, kept: 0 }) })],
  ['prunes what it is to keep', (real) => ({ prune: (keep, options) => real.prune((oid) => !keep(oid), options) })],
  [
    'counts wrong what it prunes',
    (real) => ({
      prune: async (keep, options) => {
        const { removed, kept } = await real.prune(keep, options);
        return { removed: removed + 1, kept };
      },
    }),
  ],
];

const REF_FAULTS: readonly [title: string, fault: (real: RefStore) => Partial<RefStore>][] = [
  ['loses an update', () => ({ update: async () => ({ status: 'updated', transaction: `${Math.random()}` }) })],
  [
    'ignores what is expected',
    (real) => ({
      update: (updates, options) =>
        real.update(
          updates.map(({ name, next }) => ({ name, next })),
          options,
        ),
    }),
  ],
  [
    'updates one after another',
    (real) => ({
      update: async (updates, options) => {
        let outcome: RefOutcome = await real.update([], options);
        for (const update of updates) {
          outcome = await real.update([update], options);
          if (outcome.status !== 'updated') return outcome;
        }
        return outcome;
      },
    }),
  ],
  [
    'checks, waits, and then writes',
    (real) => ({
      update: async (updates, options) => {
        const outcome = await real
          .update(
            updates.map(({ name, expected }) => ({
              name,
              ...(expected !== undefined && { expected }),
              next: expected ?? null,
            })),
            options,
          )
          .catch(() => undefined);
        if (outcome?.status === 'conflict') return outcome;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return real.update(
          updates.map(({ name, next }) => ({ name, next })),
          options,
        );
      },
    }),
  ],
  [
    'throws where it loses a race',
    (real) => ({
      update: async (updates, options) => {
        const outcome = await real.update(updates, options);
        return outcome.status === 'updated' ? outcome : lost();
      },
    }),
  ],
  [
    'calls every transaction the same',
    (real) => ({
      update: async (updates, options) => {
        const outcome = await real.update(updates, options);
        return outcome.status === 'updated' ? { ...outcome, transaction: 'same' } : outcome;
      },
    }),
  ],
  [
    'follows symbolic refs',
    (real) => ({
      read: async (name) => {
        const value = await real.read(name);
        return value && 'target' in value ? real.read(value.target) : value;
      },
    }),
  ],
  ['reads any name', (real) => ({ read: async (name) => real.read(name).catch(() => undefined) })],
  [
    'lists unsorted',
    (real) => ({
      async *list(prefix) {
        yield* (await collect(real.list(prefix))).reverse();
      },
    }),
  ],
  [
    'lists in the order of UTF-16',
    (real) => ({
      async *list(prefix) {
        yield* (await collect(real.list(prefix))).sort((a, b) => (a.name < b.name ? -1 : 1));
      },
    }),
  ],
  ['lists more than the prefix', (real) => ({ list: (prefix) => real.list(prefix.slice(0, 5)) })],
  [
    'lists by folders',
    (real) => ({ list: (prefix) => real.list(prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`) }),
  ],
  [
    'lists HEAD',
    (real) => ({
      async *list(prefix) {
        const value = await real.read('HEAD');
        if (prefix === '' && value) yield { name: 'HEAD', value };
        yield* real.list(prefix);
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
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return found;
      },
    }),
  ],
  [
    'takes a ref for a folder',
    (real) => ({
      update: async (updates, options) => {
        const outcome = await real.update(updates, options);
        const isInTheWay = outcome.status === 'conflict' && !updates.some(({ name }) => name === outcome.name);
        return isInTheWay ? { status: 'updated', transaction: `${Math.random()}` } : outcome;
      },
    }),
  ],
  [
    'takes the last of what is named twice',
    (real) => ({
      update: (updates, options) =>
        real.update([...new Map(updates.map((update) => [update.name, update])).values()], options),
    }),
  ],
  ['goes on after an abort', (real) => ({ update: (updates) => real.update(updates) })],
  ['knows no fence', (real) => ({ update: (updates, options) => real.update(updates, without(options, 'fence')) })],
  [
    'forgets the attachment',
    (real) => ({ update: (updates, options) => real.update(updates, without(options, 'attachment')) }),
  ],
  [
    'tells of transactions from the first on',
    (real) => ({
      transactions: (options) =>
        (real.transactions as NonNullable<RefStore['transactions']>)(without(options, 'since')),
    }),
  ],
];

const REPOSITORY_FAULTS: readonly [title: string, fault: (real: Repository) => Partial<Repository>][] = [
  ['forgets the objects', (real) => ({ transact: ({ updates, options }) => real.refs.update(updates, options) })],
  [
    'forgets the refs',
    () => ({
      transact: async ({ quarantine }) => {
        await quarantine?.publish();
        return { status: 'updated', transaction: '1' };
      },
    }),
  ],
  [
    'throws the objects away where it loses a race',
    (real) => ({
      transact: async (change) => {
        const outcome = await real.transact(change);
        if (outcome.status !== 'updated') await change.quarantine?.discard();
        return outcome;
      },
    }),
  ],
  ['forgets shallow', (real) => ({ shallow: { ...real.shallow, read: real.shallow.read, update: async () => {} } })],
  [
    'changes the boundary that somebody read',
    () => {
      const oids = new Set<Oid>();
      return {
        shallow: {
          read: async () => oids,
          update: async ({ add, remove }) => {
            for (const oid of remove) oids.delete(oid);
            for (const oid of add) oids.add(oid);
          },
        },
      };
    },
  ],
];

type Source = ReturnType<typeof memorySource>;

const SOURCE_FAULTS: readonly [title: string, fault: (real: Source) => Partial<Source>][] = [
  ['reads less than asked for', (real) => ({ read: async (at, length) => real.read(at, Math.max(0, length - 1)) })],
  [
    'reads what there is, outside of its range',
    (real) => ({
      read: async (at, length) =>
        real.read(Math.max(0, Math.min(at, real.size)), Math.max(0, Math.min(length, real.size - at))),
    }),
  ],
  ['reads from another place', (real) => ({ read: (at, length) => real.read(at > 0 ? at - 1 : at, length) })],
  ['says another size', (real) => ({ size: real.size + 1 })],
  ['reads otherwise at once', () => ({ readSync: (_, length) => new Uint8Array(length) })],
];

const objectSuite = (harness: TestHarness, fault: (typeof OBJECT_FAULTS)[number][1]): void =>
  objectStoreContract(harness, async (algorithm) => but(memory(algorithm).objects, (real) => fault(real, algorithm)));
const refSuite = (harness: TestHarness, fault: (typeof REF_FAULTS)[number][1]): void =>
  refStoreContract(harness, async (algorithm) => but(memory(algorithm).refs, fault), {
    transactions: true,
    fences: true,
  });
const repositorySuite = (harness: TestHarness, fault: (typeof REPOSITORY_FAULTS)[number][1]): void =>
  repositoryContract(harness, async (algorithm) => but(memory(algorithm), fault));
const sourceSuite = (harness: TestHarness, fault: (typeof SOURCE_FAULTS)[number][1]): void =>
  byteSourceContract(harness, async (bytes) => but(memorySource(bytes), fault));

describe('a contract finds an engine that', () => {
  const found = async (suite: (harness: TestHarness) => void): Promise<void> =>
    expect(await firstFailure(suite)).toEqual(expect.any(String));
  test.each(OBJECT_FAULTS)('%s (objects)', (_, fault) => found((harness) => objectSuite(harness, fault)));
  test.each(REF_FAULTS)('%s (refs)', (_, fault) => found((harness) => refSuite(harness, fault)));
  test.each(REPOSITORY_FAULTS)('%s (repository)', (_, fault) => found((harness) => repositorySuite(harness, fault)));
  test.each(SOURCE_FAULTS)('%s (source of bytes)', (_, fault) => found((harness) => sourceSuite(harness, fault)));

  test('is whole, and only then is content', async () => {
    expect(await firstFailure((harness) => objectSuite(harness, () => ({})))).toBe(undefined);
    expect(await firstFailure((harness) => refSuite(harness, () => ({})))).toBe(undefined);
    expect(await firstFailure((harness) => repositorySuite(harness, () => ({})))).toBe(undefined);
    expect(await firstFailure((harness) => sourceSuite(harness, () => ({})))).toBe(undefined);
  });
});

function without<T extends object, K extends keyof T>(options: T | undefined, name: K): Omit<T, K> {
  const rest = { ...options } as T;
  delete rest[name];
  return rest;
}

function lost(): never {
  throw new Error('lost');
}

function emptyQuarantine(reader: ObjectStore): Quarantine {
  return { reader, objectCount: 0, oids: () => [], publish: async () => {}, discard: async () => {} };
}
