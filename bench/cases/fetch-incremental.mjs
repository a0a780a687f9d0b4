import { cpSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { removeDirectory } from '../lib/paths.mjs';

/** @import { BenchCase, Run } from '../lib/contender.mjs' */
/** @import { BenchRepository } from '../lib/repository.mjs' */

/** Commits of the first line of history that are new. */
const NEW = 20;

/**
 * A clone that was up to date some commits ago: all that one commit reaches, in one pack.
 *
 * @param {BenchRepository} repository
 */
function makeBehind({ gitDir, directory, algorithm }) {
  const target = join(directory, `behind-${NEW}-v1.git`);
  if (existsSync(target)) return target;
  const draft = `${target}.draft`;
  removeDirectory(draft);
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, draft]);
  const [commit = ''] = git(['rev-list', '--first-parent', '-1', `--skip=${NEW}`, 'HEAD'], { cwd: gitDir }).split('\n');
  const base = join(draft, 'objects/pack/pack');
  git(['pack-objects', '--revs', '--quiet', '--delta-base-offset', '--threads=1', base], {
    cwd: gitDir,
    input: `${commit}\n`,
  });
  const branch = git(['symbolic-ref', 'HEAD'], { cwd: gitDir });
  git(['update-ref', branch, commit], { cwd: draft });
  git(['symbolic-ref', 'HEAD', branch], { cwd: draft });
  renameSync(draft, target);
  return target;
}

/** @type {BenchCase} */
export default {
  name: 'fetch-incremental',
  title: `fetch ${NEW} commits of one branch, and what they merged, over HTTP from git http-backend`,
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  async expected({ repository }) {
    const { gitDir } = await repository();
    return { head: git(['rev-parse', 'HEAD'], { cwd: gitDir }) };
  },
  async contenders({ repository, server }) {
    const { gitDir } = await repository();
    const behind = makeBehind(await repository());
    const branch = git(['symbolic-ref', 'HEAD'], { cwd: gitDir });
    const { url } = await server();
    const copy = (/** @type {Run} */ run) => {
      const cwd = join(run.directory, 'behind.git');
      cpSync(behind, cwd, { recursive: true, preserveTimestamps: true });
      return cwd;
    };
    const answer = (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => {
      const cwd = join(run.directory, 'behind.git');
      if (run.verify) git(['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], { cwd });
      return { head: git(['rev-parse', 'HEAD'], { cwd }) };
    };
    return [
      {
        name: 'git-kv',
        group: 'ours',
        hashPolicy: 'detect',
        unavailable: missingPackage('repository', 'protocol'),
        command: (run) => ourScript('fetch.mjs', [url, copy(run), branch], run),
        answer,
      },
      {
        name: 'git',
        group: 'git',
        hashPolicy: 'detect',
        command: (run) => ({
          program: 'git',
          args: ['fetch', '--quiet', '--no-tags', url, `${branch}:${branch}`],
          cwd: copy(run),
        }),
        answer,
      },
      nodeStart,
      ourStart,
    ];
  },
};
