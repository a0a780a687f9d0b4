import { isTreeMode, type Oid } from '@git-kv/objects';
import { isValueMode } from '../changes.js';
import { Draft } from '../draft.js';
import type { DraftResult } from '../draft-result.js';
import { keyNotFound } from '../edit-errors.js';
import { Key } from '../key.js';
import { Mutex } from '../mutex.js';
import type { KvKind } from '../reader.js';
import { valueOid } from '../value.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';
import { listKeys } from './keys.js';
import type { CallOptions } from './options.js';

/**
 * A version that is being made: reads see what was written to it, and nobody else does. Good only until the function that it was
 * given to has ended.
 */
export class VersionedDraft<T> {
  /** What it began with. */
  readonly base: VersionedCommit | undefined;
  readonly #context: VersionedContext<T>;
  readonly #draft: Draft;
  /** Reads and writes of trees take turns. */
  readonly #turns = new Mutex();
  #isOpen = true;

  private constructor(context: VersionedContext<T>, base: VersionedCommit | undefined, draft: Draft) {
    this.#context = context;
    this.base = base;
    this.#draft = draft;
  }

  /** @internal */
  static async open<T>(context: VersionedContext<T>, base: VersionedCommit | undefined): Promise<VersionedDraft<T>> {
    return new VersionedDraft(context, base, await Draft.open(context.trees, base?.treeOid, context.maxValueBytes));
  }

  /** @throws {KvError} VALUE_EXPECTED for a dictionary; what the codec throws */
  async get(key: string | Key, options?: CallOptions): Promise<T | undefined> {
    const at = Key.of(key);
    const oid = await this.version(at);
    if (oid === undefined) return undefined;
    const blob = this.#draft.blob(oid);
    if (blob !== undefined) return await this.#context.codec.decode(blob.body.slice());
    return await this.#context.value(at, oid, options);
  }

  /** The value of a key that has to be there. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED */
  async require(key: string | Key, options?: CallOptions): Promise<T> {
    if ((await this.version(key)) === undefined) throw keyNotFound(Key.of(key));
    return (await this.get(key, options)) as T;
  }

  /** The object id that a key's value has, or will have. @throws {KvError} VALUE_EXPECTED for a dictionary */
  async version(key: string | Key): Promise<Oid | undefined> {
    const at = Key.of(key);
    return valueOid(at, await this.#turn(() => this.#draft.tree.find(at)));
  }

  /** What `key` stands for, if anything. */
  async exists(key: string | Key): Promise<KvKind | undefined> {
    const found = await this.#turn(() => this.#draft.tree.find(Key.of(key)));
    if (found === undefined) return undefined;
    if (isTreeMode(found.mode)) return 'dictionary';
    return isValueMode(found.mode) ? 'value' : undefined;
  }

  /** The keys of all values at `prefix` and below it, in the order of keys. */
  async keys(prefix: string | Key = Key.root, options: CallOptions = {}): Promise<Key[]> {
    return await this.#turn(async () => {
      const keys: Key[] = [];
      for await (const key of listKeys(this.#draft.tree, Key.of(prefix), options.signal)) keys.push(key);
      return keys;
    });
  }

  /**
   * @throws {KvError} VALUE_EXPECTED where a dictionary stands, DICTIONARY_EXPECTED for a value among the key's prefixes
   * @throws {InvalidValueError} INVALID_VALUE from the codec; {LimitError} valueBytes
   */
  async set(key: string | Key, value: T): Promise<void> {
    const at = Key.of(key);
    // Encoded as it is now, and queued at once: a write that nobody waits for is in the commit all the same.
    const body = Promise.resolve(this.#context.codec.encode(value));
    body.catch(() => {}); // heard of below, when its turn has come
    await this.#turn(async () => this.#draft.set(at, await body));
  }

  /** Take away a value, or a dictionary with all in it. Absence is no error. @throws {KvError} INVALID_KEY for the root */
  async remove(key: string | Key): Promise<void> {
    const at = Key.of(key);
    await this.#turn(() => this.#draft.remove(at));
  }

  /** Move a value, or a dictionary with all in it, by the rules of `GitKv.rename`. @throws {KvError} as there */
  async rename(source: string | Key, destination: string | Key): Promise<void> {
    const [from, to] = [Key.of(source), Key.of(destination)];
    await this.#turn(() => this.#draft.rename(from, to));
  }

  /** Wait for what is under way and take no more; `undefined` where nothing changed. @internal */
  async finish(): Promise<DraftResult | undefined> {
    await this.#turns.run(async () => this.close());
    return this.#draft.seal();
  }

  /** @internal */
  close(): void {
    this.#isOpen = false;
  }

  #turn<R>(task: () => Promise<R>): Promise<R> {
    this.#assertOpen();
    return this.#turns.run(async () => {
      this.#assertOpen();
      return await task();
    });
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new TypeError('Cannot use the draft: its transaction has ended');
  }
}
