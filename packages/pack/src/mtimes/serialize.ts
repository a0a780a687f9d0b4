import type { PackIndex } from '../idx/pack-index.js';
import { HASH_IDS } from '../rev/parse.js';
import { writeUint32 } from '../uint32.js';
import { MTIMES_HEADER_SIZE } from './parse.js';

/**
 * The `.mtimes` file that makes the pack of `index` a cruft pack, byte for byte as git writes it.
 * @param mtimeAt seconds since 1970 of the object at a position of the idx, below 2^32
 * @see gitformat-pack(5), "pack-*.mtimes files have the format"
 */
export function serializePackMtimes(index: PackIndex, mtimeAt: (indexPosition: number) => number): Uint8Array {
  const { algorithm, objectCount, packChecksum } = index;
  const packChecksumAt = MTIMES_HEADER_SIZE + objectCount * 4;
  const bytes = new Uint8Array(packChecksumAt + 2 * algorithm.oidLength);
  bytes.set([0x4d, 0x54, 0x4d, 0x45, 0, 0, 0, 1, 0, 0, 0, HASH_IDS[algorithm.name]]);
  for (let position = 0; position < objectCount; position++) {
    writeUint32(bytes, MTIMES_HEADER_SIZE + position * 4, mtimeAt(position));
  }
  bytes.set(packChecksum, packChecksumAt);
  const checksumAt = packChecksumAt + algorithm.oidLength;
  bytes.set(algorithm.digest(bytes.subarray(0, checksumAt)), checksumAt);
  return bytes;
}
