import { createHash, hash } from 'node:crypto';
import { makeHashCase } from '../lib/hash-case.mjs';

export default makeHashCase({
  name: 'sha1',
  title: 'SHA-1 of one input after another, by size',
  hashPolicy: 'trust',
  digest: (input) => createHash('sha1').update(input).digest(),
  rivals: ({ packages: unavailable }) => [
    {
      name: 'node crypto.hash',
      id: 'crypto.hash',
      unavailable: hash === undefined ? 'this Node has no crypto.hash' : undefined,
    },
    { name: 'node crypto.createHash', id: 'crypto.createHash' },
    { name: '@noble/hashes', id: 'noble', unavailable },
    { name: 'sha.js (isomorphic-git)', id: 'sha.js', unavailable },
    { name: 'hash-wasm', id: 'hash-wasm', unavailable },
  ],
});
