import type { ObjectKind } from '@git-kv/objects';

/** The numeric types of a pack entry; 0 and 5 are not in use. */
export const TypeCode = { commit: 1, tree: 2, blob: 3, tag: 4, ofsDelta: 6, refDelta: 7 } as const;

/** The kind each type code from 1 to 4 stands for. Deltas have none of their own. */
export function kindOfTypeCode(typeCode: number): ObjectKind | undefined {
  return typeCode === 1
    ? 'commit'
    : typeCode === 2
      ? 'tree'
      : typeCode === 3
        ? 'blob'
        : typeCode === 4
          ? 'tag'
          : undefined;
}

/** The type code of a full object of this kind. */
export function typeCodeOfKind(kind: ObjectKind): number {
  return TypeCode[kind];
}

/** Bytes of a delta at least: git refuses shorter ones, which could only yield nothing. */
export const LEAST_DELTA_SIZE = 4;
