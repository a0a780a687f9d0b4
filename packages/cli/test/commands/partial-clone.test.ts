import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { run } from '../support/run.js';

let root: string;
let backend: GitHttpBackend;

beforeAll(async () => {
  root = makeDirectory('git-kv-tsgit-partial');
  for (const format of ['sha1', 'sha256'] as const) {
    const directory = initBare(join(root, `${format}.git`), format);
    const text = (version: number): string => `${'a line\n'.repeat(50)}version ${version}\n`;
    commitFiles(directory, [
      { files: { 'a/b/one.txt': text(1), 'a/two.txt': text(2), 'three.txt': text(3) } },
      { files: { 'a/b/one.txt': text(4), 'a/two.txt': text(2), 'c/four.txt': text(5) } },
    ]);
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: directory });
  }
  backend = await startGitHttpBackend({ root });
});

afterAll(async () => {
  await backend.close();
  removeDirectory(root);
});

describe.each(['sha1', 'sha256'] as const)('in a partial clone (%s), tsgit', (format) => {
  const original = (): string => join(root, `${format}.git`);
  let clones = 0;
  const clone = async (program: 'git' | 'tsgit', filter: string): Promise<string> => {
    const name = `${format}-${program}-${++clones}.git`;
    const args = ['clone', '--quiet', '--bare', `--filter=${filter}`, `${backend.url}/${format}.git`, name];
    const ended = program === 'git' ? await gitAsync(args, { cwd: root }) : await run('tsgit', args, { cwd: root });
    expect(ended).toMatchObject({ code: 0 });
    return join(root, name);
  };

  test.each([
    ['cat-file -p', ['cat-file', '-p', 'main:a/b/one.txt']],
    ['cat-file -s', ['cat-file', '-s', 'main:c/four.txt']],
    ['ls-tree', ['ls-tree', '-r', '-l', 'main']],
    ['diff-tree', ['diff-tree', '-r', 'main~1', 'main']],
  ])('%s fetches what is missing', async (_name, args) => {
    const cwd = await clone('git', 'tree:0');
    const expected = await gitAsync(args, { cwd: original() });
    expect(await run('tsgit', args, { cwd })).toMatchObject({ code: 0, stdout: expected.stdout });
    expect((await gitAsync(['fsck', '--strict'], { cwd })).code).toBe(0);
  });

  test('cat-file --batch fetches what is missing, in clones of its own', async () => {
    const cwd = await clone('tsgit', 'blob:none');
    const input = 'main:a/b/one.txt\nmain~1:three.txt\nmain:none\n';
    const expected = await gitAsync(['cat-file', '--batch'], { cwd: original(), input });
    expect(await run('tsgit', ['cat-file', '--batch'], { cwd, input })).toMatchObject({
      code: 0,
      stdout: expected.stdout,
    });
  });

  test('fetches nothing where GIT_NO_LAZY_FETCH says so', async () => {
    const cwd = await clone('git', 'blob:none');
    const before = backend.requests.length;
    const ours = await run('tsgit', ['cat-file', '-p', 'main:three.txt'], { cwd, env: { GIT_NO_LAZY_FETCH: '1' } });
    expect(ours.code).toBe(128);
    expect(backend.requests).toHaveLength(before);
  });

  test('fsck and gc find it sound, and keep all', async () => {
    const cwd = await clone('tsgit', 'tree:0');
    await run('tsgit', ['cat-file', '-p', 'main:a/two.txt'], { cwd });
    const list = (): string => git(['cat-file', '--batch-all-objects', '--batch-check'], { cwd });
    const before = list();
    expect(await run('tsgit', ['fsck'], { cwd })).toMatchObject({ code: 0 });
    expect(await run('tsgit', ['gc', '--quiet', '--prune=now'], { cwd })).toMatchObject({ code: 0 });
    expect(list()).toBe(before);
    expect((await gitAsync(['fsck', '--strict'], { cwd })).code).toBe(0);
  });
});
