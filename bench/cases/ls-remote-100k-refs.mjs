import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../lib/git.mjs';
import { cacheDirectory, removeDirectory } from '../lib/paths.mjs';
import { makeServeCase } from '../lib/serve-case.mjs';

const REFS = 100_000;

/** One commit, and so many packed refs to it, a hundred in a directory. */
function makeManyRefs() {
  const target = join(cacheDirectory, 'refs-100k-v1', 'many.git');
  if (existsSync(target)) return target;
  const draft = join(cacheDirectory, 'refs-100k-v1', 'draft');
  removeDirectory(draft);
  git(['init', '--quiet', '--bare', '--initial-branch=main', draft]);
  const tree = git(['mktree'], { cwd: draft, input: '' });
  const commit = git(['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit-tree', '-m', 'one', tree], { cwd: draft });
  const lines = ['# pack-refs with: peeled fully-peeled sorted ', `${commit} refs/heads/main`];
  for (let at = 0; at < REFS - 1; at++) {
    const digits = String(at).padStart(6, '0');
    lines.push(`${commit} refs/pull/${digits.slice(0, 4)}/${digits.slice(4)}`);
  }
  writeFileSync(join(draft, 'packed-refs'), `${lines.join('\n')}\n`);
  renameSync(draft, target);
  return target;
}

export default makeServeCase({
  name: 'ls-remote-100k-refs',
  title: 'list 100,000 refs over HTTP to 4 clients at once',
  what: 'ls-refs',
  count: 4,
  needsRepository: false,
  gitDir: async () => makeManyRefs(),
});
