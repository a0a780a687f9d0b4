import type { ObjectKind, Oid } from '@git-kv/objects';

/** An object that a walk met. */
export interface WalkedObject {
  readonly oid: Oid;
  readonly kind: ObjectKind;
}
