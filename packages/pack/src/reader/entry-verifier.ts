import { crc32 } from '@git-kv/kernels';
import { GitError, hashObject, MalformedError, type RawObject } from '@git-kv/objects';
import type { PackIndex } from '../idx/pack-index.js';
import { findRow, type PackOrder } from '../pack-order.js';

/**
 * Sees to it that what is read from a pack is what was packed. An entry is held against its CRC in the idx: that costs a few percent,
 * but which object begins at some offset is not known before the idx is sorted, and an old idx has no CRCs. Where that stands in the
 * way, the object is hashed.
 */
export class EntryVerifier {
  /** Whether the idx has CRCs. */
  readonly hasCrcs: boolean;
  readonly #index: PackIndex;
  readonly #sort: () => PackOrder;

  constructor(index: PackIndex, sort: () => PackOrder) {
    this.#index = index;
    this.#sort = sort;
    this.hasCrcs = index.objectCount > 0 && index.crcAt(0) !== undefined;
  }

  /** Which object begins at `packOffset`, as a position in the idx. @throws {MalformedError} where none does */
  positionAt(packOffset: number): number {
    const { packOffsets, positions } = this.#sort();
    const row = findRow(packOffsets, packOffset);
    if (row < 0) throw new MalformedError('pack', packOffset, 'no entry begins here');
    return positions[row] as number;
  }

  /** @throws {MalformedError} where the entry from `start` to `end` of `bytes` is not the one that was packed at `packOffset` */
  checkEntry(bytes: Uint8Array, start: number, end: number, packOffset: number, position: number): void {
    if (crc32(bytes, start, end) !== this.#index.crcAt(position)) {
      throw new MalformedError('pack entry', packOffset, 'its CRC-32 is not the one in the idx');
    }
  }

  /** @throws {GitError} HASH_MISMATCH */
  checkObject({ kind, body }: RawObject, position: number): void {
    const oid = this.#index.oidAt(position);
    if (hashObject(this.#index.algorithm, kind, body) !== oid) {
      throw new GitError('HASH_MISMATCH', `Cannot read object ${oid}: its pack entry holds another object`);
    }
  }
}
