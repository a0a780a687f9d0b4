import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { prepareKvHistory } from '../lib/kv-history.mjs';

/** @import { BenchCase, Contender, Run } from '../lib/contender.mjs' */

/** @type {BenchCase} */
export default {
  name: 'kv-commits',
  title: '1,000 commits of one key each, on top of 10,000 keys',
  unit: 'ms',
  expected: async () => ({ head: (await prepareKvHistory()).head }),
  async contenders({ rivals }) {
    const { gitDir, changesPath, streamPath } = await prepareKvHistory();
    const copy = (/** @type {Run} */ run) => {
      const directory = join(run.directory, 'keys.git');
      cpSync(gitDir, directory, { recursive: true });
      return directory;
    };
    // The name of the last commit holds every tree, value and commit before it; fsck proves that they are there.
    const answerOf = (/** @type {Run} */ run) => {
      const cwd = join(run.directory, 'keys.git');
      if (run.verify) git(['fsck', '--full', '--no-progress'], { cwd });
      return { head: git(['rev-parse', 'refs/heads/main'], { cwd }) };
    };
    /** @type {(name: string, durability: string, note: string) => Contender} */
    const onFiles = (name, durability, note) => ({
      name,
      group: 'ours',
      hashPolicy: 'trust',
      note,
      unavailable: missingPackage('repository'),
      command: (run) => ourScript('kv-commits.mjs', [durability, copy(run), changesPath], run),
      answer: (_outcome, run) => answerOf(run),
    });
    return [
      {
        name: 'git-kv, memory',
        group: 'ours',
        hashPolicy: 'trust',
        note: 'loads the base pack, writes the new objects as one pack',
        unavailable: missingPackage('repository'),
        command: (run) => ourScript('kv-commits.mjs', ['memory', copy(run), changesPath], run),
        answer: (_outcome, run) => answerOf(run),
      },
      onFiles('git-kv, files', 'none', 'nothing synced'),
      onFiles('git-kv, files, batch', 'batch', 'written together, synced at the end'),
      onFiles('git-kv, files, synced', 'full', 'every commit durable before the next one'),
      {
        name: 'git fast-import',
        group: 'git',
        hashPolicy: 'detect',
        note: 'one pack, synced at the end',
        command: (run) => ({ program: 'git', args: ['fast-import', '--quiet'], cwd: copy(run), stdin: streamPath }),
        answer: (_outcome, run) => answerOf(run),
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        hashPolicy: 'trust',
        note: 'loose objects, nothing synced',
        unavailable: rivals.packages,
        command: (run) => rivalScript('isomorphic-git/kv-commits.mjs', [copy(run), changesPath], run),
        answer: (_outcome, run) => answerOf(run),
      },
      {
        name: 'es-git',
        group: 'rival',
        unavailable: 'has no call that makes a tree',
        command: nodeStart.command,
      },
      nodeStart,
      ourStart,
    ];
  },
};
