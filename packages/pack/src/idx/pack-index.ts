import type { HashAlgorithm, Oid } from '@git-kv/objects';

/** Which objects a pack has, and where: an idx, opened. Index positions count from 0 in the order of the oids. */
export interface PackIndex {
  readonly algorithm: HashAlgorithm;
  readonly version: 1 | 2;
  readonly objectCount: number;
  /** The trailer of the pack this idx belongs to. */
  readonly packChecksum: Uint8Array;
  /** @throws {RangeError} where `indexPosition` is not below `objectCount`; so do the next three */
  oidAt(indexPosition: number): Oid;
  /** Copy the bytes of an oid into `output` at `offset`. */
  writeOidAt(indexPosition: number, output: Uint8Array, offset: number): void;
  /** @throws {MalformedError} where the idx points outside of its table of large offsets */
  packOffsetAt(indexPosition: number): number;
  /** Of the entry's bytes in the pack; `undefined` in version 1, which has none. */
  crcAt(indexPosition: number): number | undefined;
  /** The position of `oid`, or `undefined` where the pack does not have it. Of several, any. */
  find(oid: Oid): number | undefined;
  /** The same for an oid in bytes, at `offset`. */
  findBytes(bytes: Uint8Array, offset?: number): number | undefined;
  /** Object ids that begin with the lower-case `hex`, sorted, each once, at most `limit`. */
  findByPrefix(hex: string, limit: number): Oid[];
}
