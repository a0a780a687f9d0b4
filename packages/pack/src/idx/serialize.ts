import { type HashAlgorithm, type Oid, writeOid } from '@git-kv/objects';
import { writeUint32 } from '../uint32.js';
import { sortOids } from './sort.js';

/** What an idx records of one object. */
export interface PackIndexEntry {
  readonly oid: Oid;
  readonly packOffset: number;
  /** Of the entry's bytes in the pack: header and deflated body. */
  readonly crc32: number;
}

/** The same of many objects, in columns and in any order: what the indexer has at hand for 10^6 objects. */
export interface PackIndexColumns {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  /** `objectCount` oids one after another. */
  readonly oids: Uint8Array;
  readonly packOffsets: Float64Array;
  readonly crcs: Uint32Array;
  /** The trailer of the pack. */
  readonly packChecksum: Uint8Array;
}

const FANOUT_AT = 8;
const OIDS_AT = FANOUT_AT + 256 * 4;

/** An offset from here on does not fit 31 bits and goes to the table of 64-bit ones. */
const LARGE_OFFSET = 2 ** 31;

/**
 * The idx (version 2) of a pack, byte for byte as git writes it.
 *
 *     idx = %xFF "tOc" version(2) fanout oids crcs offsets largeOffsets packChecksum idxChecksum
 *     fanout = 256 * how many oids begin with this byte or a lower one
 *     offsets = 31 bits of offset; or, with the top bit set, the position in largeOffsets (8 bytes each)
 *
 * All numbers are big-endian.
 * @see gitformat-pack(5), "Version 2 pack-*.idx files"
 */
export function serializePackIndex(pack: {
  readonly algorithm: HashAlgorithm;
  readonly entries: readonly PackIndexEntry[];
  readonly packChecksum: Uint8Array;
}): Uint8Array {
  const { algorithm, entries, packChecksum } = pack;
  const objectCount = entries.length;
  const oids = new Uint8Array(objectCount * algorithm.oidLength);
  const packOffsets = new Float64Array(objectCount);
  const crcs = new Uint32Array(objectCount);
  for (let position = 0; position < objectCount; position++) {
    const entry = entries[position] as PackIndexEntry;
    writeOid(entry.oid, oids, position * algorithm.oidLength);
    packOffsets[position] = entry.packOffset;
    crcs[position] = entry.crc32;
  }
  return serializePackIndexColumns({ algorithm, objectCount, oids, packOffsets, crcs, packChecksum });
}

/** {@link serializePackIndex} of columns. @param order what `sortOids` says of `oids`, where it is known already */
export function serializePackIndexColumns(
  columns: PackIndexColumns,
  order: Uint32Array = sortOids(columns.oids, columns.algorithm.oidLength, columns.objectCount),
): Uint8Array {
  const { algorithm, objectCount, oids, packOffsets, crcs, packChecksum } = columns;
  const { oidLength } = algorithm;
  let largeCount = 0;
  for (let position = 0; position < objectCount; position++) {
    if ((packOffsets[position] as number) >= LARGE_OFFSET) largeCount++;
  }
  const crcsAt = OIDS_AT + objectCount * oidLength;
  const offsetsAt = crcsAt + objectCount * 4;
  const largeAt = offsetsAt + objectCount * 4;
  const packChecksumAt = largeAt + largeCount * 8;
  const idx = new Uint8Array(packChecksumAt + 2 * oidLength);
  idx.set([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]);

  const fanout = new Uint32Array(256);
  // Oids are whole words, and so is what stands before them.
  const oidWords = oidLength / 4;
  const from = wordsOf(oids, objectCount * oidWords);
  const to = wordsOf(idx, crcsAt / 4);
  for (let rank = 0, toWord = OIDS_AT / 4; rank < objectCount; rank++) {
    const position = order[rank] as number;
    let fromWord = position * oidWords;
    for (const end = toWord + oidWords; toWord < end; ) to[toWord++] = from[fromWord++] as number;
    fanout[oids[position * oidLength] as number]!++;
  }
  let large = 0;
  for (let rank = 0; rank < objectCount; rank++) {
    const position = order[rank] as number;
    writeUint32(idx, crcsAt + rank * 4, crcs[position] as number);
    const packOffset = packOffsets[position] as number;
    if (packOffset < LARGE_OFFSET) {
      writeUint32(idx, offsetsAt + rank * 4, packOffset);
    } else {
      writeUint32(idx, offsetsAt + rank * 4, LARGE_OFFSET + large);
      writeUint32(idx, largeAt + large * 8, Math.floor(packOffset / 2 ** 32));
      writeUint32(idx, largeAt + large * 8 + 4, packOffset % 2 ** 32);
      large++;
    }
  }
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    sum += fanout[byte] as number;
    writeUint32(idx, FANOUT_AT + byte * 4, sum);
  }
  idx.set(packChecksum, packChecksumAt);
  idx.set(algorithm.digest(idx.subarray(0, packChecksumAt + oidLength)), packChecksumAt + oidLength);
  return idx;
}

function wordsOf(bytes: Uint8Array, count: number): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, count);
}
