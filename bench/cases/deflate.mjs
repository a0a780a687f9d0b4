import { inflateInputs } from '../lib/kernel.mjs';
import { makeKernelCase } from '../lib/kernel-case.mjs';
import { digestOfTexts } from './inflate.mjs';

export default makeKernelCase({
  name: 'deflate',
  title: 'deflate one text after another at level 6, by its size',
  pictured: ['270 B', '3.9 KB', '58 KB'],
  measureBytes: () => Object.fromEntries(inflateInputs().map(({ name, bytes }) => [name, bytes])),
  expected: () => Object.fromEntries(inflateInputs().map(({ name, streams }) => [name, digestOfTexts(streams)])),
  rivals: ({ packages: unavailable }) => [
    { name: 'node:zlib', id: 'node:zlib' },
    { name: 'fflate', id: 'fflate', unavailable },
    { name: 'pako (isomorphic-git)', id: 'pako', unavailable },
  ],
});
