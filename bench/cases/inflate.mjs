import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { missingPackage, ourScript, rivalScript } from '../lib/contender.mjs';
import { inflateInputs } from '../lib/kernel.mjs';

/** @import { BenchCase, Contender } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'inflate',
  title: 'inflate one zlib stream after another, by the size of its text',
  unit: 'ns',
  pictured: ['270 B', '3.9 KB', '58 KB'],
  expected: () => Object.fromEntries(inflateInputs().map(({ name, streams }) => [name, digestOfTexts(streams)])),
  measureBytes: () => Object.fromEntries(inflateInputs().map(({ name, bytes }) => [name, bytes])),
  contenders({ rivals }) {
    /** @type {(name: string, entry: string) => Contender} */
    const ours = (name, entry) => ({
      name,
      group: 'ours',
      note: 'checks Adler-32, tells the bytes consumed',
      unavailable: missingPackage('kernels'),
      command: (run) => ourScript('inflate.mjs', [entry], run),
    });
    /** @type {(name: string, implementation: string, note: string, unavailable?: string) => Contender} */
    const rival = (name, implementation, note, unavailable) => ({
      name,
      group: 'rival',
      note,
      unavailable,
      command: (run) => rivalScript('kernels/inflate.mjs', [implementation], run),
    });
    return [
      ours('git-kv kernels', 'node'),
      ours('git-kv kernels, portable', 'portable'),
      rival('node:zlib', 'node:zlib', 'inflateSync with info: checks, tells'),
      rival('fflate', 'fflate', 'neither checks nor tells', rivals.packages),
      rival('pako (isomorphic-git)', 'pako', 'checks, does not tell', rivals.packages),
    ];
  },
};

/** @param {readonly Uint8Array[]} streams */
function digestOfTexts(streams) {
  const all = createHash('sha256');
  for (const stream of streams) all.update(inflateSync(stream));
  return all.digest('hex');
}
