import { LimitError } from './error.js';
import type { ObjectKind } from './kind.js';

/** Caps on what is accepted from outside. Each is checked before anything is allocated for it. */
export interface Limits {
  /** Bytes of one inflated object. */
  readonly objectBytes: number;
  /** Bytes of one inflated commit, tree or tag, which are parsed whole. */
  readonly structuredObjectBytes: number;
  /** Bytes of a joined path within a tree. */
  readonly pathBytes: number;
  /** Bytes of a full ref name. */
  readonly refNameBytes: number;
  /** Trees within trees. */
  readonly treeDepth: number;
}

/** What applies where no other limits are given. */
export const defaultLimits: Limits = {
  objectBytes: 512 * 1024 * 1024,
  structuredObjectBytes: 16 * 1024 * 1024,
  pathBytes: 4096,
  refNameBytes: 1024,
  treeDepth: 2048,
};

/** Bytes that an object of this kind may have. */
export function maxObjectBytes(kind: ObjectKind, limits: Limits = defaultLimits): number {
  return kind === 'blob' ? limits.objectBytes : Math.min(limits.objectBytes, limits.structuredObjectBytes);
}

/** @throws {LimitError} where an object of this kind may not have `size` bytes */
export function assertObjectSize(kind: ObjectKind, size: number, limits: Limits = defaultLimits): void {
  if (size > limits.objectBytes) throw new LimitError('objectBytes', size, limits.objectBytes);
  if (kind !== 'blob' && size > limits.structuredObjectBytes) {
    throw new LimitError('structuredObjectBytes', size, limits.structuredObjectBytes);
  }
}
