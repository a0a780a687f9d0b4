import { createHash, hash } from 'node:crypto';
import { missingPackage, ourScript, rivalScript } from '../lib/contender.mjs';
import { hashInputs } from '../lib/kernel.mjs';

/** @import { BenchCase, Contender } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'sha1',
  title: 'SHA-1 of one input after another, by size; "objects" is a mix of 100 B to 20 kB',
  unit: 'ns',
  pictured: ['64 B', 'objects', '64 KiB'],
  expected: () => Object.fromEntries(hashInputs().map(({ name, inputs }) => [name, digestOfDigests(inputs)])),
  measureBytes: () => Object.fromEntries(hashInputs().map(({ name, bytes }) => [name, bytes])),
  contenders({ rivals }) {
    /** @type {(name: string, entry: string, hashPolicy?: string) => Contender} */
    const ours = (name, entry, hashPolicy = 'trust') => ({
      name,
      group: 'ours',
      hashPolicy,
      unavailable: missingPackage('kernels'),
      command: (run) => ourScript('sha1.mjs', [entry], run),
    });
    /** @type {(name: string, implementation: string, unavailable?: string) => Contender} */
    const rival = (name, implementation, unavailable) => ({
      name,
      group: 'rival',
      hashPolicy: 'trust',
      unavailable,
      command: (run) => rivalScript('kernels/sha1.mjs', [implementation], run),
    });
    return [
      ours('git-kv kernels', 'node'),
      ours('git-kv kernels, portable', 'portable'),
      rival('node crypto.hash', 'crypto.hash', hash === undefined ? 'this Node has no crypto.hash' : undefined),
      rival('node crypto.createHash', 'crypto.createHash'),
      rival('@noble/hashes', 'noble', rivals.packages),
      rival('sha.js (isomorphic-git)', 'sha.js', rivals.packages),
      rival('hash-wasm', 'hash-wasm', rivals.packages),
    ];
  },
};

/** @param {readonly Uint8Array[]} inputs */
function digestOfDigests(inputs) {
  const all = createHash('sha256');
  for (const input of inputs) all.update(createHash('sha1').update(input).digest());
  return all.digest('hex');
}
