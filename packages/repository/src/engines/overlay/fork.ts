import type { HashAlgorithm, Oid } from '@git-kv/objects';
import type { ObjectStore } from '../../object-store.js';
import type { RefOutcome, RefStore, RefUpdate } from '../../ref-store.js';
import type { PromisorStore, Repository, RepositoryChange, ShallowStore } from '../../repository.js';
import { OverlayQuarantine, overlayObjects } from './object-store.js';

/**
 * A repository that begins with all objects of another one and costs nothing to make: what it writes goes to `own`, what `own` does
 * not have is read from `upstream`. Refs are its own from the start: see {@link copyRefs}.
 *
 * `upstream` knows nothing of its forks: an object that only they reach may go with its next prune, so prune it for all of them
 * together, or never. Closing the fork closes `own`.
 *
 * ```ts
 * import { copyRefs, forkRepository } from '@git-kv/repository/overlay';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const upstream = createMemoryRepository();
 * const fork = forkRepository(upstream, createMemoryRepository());
 * await copyRefs(upstream, fork, 'refs/heads/');
 * ```
 *
 * @throws {TypeError} where the two are of different hash algorithms
 */
export function forkRepository(upstream: Repository, own: Repository): Repository {
  return new ForkRepository(upstream, own);
}

/**
 * Create in `to` the refs of `from` that begin with `prefix`, and `HEAD` where that is a symbolic ref below it: all of them in
 * one transaction. Objects are not copied.
 * @returns a conflict where one of them is there already
 */
export async function copyRefs(from: Repository, to: Repository, prefix: string): Promise<RefOutcome> {
  const updates: RefUpdate[] = [];
  for await (const { name, value } of from.refs.list(prefix)) updates.push({ name, expected: null, next: value });
  const head = await from.refs.read('HEAD');
  if (head !== undefined && 'target' in head && head.target.startsWith(prefix)) {
    updates.push({ name: 'HEAD', next: head });
  }
  return to.refs.update(updates);
}

class ForkRepository implements Repository {
  readonly algorithm: HashAlgorithm;
  readonly objects: ObjectStore;
  readonly refs: RefStore;
  readonly shallow: ShallowStore;
  readonly promisors?: PromisorStore;
  readonly #own: Repository;

  constructor(upstream: Repository, own: Repository) {
    this.algorithm = own.algorithm;
    this.#own = own;
    this.objects = overlayObjects([own.objects, upstream.objects]);
    this.refs = own.refs;
    this.shallow = {
      read: async () => new Set<Oid>([...(await upstream.shallow.read()), ...(await own.shallow.read())]),
      update: (change) => own.shallow.update(change),
    };
    if (own.promisors) {
      const { promisors } = own;
      this.promisors = {
        read: async () => [...(await promisors.read()), ...((await upstream.promisors?.read()) ?? [])],
        add: (remote) => promisors.add(remote),
      };
    }
  }

  transact({ quarantine, ...change }: RepositoryChange): Promise<RefOutcome> {
    // An engine that does both in one swap knows its own quarantines.
    const arrived = quarantine instanceof OverlayQuarantine ? quarantine.arrived : quarantine;
    return this.#own.transact(arrived === undefined ? change : { ...change, quarantine: arrived });
  }

  close(): Promise<void> {
    return this.#own.close();
  }
}
