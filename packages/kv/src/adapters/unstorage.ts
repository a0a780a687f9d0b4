/**
 * A store as a driver of unstorage. The key `config:site.json` is the file `config/site.json`; each `setItem`, `setItems`,
 * `removeItem` and `clear` is one commit. unstorage is not imported: the driver is what its `defineDriver` takes.
 *
 * ```ts
 * import { GitKv } from '@git-kv/kv';
 * import { gitKvDriver } from '@git-kv/kv/unstorage';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 * import { createStorage } from 'unstorage';
 *
 * const store = await GitKv.open(createMemoryRepository());
 * const storage = createStorage({ driver: gitKvDriver({ store }) });
 * await storage.setItem('config:limit', 20);
 * await store.getText('config/limit'); // '20'
 * ```
 *
 * @module
 */
import type { Change } from '../changes.js';
import { Key } from '../key.js';
import { Mutex } from '../mutex.js';
import type { KvReader } from '../reader.js';
import type { KvSnapshot } from '../snapshot.js';
import type { GitKv } from '../store.js';
import { isPartName, pathToText, textToPath } from './key-names.js';
import { textAt, valueAt } from './value-at.js';

/** How {@link gitKvDriver} is set up. */
export interface GitKvDriverOptions {
  readonly store: GitKv;
  /** Where in the store the keys lie. Default: the root. */
  readonly directory?: string | Key;
  /** The message of each commit. Default: the store's own. */
  readonly message?: string;
  /** How often `watch` asks the remote for news, in milliseconds. Default 2000. */
  readonly pollMs?: number;
  /** Told why a poll of `watch` failed, after which the next one tries again, and what a watcher threw. Default: nobody. */
  readonly onWatchError?: (error: unknown) => void;
}

/** An item of `getItems` and `setItems`. */
export interface DriverItem {
  readonly key: string;
}

/** What unstorage asks of a driver, as far as this one goes. */
export interface GitKvDriver {
  readonly name: 'git-kv';
  readonly flags: { readonly maxDepth: true };
  readonly options: GitKvDriverOptions;
  getInstance(): GitKv;
  hasItem(key: string): Promise<boolean>;
  getItem(key: string): Promise<string | null>;
  getItems(items: readonly DriverItem[]): Promise<{ key: string; value: string | null }[]>;
  getItemRaw(key: string): Promise<Uint8Array | null>;
  setItem(key: string, value: string): Promise<void>;
  setItems(items: readonly (DriverItem & { readonly value: string })[]): Promise<void>;
  /** @throws {TypeError} for what is neither bytes nor text */
  setItemRaw(key: string, value: unknown): Promise<void>;
  removeItem(key: string): Promise<void>;
  /** `mtime` is the time of the store's newest commit. */
  getMeta(key: string): Promise<{ mtime: Date; size: number } | null>;
  getKeys(base: string, options?: { readonly maxDepth?: number }): Promise<string[]>;
  clear(base: string): Promise<void>;
  dispose(): void;
  /**
   * Tells what is new in the store, whoever wrote it and however it came here: of this driver's writes at once, of all else with the next
   * poll. Polls until what it returns is called.
   */
  watch(callback: (event: 'update' | 'remove', key: string) => void): () => void;
}

const DEFAULT_POLL_MS = 2000;

/**
 * A driver for unstorage over a {@link GitKv}. Parts of a key between colons are directories, percent-encoded where a name needs
 * it (docs/adapters.md). As with files, `a` and `a:b` cannot both have a value: the second write is refused.
 */
export function gitKvDriver(options: GitKvDriverOptions): GitKvDriver {
  const { store } = options;
  const root = Key.of(options.directory ?? Key.root);
  const settings = options.message === undefined ? {} : { message: options.message };
  const watchers = new Set<Watcher>();

  const pathOf = (key: string): Key =>
    key
      .split(':')
      .filter((part) => part !== '')
      .reduce((path, part) => path.append(textToPath(part)), root);
  const isValue = async (reader: KvReader, path: Key): Promise<boolean> => (await reader.exists(path)) === 'value';
  const getText = async (reader: KvReader, key: string): Promise<string | null> => {
    return (await textAt(reader, pathOf(key))) ?? null;
  };
  /** News are told one after another. */
  const turns = new Mutex();
  /** What the watchers know. */
  let known: KvSnapshot | undefined;
  const tell = (event: 'update' | 'remove', key: string): void => {
    for (const { callback } of watchers) {
      // What a watcher does with the news undoes no write, and keeps none from the others.
      try {
        callback(event, key);
      } catch (error) {
        options.onWatchError?.(error);
      }
    }
  };
  /** Tell what is new, whoever wrote it and however it came here. */
  const tellNews = (): Promise<void> =>
    turns.run(async () => {
      if (known === undefined) return;
      const [before, now] = [known, store.snapshot()];
      let changes: readonly Change[];
      try {
        changes = await before.changesTo(now);
      } catch (error) {
        now.close(); // the next time tells it
        options.onWatchError?.(error);
        return;
      }
      if (known !== before) return now.close(); // nobody watches any more, or somebody else
      known = now;
      before.close();
      for (const { kind, key: path } of changes) {
        const key = keyAt(path);
        if (key !== undefined) tell(kind === 'remove' ? 'remove' : 'update', key);
      }
    });
  /** Nobody watches any more. */
  const forget = (): void => {
    known?.close();
    known = undefined;
  };
  const setAll = async (items: readonly { readonly key: string; readonly value: Uint8Array | string }[]) => {
    await store.changeInTurn(async (batch) => {
      for (const { key, value } of items) await batch.set(pathOf(key), value);
    }, settings);
    await tellNews();
  };
  const removeAll = async (find: (reader: KvReader) => Promise<readonly string[]>): Promise<void> => {
    await store.changeInTurn(async (batch) => {
      for (const key of await find(batch)) await batch.remove(pathOf(key));
    }, settings);
    await tellNews();
  };
  const list = (reader: KvReader, base: string, maxDepth = Number.POSITIVE_INFINITY): Promise<string[]> =>
    listKeys(reader, root, base.replace(/^:+|:+$/g, ''), maxDepth);
  /** What the place of a change is called; `undefined` outside of the directory, or for a name that no key is written with. */
  const keyAt = (path: Key): string | undefined => {
    const { segments } = path;
    const isInside = root.segments.every((segment, at) => segment === segments[at]);
    return isInside && segments.length > root.segments.length ? keyOf(segments.slice(root.segments.length)) : undefined;
  };

  return {
    name: 'git-kv',
    flags: { maxDepth: true },
    options,
    getInstance: () => store,
    hasItem: async (key) => await isValue(store, pathOf(key)),
    getItem: (key) => getText(store, key),
    getItems: async (items) => {
      using snapshot = store.snapshot();
      return await Promise.all(items.map(async ({ key }) => ({ key, value: await getText(snapshot, key) })));
    },
    getItemRaw: async (key) => (await valueAt(store, pathOf(key))) ?? null,
    setItem: (key, value) => setAll([{ key, value }]),
    setItems: (items) => setAll(items),
    setItemRaw: async (key, value) => {
      if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot set the key ${key}: a raw value is text or a Uint8Array, and not of type ${typeof value}`,
        );
      }
      await setAll([{ key, value }]);
    },
    removeItem: (key) => removeAll(async (reader) => ((await isValue(reader, pathOf(key))) ? [key] : [])),
    getMeta: async (key) => {
      const path = pathOf(key);
      if (!(await isValue(store, path))) return null;
      const [size = 0, modified = 0] = [await store.size(path), await store.lastModified(path)];
      return { mtime: new Date(modified * 1000), size };
    },
    getKeys: (base = '', { maxDepth } = {}) => list(store, base, maxDepth),
    clear: (base = '') => removeAll((reader) => list(reader, base)),
    dispose: () => {
      for (const watcher of watchers) watcher.stop();
      watchers.clear();
      forget();
    },
    watch: (callback) => {
      const watcher = new Watcher(callback, options.pollMs ?? DEFAULT_POLL_MS, async (signal) => {
        try {
          await store.pull({ signal });
        } catch (error) {
          if (!signal.aborted) options.onWatchError?.(error);
        }
        await tellNews(); // what somebody else pulled, too
      });
      // One of several watchers polls, and all are told of the same.
      if (watchers.size === 0) {
        known?.close();
        known = store.snapshot();
        watcher.start();
      }
      watchers.add(watcher);
      return () => {
        watcher.stop();
        watchers.delete(watcher);
        const [next] = watchers;
        if (next === undefined) forget();
        else next.start();
      };
    },
  };
}

/** The keys of values below `base`, in the order of the tree. */
async function listKeys(reader: KvReader, root: Key, base: string, maxDepth: number): Promise<string[]> {
  const keys: string[] = [];
  const walk = async (path: Key, depth: number): Promise<void> => {
    for (const { key: child, kind } of (await reader.list(path)) ?? []) {
      if (kind === 'dictionary') {
        if (isPartName(child.basename)) await walk(child, depth);
        else if (depth < maxDepth) await walk(child, depth + 1);
        continue;
      }
      const key = keyOf(child.segments.slice(root.segments.length));
      if (key !== undefined) keys.push(key);
    }
  };
  const parts = base.split(':').filter((part) => part !== '');
  const start = parts.reduce((path, part) => path.append(textToPath(part)), root);
  if ((await reader.exists(start)) === 'dictionary') await walk(start, parts.length);
  return keys;
}

/** The key whose parts are written as these names; `undefined` where no key is. */
function keyOf(names: readonly string[]): string | undefined {
  const parts: string[] = [];
  let pending: string[] = [];
  for (const name of names) {
    pending.push(name);
    if (isPartName(name)) continue;
    const part = pathToText(pending);
    if (part === undefined || part === '' || part.includes(':')) return undefined;
    parts.push(part);
    pending = [];
  }
  return pending.length === 0 ? parts.join(':') : undefined;
}

/** Calls `poll` again and again, each time a while after it has ended. */
class Watcher {
  readonly callback: (event: 'update' | 'remove', key: string) => void;
  readonly #pollMs: number;
  readonly #poll: (signal: AbortSignal) => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | undefined;

  constructor(
    callback: (event: 'update' | 'remove', key: string) => void,
    pollMs: number,
    poll: (signal: AbortSignal) => Promise<void>,
  ) {
    this.callback = callback;
    this.#pollMs = pollMs;
    this.#poll = poll;
  }

  start(): void {
    if (this.#abort !== undefined) return;
    this.#abort = new AbortController();
    this.#next(this.#abort.signal);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = undefined;
  }

  #next(signal: AbortSignal): void {
    this.#timer = setTimeout(async () => {
      await this.#poll(signal);
      if (!signal.aborted) this.#next(signal);
    }, this.#pollMs);
  }
}
