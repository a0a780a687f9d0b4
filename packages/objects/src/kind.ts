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

/** Whether `text` names an object kind. */
export function isObjectKind(text: string): text is ObjectKind {
  return (OBJECT_KINDS as readonly string[]).includes(text);
}
