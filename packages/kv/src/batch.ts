import { GitError } from '@git-kv/objects';
import type { StoreCore } from './core.js';
import { Draft } from './draft.js';
import type { DraftResult } from './draft-result.js';
import { allocateIn, checkedSet, type DraftWrite, removeIn, renameIn, setPartialIn } from './draft-writes.js';
import type { Head } from './head.js';
import { Key } from './key.js';
import { Mutex } from './mutex.js';
import { Pace } from './pace.js';
import type { ReadSet } from './read-set.js';
import { type KvCommit, KvReader, type ReadView } from './reader.js';
import type { KvWriter, ValuePermissions, WriteRange, WriteSignal } from './writer.js';

/** How a batch goes with others. */
export interface BatchOptions {
  /** Notes what is read. */
  readonly reads: ReadSet | undefined;
  /** Runs what must not see the store let go of objects. */
  readonly exclusively: StoreCore['exclusively'];
}

/**
 * The store inside `changeAndPush`: reads see its own writes, and nobody else does until the batch is committed. Good
 * only until the function it was given to has ended.
 */
export class KvBatch extends KvReader implements KvWriter {
  readonly #core: StoreCore;
  readonly #base: Head | undefined;
  readonly #draft: Draft;
  /** Notes what is read, where somebody wants to know. */
  readonly #reads: ReadSet | undefined;
  readonly #exclusively: StoreCore['exclusively'];
  /** A write reads trees between its steps, so only one may be under way. */
  readonly #writes = new Mutex();
  readonly #pace = new Pace();
  #isOpen = true;
  /** What is stored before the commit is to stay until then. */
  #isHolding = false;

  private constructor(core: StoreCore, base: Head | undefined, draft: Draft, options: BatchOptions) {
    super();
    this.#reads = options.reads;
    this.#exclusively = options.exclusively;
    this.#core = core;
    this.#base = base;
    this.#draft = draft;
  }

  /** @internal */
  static async open(core: StoreCore, base: Head | undefined, options: BatchOptions): Promise<KvBatch> {
    return new KvBatch(core, base, await Draft.open(core.trees, base?.treeOid, core.maxValueBytes), options);
  }

  override get commit(): KvCommit | undefined {
    this.#reads?.addAll(); // any commit of others changes it
    return this.#base && { state: 'dirty', oid: this.#base.oid };
  }

  /** {@inheritDoc KvWriter.set} */
  async set(
    key: string | Key,
    value: Uint8Array | string,
    options: ValuePermissions & WriteSignal = {},
  ): Promise<void> {
    const { at, body, mode } = checkedSet(key, value, options);
    // Mostly nothing has to be waited for, and a turn among other writes takes longer than the write.
    if (!this.#writes.isIdle || !this.#tryNow((draft) => draft.setNow(at, body, mode), at, options)) {
      await this.#write((draft) => draft.set(at, body, mode), at, options);
      return;
    }
    const pause = this.#isOver ? this.#writes.run(() => this.#storeValues()) : this.#pace.step();
    if (pause !== undefined) await pause;
  }

  /** @returns false where the write has to wait */
  #tryNow(write: (draft: Draft) => boolean, key: Key, { signal }: WriteSignal): boolean {
    this.#assertOpen();
    signal?.throwIfAborted();
    try {
      if (!write(this.#draft)) return false;
    } catch (error) {
      this.#reads?.wrote(key);
      this.#reads?.addPath(key);
      throw error;
    }
    this.#reads?.wrote(key);
    return true;
  }

  /** {@inheritDoc KvWriter.setPartial} */
  async setPartial(
    key: string | Key,
    range: WriteRange,
    bytes: Uint8Array | string,
    options: WriteSignal = {},
  ): Promise<void> {
    this.#reads?.add(Key.of(key), 'entry');
    await this.#write(setPartialIn(key, range, bytes), Key.of(key), options);
  }

  /** {@inheritDoc KvWriter.allocate} */
  async allocate(key: string | Key, size: number, options: WriteSignal = {}): Promise<void> {
    this.#reads?.add(Key.of(key), 'entry');
    await this.#write(allocateIn(key, size), Key.of(key), options);
  }

  /** {@inheritDoc KvWriter.remove} */
  async remove(key: string | Key, options: WriteSignal = {}): Promise<void> {
    this.#reads?.add(Key.of(key), 'content');
    await this.#write(removeIn(key), Key.of(key), options);
  }

  /** {@inheritDoc KvWriter.rename} */
  async rename(source: string | Key, destination: string | Key, options: WriteSignal = {}): Promise<void> {
    const to = Key.of(destination);
    this.#reads?.add(Key.of(source), 'content');
    this.#reads?.add(to, 'names');
    if (!Key.of(source).isRoot) this.#reads?.wrote(to.add(Key.of(source).basename)); // where a dictionary is there
    await this.#write(renameIn(source, destination), to, options);
  }

  /** Batches do not nest. @throws {GitError} NESTED_CHANGE always */
  async changeAndPush(): Promise<never> {
    throw new GitError('NESTED_CHANGE', 'Cannot change the store: nested changeAndPush');
  }

  /** Wait for writes under way, and take no more. What is to be committed, if anything. @internal */
  async finish(): Promise<DraftResult | undefined> {
    await this.#writes.run(async () => {
      this.#isOpen = false;
    });
    return this.#draft.seal();
  }

  /** What it has stored may go from now on. @returns whether it has stored anything since it was closed before @internal */
  close(): boolean {
    this.#isOpen = false;
    const hasHeld = this.#isHolding;
    if (hasHeld) this.#core.retention.unhold();
    this.#isHolding = false;
    return hasHeld;
  }

  get #isOver(): boolean {
    return this.#draft.heldBytes > this.#core.maxHeldBytes;
  }

  async #storeValues(): Promise<void> {
    const { repository, retention } = this.#core;
    if (!this.#isOpen || !this.#isOver) return;
    if (!this.#isHolding) retention.hold();
    this.#isHolding = true;
    await this.#draft.store((values) =>
      this.#exclusively(async () => {
        await repository.objects.writeMany(values);
        retention.wrote(values);
      }),
    );
  }

  protected override async view<T>(read: (view: ReadView) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const { objects } = this.#core.repository;
    const reads = this.#reads;
    const base = this.#base;
    return await read({
      tree: reads?.over(this.#draft.tree) ?? this.#draft.tree,
      readObject: async (oid, options) => this.#draft.blob(oid) ?? (await objects.read(oid, options)),
      statObject: async (oid) => {
        const blob = this.#draft.blob(oid);
        return blob === undefined ? await objects.stat(oid) : { size: blob.body.length };
      },
      openObject: async (oid, options) => {
        const blob = this.#draft.blob(oid);
        if (blob === undefined) return await objects.open(oid, options);
        return { kind: blob.kind, size: blob.body.length, body: whole(blob.body) };
      },
      get base() {
        reads?.addAll(); // who looks at the commit itself reads what any commit changes
        return base;
      },
      trees: this.#core.trees,
      shallow: () => this.#core.repository.shallow.read(),
      now: Math.floor(this.#core.clock() / 1000),
    });
  }

  async #write(write: DraftWrite, key: Key, { signal }: WriteSignal): Promise<void> {
    this.#assertOpen();
    await this.#writes.run(async () => {
      this.#assertOpen();
      signal?.throwIfAborted();
      this.#reads?.wrote(key);
      try {
        await write(this.#draft);
      } catch (error) {
        this.#reads?.addPath(key); // that it cannot be made is an answer, too
        throw error;
      }
      await (this.#isOver ? this.#storeValues() : this.#pace.step());
    });
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new TypeError('Cannot use the batch: its changeAndPush has ended');
  }
}

async function* whole(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
