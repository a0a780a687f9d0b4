import { equalBytes, GitError, type HashAlgorithm, MalformedError } from '@git-kv/objects';
import type { PackIndex } from '../idx/pack-index.js';
import { readUint32 } from '../uint32.js';
import type { ReverseIndex } from './reverse-index.js';

/** "RIDX" */
const SIGNATURE = 0x52494458;
export const REVERSE_INDEX_HEADER_SIZE = 12;

/** What the third word of a `.rev` says. */
export const HASH_IDS: Readonly<Record<HashAlgorithm['name'], number>> = { sha1: 1, sha256: 2 };

/**
 * Open a `.rev` file. Nothing is copied: the result reads from `bytes`, which must not change. What it says of the order
 * is taken on trust; {@link verifyReverseIndex} checks it.
 *
 *     rev = "RIDX" version(4) hashId(4) *indexPosition(4) packChecksum revChecksum
 *
 * The version is 1, the hash id 1 for SHA-1 and 2 for SHA-256, the positions are in the order of the pack; all big-endian.
 * @param index of the pack, to see that the file is as long as its pack has objects, and that it is of this pack
 * @throws {MalformedError} where it is no such file, of another hash, or of another pack
 * @throws {GitError} UNSUPPORTED for another version
 * @see gitformat-pack(5), "pack-*.rev files have the format"
 */
export function parseReverseIndex(bytes: Uint8Array, algorithm: HashAlgorithm, index?: PackIndex): ReverseIndex {
  const { oidLength } = algorithm;
  const packChecksumAt = bytes.length - 2 * oidLength;
  if (packChecksumAt < REVERSE_INDEX_HEADER_SIZE) throw new MalformedError('rev', bytes.length, 'it is cut short');
  if (readUint32(bytes, 0) !== SIGNATURE) throw new MalformedError('rev', 0, 'it does not begin with RIDX');
  const version = readUint32(bytes, 4);
  if (version !== 1) throw new GitError('UNSUPPORTED', `Cannot read rev version ${version}: 1 is known`);
  const hashId = readUint32(bytes, 8);
  if (hashId !== HASH_IDS[algorithm.name]) {
    throw new MalformedError('rev', 8, `its hash id ${hashId} is not that of ${algorithm.name}`);
  }
  const objectCount = (packChecksumAt - REVERSE_INDEX_HEADER_SIZE) / 4;
  if (!Number.isInteger(objectCount)) throw new MalformedError('rev', bytes.length, 'it ends inside a position');
  if (index !== undefined && index.objectCount !== objectCount) {
    const problem = `it has ${objectCount} positions, its idx ${index.objectCount} objects`;
    throw new MalformedError('rev', bytes.length, problem);
  }
  const packChecksum = bytes.subarray(packChecksumAt, packChecksumAt + oidLength);
  if (index !== undefined && !equalBytes(packChecksum, index.packChecksum)) {
    throw new MalformedError('rev', packChecksumAt, 'it belongs to another pack');
  }
  return {
    algorithm,
    objectCount,
    packChecksum: packChecksum.slice(),
    indexPositionAt(row) {
      if (!(row >= 0 && row < objectCount)) {
        throw new RangeError(`Cannot read row ${row}: the rev has ${objectCount} positions`);
      }
      const at = REVERSE_INDEX_HEADER_SIZE + row * 4;
      const position = readUint32(bytes, at);
      if (position >= objectCount) throw new MalformedError('rev', at, `its idx has no position ${position}`);
      return position;
    },
  };
}

/**
 * Check all of a `.rev` against the idx of its pack: its own checksum, and that its rows ascend through the pack, each
 * entry once.
 * @throws {GitError} HASH_MISMATCH; {MalformedError}
 */
export function verifyReverseIndex(bytes: Uint8Array, index: PackIndex): ReverseIndex {
  const reverse = parseReverseIndex(bytes, index.algorithm, index);
  const checksumAt = bytes.length - index.algorithm.oidLength;
  if (!equalBytes(index.algorithm.digest(bytes.subarray(0, checksumAt)), bytes.subarray(checksumAt))) {
    throw new GitError('HASH_MISMATCH', 'Cannot accept rev: its checksum is not that of its bytes');
  }
  let previous = -1;
  for (let row = 0; row < reverse.objectCount; row++) {
    const packOffset = index.packOffsetAt(reverse.indexPositionAt(row));
    // Ascending offsets cannot name a position twice, so as many as there are objects name each once.
    if (packOffset <= previous) {
      throw new MalformedError('rev', REVERSE_INDEX_HEADER_SIZE + row * 4, `row ${row} is not in pack order`);
    }
    previous = packOffset;
  }
  return reverse;
}
