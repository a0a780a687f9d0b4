import type { HashAlgorithm } from '@git-kv/objects';
import type { RefOutcome } from '../../ref-store.js';
import type { PromisorStore, Repository, RepositoryChange, ShallowStore } from '../../repository.js';
import type { MemoryObjectStore } from './object-store.js';
import { createMemoryObjects, type MemoryObjectsOptions } from './objects.js';
import { MemoryRefStore } from './ref-store.js';

/** What a repository in memory is made with. */
export interface MemoryRepositoryOptions extends MemoryObjectsOptions {
  /** What `HEAD` points to at first, existing or not (default `refs/heads/main`). */
  readonly initialBranch?: string;
  /** Ref transactions kept for those who follow them (default 1000). */
  readonly transactionHistory?: number;
}

/**
 * A repository that lives in memory and is gone with the process. A whole engine, not a stand-in: it keeps the contracts
 * of `@git-kv/repository/contracts`, transactions included.
 */
export function createMemoryRepository(options: MemoryRepositoryOptions = {}): Repository {
  return new MemoryRepository(options);
}

class MemoryRepository implements Repository {
  readonly algorithm: HashAlgorithm;
  readonly objects: MemoryObjectStore;
  readonly refs: MemoryRefStore;
  readonly shallow: ShallowStore;
  readonly promisors: PromisorStore;

  constructor(options: MemoryRepositoryOptions) {
    const { algorithm, objects, shallow, promisors } = createMemoryObjects(options);
    this.algorithm = algorithm;
    this.objects = objects;
    this.shallow = shallow;
    this.promisors = promisors;
    this.refs = new MemoryRefStore(this.algorithm, options.transactionHistory ?? 1000);
    this.refs.set('HEAD', { target: options.initialBranch ?? 'refs/heads/main' });
  }

  async transact({ quarantine, updates, options }: RepositoryChange): Promise<RefOutcome> {
    // Asked first so that a lost race leaves nothing behind; the update itself asks again.
    const refusal = this.refs.refusal(updates, options);
    if (refusal !== undefined) return refusal;
    await quarantine?.publish();
    return this.refs.update(updates, options);
  }

  async close(): Promise<void> {
    await this.refs.close();
    await this.objects.close();
  }
}
