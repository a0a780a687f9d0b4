import type { ObjectKind } from '@git-kv/objects';

/** An object of a pack that is being indexed. */
export interface VisitedObject {
  readonly packOffset: number;
  readonly kind: ObjectKind;
  /** A view of a buffer that is used again: copy what outlives the call. */
  readonly body: Uint8Array;
}
