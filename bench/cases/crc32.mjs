import * as zlib from 'node:zlib';
import { makeHashCase } from '../lib/hash-case.mjs';

/** Table and loop, as RFC 1952 has them. @param {Uint8Array} input */
function crc32(input) {
  let crc = -1;
  for (const byte of input) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

export default makeHashCase({
  name: 'crc32',
  title: 'CRC-32 of one input after another, by size',
  digest: (input) => Uint8Array.from(new Uint8Array(Uint32Array.of(crc32(input)).buffer)),
  rivals: ({ packages }) => [
    {
      name: 'node:zlib crc32',
      id: 'node:zlib',
      unavailable: 'crc32' in zlib ? undefined : 'this Node has no zlib.crc32',
    },
    { name: 'hash-wasm', id: 'hash-wasm', unavailable: packages },
  ],
});
