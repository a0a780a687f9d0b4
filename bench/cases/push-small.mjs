import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { removeDirectory } from '../lib/paths.mjs';

/** @import { Answer, BenchCase, Context, Run } from '../lib/contender.mjs' */

const BRANCH = 'refs/heads/push-small';

/**
 * A repository that borrows all of its objects, with the branch as `oid`.
 *
 * @param {string} gitDir
 * @param {{ gitDir: string, algorithm: string, oid: string }} options
 */
function borrow(gitDir, { gitDir: original, algorithm, oid }) {
  removeDirectory(gitDir);
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, gitDir]);
  mkdirSync(join(gitDir, 'objects/info'), { recursive: true });
  writeFileSync(join(gitDir, 'objects/info/alternates'), `${join(original, 'objects')}\n`);
  writeFileSync(
    join(gitDir, 'packed-refs'),
    `${git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: original })}\n`,
  );
  git(['update-ref', BRANCH, oid], { cwd: gitDir });
  git(['config', 'http.receivepack', 'true'], { cwd: gitDir });
}

/**
 * A repository with one commit on top of HEAD that changes one byte of one file, the deepest of those with plain names.
 *
 * @param {Awaited<ReturnType<Context['repository']>>} repository
 */
function makeChanged({ gitDir: original, directory, algorithm }) {
  const gitDir = join(directory, 'push-small-changed.git');
  const head = git(['rev-parse', 'HEAD'], { cwd: original });
  if (existsSync(gitDir)) return { gitDir, head };
  const draft = `${gitDir}.draft`;
  borrow(draft, { gitDir: original, algorithm, oid: head });
  const files = git(['ls-tree', '-r', '--name-only', head], { cwd: original }).split('\n');
  const depth = (/** @type {string} */ path) => path.split('/').length;
  const plain = files.filter((path) => /^[\w./-]+$/.test(path)).sort((a, b) => depth(b) - depth(a));
  const path = plain[0] ?? '';
  const text = git(['cat-file', 'blob', `${head}:${path}`], { cwd: original });
  const input = [
    `commit ${BRANCH}`,
    `committer Bench <bench@example.com> ${Number(git(['log', '-1', '--format=%ct', head], { cwd: original })) + 1} +0000`,
    'data 8',
    'One byte',
    `from ${head}`,
    `M 100644 inline ${path}`,
    `data ${Buffer.byteLength(text) + 1}`,
    `${text}!`,
    '',
  ].join('\n');
  git(['fast-import', '--quiet', '--force'], { cwd: draft, input });
  renameSync(draft, gitDir);
  return { gitDir, head };
}

/** @type {BenchCase} */
export default {
  name: 'push-small',
  title: 'push a commit that changes one byte over HTTP to git http-backend; wireBytes: of the request with the pack',
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  async expected({ repository }) {
    const { gitDir } = makeChanged(await repository());
    return { pushed: git(['rev-parse', BRANCH], { cwd: gitDir }) };
  },
  async contenders({ repository, server }) {
    const { gitDir: original, algorithm } = await repository();
    const { gitDir, head } = makeChanged(await repository());
    const { url, root } = await server();
    /** @param {string} name */
    const remote = (name) => {
      const fileName = `push-small-${name}.git`;
      const target = join(root, fileName);
      return {
        url: `${url.slice(0, url.lastIndexOf('/'))}/${fileName}`,
        prepare: () => borrow(target, { gitDir: original, algorithm, oid: head }),
        /** @returns {Answer} */
        answer: (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => {
          const pushed = git(['rev-parse', BRANCH], { cwd: target });
          if (run.verify) git(['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], { cwd: target });
          const counted = join(target, 'received-bytes');
          const wireBytes = existsSync(counted) ? Number(readFileSync(counted, 'utf8')) : 0;
          rmSync(target, { recursive: true, force: true });
          return { pushed, wireBytes };
        },
      };
    };
    const ours = remote('ours');
    const gits = remote('git');
    return [
      {
        name: 'git-kv',
        group: 'ours',
        unavailable: missingPackage('repository', 'protocol'),
        command: (run) => {
          ours.prepare();
          return ourScript('push.mjs', [ours.url, gitDir, BRANCH], run);
        },
        answer: ours.answer,
      },
      {
        name: 'git',
        group: 'git',
        command: (run) => {
          gits.prepare();
          const args = ['push', '--quiet', gits.url, `${BRANCH}:${BRANCH}`];
          return { program: 'git', args: [`--git-dir=${gitDir}`, ...args], cwd: run.directory };
        },
        answer: gits.answer,
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: 'reads no alternates, and sends no deltas',
        command: nodeStart.command,
      },
      nodeStart,
      ourStart,
    ];
  },
};
