import type { HashAlgorithm } from '@git-kv/objects';
import type { ObjectStore, Quarantine } from './object-store.js';
import type { RefName, RefOutcome, RefStore, RefUpdate, RefUpdateOptions } from './ref-store.js';

/** One change of a repository: objects that arrived, and the refs that then point to them. */
export interface RepositoryChange {
  readonly quarantine?: Quarantine;
  readonly updates: readonly RefUpdate[];
  readonly options?: RefUpdateOptions;
}

/** A repository but for its refs: what a fetch fills and a push reads, whoever keeps the names. */
export interface RepositoryObjects {
  readonly algorithm: HashAlgorithm;
  readonly objects: ObjectStore;
  /** Commits whose parents this repository does not have (a shallow clone). */
  readonly shallow: ShallowStore;
  /** The remotes that a partial clone is one of. An engine without it has no partial clones. */
  readonly promisors?: PromisorStore;
}

/** Objects and refs together. */
export interface Repository extends RepositoryObjects {
  readonly refs: RefStore;
  /**
   * Publish the quarantine, then update the refs. An engine with one manifest does both in one swap.
   * Where the refs conflict, the objects may stay behind, unreachable.
   */
  transact(change: RepositoryChange): Promise<RefOutcome>;
  /** Branches that are checked out in work trees, which would not follow when the branch moves; absent: there are no work trees. */
  checkedOutBranches?(): Promise<ReadonlySet<RefName>>;
  close(): Promise<void>;
}

/** The shallow boundary: git's `shallow` file. */
export interface ShallowStore {
  read(): Promise<ReadonlySet<string>>;
  update(change: { readonly add: Iterable<string>; readonly remove: Iterable<string> }): Promise<void>;
}

/** A remote that has what a partial clone lacks. */
export interface PromisorRemote {
  /** As in the configuration, `origin` say. */
  readonly name: string;
  /** What fetches from it leave out, as git spells it (`blob:none`); absent for nothing. */
  readonly filter?: string;
}

/** The promisor remotes: git's `remote.NAME.promisor`, `remote.NAME.partialCloneFilter` and `extensions.partialClone`. */
export interface PromisorStore {
  /** In the order in which they are to be asked. */
  read(): Promise<readonly PromisorRemote[]>;
  /** Make a remote one of them. A filter that is remembered already stays, as in git. */
  add(remote: PromisorRemote): Promise<void>;
}
