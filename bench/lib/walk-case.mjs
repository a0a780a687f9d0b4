// The two walk cases: every commit that a ref can reach, with a commit-graph and without.
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript, unlessSha1 } from './contender.mjs';
import { Fingerprint } from './fingerprint.mjs';
import { git } from './git.mjs';

/** @import { BenchCase } from './contender.mjs' */

/** @param {AsyncIterable<Uint8Array>} output */
async function summarizeNames(output) {
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  return summarize(Buffer.concat(chunks).toString('latin1'));
}

/** @param {string} lines */
function summarize(lines) {
  const fingerprint = new Fingerprint();
  for (const oid of lines.split('\n')) if (oid !== '') fingerprint.addName(oid, 0);
  return { commits: fingerprint.objects, fingerprint: fingerprint.summary().fingerprint };
}

/** The commits that the refs point to, through tags. @param {string} gitDir */
function tipsOf(gitDir) {
  const format =
    '--format=%(if)%(*objecttype)%(then)%(*objecttype) %(*objectname)%(else)%(objecttype) %(objectname)%(end)';
  const lines = git(['for-each-ref', format], { cwd: gitDir }).split('\n');
  return [...new Set(lines.flatMap((line) => (line.startsWith('commit ') ? [line.slice(7)] : [])))];
}

/**
 * @param {{ name: string, title: string, withGraph: boolean }} options
 * @returns {BenchCase}
 */
export function makeWalkCase({ name, title, withGraph }) {
  return {
    name,
    title,
    unit: 'ms',
    needsRepository: true,
    expected: async ({ repository }) => summarize(git(['rev-list', '--all'], { cwd: (await repository()).gitDir })),
    async contenders({ repository, hosted, rivals }) {
      const { algorithm, gitDir: plainDir } = await repository();
      const gitDir = withGraph ? (await hosted()).gitDir : plainDir;
      const tips = tipsOf(gitDir);
      const noGraph = withGraph ? 'does not use a commit-graph' : undefined;
      return [
        {
          name: 'git-kv',
          group: 'ours',
          unavailable: missingPackage('repository'),
          command: (run) => ourScript('walk.mjs', [gitDir, ...tips], run),
        },
        {
          name: 'git',
          group: 'git',
          command: ({ verify }) => ({
            program: 'git',
            args: ['-c', `core.commitGraph=${withGraph}`, 'rev-list', '--all'],
            cwd: gitDir,
            ...(verify ? { consume: summarizeNames } : {}),
          }),
          answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
        },
        {
          name: 'isomorphic-git',
          group: 'rival',
          unavailable: noGraph ?? rivals.packages ?? unlessSha1(algorithm),
          command: (run) => rivalScript('isomorphic-git/walk.mjs', [gitDir, ...tips], run),
        },
        {
          name: 'es-git',
          group: 'rival',
          note: 'native',
          unavailable: rivals.esGit ?? unlessSha1(algorithm),
          command: (run) => rivalScript('es-git/walk.mjs', [gitDir, ...tips], run),
        },
        nodeStart,
        ourStart,
      ];
    },
  };
}
