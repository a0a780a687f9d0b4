import type { PackIndex } from '../idx/pack-index.js';
import { packOrder } from '../pack-order.js';
import { writeUint32 } from '../uint32.js';
import { HASH_IDS, REVERSE_INDEX_HEADER_SIZE } from './parse.js';

/**
 * The `.rev` file of the pack that `index` is of, byte for byte as git writes it.
 * @see gitformat-pack(5), "pack-*.rev files have the format"
 */
export function serializeReverseIndex(index: PackIndex): Uint8Array {
  const { algorithm, objectCount, packChecksum } = index;
  const { positions } = packOrder(index);
  const packChecksumAt = REVERSE_INDEX_HEADER_SIZE + objectCount * 4;
  const bytes = new Uint8Array(packChecksumAt + 2 * algorithm.oidLength);
  bytes.set([0x52, 0x49, 0x44, 0x58, 0, 0, 0, 1, 0, 0, 0, HASH_IDS[algorithm.name]]);
  for (let row = 0; row < objectCount; row++) {
    writeUint32(bytes, REVERSE_INDEX_HEADER_SIZE + row * 4, positions[row] as number);
  }
  bytes.set(packChecksum, packChecksumAt);
  const checksumAt = packChecksumAt + algorithm.oidLength;
  bytes.set(algorithm.digest(bytes.subarray(0, checksumAt)), checksumAt);
  return bytes;
}
