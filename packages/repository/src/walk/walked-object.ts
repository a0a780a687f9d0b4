import type { ObjectKind, Oid } from '@git-kv/objects';

/** An object that a walk met. */
export interface WalkedObject {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Of a tree or blob that a tree names: the `packNameHash` of its path, as first met. */
  readonly nameHash?: number;
}
