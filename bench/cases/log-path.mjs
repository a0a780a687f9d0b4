import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { withPathFilters } from '../lib/history-copy.mjs';

/** @import { Answer, BenchCase, Contender } from '../lib/contender.mjs' */

/** Commits of which the files are counted. */
const SAMPLE = 3000;

/**
 * A file that some commits changed, and more did not: of all that the latest changed, the one at the tenth part of the list.
 *
 * @param {string} gitDir
 */
function pickPath(gitDir) {
  const args = ['-c', 'core.quotePath=false', 'log', '--no-renames', '--format=', '--name-only', `-${SAMPLE}`, 'HEAD'];
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const path of git(args, { cwd: gitDir }).split('\n')) {
    if (path !== '') counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, most], [b, least]) => least - most || (a < b ? -1 : 1));
  return /** @type {string} */ (sorted[Math.floor(sorted.length / 10)]?.[0]);
}

/** @param {string} lines @returns {Answer} */
function summarize(lines) {
  const oids = lines.split('\n').filter((line) => line !== '');
  return { commits: oids.length, last: oids.at(-1) ?? '' };
}

/** @param {AsyncIterable<Uint8Array>} output */
async function summarizeOutput(output) {
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  return summarize(Buffer.concat(chunks).toString('latin1'));
}

/** @type {BenchCase} */
export default {
  name: 'log-path',
  title: 'list the commits that changed a file, of all that HEAD reaches',
  unit: 'ms',
  needsRepository: true,
  async expected({ repository }) {
    const { gitDir } = await repository();
    return summarize(git(['rev-list', 'HEAD', '--', pickPath(gitDir)], { cwd: gitDir }));
  },
  async contenders({ repository }) {
    const bare = await repository();
    const filtered = withPathFilters(bare);
    const path = pickPath(bare.gitDir);
    /** @type {(name: string, gitDir: string) => Contender} */
    const ours = (name, gitDir) => ({
      name,
      group: 'ours',
      note: path,
      unavailable: missingPackage('repository'),
      command: (run) => ourScript('log-path.mjs', [gitDir, git(['rev-parse', 'HEAD'], { cwd: gitDir }), path], run),
    });
    /** @type {(name: string, gitDir: string) => Contender} */
    const theirs = (name, gitDir) => ({
      name,
      group: 'git',
      command: ({ verify }) => ({
        program: 'git',
        args: ['rev-list', 'HEAD', '--', path],
        cwd: gitDir,
        ...(verify ? { consume: summarizeOutput } : {}),
      }),
      answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
    });
    return [
      ours('git-kv', filtered),
      ours('git-kv, no filters', bare.gitDir),
      theirs('git', filtered),
      theirs('git, no filters', bare.gitDir),
      nodeStart,
      ourStart,
    ];
  },
};
