import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  missingOption,
  missingPackage,
  nodeStart,
  ourScript,
  ourScriptWith,
  ourStart,
  rivalScript,
  tsgit,
  unlessSha1,
} from '../lib/contender.mjs';

/** @import { BenchCase, Contender, Run } from '../lib/contender.mjs' */

/** @param {string} path */
const idxAnswer = (path) => ({ idx: createHash('sha256').update(readFileSync(path)).digest('hex') });

/** @type {BenchCase} */
export default {
  name: 'index-pack',
  title: 'read a pack, name every object in it, write the idx',
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  expected: async ({ repository }) => idxAnswer((await repository()).idxPath),
  async contenders({ repository, rivals }) {
    const { packPath, algorithm } = await repository();
    /** @type {(name: string, script: typeof ourScript, hashPolicy: string) => Contender} */
    const ours = (name, script, hashPolicy) => ({
      name,
      group: 'ours',
      hashPolicy,
      unavailable: missingPackage('pack'),
      command: (run) =>
        script('index-pack.mjs', [packPath, join(run.directory, 'out.idx'), algorithm, hashPolicy], run),
      answer: (_outcome, run) => idxAnswer(join(run.directory, 'out.idx')),
    });
    /** @type {(threads: number) => Contender} */
    const gitWith = (threads) => ({
      name: `git, ${threads} thread${threads === 1 ? '' : 's'}`,
      group: 'git',
      hashPolicy: 'detect',
      command: ({ directory }) => ({
        program: 'git',
        args: [
          '-c',
          `pack.threads=${threads}`,
          'index-pack',
          `--threads=${threads}`,
          `--object-format=${algorithm}`,
          '-o',
          'out.idx',
          packPath,
        ],
        cwd: directory,
      }),
      answer: (_outcome, run) => idxAnswer(join(run.directory, 'out.idx')),
    });
    return [
      ours('git-kv', ourScript, 'detect'),
      ours('git-kv, trusting', ourScript, 'trust'),
      {
        name: 'git-kv, 2 workers',
        group: 'ours',
        hashPolicy: 'detect',
        unavailable: missingPackage('cli') ?? missingOption('index-pack', 'threads'),
        command: ({ directory }) =>
          tsgit(['index-pack', '--threads=2', `--object-format=${algorithm}`, '-o', 'out.idx', packPath], {
            cwd: directory,
          }),
        answer: (_outcome, run) => idxAnswer(join(run.directory, 'out.idx')),
      },
      ours('git-kv, wasm only', ourScriptWith('wasm'), 'detect'),
      ours('git-kv, plain JS only', ourScriptWith('portable'), 'trust'),
      gitWith(1),
      gitWith(2),
      {
        name: 'isomorphic-git',
        group: 'rival',
        hashPolicy: 'trust',
        unavailable: rivals.packages ?? unlessSha1(algorithm),
        command: (/** @type {Run} */ run) => {
          // It writes the idx beside the pack.
          symlinkSync(packPath, join(run.directory, 'in.pack'));
          return rivalScript('isomorphic-git/index-pack.mjs', [run.directory, 'in.pack'], run);
        },
        answer: (_outcome, run) => idxAnswer(join(run.directory, 'in.idx')),
      },
      { name: 'es-git', group: 'rival', unavailable: 'has no such call', command: nodeStart.command },
      nodeStart,
      ourStart,
    ];
  },
};
