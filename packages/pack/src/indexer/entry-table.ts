/** No entry: the end of a list, or a payload that is not held. */
export const NONE = -1;

/** Marks the type code of a delta whose object is known; the low three bits are the object's. */
export const RESOLVED = 8;

const FIRST_CAPACITY = 1024;

/** What a header claims is believed where no more than so many times the rows came. */
const TRUSTED_RATIO = 32;

/**
 * What the indexer knows of each entry of a pack, in columns: no object per entry. Rows are in pack order, so
 * `packOffsets` ascends. Grows as entries arrive, by what a header claims only within bounds.
 */
export class EntryTable {
  count = 0;
  readonly oidLength: number;
  packOffsets: Float64Array = new Float64Array(FIRST_CAPACITY);
  crcs: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** As in the entry's header; of a resolved delta, that of its object with {@link RESOLVED} added. */
  typeCodes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Filled in when the object is known. */
  oids: Uint8Array;
  /** The first delta made for this object, and the next one made for the same object. */
  firstChildren: Int32Array = new Int32Array(FIRST_CAPACITY);
  nextSiblings: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Where the inflated body is held, as `DeltaPayloads` says. */
  payloads: Int32Array = new Int32Array(FIRST_CAPACITY);

  constructor(oidLength: number) {
    this.oidLength = oidLength;
    this.oids = new Uint8Array(FIRST_CAPACITY * oidLength);
  }

  /** A table of columns that another thread made; no payloads are at hand. */
  static of(
    oidLength: number,
    columns: Pick<EntryTable, 'count' | 'packOffsets' | 'typeCodes' | 'oids' | 'firstChildren' | 'nextSiblings'>,
  ): EntryTable {
    const table = new EntryTable(oidLength);
    table.count = columns.count;
    table.packOffsets = columns.packOffsets;
    table.typeCodes = columns.typeCodes;
    table.oids = columns.oids;
    table.firstChildren = columns.firstChildren;
    table.nextSiblings = columns.nextSiblings;
    table.payloads = new Int32Array(columns.count).fill(NONE);
    return table;
  }

  /** The digest at `start` of `digests` names the object in `row`. */
  setOid(row: number, digests: Uint8Array, start: number): void {
    const { oids, oidLength } = this;
    let from = start;
    for (let to = row * oidLength, end = to + oidLength; to < end; ) oids[to++] = digests[from++] as number;
  }

  /** Move what other threads need into shared memory. */
  share(): void {
    const { count } = this;
    const room = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
    this.packOffsets = copied(new Float64Array(room(count * 8)), this.packOffsets.subarray(0, count));
    this.typeCodes = copied(new Uint8Array(room(count)), this.typeCodes.subarray(0, count));
    this.oids = copied(new Uint8Array(room(count * this.oidLength)), this.oids.subarray(0, count * this.oidLength));
    this.firstChildren = copied(new Int32Array(room(count * 4)), this.firstChildren.subarray(0, count));
    this.nextSiblings = copied(new Int32Array(room(count * 4)), this.nextSiblings.subarray(0, count));
  }

  /** @param mostRows rows that will be needed at most */
  add(packOffset: number, typeCode: number, crc32: number, mostRows: number): number {
    const row = this.count;
    if (row === this.packOffsets.length) this.#grow(mostRows);
    this.packOffsets[row] = packOffset;
    this.crcs[row] = crc32;
    this.typeCodes[row] = typeCode;
    this.firstChildren[row] = NONE;
    this.nextSiblings[row] = NONE;
    this.payloads[row] = NONE;
    this.count = row + 1;
    return row;
  }

  /** The row of the entry that begins at `packOffset`, or {@link NONE}. */
  rowAt(packOffset: number): number {
    const { packOffsets } = this;
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = packOffsets[middle] as number;
      if (at === packOffset) return middle;
      if (at < packOffset) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  /** Everything is resolved: drop what only the delta trees needed. */
  releaseTrees(): void {
    this.firstChildren = new Int32Array(0);
    this.nextSiblings = new Int32Array(0);
    this.payloads = new Int32Array(0);
  }

  #grow(mostRows: number): void {
    // The last time all that will be needed, so that few outgrown columns wait to be collected. What is not in use yet takes address
    // space, and no memory.
    const rows = this.count * TRUSTED_RATIO >= mostRows ? Math.max(this.count + 1, mostRows) : this.count * 2;
    this.packOffsets = copied(new Float64Array(rows), this.packOffsets);
    this.crcs = copied(new Uint32Array(rows), this.crcs);
    this.typeCodes = copied(new Uint8Array(rows), this.typeCodes);
    this.oids = copied(new Uint8Array(rows * this.oidLength), this.oids);
    this.firstChildren = copied(new Int32Array(rows), this.firstChildren);
    this.nextSiblings = copied(new Int32Array(rows), this.nextSiblings);
    this.payloads = copied(new Int32Array(rows), this.payloads);
  }
}

function copied<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}
