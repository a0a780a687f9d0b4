import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  git,
  gitAsync,
  makeDirectory,
  removeDirectory,
  runAsync,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository, type OddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit commit-tree (%s)', (objectFormat) => {
  let root: string;
  let repository: OddRepository;
  beforeAll(() => {
    root = makeDirectory();
    repository = makeOddRepository(join(root, 'odd.git'), objectFormat);
    writeFileSync(join(repository.directory, 'message'), 'From a file\n\nwithout an end');
    writeFileSync(join(repository.directory, 'nul'), 'a\0b');
  });
  afterAll(() => removeDirectory(root));

  const same = async (
    args: readonly string[],
    { input = 'Standard input\n', env = {} }: { input?: string | Uint8Array; env?: Record<string, string> } = {},
  ) => {
    const options = { cwd: repository.directory, input, env };
    const theirs = await gitAsync(['commit-tree', ...args], options);
    const { code, stdout, stderr } = await run('tsgit', ['commit-tree', ...args], options);
    expect({ code, stdout, stderr }, `${args} ${JSON.stringify(env)}`).toEqual(theirs);
    return theirs;
  };

  test.each([
    [['main^{tree}']],
    [['main^{tree}', '-p', 'main']],
    [['-p', 'main', '-p', 'main~1', 'main^{tree}']],
    [['-p', 'main', '-p', 'main', 'main^{tree}']],
    [['-m', 'One line', 'main^{tree}']],
    [['-m', 'One\n', '-m', 'two', 'main^{tree}']],
    [['-m', '', 'main^{tree}']],
    [['-m', '- a list', 'main^{tree}']],
    [['-m', '', '-m', 'late', 'main^{tree}']],
    [['-F', 'message', 'main^{tree}']],
    [['-F', 'message', '-m', 'and more', '-F', 'message', 'main^{tree}']],
    [['-F', '-', '-m', 'and more', 'main^{tree}']],
    [['-mOne', '-pmain', 'main:dir']],
    [['-m', 'Ünïcode \u{1f600}', 'main^{tree}']],
  ])('%j makes the commit that git makes', async (args) => {
    expect((await same(args)).code).toBe(0);
    await same(args, { input: '' });
  });

  test.each([
    [[]],
    [['main^{tree}', 'main^{tree}']],
    [['main']],
    [['nonsense']],
    [['1'.repeat(40) + (objectFormat === 'sha1' ? '' : '1'.repeat(24))]],
    [['-p', 'nonsense', 'main^{tree}']],
    [['-p', 'v1', 'main^{tree}']],
    [['-p', 'main^{tree}', 'main^{tree}']],
    [['-F', 'nul', 'main^{tree}']],
  ])('refuses %j as git does', async (args) => {
    if (args.length > 0) expect((await same(args)).code).not.toBe(0);
    else expect((await run('tsgit', ['commit-tree'], { cwd: repository.directory })).code).not.toBe(0);
  });

  test('takes names, addresses and dates as git does', async () => {
    for (const env of [
      { GIT_AUTHOR_NAME: '  Spaces and crud.;, ', GIT_AUTHOR_EMAIL: '<a@b.c>' },
      { GIT_AUTHOR_NAME: 'A <inner> "quoted"\nlines', GIT_COMMITTER_EMAIL: 'a b\n' },
      { GIT_AUTHOR_NAME: 'Ä Ö', GIT_AUTHOR_EMAIL: '' },
      { GIT_AUTHOR_NAME: '' },
      { GIT_AUTHOR_NAME: '...' },
      { GIT_AUTHOR_DATE: '@12345 +0130' },
      { GIT_AUTHOR_DATE: '1112911993 -0700', GIT_COMMITTER_DATE: 'Thu, 07 Apr 2005 22:13:13 +0200' },
      { GIT_AUTHOR_DATE: '2005-04-07T22:13:13Z', GIT_COMMITTER_DATE: '2005-04-07T22:13:13+05:30' },
      { GIT_AUTHOR_DATE: 'soon' },
    ]) {
      await same(['-m', 'm', 'main^{tree}'], { env });
    }
  });

  test('takes names and addresses from the config where the environment says nothing', async () => {
    const home = temporaryDirectory();
    const { directory } = repository;
    writeFileSync(join(home, '.gitconfig'), '[user]\n\tname = Global Name\n\temail = global@example.com\n');
    const env = {
      HOME: home,
      GIT_AUTHOR_DATE: '@1700000000 +0000',
      GIT_COMMITTER_DATE: '@1700000000 +0000',
      PATH: process.env.PATH ?? '',
      TZ: 'UTC',
      LC_ALL: 'C',
    };
    const ask = async (more: Record<string, string> = {}): Promise<string> => {
      // Names of the test's own environment would win.
      const unset = [
        'GIT_AUTHOR_NAME',
        'GIT_AUTHOR_EMAIL',
        'GIT_COMMITTER_NAME',
        'GIT_COMMITTER_EMAIL',
        'GIT_CONFIG_GLOBAL',
      ];
      const clear = unset.flatMap((name) => ['-u', name]);
      const args = ['commit-tree', '-m', 'm', 'main^{tree}'];
      const theirs = await runAsync('env', [...clear, 'git', ...args], { cwd: directory, env: { ...env, ...more } });
      const inherited = Object.fromEntries(unset.map((name) => [name, undefined as unknown as string]));
      const ours = await run('tsgit', args, { cwd: directory, env: { ...inherited, ...env, ...more } });
      expect(ours).toMatchObject({ code: theirs.code, stdout: theirs.stdout });
      return ours.code === 0 ? git(['cat-file', 'commit', ours.stdout.trim()], { cwd: directory }) : ours.stderr;
    };
    expect(await ask()).toContain('author Global Name <global@example.com>');
    git(['config', 'user.name', 'Local Name'], { cwd: directory });
    git(['config', 'author.email', 'author@local'], { cwd: directory });
    expect(await ask()).toContain('author Local Name <author@local>');
    expect(await ask()).toContain('committer Local Name <global@example.com>');
    const set = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'Committer.Name', GIT_CONFIG_VALUE_0: 'C' };
    expect(await ask(set)).toContain('committer C <global@example.com>');
    git(['config', '--unset', 'user.name'], { cwd: directory });
    git(['config', '--unset', 'author.email'], { cwd: directory });
    writeFileSync(join(home, '.gitconfig'), '[user]\n\tuseConfigOnly = true\n');
    expect(await ask()).toMatch(/^fatal: no email was given and auto-detection is disabled/);
  });

  test('says the encoding of the config, and repairs what is not UTF-8', async () => {
    const { directory } = repository;
    const latin1 = Buffer.from('Gr\u00fc\u00dfe\n', 'latin1');
    await same(['main^{tree}'], { input: latin1 });
    for (const encoding of ['ISO-8859-1', 'utf8', 'UTF-8', 'x-unknown']) {
      git(['config', 'i18n.commitEncoding', encoding], { cwd: directory });
      await same(['main^{tree}'], { input: latin1 });
      await same(['main^{tree}']);
    }
    git(['config', '--unset', 'i18n.commitEncoding'], { cwd: directory });
  });
});
