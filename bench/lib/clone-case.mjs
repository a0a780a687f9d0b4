// The two clone cases: one server, one client after another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart, provesAll, rivalScript, unlessSha1 } from './contender.mjs';
import { Fingerprint } from './fingerprint.mjs';
import { git, gitLines } from './git.mjs';
import { makeRunDirectory, removeDirectory } from './paths.mjs';

/** @import { Answer, BenchCase, Run } from './contender.mjs' */

/**
 * @param {{ name: string, title: string, depth: number | undefined }} options
 * @returns {BenchCase}
 */
export function makeCloneCase({ name, title, depth }) {
  const depthArgs = depth === undefined ? [] : [String(depth)];
  const gitArgs = depth === undefined ? [] : [`--depth=${depth}`, '--single-branch', '--no-tags'];
  const target = (/** @type {Run} */ run) => join(run.directory, 'clone.git');
  return {
    name,
    title,
    unit: 'ms',
    needsRepository: true,
    isCheckedAfter: true,
    async expected({ repository, server }) {
      const proves = provesAll(await repository());
      const directory = makeRunDirectory();
      try {
        const clone = join(directory, 'clone.git');
        git(['clone', '--quiet', '--bare', ...gitArgs, (await server()).url, clone]);
        return await inspect(clone, proves);
      } finally {
        removeDirectory(directory);
      }
    },
    async contenders({ repository, server, rivals }) {
      const { algorithm } = await repository();
      const proves = provesAll(await repository());
      const url = (await server()).url;
      const answer = (/** @type {unknown} */ _outcome, /** @type {Run} */ run) =>
        inspect(target(run), run.verify && proves);
      return [
        {
          name: 'git-kv',
          group: 'ours',
          hashPolicy: 'detect',
          unavailable: missingPackage('repository', 'protocol'),
          command: (run) => ourScript('clone.mjs', [url, target(run), algorithm, ...depthArgs], run),
          answer,
        },
        {
          name: 'git',
          group: 'git',
          hashPolicy: 'detect',
          note: 'index-pack with its default threads',
          command: (run) => ({
            program: 'git',
            args: ['clone', '--quiet', '--bare', ...gitArgs, url, target(run)],
            cwd: run.directory,
          }),
          answer,
        },
        {
          name: 'isomorphic-git',
          group: 'rival',
          hashPolicy: 'trust',
          unavailable: rivals.packages ?? unlessSha1(algorithm),
          command: (run) => rivalScript('isomorphic-git/clone.mjs', [url, target(run), ...depthArgs], run),
          answer,
        },
        {
          name: 'es-git',
          group: 'rival',
          hashPolicy: 'detect',
          note: 'native',
          unavailable: rivals.esGit ?? unlessSha1(algorithm),
          command: (run) => rivalScript('es-git/clone.mjs', [url, target(run), ...depthArgs], run),
          answer,
        },
        nodeStart,
        ourStart,
      ];
    },
  };
}

/**
 * What a clone holds. When it must be proven, git also checks every object and every link.
 *
 * @param {string} gitDir
 * @param {boolean} prove
 * @returns {Promise<Answer>}
 */
async function inspect(gitDir, prove) {
  if (!existsSync(join(gitDir, 'HEAD'))) throw new Error('there is no repository after the clone');
  if (prove) git(['fsck', '--full', '--no-dangling', '--no-progress'], { cwd: gitDir });
  const fingerprint = new Fingerprint();
  const args = ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objectsize)', '--buffer'];
  for await (const line of gitLines(args, { cwd: gitDir })) {
    const [oid = '', size] = line.split(' ');
    fingerprint.addName(oid, Number(size));
  }
  return { head: git(['rev-parse', 'HEAD'], { cwd: gitDir }), ...fingerprint.summary() };
}
