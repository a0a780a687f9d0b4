/**
 * A store as an `abstract-level` database, for what is written against `level`, `classic-level` or `memory-level`. Keys are any
 * bytes, in order of their bytes; each `put`, `del`, `batch` and `clear` is one commit; iterators and snapshots never see
 * later writes. `abstract-level` is a peer: install it beside this package.
 *
 * The store stays yours: closing the database does not disconnect it.
 *
 * ```ts
 * import { GitKv } from '@git-kv/kv';
 * import { GitKvLevel } from '@git-kv/kv/abstract-level';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const db = new GitKvLevel(GitKv.open(createMemoryRepository()));
 * await db.batch([
 *   { type: 'put', key: 'b', value: '2' },
 *   { type: 'put', key: 'a', value: '1' },
 * ]); // one commit
 * await db.keys().all(); // [ 'a', 'b' ]
 * ```
 *
 * @module
 */
import { type AbstractDatabaseOptions, AbstractLevel, AbstractSnapshot } from 'abstract-level';
import type { KvBatch } from '../batch.js';
import { Key } from '../key.js';
import type { KvReader } from '../reader.js';
import type { KvSnapshot } from '../snapshot.js';
import type { GitKv } from '../store.js';
import { type KeyEdit, LevelIndex, rangeIn } from './level-index.js';
import { LevelIterator, type LevelIteratorOptions } from './level-iterator.js';
import { valueAt } from './value-at.js';

/** How a {@link GitKvLevel} is set up, besides the encodings of `abstract-level`. */
export interface GitKvLevelOptions<KDefault, VDefault> extends AbstractDatabaseOptions<KDefault, VDefault> {
  /** Where in the store the keys lie. Default: the root. Other files there are left alone. */
  readonly directory?: string | Key;
  /** The message of each commit. Default: the store's own. */
  readonly message?: string;
}

interface PutOperation extends KeyEdit {
  readonly type: 'put';
  readonly value: Uint8Array;
}
interface DelOperation extends KeyEdit {
  readonly type: 'del';
}
type Operation = PutOperation | DelOperation;

interface ReadOptions {
  readonly snapshot?: AbstractSnapshot | null;
}
interface ClearOptions extends ReadOptions, LevelIteratorOptions {
  readonly limit: number;
}

/**
 * An `abstract-level` database over a {@link GitKv}, with all of its methods: `get`, `getMany`, `has`, `put`, `del`, `batch`,
 * `clear`, iterators, sublevels, snapshots and encodings. Errors of the store come through as they are.
 *
 * A key is stored as one file of the directory, its name percent-encoded (docs/adapters.md). The keys are sorted in memory when
 * an iterator starts: the first one, and the first after others wrote, reads the names of all keys.
 */
export class GitKvLevel<KDefault = string, VDefault = string> extends AbstractLevel<Uint8Array, KDefault, VDefault> {
  readonly #opening: Promise<GitKv>;
  readonly #index: LevelIndex;
  readonly #message: { readonly message?: string };
  #store: GitKv | undefined;

  /** @param store a store, or the promise of one, which opening the database waits for */
  constructor(store: GitKv | Promise<GitKv>, options: GitKvLevelOptions<KDefault, VDefault> = {}) {
    const { directory = Key.root, message, ...rest } = options;
    super(
      {
        encodings: { view: true },
        seek: true,
        implicitSnapshots: true,
        explicitSnapshots: true,
        has: true,
        permanence: true,
        createIfMissing: false,
        errorIfExists: false,
      },
      rest,
    );
    this.#opening = Promise.resolve(store);
    this.#opening.catch(() => {}); // told by `open`, which may come later
    this.#index = new LevelIndex(Key.of(directory));
    this.#message = message === undefined ? {} : { message };
  }

  /** The store below; `undefined` until the database was opened. */
  get store(): GitKv | undefined {
    return this.#store;
  }

  /** @internal */
  async _open(): Promise<void> {
    this.#store = await this.#opening;
  }

  /** @internal */
  async _get(key: Uint8Array, options: ReadOptions): Promise<Uint8Array | undefined> {
    return await valueAt(this.#reader(options), this.#index.pathOf(key));
  }

  /** @internal */
  async _getMany(keys: readonly Uint8Array[], options: ReadOptions): Promise<(Uint8Array | undefined)[]> {
    const reader = this.#reader(options);
    return await Promise.all(keys.map((key) => valueAt(reader, this.#index.pathOf(key))));
  }

  /** @internal */
  async _has(key: Uint8Array, options: ReadOptions): Promise<boolean> {
    return (await this.#reader(options).exists(this.#index.pathOf(key))) === 'value';
  }

  /** @internal */
  async _hasMany(keys: readonly Uint8Array[], options: ReadOptions): Promise<boolean[]> {
    return await Promise.all(keys.map((key) => this._has(key, options)));
  }

  /** @internal */
  async _put(key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.#change([{ type: 'put', key, value }]);
  }

  /** @internal */
  async _del(key: Uint8Array): Promise<void> {
    await this.#change([{ type: 'del', key }]);
  }

  /** @internal */
  async _batch(operations: readonly Operation[]): Promise<void> {
    await this.#change(operations);
  }

  /** @internal */
  async _clear(options: ClearOptions): Promise<void> {
    const store = this.#openStore();
    await store.changeInTurn(async (batch) => {
      const keys = await this.#index.read(options.snapshot ? viewOf(options.snapshot) : batch);
      const [start, end] = rangeIn(keys, options);
      const found = keys.slice(start, end);
      const { limit } = options;
      const chosen =
        limit < 0
          ? found
          : options.reverse === true
            ? found.slice(Math.max(0, found.length - limit))
            : found.slice(0, limit);
      await this.#apply(
        batch,
        chosen.map(({ bytes }): DelOperation => ({ type: 'del', key: bytes })),
      );
    }, this.#message);
  }

  /** @internal */
  _iterator(options: LevelIteratorOptions & ReadOptions): LevelIterator {
    const { snapshot } = options;
    const source = snapshot
      ? { view: viewOf(snapshot), isOwned: false }
      : { view: this.#openStore().snapshot(), isOwned: true };
    return new LevelIterator(this as unknown as AbstractLevel<Uint8Array>, options, { index: this.#index, ...source });
  }

  /** @internal */
  _snapshot(options: object): AbstractSnapshot {
    return new LevelSnapshot(options, this.#openStore().snapshot());
  }

  async #change(operations: readonly Operation[]): Promise<void> {
    await this.#openStore().changeInTurn((batch) => this.#apply(batch, operations), this.#message);
  }

  #apply(batch: KvBatch, operations: readonly Operation[]): Promise<void> {
    return this.#index.follow(batch, operations, async () => {
      for (const operation of operations) {
        const path = this.#index.pathOf(operation.key);
        if (operation.type === 'put') await batch.set(path, operation.value);
        else if ((await batch.exists(path)) === 'value') await batch.remove(path);
      }
    });
  }

  #reader(options: ReadOptions): KvReader {
    return options.snapshot ? viewOf(options.snapshot) : this.#openStore();
  }

  #openStore(): GitKv {
    if (this.#store === undefined) throw new Error('BUG: a database that is not open was asked');
    return this.#store;
  }
}

// The constructor takes options, which the types of `abstract-level` leave out.
const SnapshotBase = AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot;

class LevelSnapshot extends SnapshotBase {
  readonly view: KvSnapshot;

  constructor(options: object, view: KvSnapshot) {
    super(options);
    this.view = view;
  }

  async _close(): Promise<void> {
    this.view.close();
  }
}

function viewOf(snapshot: AbstractSnapshot): KvSnapshot {
  if (snapshot instanceof LevelSnapshot) return snapshot.view;
  throw new TypeError('Cannot read the snapshot: it is of another database');
}
