import { MalformedError } from '@git-kv/objects';
import { TypeCode } from './type-code.js';
import { decodeOfsDistance } from './varint.js';

/** Bytes of a header at most: ten of type and size, ten of distance or an oid. */
export const HEADER_BYTES = 48;

/** Filled in by {@link decodeEntryHeader}, so that a call in a loop over a pack allocates nothing. */
export interface EntryHeader {
  typeCode: number;
  /** Bytes before deflate; of a delta entry, the delta's, not the object's. */
  inflatedSize: number;
  /** Where in `input` the deflated bytes begin. */
  bodyOffset: number;
  /** ofs-delta: bytes from the base's entry to this one; else 0. */
  baseDistance: number;
  /** ref-delta: where in `input` the bytes of the base's oid begin; else 0. */
  baseOidOffset: number;
}

/** A header to pass to {@link decodeEntryHeader}. */
export function emptyEntryHeader(): EntryHeader {
  return { typeCode: 0, inflatedSize: 0, bodyOffset: 0, baseDistance: 0, baseOidOffset: 0 };
}

/** 4 bits in the first byte and 7 in each further one: git reads on to bit 60. */
const LAST_SIZE_UNIT = 2 ** 60;

/**
 * Decode what stands before the deflated bytes of a pack entry.
 *
 *     header     = typeAndSize [ofsDistance / baseOid]
 *     first byte   C TTT SSSS    C: another byte follows, T: type, S: size bits 0-3
 *     next bytes   C SSSSSSS     size bits 4-10, 11-17, ... least significant first
 *
 * Over-long encodings are accepted, as git does: use `bodyOffset`, do not recompute the header's size.
 * @param packOffset where in the pack `offset` is: errors name it, and an ofs-delta may not reach before the pack
 * @returns whether the header is whole; where not, call again with more bytes
 * @throws {MalformedError} for types 0 and 5, a size over 53 bits, a base that does not lie before the entry
 * @see gitformat-pack(5), "Size encoding"
 */
export function decodeEntryHeader(
  input: Uint8Array,
  offset: number,
  inputEnd: number,
  oidLength: number,
  packOffset: number,
  header: EntryHeader,
): boolean {
  if (offset >= inputEnd) return false;
  let at = offset;
  let byte = input[at++] as number;
  const typeCode = (byte >> 4) & 0b111;
  if (typeCode === 0 || typeCode === 5)
    throw new MalformedError('pack entry', packOffset, `type ${typeCode} is not in use`);
  let size = byte & 0b1111;
  // Multiply instead of shifting: `<<` wraps at 32 bits and sizes may exceed 4 GiB.
  for (let unit = 16; byte & 0x80; unit *= 128) {
    if (unit > LAST_SIZE_UNIT) throw new MalformedError('pack entry', packOffset, 'its size does not end');
    if (at >= inputEnd) return false;
    byte = input[at++] as number;
    size += (byte & 0x7f) * unit;
    if (!Number.isSafeInteger(size)) throw new MalformedError('pack entry', packOffset, 'its size is over 53 bits');
  }
  header.typeCode = typeCode;
  header.inflatedSize = size;
  header.baseDistance = 0;
  header.baseOidOffset = 0;
  if (typeCode === TypeCode.ofsDelta) {
    const distance = decodeOfsDistance(input, at, inputEnd, packOffset + at - offset);
    if (distance === undefined) return false;
    if (distance.value === 0 || distance.value > packOffset) {
      throw new MalformedError('pack entry', packOffset, `its delta base lies ${distance.value} bytes before it`);
    }
    header.baseDistance = distance.value;
    at = distance.end;
  } else if (typeCode === TypeCode.refDelta) {
    if (at + oidLength > inputEnd) return false;
    header.baseOidOffset = at;
    at += oidLength;
  }
  header.bodyOffset = at;
  return true;
}
