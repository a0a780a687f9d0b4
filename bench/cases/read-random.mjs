import { readFileSync } from 'node:fs';
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript, unlessSha1 } from '../lib/contender.mjs';
import { summarizeBatch } from '../lib/fingerprint.mjs';

/** @import { BenchCase } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'read-random',
  title: 'read 10,000 blobs one after another, drawn at random with repetition',
  unit: 'ms',
  needsRepository: true,
  expected: async ({ repository }) => JSON.parse(readFileSync((await repository()).randomSummaryPath, 'utf8')),
  async contenders({ repository, rivals }) {
    const { gitDir, randomOidsPath, algorithm } = await repository();
    return [
      {
        name: 'git-kv',
        group: 'ours',
        unavailable: missingPackage('repository'),
        command: (run) => ourScript('read-objects.mjs', [gitDir, randomOidsPath], run),
      },
      {
        name: 'git',
        group: 'git',
        command: ({ verify }) => ({
          program: 'git',
          args: ['cat-file', '--batch', '--buffer'],
          cwd: gitDir,
          stdin: randomOidsPath,
          ...(verify ? { consume: (output) => summarizeBatch(output, algorithm) } : {}),
        }),
        answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: rivals.packages ?? unlessSha1(algorithm),
        command: (run) => rivalScript('isomorphic-git/read-objects.mjs', [gitDir, randomOidsPath], run),
      },
      {
        name: 'es-git',
        group: 'rival',
        note: 'native',
        unavailable: rivals.esGit ?? unlessSha1(algorithm),
        command: (run) => rivalScript('es-git/read-objects.mjs', [gitDir, randomOidsPath], run),
      },
      nodeStart,
      ourStart,
    ];
  },
};
