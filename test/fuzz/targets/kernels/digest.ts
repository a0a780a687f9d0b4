import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const entries = [node, wasm, portable];

export const digest: FuzzTarget = {
  name: 'digest',
  about: 'SHA-1 plain and detecting, SHA-256, CRC-32: three kernels against node:crypto, in one piece and in two',
  seeds: () =>
    [0, 1, 55, 56, 63, 64, 65, 119, 128, 200, 1000].map((size) => ({
      bytes: Uint8Array.from({ length: size }, (_, at) => at * 31),
    })),
  execute(bytes) {
    const cut = bytes.length === 0 ? 0 : ((bytes[0] ?? 0) * 131) % (bytes.length + 1);
    for (const name of ['sha1', 'sha256'] as const) {
      const expected = createHash(name).update(bytes).digest();
      for (const kernels of entries) {
        ensureEqualBytes(kernels.digest(name, bytes), expected, name);
        const inTwo = kernels.createHash(name).update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).digest();
        ensureEqualBytes(inTwo, expected, `${name} in two pieces`);
        if (name === 'sha256') continue;
        const detecting = kernels.createDetectingHash();
        ensureEqualBytes(
          detecting.update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).digest(),
          expected,
          'detecting',
        );
        ensure(!detecting.foundCollision, 'a collision attack is found in ordinary bytes');
      }
    }
    const sums = entries.map((kernels) => kernels.crc32(bytes));
    ensure(new Set(sums).size === 1, `CRC-32 ${sums.join(', ')} differ`);
    if (zlibCrc32 !== undefined) ensure(sums[0] === zlibCrc32(bytes), 'CRC-32 differs from node:zlib');
  },
};
