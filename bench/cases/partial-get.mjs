import { createHash } from 'node:crypto';
import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';

/** @import { Answer, BenchCase } from '../lib/contender.mjs' */

/**
 * Three files, from the beginning, the middle and the end of the list.
 *
 * @param {string} gitDir
 */
function pickPaths(gitDir) {
  const files = git(['-c', 'core.quotePath=false', 'ls-tree', '-r', '--name-only', 'HEAD'], { cwd: gitDir }).split(
    '\n',
  );
  const plain = files.filter((path) => /^[\w./-]+$/.test(path));
  return [0.1, 0.5, 0.9].map((part) => /** @type {string} */ (plain[Math.floor(plain.length * part)]));
}

/** @param {Buffer} texts @returns {Answer} */
const summarize = (texts) => ({ bytes: texts.length, sha256: createHash('sha256').update(texts).digest('hex') });

/** @param {AsyncIterable<Uint8Array>} output */
async function summarizeOutput(output) {
  const chunks = [];
  for await (const chunk of output) chunks.push(chunk);
  return summarize(Buffer.concat(chunks));
}

/** @type {BenchCase} */
export default {
  name: 'partial-get',
  title: 'read three files of HEAD from a remote that is not cloned, over HTTP from git http-backend',
  unit: 'ms',
  needsRepository: true,
  async expected({ hosted }) {
    const { gitDir } = await hosted();
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: gitDir });
    const texts = pickPaths(gitDir).map((path) =>
      Buffer.from(`${git(['rev-parse', `HEAD:${path}`], { cwd: gitDir })}\n`),
    );
    return summarize(Buffer.concat(texts));
  },
  async contenders({ hosted, server }) {
    const paths = pickPaths((await hosted()).gitDir);
    const { url } = await server();
    /** @param {string} name @param {string} filter */
    const theirs = (name, filter) => {
      const clone = `git clone --quiet --bare --depth=1 --filter=${filter} "$0" clone.git`;
      const get = 'for path in "$@"; do git -C clone.git cat-file blob "HEAD:$path" | git hash-object --stdin; done';
      return {
        name,
        group: /** @type {const} */ ('git'),
        note: 'clone at depth 1, then cat-file',
        command: (/** @type {import('../lib/contender.mjs').Run} */ run) => ({
          program: 'sh',
          args: ['-c', `${clone} && ${get}`, url, ...paths],
          cwd: run.directory,
          consume: summarizeOutput,
        }),
        answer: (/** @type {any} */ { consumed }) => ({ ...consumed }),
      };
    };
    return [
      {
        name: 'git-kv',
        group: 'ours',
        unavailable: missingPackage('repository', 'protocol'),
        command: (run) => ourScript('partial-get.mjs', [url, ...paths], run),
      },
      theirs('git, blob:none', 'blob:none'),
      theirs('git, tree:0', 'tree:0'),
      nodeStart,
      ourStart,
    ];
  },
};
