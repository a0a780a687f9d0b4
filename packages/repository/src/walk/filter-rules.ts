import type { ObjectKind } from '@git-kv/objects';
import type { ObjectFilter } from '@git-kv/protocol';

/** What a filter comes to: an object is taken where all of these take it. */
export interface FilterRules {
  readonly kinds: Readonly<Record<ObjectKind, boolean>>;
  /** Trees and blobs fewer than so many levels below a root tree. */
  readonly depth: number;
  /** Blobs of fewer bytes. */
  readonly blobBytes: number;
}

const ALL: FilterRules = {
  kinds: { commit: true, tree: true, blob: true, tag: true },
  depth: Number.POSITIVE_INFINITY,
  blobBytes: Number.POSITIVE_INFINITY,
};

/** The rules of a filter. Each kind of filter narrows one of them, so that a combination is the narrowest of each. */
export function filterRules(filter: ObjectFilter): FilterRules {
  switch (filter.kind) {
    case 'blob:none':
      return { ...ALL, kinds: { ...ALL.kinds, blob: false } };
    case 'blob:limit':
      return { ...ALL, kinds: { ...ALL.kinds, blob: filter.bytes > 0 }, blobBytes: filter.bytes };
    case 'tree':
      return { ...ALL, depth: filter.depth };
    case 'object:type': {
      const kinds = { commit: false, tree: false, blob: false, tag: false, [filter.type]: true };
      return { ...ALL, kinds };
    }
    case 'combine':
      return filter.filters.map(filterRules).reduce(both, ALL);
  }
}

function both(one: FilterRules, other: FilterRules): FilterRules {
  const kinds = {
    commit: one.kinds.commit && other.kinds.commit,
    tree: one.kinds.tree && other.kinds.tree,
    blob: one.kinds.blob && other.kinds.blob,
    tag: one.kinds.tag && other.kinds.tag,
  };
  return { kinds, depth: Math.min(one.depth, other.depth), blobBytes: Math.min(one.blobBytes, other.blobBytes) };
}
