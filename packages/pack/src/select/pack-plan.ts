import { NotFoundError, type ObjectKind, type Oid } from '@git-kv/objects';
import { typeCodeOfKind } from '../type-code.js';
import { packNameHash } from './name-hash.js';
import type { PackSource } from './pack-source.js';

/** An object that goes into a pack, by name. */
export interface PackItem {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Where a tree or blob stands in its commit. Objects with alike paths are compared first when deltas are sought. */
  readonly path?: string | Uint8Array;
  /** In place of `path`: its {@link packNameHash}. */
  readonly nameHash?: number;
}

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
  readonly oids: readonly Oid[];
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
  readonly #rows: Map<Oid, number> = new Map();

  constructor(items: readonly PackItem[], thinBases: readonly PackItem[]) {
    const all = thinBases.length === 0 ? items : [...items, ...thinBases];
    const size = all.length;
    this.count = items.length;
    this.oids = all.map(({ oid }) => oid);
    this.kinds = Uint8Array.from(all, ({ kind }) => typeCodeOfKind(kind));
    this.nameHashes = Uint32Array.from(
      all,
      ({ path, nameHash }) => nameHash ?? (path === undefined ? 0 : packNameHash(path)),
    );
    this.sizes = new Float64Array(size).fill(NONE);
    this.bases = new Int32Array(size).fill(NONE);
    this.depths = new Int32Array(size);
    this.stored = new Uint8Array(size);
    this.storedSizes = new Float64Array(size);
    this.packs = new Int32Array(size);
    // An object that goes into the pack is no base the receiver has: the first row of an oid counts.
    for (let row = size - 1; row >= 0; row--) this.#rows.set(this.oids[row] as Oid, row);
  }

  /** The row of an object, or `undefined`. */
  rowOf(oid: Oid): number | undefined {
    return this.#rows.get(oid);
  }

  /** The size of a row's object, asked of the source where it is not known. @throws {NotFoundError} */
  async learnSize(row: number, source: PackSource, options: { signal?: AbortSignal }): Promise<number> {
    const known = this.sizes[row] as number;
    if (known !== NONE) return known;
    const oid = this.oids[row] as Oid;
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
