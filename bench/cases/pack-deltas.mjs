import { statSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourStart, provesAll, rivalScript, tsgit, unlessSha1 } from '../lib/contender.mjs';
import { Fingerprint } from '../lib/fingerprint.mjs';
import { git, gitLines } from '../lib/git.mjs';

/** @import { Answer, BenchCase, Contender, Run } from '../lib/contender.mjs' */

const ARGS = ['pack-objects', '--all', '--stdout', '--quiet', '--delta-base-offset', '--threads=1'];
/** Every delta is searched again; deflated bytes of objects that stay whole may be copied. */
const AFRESH = ['--no-reuse-delta', '--window=10', '--depth=50'];

/**
 * The objects of a pack, checked by git.
 *
 * @param {string} packPath
 * @param {string} algorithm
 * @returns {Promise<Answer>}
 */
async function inspect(packPath, algorithm) {
  const cwd = join(packPath, '..');
  git(['index-pack', `--object-format=${algorithm}`, '-o', 'out.idx', packPath], { cwd });
  const fingerprint = new Fingerprint();
  for await (const line of gitLines(['show-index', `--object-format=${algorithm}`], {
    cwd,
    stdin: join(cwd, 'out.idx'),
  })) {
    fingerprint.addName(line.split(' ')[1] ?? '', 0);
  }
  const { objects, fingerprint: names } = fingerprint.summary();
  return { objects, fingerprint: names };
}

/** @type {BenchCase} */
export default {
  name: 'pack-deltas',
  title: 'pack everything that the refs reach, with deltas searched afresh, in one thread',
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  async expected({ repository }) {
    const fingerprint = new Fingerprint();
    const { gitDir } = await repository();
    for await (const oid of gitLines(['rev-list', '--all', '--objects', '--no-object-names'], { cwd: gitDir })) {
      fingerprint.addName(oid, 0);
    }
    const { objects, fingerprint: names } = fingerprint.summary();
    return { objects, fingerprint: names };
  },
  async contenders({ repository, rivals }) {
    const { gitDir, oidsPath, algorithm } = await repository();
    const isSmall = provesAll(await repository());
    const target = (/** @type {Run} */ run) => join(run.directory, 'out.pack');
    const answer = async (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => ({
      packBytes: statSync(target(run)).size,
      ...(run.verify ? await inspect(target(run), algorithm) : {}),
    });
    const tooLong = isSmall ? undefined : 'takes many minutes on a repository of this size: name a smaller one';
    /** @type {(name: string, group: 'ours' | 'git', contender: Partial<Contender> & Pick<Contender, 'command'>) => Contender} */
    const packer = (name, group, contender) => ({
      name,
      group,
      hashPolicy: 'trust (the pack only)',
      answer,
      ...contender,
    });
    const ours = (/** @type {readonly string[]} */ args) => ({
      unavailable: missingPackage('cli'),
      command: (/** @type {Run} */ run) => tsgit([...ARGS, ...args], { cwd: gitDir, stdout: target(run) }),
    });
    const gits = (/** @type {readonly string[]} */ args) => ({
      command: (/** @type {Run} */ run) => ({
        program: 'git',
        args: [...ARGS, '--no-use-bitmap-index', ...args],
        cwd: gitDir,
        stdout: target(run),
      }),
    });
    return [
      packer('git-kv', 'ours', ours(AFRESH)),
      packer('git-kv, reusing', 'ours', { ...ours([]), note: 'deltas that are there are copied' }),
      packer('git', 'git', gits(AFRESH)),
      packer('git, reusing', 'git', { ...gits([]), note: 'deltas that are there are copied' }),
      {
        name: 'isomorphic-git',
        group: 'rival',
        hashPolicy: 'trust (the pack only)',
        note: 'makes no deltas',
        unavailable: tooLong ?? rivals.packages ?? unlessSha1(algorithm),
        command: (run) => rivalScript('isomorphic-git/pack-objects.mjs', [gitDir, oidsPath, target(run)], run),
        answer: async (_outcome, run) => ({ packBytes: statSync(target(run)).size }),
      },
      { name: 'es-git', group: 'rival', unavailable: 'has no such call', command: nodeStart.command },
      nodeStart,
      ourStart,
    ];
  },
};
