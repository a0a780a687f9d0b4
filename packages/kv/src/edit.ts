import type { NewObject, Oid, RawObject } from '@git-kv/objects';
import type { RepositoryObjects } from '@git-kv/repository';
import type { DraftResult } from './draft-result.js';
import type { Head } from './head.js';
import type { CommitMaker } from './made-commit.js';
import type { ChangeOptions, KvOptions } from './options.js';
import type { Upstream, UpstreamRefusal } from './upstream.js';

/** What one write makes of a root tree. One that changes nothing is there to have `assertHolds` asked of what the branch holds. */
export interface Edit {
  readonly baseTreeOid: Oid | undefined;
  readonly treeOid: Oid;
  readonly objects: readonly NewObject[];
  /** Whether others of its objects are stored already. */
  readonly isPartlyStored?: boolean;
  readonly options: ChangeOptions;
  /** Asked before the edit is made on top of what others left. Throws where it does not hold there. */
  readonly assertHolds?: (theirs: Head) => Promise<void>;
  /** Made anew on top of that, in place of a merge; `undefined` where it is to be merged. */
  readonly remake?: (theirs: Head) => Promise<DraftResult | undefined>;
}

/** Where commits are made: on `head`, and on the branch at `pushedOid`. */
export interface Ground {
  readonly head: Head | undefined;
  readonly pushedOid: Oid | undefined;
}

/** In the place of an error: an edit before this one failed, so that it has to be made anew. */
export const NOT_TRIED: unique symbol = Symbol('not tried');

/** What became of edits. */
export interface Published {
  /** Why an edit was not made, an error or {@link NOT_TRIED}; those that are not here were. */
  readonly failures: ReadonlyMap<Edit, unknown>;
  /** Where the branch is known to stand now; `undefined` where it did not move. */
  readonly position: Ground | undefined;
  /** A commit on top of that of which it is not known whether the remote took it. */
  readonly pending?: Head;
  /** The commit of others that the edits were made on top of. */
  readonly onto?: Head;
}

/** What edits are published with. */
export interface PublisherOptions {
  readonly repository: RepositoryObjects;
  readonly upstream: Upstream;
  readonly committer: Pick<CommitMaker, 'make'>;
  /** Told of what was stored. */
  readonly retention: { wrote(objects: readonly RawObject[]): void; fetched(): void };
  readonly readHead: (oid: Oid) => Promise<Head>;
  readonly settings: KvOptions;
}

/** What came of a first try that was not the last. */
export interface FirstTry {
  readonly failed?: readonly [edit: Edit, error: unknown];
  readonly refusal?: UpstreamRefusal;
  /** How long it took. */
  readonly ms?: number;
}
