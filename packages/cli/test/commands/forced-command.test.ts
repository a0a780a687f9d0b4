import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
} from '../../../../test/support/git.js';
import { type Sshd, sshdProblem, startSshd } from '../../../../test/support/sshd.js';
import { programPath, run } from '../support/run.js';

const FORMATS: readonly ObjectFormat[] = ['sha1', 'sha256'];
let root: string;
const tips = new Map<ObjectFormat, string>();

beforeAll(() => {
  root = makeDirectory('forced-command');
  for (const format of FORMATS) {
    const directory = initBare(join(root, 'served', 'team', `${format}.git`), format);
    tips.set(format, commitFiles(directory, [{ files: { 'a.txt': 'one\n' } }]));
  }
});

afterAll(() => removeDirectory(root));

describe.skipIf(sshdProblem !== undefined)('git over sshd with tsgit forced-command', () => {
  let sshd: Sshd;

  beforeAll(async () => {
    const command = `${process.execPath} ${programPath('tsgit')} forced-command --enable-receive-pack ${root}/served`;
    sshd = await startSshd(root, [`ForceCommand ${command}`]);
  });

  afterAll(() => sshd.close());

  const overSsh = (args: readonly string[], cwd = root) =>
    gitAsync(['-c', 'protocol.version=2', ...args], { cwd, env: { GIT_SSH_COMMAND: sshd.command } });

  test.each(FORMATS)('clones and pushes in %s', async (format) => {
    const url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}/team/${format}.git`;
    const copy = join(root, `${format}-copy.git`);
    const cloned = await overSsh(['clone', '--quiet', '--bare', url, copy]);
    expect(cloned, cloned.stderr).toMatchObject({ code: 0 });
    const head = commitFiles(copy, [{ files: { 'b.txt': 'two\n' } }]);
    const pushed = await overSsh(['push', '--quiet', url, 'main'], copy);
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-parse', 'main'], { cwd: join(root, 'served', 'team', `${format}.git`) })).toBe(head);
    expect(git(['rev-parse', 'main~1'], { cwd: copy })).toBe(tips.get(format));
  });

  test('runs nothing else', async () => {
    const ended = await overSsh([
      'ls-remote',
      '--upload-pack=ls',
      `ssh://${sshd.user}@127.0.0.1:${sshd.port}/team/sha1.git`,
    ]);
    expect(ended.stderr).toContain('only git-upload-pack and git-receive-pack can be run here');
  });
});

describe('tsgit forced-command', () => {
  const served = (command: string | undefined, ...options: string[]) =>
    run('tsgit', ['forced-command', ...options, join(root, 'served')], {
      env: { GIT_PROTOCOL: 'version=2', ...(command === undefined ? {} : { SSH_ORIGINAL_COMMAND: command }) },
      input: '0000',
    });

  test('speaks the protocol for a repository below the folder', async () => {
    const ended = await served("git-upload-pack '/team/sha1.git'");
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^000eversion 2\n/);
  });

  test.each([
    ['a shell', undefined, 'only git-upload-pack and git-receive-pack'],
    ['another program', 'ls', 'only git-upload-pack and git-receive-pack'],
    ['a repository that is not there', "git-upload-pack 'absent'", 'there is no repository here'],
    ['a path that climbs', "git-upload-pack '../served/team/sha1.git'", 'the path is not allowed'],
    ['a push that was not enabled', "git-receive-pack 'team/sha1.git'", 'pushes are not enabled on this server'],
  ])('refuses %s', async (_what, command, words) => {
    const ended = await served(command);
    expect(ended).toMatchObject({ code: 128, stdout: '' });
    expect(ended.stderr).toContain(`fatal: ${words}`);
  });

  test('takes one folder', async () => {
    expect(await run('tsgit', ['forced-command'])).toMatchObject({ code: 129 });
  });
});
