import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { inflateInputs } from '../lib/kernel.mjs';
import { makeKernelCase } from '../lib/kernel-case.mjs';

export default makeKernelCase({
  name: 'inflate',
  title: 'inflate one zlib stream after another, by the size of its text',
  pictured: ['270 B', '3.9 KB', '58 KB'],
  note: 'checks Adler-32, tells the bytes consumed',
  measureBytes: () => Object.fromEntries(inflateInputs().map(({ name, bytes }) => [name, bytes])),
  expected: () => Object.fromEntries(inflateInputs().map(({ name, streams }) => [name, digestOfTexts(streams)])),
  rivals: ({ packages: unavailable }) => [
    { name: 'node:zlib', id: 'node:zlib', note: 'inflateSync with info: checks, tells' },
    { name: 'fflate', id: 'fflate', note: 'neither checks nor tells', unavailable },
    { name: 'pako (isomorphic-git)', id: 'pako', note: 'checks, does not tell', unavailable },
  ],
});

/** @param {readonly Uint8Array[]} streams */
export function digestOfTexts(streams) {
  const all = createHash('sha256');
  for (const stream of streams) all.update(inflateSync(stream));
  return all.digest('hex');
}
