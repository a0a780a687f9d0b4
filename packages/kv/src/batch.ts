import { GitError } from '@git-kv/objects';
import type { Head, StoreCore } from './core.js';
import { Draft, type DraftResult } from './draft.js';
import { Key } from './key.js';
import { Mutex } from './mutex.js';
import { type KvCommit, KvReader, type ReadView } from './reader.js';

/**
 * The store inside `changeAndPush`: reads see its own writes, and nobody else does until the batch is committed. Good
 * only until the function it was given to has ended.
 */
export class KvBatch extends KvReader {
  readonly #core: StoreCore;
  readonly #base: Head | undefined;
  readonly #draft: Draft;
  /** A write reads trees between its steps, so only one may be under way. */
  readonly #writes = new Mutex();
  #isOpen = true;

  private constructor(core: StoreCore, base: Head | undefined, draft: Draft) {
    super();
    this.#core = core;
    this.#base = base;
    this.#draft = draft;
  }

  /** @internal */
  static async open(core: StoreCore, base: Head | undefined): Promise<KvBatch> {
    return new KvBatch(core, base, await Draft.open(core.trees, base?.treeOid, core.maxValueBytes));
  }

  override get commit(): KvCommit | undefined {
    return this.#base && { state: 'dirty', oid: this.#base.oid };
  }

  /**
   * Put `value` under `key`, with the dictionaries above it.
   * @throws {KvError} VALUE_EXPECTED where a dictionary stands, DICTIONARY_EXPECTED for a value among the key's prefixes
   */
  async set(key: string | Key, value: Uint8Array | string): Promise<void> {
    const at = Key.of(key);
    await this.#write(() => this.#draft.set(at, value));
  }

  /** Take away a value, or a dictionary with all in it. Absence is no error. @throws {KvError} INVALID_KEY for the root */
  async remove(key: string | Key): Promise<void> {
    const at = Key.of(key);
    await this.#write(() => this.#draft.remove(at));
  }

  /** Batches do not nest. @throws {GitError} NESTED_CHANGE always */
  async changeAndPush(): Promise<never> {
    throw new GitError('NESTED_CHANGE', 'Cannot change the store: nested changeAndPush');
  }

  /** Wait for writes under way, and take no more. What is to be committed, if anything. @internal */
  async finish(): Promise<DraftResult | undefined> {
    await this.#writes.run(async () => this.close());
    return this.#draft.seal();
  }

  /** @internal */
  close(): void {
    this.#isOpen = false;
  }

  protected override async view<T>(read: (view: ReadView) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const { objects } = this.#core.repository;
    return await read({
      tree: this.#draft.tree,
      readObject: async (oid, options) => this.#draft.blob(oid) ?? (await objects.read(oid, options)),
      statObject: async (oid) => {
        const blob = this.#draft.blob(oid);
        return blob === undefined ? await objects.stat(oid) : { size: blob.body.length };
      },
      timestamp: this.#base === undefined ? Math.floor(this.#core.clock() / 1000) : this.#base.timestamp,
    });
  }

  async #write(task: () => Promise<void>): Promise<void> {
    this.#assertOpen();
    await this.#writes.run(async () => {
      this.#assertOpen();
      await task();
    });
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new TypeError('Cannot use the batch: its changeAndPush has ended');
  }
}
