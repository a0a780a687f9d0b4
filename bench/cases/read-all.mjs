import { missingPackage, nodeStart, ourScript, rivalScript, unlessSha1 } from '../lib/contender.mjs';
import { summarizeBatch } from '../lib/fingerprint.mjs';

/** @import { BenchCase } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'read-all',
  title: 'read every object of the repository, in any order',
  unit: 'ms',
  async expected({ repository }) {
    const { shape, fingerprint } = await repository();
    return { objects: shape.objects, bytes: shape.objectBytes, fingerprint };
  },
  async contenders({ repository, rivals }) {
    const { gitDir, oidsPath, algorithm } = await repository();
    return [
      {
        name: 'git-kv',
        group: 'ours',
        unavailable: missingPackage('repository'),
        command: (run) => ourScript('read-all.mjs', [gitDir], run),
      },
      {
        name: 'git',
        group: 'git',
        command: ({ verify }) => ({
          program: 'git',
          args: ['cat-file', '--batch', '--batch-all-objects', '--unordered', '--buffer'],
          cwd: gitDir,
          ...(verify ? { consume: (output) => summarizeBatch(output, algorithm) } : {}),
        }),
        answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: rivals.packages ?? unlessSha1(algorithm),
        command: (run) => rivalScript('isomorphic-git/read-objects.mjs', [gitDir, oidsPath], run),
      },
      { name: 'es-git', group: 'rival', unavailable: 'gives no raw trees', command: nodeStart.command },
      nodeStart,
    ];
  },
};
