import { crc32 } from '@git-kv/kernels';
import { MalformedError, type Oid, oidFromBytes } from '@git-kv/objects';
import { decodeEntryHeader, type EntryHeader, emptyEntryHeader, HEADER_BYTES } from '../entry-header.js';
import type { PackIndex } from '../idx/pack-index.js';
import { inflateEntry, MAX_DEFLATE_RATIO } from '../inflate-entry.js';
import { PACK_HEADER_SIZE } from '../pack-header.js';
import { findRow, type PackOrder } from '../pack-order.js';
import type { ReadWindows } from '../read-windows.js';
import type { PackEntry, PackEntryHead } from '../select/pack-source.js';
import { TypeCode } from '../type-code.js';

/** Reads entries of one pack as they are stored. Synchronous and resumable, as `EntryChain` is. */
export class StoredEntries {
  readonly #index: PackIndex;
  readonly #windows: ReadWindows;
  readonly #packEnd: number;
  readonly #pack: object;
  readonly #header: EntryHeader = emptyEntryHeader();
  /** Offsets in pack order tell where an entry ends and which object is the base of an ofs-delta. Asked for when that is needed. */
  readonly #order: () => PackOrder;

  wantedOffset = 0;
  wantedLength = 0;

  constructor(index: PackIndex, order: () => PackOrder, windows: ReadWindows, packEnd: number, pack: object) {
    this.#index = index;
    this.#windows = windows;
    this.#packEnd = packEnd;
    this.#pack = pack;
    this.#order = order;
  }

  /**
   * The entry at `packOffset`, its bytes checked against the idx; `undefined` where bytes have to be loaded first.
   * @throws {MalformedError} where they differ, and where no entry begins there
   */
  read(packOffset: number): PackEntry | undefined {
    const { packOffsets, positions } = this.#order();
    const row = findRow(packOffsets, packOffset);
    if (row < 0) throw new MalformedError('pack', packOffset, 'no entry begins here');
    const length = (packOffsets[row + 1] ?? this.#packEnd) - packOffset;
    this.#assertWithin(packOffset, length);
    if (!this.#peek(packOffset, length)) return undefined;
    const { bytes, at } = this.#windows;
    const end = at + length;
    const head = this.#head(packOffset, end);
    const deflated = bytes.subarray(this.#header.bodyOffset, end);
    this.#check(positions[row] as number, packOffset, bytes, at, end, deflated);
    return { ...head, deflated };
  }

  /** The same without its bytes, which are not checked. @throws {MalformedError} where no entry can begin there */
  readHead(packOffset: number): PackEntryHead | undefined {
    const room = this.#packEnd - packOffset;
    this.#assertWithin(packOffset, room);
    if (!this.#peek(packOffset, Math.min(room, HEADER_BYTES))) return undefined;
    return this.#head(packOffset, Math.min(this.#windows.bytes.length, this.#windows.at + room));
  }

  /** The offsets are those of an idx, which may be wrong. */
  #assertWithin(packOffset: number, length: number): void {
    if (packOffset >= PACK_HEADER_SIZE && length > 0 && packOffset + length <= this.#packEnd) return;
    throw new MalformedError('pack', packOffset, 'no entry can lie here');
  }

  #peek(packOffset: number, length: number): boolean {
    if (this.#windows.peek(packOffset, length)) return true;
    this.wantedOffset = packOffset;
    this.wantedLength = length;
    return false;
  }

  /** What the header at the place that was peeked at says. @param end where the entry ends at the latest */
  #head(packOffset: number, end: number): PackEntryHead {
    const { bytes, at } = this.#windows;
    const header = this.#header;
    const { oidLength } = this.#index.algorithm;
    if (!decodeEntryHeader(bytes, at, end, oidLength, packOffset, header)) {
      throw new MalformedError('pack entry', packOffset, 'its header is cut short');
    }
    const { typeCode, inflatedSize } = header;
    const pack = this.#pack;
    if (typeCode === TypeCode.refDelta) {
      return { typeCode, inflatedSize, pack, baseOid: oidFromBytes(bytes, header.baseOidOffset, oidLength) };
    }
    if (typeCode !== TypeCode.ofsDelta) return { typeCode, inflatedSize, pack };
    const { baseDistance } = header;
    const baseOid = (): Oid => this.#oidAt(packOffset - baseDistance, packOffset);
    return {
      typeCode,
      inflatedSize,
      pack,
      // Many are asked for who only want to know that it is a delta.
      get baseOid() {
        return baseOid();
      },
    };
  }

  #oidAt(baseOffset: number, packOffset: number): Oid {
    const { packOffsets, positions } = this.#order();
    const row = findRow(packOffsets, baseOffset);
    if (row < 0) throw new MalformedError('pack entry', packOffset, 'its delta base is not the start of an entry');
    return this.#index.oidAt(positions[row] as number);
  }

  #check(
    position: number,
    packOffset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    deflated: Uint8Array,
  ): void {
    const crc = this.#index.crcAt(position);
    if (crc !== undefined) {
      if (crc32(bytes, start, end) !== crc) {
        throw new MalformedError('pack entry', packOffset, 'its CRC-32 is not the one in the idx');
      }
      return;
    }
    // An old idx has no checksum, but the stream itself has one.
    const { inflatedSize } = this.#header;
    if (inflatedSize > deflated.length * MAX_DEFLATE_RATIO) {
      throw new MalformedError('pack entry', packOffset, 'its size is more than its bytes can hold');
    }
    if (inflateEntry(deflated, 0, new Uint8Array(inflatedSize), 0, inflatedSize, packOffset) !== deflated.length) {
      throw new MalformedError('pack entry', packOffset, 'its deflate stream does not end where the entry does');
    }
  }
}
