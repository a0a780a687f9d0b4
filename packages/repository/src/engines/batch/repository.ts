import { GitError, type HashAlgorithm, isGitError } from '@git-kv/objects';
import type { RefOutcome } from '../../ref-store.js';
import type { PromisorStore, Repository, RepositoryChange, ShallowStore } from '../../repository.js';
import type { Batch, BatchOptions } from './batch.js';
import { BatchedObjectStore } from './object-store.js';
import { BatchedRefStore } from './ref-store.js';

const DEFAULT_DELAY_MS = 1000;
const DEFAULT_BYTES = 32 * 2 ** 20;

/** A repository whose changes go out in batches. */
export interface BatchedRepository extends Repository {
  /**
   * Resolves when everything that was written before the call is in the repository below, as durably as that one writes.
   * @throws {GitError} REF_CONFLICT where somebody else moved a ref of the batch: the batch is lost, and nothing more is taken
   *   in; what the storage throws: the batch waits on, and another `sync` tries again
   */
  sync(): Promise<void>;
}

/**
 * Writes that wait in memory and go out together: objects as one pack, then all refs in one transaction. A batch goes out at
 * {@link BatchedRepository.sync}, at `close`, after `maxDelayMs`, and when `maxBytes` wait.
 *
 * What a resolved write promises: this object reads it from then on. Nobody else sees it, and a crash takes it, until the
 * batch went out; then it is as durable as `repository` makes it, and other processes see all of the batch or, for objects
 * that no ref leads to yet, some of them. History on disk never refers to what is not there. The logs of refs have one line
 * a batch. One writer at a time: where another process moves a ref of an open batch, the batch is lost, and says so.
 *
 * ```ts
 * import { batchWrites } from '@git-kv/repository';
 * import { initRepository } from '@git-kv/repository/node-fs';
 *
 * const repository = batchWrites(await initRepository('many.git'));
 * for (const text of ['one', 'two', 'three']) {
 *   await repository.objects.write({ kind: 'blob', body: new TextEncoder().encode(text) });
 * }
 * await repository.sync(); // durable from here on
 * await repository.close();
 * ```
 */
export function batchWrites(repository: Repository, options: BatchOptions = {}): BatchedRepository {
  return new BatchRepository(repository, options);
}

class BatchRepository implements BatchedRepository, Batch {
  readonly algorithm: HashAlgorithm;
  readonly objects: BatchedObjectStore;
  readonly refs: BatchedRefStore;
  readonly shallow: ShallowStore;
  readonly promisors?: PromisorStore;
  readonly #base: Repository;
  readonly #maxDelayMs: number;
  readonly #maxBytes: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isClosed = false;

  constructor(base: Repository, options: BatchOptions) {
    this.algorithm = base.algorithm;
    this.#base = base;
    this.objects = new BatchedObjectStore(base.objects, this);
    this.refs = new BatchedRefStore(base.refs, base.algorithm, this);
    this.shallow = base.shallow;
    if (base.promisors) this.promisors = base.promisors;
    this.#maxDelayMs = options.maxDelayMs ?? DEFAULT_DELAY_MS;
    this.#maxBytes = options.maxBytes ?? DEFAULT_BYTES;
  }

  async transact({ quarantine, updates, options }: RepositoryChange): Promise<RefOutcome> {
    await quarantine?.publish();
    return this.refs.update(updates, options);
  }

  sync(): Promise<void> {
    const work = this.#last.then(() => this.#flush());
    this.#last = work.catch(() => undefined);
    return work;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.sync();
    } finally {
      clearTimeout(this.#timer);
      await this.#base.close();
    }
  }

  assertOpen(): void {
    if (this.#isClosed) throw new TypeError('Cannot write: the repository is closed');
    this.#assertWhole();
  }

  #assertWhole(): void {
    if (this.#failure === undefined) return;
    const code = isGitError(this.#failure) ? this.#failure.code : 'IO_FAILED';
    throw new GitError(code, 'Cannot write: the batch before could not go out', { cause: this.#failure });
  }

  async changed(): Promise<void> {
    if (this.objects.pendingBytes > this.#maxBytes) return this.sync();
    // Told to whoever writes next.
    this.#timer ??= setTimeout(() => void this.sync().catch(() => undefined), this.#maxDelayMs);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (isGitError(this.#failure, 'REF_CONFLICT')) this.#assertWhole();
    if (this.objects.pendingCount === 0 && this.refs.pendingCount === 0) return;
    // Both at one instant: the objects hold all that the refs lead to.
    const writeObjects = this.objects.takePending();
    const moveRefs = this.refs.takePending();
    try {
      await writeObjects();
      await moveRefs();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}
