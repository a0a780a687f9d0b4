// The cases of serving: one server after another, asked by the same clients.
import { join } from 'node:path';
import { missingPackage, nodeStart } from './contender.mjs';
import { git } from './git.mjs';
import { benchDirectory } from './paths.mjs';

/** @import { Answer, BenchCase, Contender, Context } from './contender.mjs' */

/**
 * @param {{ name: string, title: string, what: 'clone' | 'ls-refs', count: number, needsRepository?: boolean,
 *   gitDir: (context: Context) => Promise<string> }} options
 * @returns {BenchCase}
 */
export function makeServeCase({ name, title, what, count, needsRepository = true, gitDir }) {
  return {
    name,
    title,
    unit: 'ms',
    needsRepository,
    async expected(context) {
      const cwd = await gitDir(context);
      /** @type {Answer} */
      const answer = { clients: count };
      if (what === 'ls-refs') answer.refs = git(['show-ref', '--head'], { cwd }).split('\n').length;
      else answer.objects = Number(git(['rev-list', '--objects', '--all', '--count'], { cwd }));
      return answer;
    },
    async contenders(context) {
      const directory = await gitDir(context);
      /** @type {(name: string, group: Contender['group'], kind: string) => Contender} */
      const server = (title, group, kind) => ({
        name: title,
        group,
        note: 'of the server and its children',
        unavailable: missingPackage('cli', 'protocol'),
        command: (run) => ({
          program: process.execPath,
          args: [join(benchDirectory, 'lib/serve-clients.mjs'), kind, directory, what, String(count)],
          cwd: run.directory,
          ...(run.verify && { env: { BENCH_VERIFY: '1' } }),
          reports: true,
        }),
      });
      return [server('git-kv', 'ours', 'ours'), server('git http-backend', 'git', 'git'), nodeStart];
    },
  };
}
