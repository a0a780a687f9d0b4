import {
  missingPackage,
  nodeStart,
  ourScript,
  ourStart,
  provesAll,
  rivalScript,
  unlessSha1,
} from '../lib/contender.mjs';
import { summarizeBatch } from '../lib/fingerprint.mjs';

/** @import { Answer, BenchCase, Run } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'read-all',
  title: 'read every object of the repository, in any order',
  unit: 'ms',
  needsRepository: true,
  async expected({ repository }) {
    const { shape, fingerprint } = await repository();
    /** @type {Answer} */
    const proof = provesAll(await repository()) ? { fingerprint } : {};
    return { objects: shape.objects, bytes: shape.objectBytes, ...proof };
  },
  async contenders({ repository, rivals }) {
    const { gitDir, oidsPath, algorithm, shape } = await repository();
    const proves = provesAll(await repository());
    /** @type {(run: Run) => Run} */
    const proven = (run) => ({ ...run, verify: run.verify && proves });
    return [
      {
        name: 'git-kv',
        group: 'ours',
        unavailable: missingPackage('repository'),
        command: (run) => ourScript('read-all.mjs', [gitDir], proven(run)),
      },
      {
        name: 'git',
        group: 'git',
        command: ({ verify }) => ({
          program: 'git',
          args: ['cat-file', '--batch', '--batch-all-objects', '--unordered', '--buffer'],
          cwd: gitDir,
          ...(verify && proves ? { consume: (output) => summarizeBatch(output, algorithm) } : {}),
        }),
        answer: ({ consumed }, { verify }) => {
          if (!verify) return {};
          if (proves) return { .../** @type {any} */ (consumed) };
          return { objects: shape.objects, bytes: shape.objectBytes };
        },
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: rivals.packages ?? unlessSha1(algorithm),
        command: (run) => rivalScript('isomorphic-git/read-objects.mjs', [gitDir, oidsPath], proven(run)),
      },
      { name: 'es-git', group: 'rival', unavailable: 'gives no raw trees', command: nodeStart.command },
      nodeStart,
      ourStart,
    ];
  },
};
