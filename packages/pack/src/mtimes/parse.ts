import { equalBytes, GitError, type HashAlgorithm, MalformedError } from '@git-kv/objects';
import type { PackIndex } from '../idx/pack-index.js';
import { HASH_IDS } from '../rev/parse.js';
import { readUint32 } from '../uint32.js';

/** "MTME" */
const SIGNATURE = 0x4d544d45;
export const MTIMES_HEADER_SIZE = 12;

/** When each object of a cruft pack was last written before it went there: a `.mtimes` file, opened. */
export interface PackMtimes {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  /** The trailer of the pack this file belongs to. */
  readonly packChecksum: Uint8Array;
  /**
   * Seconds since 1970, of the object at this position of the idx.
   * @throws {RangeError} where `indexPosition` is not below `objectCount`
   */
  mtimeAt(indexPosition: number): number;
}

/**
 * Open a `.mtimes` file. Nothing is copied: the result reads from `bytes`, which must not change.
 *
 *     mtimes = "MTME" version(4) hashId(4) *seconds(4) packChecksum mtimesChecksum
 *
 * The version is 1, the hash id 1 for SHA-1 and 2 for SHA-256, the times are in the order of the idx; all big-endian.
 * @param index of the pack, to see that the file is of this pack
 * @throws {MalformedError} where it is no such file, of another hash, or of another pack
 * @throws {GitError} UNSUPPORTED for another version; HASH_MISMATCH where its checksum is not that of its bytes
 * @see gitformat-pack(5), "pack-*.mtimes files have the format"
 */
export function parsePackMtimes(bytes: Uint8Array, algorithm: HashAlgorithm, index?: PackIndex): PackMtimes {
  const { oidLength } = algorithm;
  const checksumAt = bytes.length - oidLength;
  const packChecksumAt = checksumAt - oidLength;
  if (packChecksumAt < MTIMES_HEADER_SIZE) throw new MalformedError('mtimes', bytes.length, 'it is cut short');
  if (readUint32(bytes, 0) !== SIGNATURE) throw new MalformedError('mtimes', 0, 'it does not begin with MTME');
  const version = readUint32(bytes, 4);
  if (version !== 1) throw new GitError('UNSUPPORTED', `Cannot read mtimes version ${version}: 1 is known`);
  const hashId = readUint32(bytes, 8);
  if (hashId !== HASH_IDS[algorithm.name]) {
    throw new MalformedError('mtimes', 8, `its hash id ${hashId} is not that of ${algorithm.name}`);
  }
  const objectCount = (packChecksumAt - MTIMES_HEADER_SIZE) / 4;
  if (!Number.isInteger(objectCount)) throw new MalformedError('mtimes', bytes.length, 'it ends inside a time');
  if (index !== undefined && index.objectCount !== objectCount) {
    const problem = `it has ${objectCount} times, its idx ${index.objectCount} objects`;
    throw new MalformedError('mtimes', bytes.length, problem);
  }
  const packChecksum = bytes.slice(packChecksumAt, checksumAt);
  if (index !== undefined && !equalBytes(packChecksum, index.packChecksum)) {
    throw new MalformedError('mtimes', packChecksumAt, 'it belongs to another pack');
  }
  if (!equalBytes(algorithm.digest(bytes.subarray(0, checksumAt)), bytes.subarray(checksumAt))) {
    throw new GitError('HASH_MISMATCH', 'Cannot read mtimes: its checksum is not that of its bytes');
  }
  return {
    algorithm,
    objectCount,
    packChecksum,
    mtimeAt(indexPosition) {
      if (!(indexPosition >= 0 && indexPosition < objectCount)) {
        throw new RangeError(`Cannot read time ${indexPosition}: the mtimes has ${objectCount}`);
      }
      return readUint32(bytes, MTIMES_HEADER_SIZE + indexPosition * 4);
    },
  };
}
