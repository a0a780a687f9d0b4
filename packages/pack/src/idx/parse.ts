import { GitError, type HashAlgorithm, MalformedError, type Oid, oidFromBytes } from '@git-kv/objects';
import { FANOUT_SIZE, OidTable } from '../oid-table.js';
import { readUint32 } from '../uint32.js';
import type { PackIndex } from './pack-index.js';

/** Where each table of an idx begins, and how far apart its rows are. Version 1 has one table of offset and oid. */
interface Layout {
  readonly version: 1 | 2;
  readonly fanoutAt: number;
  readonly oidsAt: number;
  readonly oidStride: number;
  readonly crcsAt: number;
  readonly offsetsAt: number;
  readonly offsetStride: number;
  readonly largeAt: number;
  readonly largeCount: number;
  readonly packChecksumAt: number;
}

/**
 * Open an idx, version 1 or 2. Nothing is copied: the index reads from `bytes`, which must not change.
 * What a look-up relies on is checked (sizes, fanout); {@link verifyPackIndex} checks the rest.
 *
 *     v1 = fanout *(offset(4) oid) packChecksum idxChecksum
 *
 * @throws {MalformedError} where sizes and fanout do not fit each other
 * @see gitformat-pack(5), "Version 1 pack-*.idx files"
 */
export function parsePackIndex(bytes: Uint8Array, algorithm: HashAlgorithm): PackIndex {
  const isV1 = !(bytes[0] === 0xff && bytes[1] === 0x74 && bytes[2] === 0x4f && bytes[3] === 0x63);
  const fanoutAt = isV1 ? 0 : 8;
  if (bytes.length < fanoutAt + FANOUT_SIZE + 2 * algorithm.oidLength) {
    throw new MalformedError('idx', bytes.length, 'it is cut short');
  }
  if (!isV1 && readUint32(bytes, 4) !== 2) {
    throw new GitError('UNSUPPORTED', `Cannot read idx version ${readUint32(bytes, 4)}: 1 and 2 are known`);
  }
  let objectCount = 0;
  for (let byte = 0; byte < 256; byte++) {
    const sum = readUint32(bytes, fanoutAt + byte * 4);
    if (sum < objectCount) throw new MalformedError('idx', fanoutAt + byte * 4, 'its fanout descends');
    objectCount = sum;
  }
  return new ParsedPackIndex(bytes, algorithm, objectCount, layoutOf(bytes, algorithm, isV1, objectCount));
}

function layoutOf(bytes: Uint8Array, algorithm: HashAlgorithm, isV1: boolean, objectCount: number): Layout {
  const { oidLength } = algorithm;
  const packChecksumAt = bytes.length - 2 * oidLength;
  if (isV1) {
    const stride = 4 + oidLength;
    if (FANOUT_SIZE + objectCount * stride !== packChecksumAt) {
      throw new MalformedError('idx', bytes.length, `its size does not fit its ${objectCount} objects`);
    }
    const rows = { offsetsAt: FANOUT_SIZE, offsetStride: stride, oidsAt: FANOUT_SIZE + 4, oidStride: stride };
    return { version: 1, fanoutAt: 0, ...rows, crcsAt: -1, largeAt: packChecksumAt, largeCount: 0, packChecksumAt };
  }
  const oidsAt = 8 + FANOUT_SIZE;
  const crcsAt = oidsAt + objectCount * oidLength;
  const offsetsAt = crcsAt + objectCount * 4;
  const largeAt = offsetsAt + objectCount * 4;
  const largeCount = (packChecksumAt - largeAt) / 8;
  // As git: the first offset of a pack is 12, so one object of all has a small offset.
  if (largeCount < 0 || !Number.isInteger(largeCount) || largeCount > Math.max(0, objectCount - 1)) {
    throw new MalformedError('idx', bytes.length, `its size does not fit its ${objectCount} objects`);
  }
  const rows = { oidsAt, oidStride: oidLength, offsetsAt, offsetStride: 4 };
  return { version: 2, fanoutAt: 8, ...rows, crcsAt, largeAt, largeCount, packChecksumAt };
}

class ParsedPackIndex implements PackIndex {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  readonly #bytes: Uint8Array;
  readonly #layout: Layout;
  readonly #oids: OidTable;

  constructor(bytes: Uint8Array, algorithm: HashAlgorithm, objectCount: number, layout: Layout) {
    const { fanoutAt, oidsAt, oidStride } = layout;
    this.algorithm = algorithm;
    this.objectCount = objectCount;
    this.#bytes = bytes;
    this.#layout = layout;
    this.#oids = new OidTable(bytes, algorithm, { count: objectCount, fanoutAt, oidsAt, stride: oidStride });
  }

  get version(): 1 | 2 {
    return this.#layout.version;
  }

  get packChecksum(): Uint8Array {
    const { packChecksumAt } = this.#layout;
    return this.#bytes.slice(packChecksumAt, packChecksumAt + this.algorithm.oidLength);
  }

  oidAt(indexPosition: number): Oid {
    this.#oids.assertPosition(indexPosition, 'idx');
    return this.#oids.oidAt(indexPosition);
  }

  writeOidAt(indexPosition: number, output: Uint8Array, offset: number): void {
    this.#oids.assertPosition(indexPosition, 'idx');
    this.#oids.writeOidAt(indexPosition, output, offset);
  }

  packOffsetAt(indexPosition: number): number {
    this.#oids.assertPosition(indexPosition, 'idx');
    const { version, offsetsAt, offsetStride, largeAt, largeCount } = this.#layout;
    const at = offsetsAt + indexPosition * offsetStride;
    const offset = readUint32(this.#bytes, at);
    if (version === 1 || offset < 2 ** 31) return offset;
    const large = offset - 2 ** 31;
    if (large >= largeCount) throw new MalformedError('idx', at, `it has no large offset ${large}`);
    const high = readUint32(this.#bytes, largeAt + large * 8);
    const packOffset = high * 2 ** 32 + readUint32(this.#bytes, largeAt + large * 8 + 4);
    if (!Number.isSafeInteger(packOffset))
      throw new MalformedError('idx', largeAt + large * 8, 'an offset is over 53 bits');
    return packOffset;
  }

  crcAt(indexPosition: number): number | undefined {
    this.#oids.assertPosition(indexPosition, 'idx');
    const { crcsAt } = this.#layout;
    return crcsAt < 0 ? undefined : readUint32(this.#bytes, crcsAt + indexPosition * 4);
  }

  find(oid: Oid): number | undefined {
    return this.#oids.find(oid);
  }

  findBytes(bytes: Uint8Array, offset = 0): number | undefined {
    return this.#oids.findBytes(bytes, offset);
  }

  findByPrefix(hex: string, limit: number): Oid[] {
    return this.#oids.findByPrefix(hex, limit);
  }
}

/**
 * Check all of an idx that {@link parsePackIndex} takes on trust: its own checksum, that oids ascend and fit the fanout,
 * and that every offset can be read. Reads it whole.
 * @throws {GitError} HASH_MISMATCH; {MalformedError}
 */
export function verifyPackIndex(bytes: Uint8Array, algorithm: HashAlgorithm): PackIndex {
  const index = parsePackIndex(bytes, algorithm);
  const checksumAt = bytes.length - algorithm.oidLength;
  if (oidFromBytes(algorithm.digest(bytes.subarray(0, checksumAt))) !== oidFromBytes(bytes, checksumAt)) {
    throw new GitError('HASH_MISMATCH', 'Cannot accept idx: its checksum is not that of its bytes');
  }
  const fanoutAt = index.version === 1 ? 0 : 8;
  let previous: Oid = '';
  for (let position = 0; position < index.objectCount; position++) {
    const oid = index.oidAt(position);
    if (oid < previous) throw new MalformedError('idx', fanoutAt, `its oids descend at ${position}`);
    const first = Number.parseInt(oid.slice(0, 2), 16);
    const from = first === 0 ? 0 : readUint32(bytes, fanoutAt + (first - 1) * 4);
    if (position < from || position >= readUint32(bytes, fanoutAt + first * 4)) {
      throw new MalformedError('idx', fanoutAt + first * 4, `its fanout does not fit the oid at ${position}`);
    }
    index.packOffsetAt(position);
    previous = oid;
  }
  return index;
}
