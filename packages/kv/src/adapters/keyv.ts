/**
 * A store as a storage adapter of Keyv 5. Each `set`, `delete` and `clear` of Keyv is one commit, and so is each of its `...Many`.
 * Keyv is not imported: any version with the same adapter shape works.
 *
 * Times to live are Keyv's own: it writes them into the value, and takes one that is over for absent. {@link GitKvKeyv.prune}
 * removes those in one commit.
 *
 * ```ts
 * import { GitKv } from '@git-kv/kv';
 * import { GitKvKeyv } from '@git-kv/kv/keyv';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 * import Keyv from 'keyv';
 *
 * const store = await GitKv.open(createMemoryRepository());
 * const keyv = new Keyv({ store: new GitKvKeyv(store), namespace: 'users' });
 * await keyv.set('ada', { role: 'admin' }); // the file users/ada
 * await keyv.get('ada'); // { role: 'admin' }
 * ```
 *
 * @module
 */
import { Key } from '../key.js';
import type { KvReader } from '../reader.js';
import type { GitKv } from '../store.js';
import { isPartName, pathToText, textToPath } from './key-names.js';
import { textAt } from './value-at.js';

/** Where keys without a namespace lie: no namespace is written like this. */
const NO_NAMESPACE = '%';

/** How a {@link GitKvKeyv} is set up. */
export interface GitKvKeyvOptions {
  /** Where in the store the namespaces lie, each a directory. Default: the root. */
  readonly directory?: string | Key;
  /** The message of each commit. Default: the store's own. */
  readonly message?: string;
  /** Now, in milliseconds since 1970, for `has` and `prune`. Default `Date.now`. */
  readonly clock?: () => number;
}

/** One entry of `setMany`. */
export interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds. Keyv has written it into the value already. */
  readonly ttl?: number | undefined;
}

/** What Keyv reads of its adapters beside their methods. */
export interface KeyvAdapterOptions {
  /** Keyv iterates only over adapters whose dialect is on its list. Of those, etcd is the one most like this store. */
  readonly dialect: 'etcd';
  readonly url: string;
}

/**
 * A storage adapter for Keyv over a {@link GitKv}. The key `users:ada` is the file `users/ada`: what stands before the first
 * colon is the namespace. Names are percent-encoded (docs/adapters.md). Values are text, as Keyv's serializer gives it.
 */
export class GitKvKeyv {
  /** Set by Keyv: what `clear` is about. */
  namespace: string | undefined;
  readonly opts: KeyvAdapterOptions = { dialect: 'etcd', url: 'git-kv:' };
  readonly store: GitKv;
  readonly #directory: Key;
  readonly #message: { readonly message?: string };
  readonly #clock: () => number;

  constructor(store: GitKv, options: GitKvKeyvOptions = {}) {
    this.store = store;
    this.#directory = Key.of(options.directory ?? Key.root);
    this.#message = options.message === undefined ? {} : { message: options.message };
    this.#clock = options.clock ?? Date.now;
  }

  /** Keyv listens for errors. There are none outside of calls, which reject. */
  on(_event: string, _listener: (...values: never[]) => void): this {
    return this;
  }

  async get(key: string): Promise<string | undefined> {
    return await textAt(this.store, this.#pathOf(key));
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  /** @throws {TypeError} where the value is not text, as without a serializer */
  async set(key: string, value: unknown, _ttl?: number): Promise<boolean> {
    await this.setMany([{ key, value }]);
    return true;
  }

  /** All of them in one commit. */
  async setMany(entries: readonly KeyvEntry[]): Promise<boolean[]> {
    const checked = entries.map(({ key, value }) => [this.#pathOf(key), textOf(key, value)] as const);
    await this.store.changeInTurn(async (batch) => {
      for (const [path, text] of checked) await batch.set(path, text);
    }, this.#message);
    return entries.map(() => true);
  }

  /** Whether it was there. */
  delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** In one commit. Whether all of them were there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return await this.store.changeInTurn(async (batch) => {
      let found = 0;
      for (const path of keys.map((key) => this.#pathOf(key))) {
        if ((await batch.exists(path)) !== 'value') continue;
        await batch.remove(path);
        found++;
      }
      return found === keys.length;
    }, this.#message);
  }

  /** Whether it is there and its time is not over. */
  async has(key: string): Promise<boolean> {
    const text = await this.get(key);
    return text !== undefined && !isOver(text, this.#clock());
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return await Promise.all(keys.map((key) => this.has(key)));
  }

  /** Take away the keys of the namespace, or all of them where there is none: one commit. */
  async clear(): Promise<void> {
    const { namespace } = this;
    await this.store.changeInTurn(async (batch) => {
      for (const [, path] of await this.#keys(batch, namespace)) await batch.remove(path);
    }, this.#message);
  }

  /** The keys of a namespace with what Keyv stored, as they are now: later changes are not seen. */
  async *iterator(namespace?: string): AsyncGenerator<[key: string, value: string | undefined], void> {
    using snapshot = this.store.snapshot();
    for (const [key, path] of await this.#keys(snapshot, namespace)) yield [key, await snapshot.getText(path)];
  }

  /**
   * Remove the values of every namespace whose time is over, in one commit, and say how many. Values of another serializer
   * than Keyv's JSON, or compressed ones, do not tell their time and stay.
   */
  async prune(): Promise<number> {
    const now = this.#clock();
    return await this.store.changeInTurn(async (batch) => {
      let removed = 0;
      for (const [, path] of await this.#keys(batch, undefined)) {
        if (!isOver((await batch.getText(path)) ?? '', now)) continue;
        await batch.remove(path);
        removed++;
      }
      return removed;
    }, this.#message);
  }

  /** The store stays its owner's: nothing is closed. */
  async disconnect(): Promise<void> {}

  #pathOf(key: string): Key {
    const colon = key.indexOf(':');
    const namespace = colon < 1 ? '' : textToPath(key.slice(0, colon));
    // One that is too long for one name is left in the key.
    const isNamed = namespace !== '' && !namespace.includes('/');
    return this.#directory.append(
      isNamed ? `${namespace}/${textToPath(key.slice(colon + 1))}` : `${NO_NAMESPACE}/${textToPath(key)}`,
    );
  }

  /** The keys that begin with a namespace and a colon, or all of them, with their paths. */
  async #keys(reader: KvReader, namespace: string | undefined): Promise<[key: string, path: Key][]> {
    const found: [string, Key][] = [];
    const prefix = namespace === undefined ? '' : `${namespace}:`;
    const collect = async (directory: Key, names: readonly string[], before: string): Promise<void> => {
      for (const { key: path, kind } of (await reader.list(directory)) ?? []) {
        const { basename } = path;
        if (kind === 'dictionary') {
          if (isPartName(basename)) await collect(path, [...names, basename], before);
          continue;
        }
        const text = pathToText([...names, basename]);
        if (text !== undefined && (before + text).startsWith(prefix)) found.push([before + text, path]);
      }
    };
    for (const { key: path, kind } of (await reader.list(this.#directory)) ?? []) {
      if (kind !== 'dictionary') continue;
      const name = path.basename === NO_NAMESPACE ? '' : pathToText([path.basename]);
      const before = name === '' ? '' : `${name}:`;
      if (name !== undefined && (prefix.startsWith(before) || before.startsWith(prefix))) {
        await collect(path, [], before);
      }
    }
    return found;
  }
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`Cannot set the key ${key}: its value is of type ${typeof value}, not the text of a serializer`);
}

/** Whether a value as Keyv writes it, `{"value":...,"expires":1700000000000}`, is over. */
function isOver(text: string, now: number): boolean {
  if (!text.includes('"expires"')) return false;
  try {
    const { expires } = JSON.parse(text) as { readonly expires?: unknown };
    return typeof expires === 'number' && expires < now;
  } catch {
    return false; // another serializer's
  }
}
