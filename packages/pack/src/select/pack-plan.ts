import { NotFoundError, type Oid } from '@git-kv/objects';
import { typeCodeOfKind } from '../type-code.js';
import { PackItemList } from './pack-items.js';
import type { PackSource } from './pack-source.js';

/** How an object is stored in the pack it would come from. */
export const Stored = {
  /** Not in a pack, or not known. */
  elsewhere: 0,
  full: 1,
  /** As a delta whose base goes into the new pack too. */
  delta: 2,
  /** As a delta whose base does not. */
  otherDelta: 3,
} as const;

/** No row, or no size known. */
export const NONE = -1;

/** What a pack will hold, a row an object, in the order of the items; and behind them bases that the receiver has. */
export class PackPlan {
  /** Rows that go into the pack. */
  readonly count: number;
  /** All rows. */
  readonly size: number;
  /** Type codes of the objects. */
  readonly kinds: Uint8Array;
  readonly nameHashes: Uint32Array;
  /** Bytes of each object, as far as known. */
  readonly sizes: Float64Array;
  /** The base each row will be a delta against. */
  readonly bases: Int32Array;
  /** Deltas from each row to its full object. */
  readonly depths: Int32Array;
  readonly stored: Uint8Array;
  /** Bytes of what is stored, and of the deltas that were found, before deflate. */
  readonly storedSizes: Float64Array;
  /** The pack each row is stored in, from 1; 0 for none. */
  readonly packs: Int32Array;
  readonly #items: PackItemList;

  /** @param thinBases an object that goes into the pack is no base the receiver has: those among them do not count */
  constructor(items: PackItemList, thinBases: PackItemList) {
    this.count = items.length;
    let all = items;
    if (thinBases.length > 0) {
      all = new PackItemList(items.algorithm, items);
      for (const base of thinBases) all.push(base);
    }
    const size = all.length;
    this.#items = all;
    this.size = size;
    this.kinds = all.kinds.slice();
    this.nameHashes = all.nameHashes;
    this.sizes = new Float64Array(size).fill(NONE);
    this.bases = new Int32Array(size).fill(NONE);
    this.depths = new Int32Array(size);
    this.stored = new Uint8Array(size);
    this.storedSizes = new Float64Array(size);
    this.packs = new Int32Array(size);
  }

  oidAt(row: number): Oid {
    return this.#items.oidAt(row);
  }

  /** The row of an object, or `undefined`. */
  rowOf(oid: Oid): number | undefined {
    const row = this.#items.rowOf(oid);
    return row < 0 || row >= this.size ? undefined : row;
  }

  /** The size of a row's object, asked of the source where it is not known. @throws {NotFoundError} */
  async learnSize(row: number, source: PackSource, options: { signal?: AbortSignal }): Promise<number> {
    const known = this.sizes[row] as number;
    if (known !== NONE) return known;
    const oid = this.oidAt(row);
    const size = source.sizeSync?.(oid);
    if (size !== undefined) return (this.sizes[row] = size);
    const stat = await source.stat(oid, options);
    if (stat === undefined) throw missing(oid);
    this.kinds[row] = typeCodeOfKind(stat.kind);
    this.sizes[row] = stat.size;
    return stat.size;
  }
}

/** The error for an object that the source does not have. */
export function missing(oid: Oid): NotFoundError {
  return new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot write pack: object ${oid} is missing`);
}
