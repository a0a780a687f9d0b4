import type { HashAlgorithm } from '@git-kv/objects';

/** The entries of a pack in the order of the pack: a `.rev` file, opened. Rows count from 0 in that order. */
export interface ReverseIndex {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  /** The trailer of the pack this file belongs to. */
  readonly packChecksum: Uint8Array;
  /**
   * Where in the idx the entry of this row is.
   * @throws {RangeError} where `row` is not below `objectCount`
   * @throws {MalformedError} where the file names a position that the idx does not have
   */
  indexPositionAt(row: number): number;
}
