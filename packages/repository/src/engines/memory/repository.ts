import { type HashAlgorithm, type Oid, sha1 } from '@git-kv/objects';
import type { RefOutcome } from '../../ref-store.js';
import type { PromisorRemote, PromisorStore, Repository, RepositoryChange, ShallowStore } from '../../repository.js';
import { MemoryObjectStore } from './object-store.js';
import { MemoryRefStore } from './ref-store.js';

/** What a repository in memory is made with. */
export interface MemoryRepositoryOptions {
  /** Default sha1. */
  readonly algorithm?: HashAlgorithm;
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
  readonly shallow: ShallowStore = memoryShallowStore();
  readonly promisors: PromisorStore = memoryPromisorStore();

  constructor(options: MemoryRepositoryOptions) {
    this.algorithm = options.algorithm ?? sha1;
    this.objects = new MemoryObjectStore(this.algorithm);
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

function memoryShallowStore(): ShallowStore {
  let oids: ReadonlySet<Oid> = new Set();
  return {
    read: async () => oids,
    update: async ({ add, remove }) => {
      // A fresh set: who read the old one keeps what it read.
      const next = new Set(oids);
      for (const oid of remove) next.delete(oid);
      for (const oid of add) next.add(oid);
      oids = next;
    },
  };
}

function memoryPromisorStore(): PromisorStore {
  const remotes = new Map<string, PromisorRemote>();
  return {
    read: async () => [...remotes.values()],
    add: async ({ name, filter }) => {
      const kept = remotes.get(name)?.filter ?? filter;
      remotes.set(name, { name, ...(kept !== undefined && { filter: kept }) });
    },
  };
}
