import type { HashAlgorithm, Oid } from '@git-kv/objects';

/** Which objects several packs have, and where: a multi-pack-index, opened. Positions count from 0 in the order of the oids. */
export interface MultiPackIndex {
  readonly algorithm: HashAlgorithm;
  /** Each object counts once, in however many packs it is. */
  readonly objectCount: number;
  /** File names of the idx of each pack, sorted: `pack-<hex>.idx`. They are names, never paths. */
  readonly packNames: readonly string[];
  /** @throws {RangeError} where `position` is not below `objectCount`; so do the next three */
  oidAt(position: number): Oid;
  /** Copy the bytes of an oid into `output` at `offset`. */
  writeOidAt(position: number, output: Uint8Array, offset: number): void;
  /** Which of `packNames` has the object. @throws {MalformedError} where there is no such name */
  packAt(position: number): number;
  /** Where in that pack its entry begins. @throws {MalformedError} where the file has no such large offset */
  packOffsetAt(position: number): number;
  /** The position of `oid`, or `undefined` where none of the packs has it. */
  find(oid: Oid): number | undefined;
  /** The same for an oid in bytes, at `offset`. */
  findBytes(bytes: Uint8Array, offset?: number): number | undefined;
  /** Object ids that begin with the lower-case `hex`, sorted, at most `limit`. */
  findByPrefix(hex: string, limit: number): Oid[];
}
