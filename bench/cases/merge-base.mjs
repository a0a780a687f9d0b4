import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { withPathFilters } from '../lib/history-copy.mjs';

/** @import { Answer, BenchCase, Contender } from '../lib/contender.mjs' */

/** Branches of which the common ancestors are looked for, one after the other. */
const BRANCHES = 24;

/**
 * The last commits of branches that were merged, from all of the history; where it has no merges, commits of it.
 *
 * @param {string} gitDir
 */
function pickTips(gitDir) {
  const merges = git(['rev-list', '--merges', '--parents', 'HEAD'], { cwd: gitDir }).split('\n');
  const sides = merges.flatMap((line) => line.split(' ').slice(2, 3));
  const all = sides.length > 0 ? sides : git(['rev-list', 'HEAD'], { cwd: gitDir }).split('\n');
  return Array.from(
    { length: BRANCHES },
    (_, at) => /** @type {string} */ (all[Math.floor((at * all.length) / BRANCHES)]),
  );
}

/** @param {string} lines @returns {Answer} */
function summarize(lines) {
  return { bases: lines.trim().split('\n').join(' ') };
}

/** @param {AsyncIterable<Uint8Array>} output */
async function summarizeOutput(output) {
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  return summarize(Buffer.concat(chunks).toString('latin1'));
}

/** @type {BenchCase} */
export default {
  name: 'merge-base',
  title: `find the best common ancestors of ${BRANCHES} branches from all of the history`,
  unit: 'ms',
  needsRepository: true,
  async expected({ repository }) {
    const { gitDir } = await repository();
    return summarize(git(['merge-base', '--octopus', '--all', ...pickTips(gitDir)], { cwd: gitDir }));
  },
  async contenders({ repository }) {
    const bare = await repository();
    const withGraph = withPathFilters(bare);
    const tips = pickTips(bare.gitDir);
    /** @type {(name: string, gitDir: string) => Contender} */
    const ours = (name, gitDir) => ({
      name,
      group: 'ours',
      unavailable: missingPackage('repository'),
      command: (run) => ourScript('merge-base.mjs', [gitDir, ...tips], run),
    });
    /** @type {(name: string, gitDir: string) => Contender} */
    const theirs = (name, gitDir) => ({
      name,
      group: 'git',
      command: ({ verify }) => ({
        program: 'git',
        args: ['merge-base', '--octopus', '--all', ...tips],
        cwd: gitDir,
        ...(verify ? { consume: summarizeOutput } : {}),
      }),
      answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
    });
    return [
      ours('git-kv', withGraph),
      ours('git-kv, no commit-graph', bare.gitDir),
      theirs('git', withGraph),
      theirs('git, no commit-graph', bare.gitDir),
      nodeStart,
      ourStart,
    ];
  },
};
