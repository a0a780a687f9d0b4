import { type HashAlgorithm, type Oid, sha1 } from '@git-kv/objects';
import type { PromisorRemote, PromisorStore, RepositoryObjects, ShallowStore } from '../../repository.js';
import { MemoryObjectStore } from './object-store.js';

/** What objects in memory are made with. */
export interface MemoryObjectsOptions {
  /** Default sha1. */
  readonly algorithm?: HashAlgorithm;
  /**
   * Packs of so many objects at most are taken apart as they come, if they have at most 1 MB (default 100, as git's receive.unpackLimit):
   * faster to read, and larger to hold. Others stay the packs they are.
   */
  readonly unpackLimit?: number;
}

/** Objects in memory with the boundary of their history. */
export interface MemoryObjects extends RepositoryObjects {
  readonly objects: MemoryObjectStore;
  readonly promisors: PromisorStore;
}

/** Objects in memory without refs, for those who keep a branch's name themselves. They are gone with the process. */
export function createMemoryObjects({ algorithm = sha1, unpackLimit }: MemoryObjectsOptions = {}): MemoryObjects {
  return {
    algorithm,
    objects: new MemoryObjectStore(algorithm, unpackLimit),
    shallow: memoryShallowStore(),
    promisors: memoryPromisorStore(),
  };
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
