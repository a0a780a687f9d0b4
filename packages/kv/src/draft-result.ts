import type { NewObject, Oid } from '@git-kv/objects';

/** A root tree and the objects that came with it. */
export interface DraftResult {
  readonly treeOid: Oid;
  readonly objects: readonly NewObject[];
  /** Whether others of its objects are stored already. */
  readonly isPartlyStored?: boolean;
}
