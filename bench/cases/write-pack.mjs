import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript, unlessSha1 } from '../lib/contender.mjs';
import { Fingerprint } from '../lib/fingerprint.mjs';
import { git, gitLines } from '../lib/git.mjs';

/** @import { Answer, BenchCase, Run } from '../lib/contender.mjs' */

/**
 * The objects of a pack, checked by git, and none of them a delta.
 *
 * @param {string} packPath
 * @param {string} algorithm
 * @returns {Promise<Answer>}
 */
async function inspect(packPath, algorithm) {
  git(['index-pack', `--object-format=${algorithm}`, '-o', 'out.idx', packPath], { cwd: join(packPath, '..') });
  const fingerprint = new Fingerprint();
  let deltas = 0;
  for await (const line of gitLines(['verify-pack', '-v', `--object-format=${algorithm}`, 'out.idx'], {
    cwd: join(packPath, '..'),
  })) {
    const [oid = '', kind = '', size, , , depth] = line.split(/ +/);
    if (!/^(commit|tree|blob|tag)$/.test(kind)) continue;
    fingerprint.addName(oid, Number(size));
    if (depth !== undefined) deltas++;
  }
  return { ...fingerprint.summary(), deltas };
}

/** @type {BenchCase} */
export default {
  name: 'write-pack',
  title: 'read every object and write a pack of them without deltas, all deflated again',
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  async expected({ repository }) {
    const { shape, fingerprint } = await repository();
    return { objects: shape.objects, bytes: shape.objectBytes, fingerprint, deltas: 0 };
  },
  async contenders({ repository, rivals }) {
    const { gitDir, oidsPath, algorithm } = await repository();
    const target = (/** @type {Run} */ run) => join(run.directory, 'out.pack');
    const answer = async (/** @type {unknown} */ _outcome, /** @type {Run} */ run) =>
      run.verify ? inspect(target(run), algorithm) : { objects: readFileSync(target(run)).readUInt32BE(8) };
    /** @type {(threads: number) => import('../lib/contender.mjs').Contender} */
    const gitWith = (threads) => ({
      name: `git, ${threads} thread${threads === 1 ? '' : 's'}`,
      group: 'git',
      hashPolicy: 'trust (the pack only)',
      command: (run) => ({
        program: 'git',
        args: ['pack-objects', `--threads=${threads}`, '--window=0', '--no-reuse-object', '--stdout', '--quiet'],
        cwd: gitDir,
        stdin: oidsPath,
        stdout: target(run),
      }),
      answer,
    });
    return [
      {
        name: 'git-kv',
        group: 'ours',
        hashPolicy: 'trust (the pack only)',
        unavailable: missingPackage('pack', 'repository'),
        command: (run) => ourScript('write-pack.mjs', [gitDir, oidsPath, target(run)], run),
        answer,
      },
      gitWith(1),
      {
        name: 'isomorphic-git',
        group: 'rival',
        hashPolicy: 'trust (the pack only)',
        unavailable: rivals.packages ?? unlessSha1(algorithm),
        command: (run) => rivalScript('isomorphic-git/pack-objects.mjs', [gitDir, oidsPath, target(run)], run),
        answer,
      },
      { name: 'es-git', group: 'rival', unavailable: 'has no such call', command: nodeStart.command },
      nodeStart,
      ourStart,
    ];
  },
};
