import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { Fingerprint } from '../lib/fingerprint.mjs';
import { git } from '../lib/git.mjs';
import { prepareMergeSides } from '../lib/merge-sides.mjs';

/** @import { BenchCase, Run } from '../lib/contender.mjs' */

const ARGUMENTS = ['merge-tree', '--write-tree', '--no-messages', '--name-only', '--stdin'];

/** The trees and what is in conflict, of what git prints for one merge after another. @param {string} output */
function summarize(output) {
  const fingerprint = new Fingerprint();
  let merges = 0;
  let conflicts = 0;
  const parts = output.split('\0');
  for (let at = 0; at + 1 < parts.length; at++) {
    merges++;
    at++;
    fingerprint.addName(/** @type {string} */ (parts[at]), 0);
    while (parts[++at] !== '') conflicts++;
  }
  return { merges, conflicts, fingerprint: fingerprint.summary().fingerprint };
}

/** @param {AsyncIterable<Uint8Array>} output */
async function summarizeOutput(output) {
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  return summarize(Buffer.concat(chunks).toString('latin1'));
}

/** @type {BenchCase} */
export default {
  name: 'merge-trees',
  title: 'merge 50 pairs of branches that changed the same 20 files, and write the trees',
  unit: 'ms',
  needsRepository: true,
  async expected({ repository }) {
    const made = await repository();
    const { gitDir, pairsPath } = prepareMergeSides(made);
    return summarize(git(ARGUMENTS, { cwd: gitDir, input: readFileSync(pairsPath) }));
  },
  async contenders({ repository }) {
    const made = await repository();
    const sides = prepareMergeSides(made);
    // A repository of its own for what is written.
    const target = (/** @type {Run} */ run) => {
      const gitDir = join(run.directory, 'merged.git');
      git(['init', '--quiet', '--bare', `--object-format=${made.algorithm}`, gitDir]);
      const alternates = [sides.gitDir, made.gitDir].map((path) => `${join(path, 'objects')}\n`);
      writeFileSync(join(gitDir, 'objects/info/alternates'), alternates.join(''));
      return gitDir;
    };
    return [
      {
        name: 'git-kv',
        group: 'ours',
        note: 'nothing synced',
        unavailable: missingPackage('repository'),
        command: (run) => ourScript('merge-trees.mjs', [target(run), sides.pairsPath], run),
      },
      {
        name: 'git merge-tree',
        group: 'git',
        note: 'loose objects; looks for renames',
        command: (run) => ({
          program: 'git',
          args: ARGUMENTS,
          cwd: target(run),
          stdin: sides.pairsPath,
          ...(run.verify ? { consume: summarizeOutput } : {}),
        }),
        answer: ({ consumed }, { verify }) => (verify ? { .../** @type {any} */ (consumed) } : {}),
      },
      nodeStart,
      ourStart,
    ];
  },
};
