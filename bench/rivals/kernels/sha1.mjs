// sha1.mjs NAME: measure one implementation of SHA-1.
import { createHash, hash } from 'node:crypto';
import { reportHash } from '../../lib/kernel.mjs';

/** @type {Record<string, () => Promise<(input: Uint8Array) => Uint8Array>>} */
const implementations = {
  'crypto.hash': async () => (input) => hash('sha1', input, 'buffer'),
  'crypto.createHash': async () => (input) => createHash('sha1').update(input).digest(),
  noble: async () => (await import('@noble/hashes/legacy.js')).sha1,
  'sha.js': async () => {
    // @ts-expect-error: it has no types
    const { default: shaJs } = await import('sha.js');
    return (input) => shaJs('sha1').update(input).digest();
  },
  'hash-wasm': async () => {
    const hasher = await (await import('hash-wasm')).createSHA1();
    return (input) => hasher.init().update(input).digest('binary');
  },
};

const load = implementations[process.argv[2] ?? ''];
if (!load) throw new Error(`usage: node sha1.mjs ${Object.keys(implementations).join('|')}`);
reportHash(await load());
