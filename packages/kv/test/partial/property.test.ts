import { GitError } from '@git-kv/objects';
import { createRepositoryTransport, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GitKv, type PartialOptions } from '../../src/index.js';
import { bytesOf, text } from '../support/remote.js';

const KEYS = ['a', 'b', 'd/a', 'd/b', 'd/e/a', 'd/e/b', 'f/g/h/i'] as const;
const key = fc.constantFrom(...KEYS, 'd', 'd/e', 'f/g', '');
const value = fc.oneof(
  fc.constantFrom('', 'x', 'y'),
  fc.integer({ min: 20, max: 300 }).map((size) => 'z'.repeat(size)),
);

/** What is done to a store, and gives something that can be compared. */
const command = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, value }),
  fc.record({ do: fc.constant('remove' as const), key }),
  fc.record({ do: fc.constant('rename' as const), key, to: key }),
  fc.record({ do: fc.constant('batch' as const), keys: fc.array(key, { minLength: 1, maxLength: 3 }), value }),
  fc.record({ do: fc.constant('other' as const), key: fc.constantFrom(...KEYS), value }),
  fc.record({ do: fc.constantFrom('get' as const, 'list' as const, 'look' as const), key }),
  fc.record({ do: fc.constant('getMany' as const), keys: fc.array(fc.constantFrom(...KEYS), { maxLength: 4 }) }),
  fc.record({ do: fc.constantFrom('pull' as const, 'reopen' as const, 'save' as const) }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const settings = fc.record<PartialOptions>(
  {
    valueBytes: fc.constantFrom(0, 10, 1000),
    cacheBytes: fc.constantFrom(0, 900, 1e6),
    maxBatchObjects: fc.constantFrom(1, 3),
  },
  { requiredKeys: [] },
);

/** A store and another writer, on a remote of their own. */
class Side {
  readonly #remote: Repository = createMemoryRepository();
  readonly #options: object;
  #seconds = 1_700_000_000;
  store!: GitKv;

  constructor(options: object) {
    this.#options = options;
  }

  async open(): Promise<GitKv> {
    const transport = createRepositoryTransport(this.#remote);
    const clock = (): number => this.#seconds * 1000;
    this.store = await GitKv.connect('memory://remote', { transport, clock, deterministic: true, ...this.#options });
    return this.store;
  }

  async run(command: Command): Promise<unknown> {
    this.#seconds++;
    const { store } = this;
    try {
      return await this.#answer(store, command);
    } catch (error) {
      if (error instanceof GitError) return error.code;
      throw error;
    }
  }

  async #answer(store: GitKv, command: Command): Promise<unknown> {
    switch (command.do) {
      case 'set':
        return await store.set(command.key, command.value);
      case 'remove':
        return await store.remove(command.key);
      case 'rename':
        return await store.rename(command.key, command.to);
      case 'batch':
        return await store.changeAndPush(async (batch) => {
          for (const one of command.keys) await batch.set(one, command.value);
          return (await batch.list())?.map(String);
        });
      case 'other': {
        const other = await GitKv.open(this.#remote, { clock: () => this.#seconds * 1000, deterministic: true });
        return await other.set(command.key, command.value);
      }
      case 'get':
        return await store.getText(command.key);
      case 'getMany':
        return (await store.getMany(command.keys)).map(text);
      case 'list':
        return (await store.list(command.key))?.map(({ key: listed, kind }) => `${kind} ${listed}`);
      case 'look':
        return [
          await store.exists(command.key),
          await store.digest(command.key),
          await store.lastModified(command.key),
          await store.size(command.key),
        ];
      case 'pull':
        return (await store.pull()).map(({ kind, key: changed }) => `${kind} ${changed}`);
      case 'reopen':
        return await this.open().then(() => undefined);
      case 'save':
        return await bytesOf(store.toOctets());
    }
  }
}

test('a partial store answers as a whole one does, whatever is asked and however little it may hold', async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(command, { maxLength: 25 }), async (partial, commands) => {
      const sides = [new Side({}), new Side({ partial })] as const;
      for (const side of sides) await side.open();
      for (const one of commands) {
        const [whole, less] = [await sides[0].run(one), await sides[1].run(one)];
        expect(less).toEqual(whole);
        expect(sides[1].store.commit).toEqual(sides[0].store.commit);
      }
    }),
    { numRuns: 40 },
  );
});
