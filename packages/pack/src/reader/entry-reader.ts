import { LimitError, MalformedError, NotFoundError, type ObjectKind, oidFromBytes } from '@git-kv/objects';
import { decodeEntryHeader, type EntryHeader, emptyEntryHeader, HEADER_BYTES } from '../entry-header.js';
import type { PackIndex } from '../idx/pack-index.js';
import { inflateEntry, MAX_DEFLATE_RATIO } from '../inflate-entry.js';
import type { PackLimits } from '../limits.js';
import { PACK_HEADER_SIZE } from '../pack-header.js';
import type { ReadWindows } from '../read-windows.js';
import { TypeCode } from '../type-code.js';
import type { PackBases } from './delta-base-cache.js';
import type { EntryVerifier } from './entry-verifier.js';

/** What the reads of one pack share. */
export interface ChainParts {
  readonly index: PackIndex;
  readonly limits: PackLimits;
  readonly windows: ReadWindows;
  readonly bases: PackBases;
  /** Where the trailer begins. */
  readonly packEnd: number;
  /** Holds one inflated delta; used and done with between two awaits. */
  readonly scratch: { bytes: Uint8Array };
  /** Where what is read is verified. */
  readonly verifier?: EntryVerifier | undefined;
}

/**
 * Reads entries of a pack, one at a time: its header, and then what it inflates to. Synchronous and resumable: where bytes are
 * missing, a call returns false, says which (`wantedOffset`, `wantedLength`), and is made again when they are there.
 */
export class EntryReader {
  readonly parts: ChainParts;
  readonly header: EntryHeader = emptyEntryHeader();
  wantedOffset = 0;
  wantedLength = 0;
  /** After an inflate: where its entry ends in the bytes of the windows. */
  entryEnd = 0;
  #tries = 0;

  constructor(parts: ChainParts) {
    this.parts = parts;
  }

  /** Have the windows show the entry at `packOffset`, and decode its header. */
  peekHeader(packOffset: number): boolean {
    const { packEnd, windows, index } = this.parts;
    if (!(packOffset >= PACK_HEADER_SIZE && packOffset < packEnd)) {
      throw new MalformedError('pack', packOffset, 'no entry can begin here');
    }
    if (!this.peek(packOffset, HEADER_BYTES)) return false;
    const { bytes, at } = windows;
    if (!decodeEntryHeader(bytes, at, bytes.length, index.algorithm.oidLength, packOffset, this.header)) {
      throw new MalformedError('pack entry', packOffset, 'its header is cut short');
    }
    return true;
  }

  /** Where the base of the delta at `packOffset` begins, whose header was just decoded. @throws {NotFoundError} */
  baseOffset(packOffset: number): number {
    const { header } = this;
    if (header.typeCode === TypeCode.ofsDelta) return packOffset - header.baseDistance;
    const { index, windows } = this.parts;
    const position = index.findBytes(windows.bytes, header.baseOidOffset);
    if (position !== undefined) return index.packOffsetAt(position);
    const baseOid = oidFromBytes(windows.bytes, header.baseOidOffset, index.algorithm.oidLength);
    throw new NotFoundError(
      'OBJECT_NOT_FOUND',
      baseOid,
      `Cannot read pack entry at byte ${packOffset}: its base ${baseOid} is missing`,
    );
  }

  /**
   * Inflate the body of the entry whose header was just decoded, `header.inflatedSize` bytes, to `outputStart`. How many deflated
   * bytes it has is not known, so more are asked for until it is whole.
   */
  inflateInto(output: Uint8Array, outputStart: number, packOffset: number): boolean {
    const { packEnd, windows } = this.parts;
    const size = this.header.inflatedSize;
    const headerSize = this.header.bodyOffset - windows.at;
    // The first guess holds any small object and most large ones.
    let wanted = HEADER_BYTES + (size <= 4096 ? size + 64 : (size >>> 2) + 1024) * 4 ** this.#tries;
    for (;;) {
      if (!this.peek(packOffset, wanted)) return false;
      const { bytes, at } = windows;
      const consumed = inflateEntry(bytes, at + headerSize, output, outputStart, size, packOffset);
      if (consumed !== undefined) {
        this.entryEnd = at + headerSize + consumed;
        this.#tries = 0;
        return true;
      }
      if (bytes.length - at >= packEnd - packOffset) {
        throw new MalformedError('pack entry', packOffset, 'its deflate stream is cut short');
      }
      this.#tries++;
      wanted = Math.max(wanted * 4, (bytes.length - at) * 2);
    }
  }

  /** The delta whose header was just decoded, inflated to the start of `scratch`. */
  inflateDelta(packOffset: number): boolean {
    const { scratch } = this.parts;
    const size = this.header.inflatedSize;
    if (scratch.bytes.length < size) scratch.bytes = new Uint8Array(Math.max(size, 65536));
    return this.inflateInto(scratch.bytes, 0, packOffset);
  }

  /** Hold the entry that was just inflated against its CRC. @param position in the idx */
  verify(packOffset: number, position: number): void {
    const { verifier, windows } = this.parts;
    verifier?.checkEntry(windows.bytes, windows.at, this.entryEnd, packOffset, position);
  }

  /** Begin with another entry: what was tried for the last one does not count. */
  reset(): void {
    this.#tries = 0;
  }

  /** Refuse a size over the limits. */
  assertSize(kind: ObjectKind, size: number): void {
    const { limits } = this.parts;
    const allowed = kind === 'blob' ? limits.objectBytes : Math.min(limits.objectBytes, limits.structuredBytes);
    if (size > allowed) {
      throw new LimitError(allowed === limits.objectBytes ? 'objectBytes' : 'structuredBytes', size, allowed);
    }
  }

  /** The same for what an entry inflates to, which the rest of the pack must be able to hold too. */
  assertStoredSize(kind: ObjectKind, packOffset: number): void {
    const { inflatedSize } = this.header;
    this.assertSize(kind, inflatedSize);
    if (inflatedSize > (this.parts.packEnd - packOffset) * MAX_DEFLATE_RATIO) {
      throw new MalformedError('pack entry', packOffset, 'its size is more than the rest of the pack can hold');
    }
  }

  /** Have the windows show `length` bytes from `packOffset`, or as many as there are. */
  peek(packOffset: number, length: number): boolean {
    const { packEnd, windows } = this.parts;
    const available = Math.min(length, packEnd - packOffset);
    if (windows.peek(packOffset, available)) return true;
    this.wantedOffset = packOffset;
    this.wantedLength = available;
    return false;
  }
}
