import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git } from '../../../../test/support/git.js';
import { run } from '../support/run.js';
import { Twins } from '../support/twins.js';

/** git without its templates, and without its advice on the name of the branch. */
const init = ['init', '--template='];

describe('tsgit init', () => {
  test.each([
    [['-b', 'main']],
    [['-b', 'main', '.']],
    [['--bare', '-b', 'main', 'project.git']],
    [['--bare', '-b', 'main']],
    [['-q', '--initial-branch=topic/one', 'a/b/c']],
    [['--object-format=sha256', '-b', 'main', 'new']],
    [['--bare', '--object-format', 'sha256', '-bmain', 'new.git']],
    [['--object-format=sha1', '-b', 'main', 'new']],
    [['--shared=umask', '-b', 'main', 'new']],
  ])('%j makes what git makes', async (args) => {
    const twins = new Twins();
    expect((await twins.same([...init, ...args])).code).toBe(0);
    twins.expectSameFiles();
  });

  test('calls the branch as git does where nobody says', async () => {
    const twins = new Twins();
    await twins.same([...init, 'new'], { quiet: true });
    twins.expectSameFiles();
  });

  test.each(['trunk', 'topic/one', 'a..b', ''])('init.defaultBranch %j names the branch', async (branch) => {
    const twins = new Twins();
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'init.defaultBranch', GIT_CONFIG_VALUE_0: branch };
    const { code } = await twins.same([...init, 'new'], { env });
    if (code === 0) twins.expectSameFiles();
    await twins.same([...init, '-b', 'main', 'other'], { env });
  });

  test.each([[[]], [['--bare']]])('a repository that is there %j is kept', async (more) => {
    const twins = new Twins();
    await twins.same([...init, '-b', 'main', ...more, 'r']);
    twins.each((directory) => {
      const config = join(directory, 'r', more.length > 0 ? 'config' : '.git/config');
      writeFileSync(config, '; mine\n[Core]\n bare = false\n[user] name = x\n');
    });
    await twins.same([...init, ...more, 'r']);
    await twins.same([...init, ...more, '-b', 'other', 'r']);
    await twins.same([...init, ...more, '-q', 'r']);
    await twins.same([...init, ...more, '--object-format=sha256', 'r']);
    twins.expectSameFiles();
  });

  test.each([
    ['x', [], 0],
    ['x', ['--bare'], 0],
    ['.git', [], 0],
    ['missing/x', [], 128],
    ['missing/.git', [], 128],
    ['other', ['--bare', 'here'], 0],
  ])('GIT_DIR=%s says where, with %j', async (directory, args, code) => {
    const twins = new Twins();
    const env = { GIT_DIR: directory };
    expect((await twins.same([...init, '-b', 'main', ...args], { env })).code).toBe(code);
    if (code === 0) twins.expectSameFiles();
  });

  test('GIT_DEFAULT_HASH says which object format', async () => {
    const twins = new Twins();
    await twins.same([...init, '-b', 'main', 'new'], { env: { GIT_DEFAULT_HASH: 'sha256' } });
    await twins.same([...init, '-b', 'main', 'other'], { env: { GIT_DEFAULT_HASH: 'sha512' } });
    expect(git(['rev-parse', '--show-object-format'], { cwd: join(twins.ours, 'new') })).toBe('sha256');
  });

  test.each([
    [['--object-format=md5', 'new']],
    [['-b', 'a..b', 'new']],
    [['a', 'b']],
    [['--nonsense']],
    [['-b']],
    [['-b', 'main', 'file']],
    [['-b', 'main', 'file/x']],
  ])('refuses %j as git does', async (args) => {
    const twins = new Twins();
    twins.each((directory) => writeFileSync(join(directory, 'file'), ''));
    expect((await twins.same([...init, ...args])).code).not.toBe(0);
  });

  test.each([['--shared'], ['--shared=group'], ['--separate-git-dir=x'], ['--template=t']])(
    'refuses %s clearly and makes nothing',
    async (option) => {
      const { ours } = new Twins();
      mkdirSync(join(ours, 't'));
      const { code, stderr } = await run('tsgit', ['init', option, 'new'], { cwd: ours });
      expect({ code, stderr }).toEqual({ code: 128, stderr: expect.stringMatching(/^fatal: .* is not supported\n$/) });
    },
  );
});
