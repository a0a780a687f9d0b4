import type { Oid } from '@git-kv/objects';

/** A commit that the store can stand on. */
export interface Head {
  readonly oid: Oid;
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  /** The committer's, in seconds. */
  readonly timestamp: number;
}
