import type { Oid } from './oid.js';

/** What an object is. In a pack the same is a numeric type code, 1 to 4 in this order. */
export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag';

/** All kinds; the index is the pack type code less one. */
export const OBJECT_KINDS: readonly ObjectKind[] = ['commit', 'tree', 'blob', 'tag'];

/** An object as it is hashed, less its "<kind> <size>\0" frame. */
export interface RawObject {
  readonly kind: ObjectKind;
  /** Not to be changed by whoever receives it: it may be shared with a cache. */
  readonly body: Uint8Array;
}

/** An object to store. */
export interface NewObject extends RawObject {
  /**
   * Its id, where whoever made the object has computed it: it is taken as it is, as long as it is one. With it the body is given away, and nobody is to change
   * it any more.
   */
  readonly oid?: Oid;
}

/** Whether `text` names an object kind. */
export function isObjectKind(text: string): text is ObjectKind {
  return (OBJECT_KINDS as readonly string[]).includes(text);
}
