import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';
import { Twins } from '../support/twins.js';

const SETTINGS = `# A comment
[core]
\trepositoryformatversion = 0
\tbare = false ; as it is
[a]
\tone = 1
\tMany = first
\tmany = "second value"   # kept
  many=third
\tflag
\tempty =
\tnumber = 3k
\thex = 0x10
\toctal = 010
\tnegative = -2
\thuge = 99999999999999999999
\tbig = 3000000000
\tword = zz
\tyes = Yes
\thome = ~/x/y
\tquoted = "a # b; \\"c\\" \\\\ \\t tab"
[a "Sub.Section"] key = under
[a.dotted] key = Old
[remote "origin"]
\turl = https://example.com/x.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tfetch = +refs/tags/*:refs/tags/*
[empty]
[alias] x = log \\
  --oneline
`;

describe('tsgit config', () => {
  let template: string;
  beforeAll(() => {
    template = makeDirectory();
    git(['init', '-q', '--template=', '-b', 'main', '.'], { cwd: template });
    writeFileSync(join(template, '.git/config'), SETTINGS);
    writeFileSync(join(template, 'file'), '[f]\n\tx = 1\n');
    writeFileSync(join(template, 'broken'), '[f]\n\tx = 1\n[broken\n');
    mkdirSync(join(template, 'home/.config/git'), { recursive: true });
    writeFileSync(join(template, 'home/.gitconfig'), '[a]\n\tone = user\n[user]\n\tname = U\n');
    writeFileSync(join(template, 'home/.config/git/config'), '[user]\n\tname = X\n\temail = x\n');
    writeFileSync(join(template, 'system'), '[a]\n\tsystem = 1\n');
  });
  afterAll(() => removeDirectory(template));

  /** The twins, with user and system settings of their own when `all` is set. */
  const same = async (
    args: readonly string[],
    {
      twins = new Twins(template),
      all = false,
      ...more
    }: Parameters<Twins['same']>[1] & { twins?: Twins; all?: boolean } = {},
  ): Promise<number> => {
    const env = {
      ...(all && { GIT_CONFIG_NOSYSTEM: '', GIT_CONFIG_SYSTEM: 'system', GIT_CONFIG_GLOBAL: 'home/.gitconfig' }),
    };
    const ended = await twins.same(['config', ...args], {
      ...more,
      env: { ...env, ...more.env },
    });
    twins.expectSameFiles();
    return ended.code;
  };

  describe('reads', () => {
    test.each([
      ['a.one'],
      ['A.ONE'],
      ['a.many'],
      ['a.flag'],
      ['a.empty'],
      ['a.none'],
      ['a.quoted'],
      ['alias.x'],
      ['a.Sub.Section.key'],
      ['a.sub.section.key'],
      ['a.dotted.key'],
      ['a.Dotted.key'],
      ['--get a.one'],
      ['--get a.many first'],
      ['--get a.many ^s'],
      ['--get a.many !^t'],
      ['--get a.many nothing'],
      ['--get a.many ['],
      ['--fixed-value --get a.many third'],
      ['--fixed-value --get a.many thir'],
      ['--get-all a.many'],
      ['--get-all a.many ir'],
      ['--get-all a.none'],
      ['--get-all remote.origin.fetch'],
      ['--get-regexp ^a\\.'],
      ['--get-regexp A.*MANY'],
      ['--get-regexp --name-only .'],
      ['--name-only --get-regexp .'],
      ['--get-regexp many ^t'],
      ['--get-regexp nothing'],
      ['--get-regexp ['],
      ['-z --get-regexp ^a'],
      ['-l'],
      ['--list --local'],
      ['-l -z'],
      ['-l --name-only'],
      ['-l --show-origin'],
      ['-l --show-origin -z'],
      ['-l --show-scope'],
      ['-l --show-scope --show-origin'],
      ['--show-origin a.one'],
      ['--show-scope --get-all a.many'],
      ['--local a.one'],
      ['--default d a.none'],
      ['--get --default d a.none'],
      ['--default d a.one'],
      ['--default 2k --type=int a.none'],
      ['--default zz --type=int a.none'],
      ['-f file -l'],
      ['--file file f.x'],
      ['--file=file --show-origin -l'],
      ['--file file --show-scope f.x'],
      ['--file none f.x'],
      ['--file none -l'],
      ['--file broken f.x'],
      ['a'],
      ['a.'],
      ['.a'],
      ['a.1'],
      ['a b.c'],
      ['a_b.c'],
    ])('%j as git does', async (line) => {
      await same(line.split(' '));
    });

    const keys = ['one', 'flag', 'empty', 'number', 'hex', 'octal', 'negative', 'huge', 'big', 'word', 'yes', 'home'];
    test.each(
      keys.flatMap((key) => ['bool', 'int', 'bool-or-int', 'bool-or-str', 'path'].map((type) => [type, key] as const)),
    )('--type=%s a.%s as git does', async (type, key) => {
      // What stops at a value without one is told with the line of it.
      const quiet = type === 'path' && key === 'flag';
      await same([`--type=${type}`, `a.${key}`], { quiet, env: { HOME: '/home/somebody' } });
    });

    test.each([
      ['--bool a.number'],
      ['--int a.number'],
      ['--bool-or-int a.yes'],
      ['--path a.home'],
      ['--int --type=int a.number'],
      ['--int --no-type --bool a.number'],
      ['--type=int --get-regexp number'],
      ['--type=bool -l'],
      ['-t bool a.yes'],
    ])('%j as git does', async (line) => {
      await same(line.split(' '), { env: { HOME: '/home/somebody' } });
    });

    test.each([
      ['-l'],
      ['-l --show-origin --show-scope'],
      ['--get-all a.one'],
      ['a.one'],
      ['--global a.one'],
      ['--global -l --show-scope --show-origin'],
      ['--system -l --show-scope --show-origin'],
      ['--local -l --show-scope'],
      ['--global user.email'],
      ['--get-regexp user'],
    ])('%j of all files as git does', async (line) => {
      await same(line.split(' '), { all: true });
      const more = {
        GIT_CONFIG_COUNT: '2',
        GIT_CONFIG_KEY_0: 'a.One',
        GIT_CONFIG_VALUE_0: 'env',
        GIT_CONFIG_KEY_1: 'x.Y.z',
        GIT_CONFIG_VALUE_1: '',
      };
      await same(line.split(' '), { all: true, env: more });
    });

    test('the two files of a user, and standard input', async () => {
      const twins = new Twins(template);
      for (const args of [['-l', '--show-scope'], ['user.name'], ['user.email'], ['--global', 'user.email']]) {
        const home = (directory: string) => ({ HOME: join(directory, 'home'), XDG_CONFIG_HOME: '' });
        const unset = { GIT_CONFIG_GLOBAL: undefined as unknown as string };
        const ours = await run('tsgit', ['config', ...args], {
          cwd: twins.ours,
          env: { ...unset, ...home(twins.ours) },
        });
        const { execFileSync } = await import('node:child_process');
        const env = { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', HOME: join(twins.ours, 'home') };
        let theirs = '';
        try {
          theirs = execFileSync('git', ['config', ...args], { cwd: twins.ours, env }).toString();
        } catch {
          // nothing found
        }
        expect(ours.stdout, args.join(' ')).toBe(theirs);
      }
      await twins.same(['config', '-f', '-', '--show-origin', '-l'], { input: '[s]\n\tx = 1\n\ty\n' });
      await twins.same(['config', '-f', '-', 's.x'], { input: '[s]\n\tx = 1\n\ty\n' });
      await twins.same(['config', '-f', '-', 's.x', '2'], { input: '[s]\n\tx = 1\n' });
    });

    test('outside of a repository', async () => {
      const twins = new Twins();
      const env = { GIT_CEILING_DIRECTORIES: '/' };
      for (const line of ['-l', 'a.b', 'a.b c', '--local -l', '-f x a.b c', '-f x -l']) {
        await twins.same(['config', ...line.split(' ')], { env });
      }
      twins.expectSameFiles();
    });
  });

  describe('writes', () => {
    test.each([
      ['a.one 2'],
      ['A.One 2'],
      ['a.new value'],
      ['New.Section.Name value'],
      ['new.name value'],
      ['empty.x 1'],
      ['core.bare true'],
      ['a.many x'],
      ['a.many x ^s'],
      ['a.many x nothing'],
      ['a.many x i'],
      ['a.many x ['],
      ['--fixed-value a.many x third'],
      ['--add a.many fourth'],
      ['--add a.new 1'],
      ['--replace-all a.many x'],
      ['--replace-all a.many x ir'],
      ['--replace-all a.many x !ir'],
      ['--replace-all --fixed-value a.many x first'],
      ['--replace-all a.new x'],
      ['--unset a.one'],
      ['--unset a.many'],
      ['--unset a.many ^third'],
      ['--unset a.none'],
      ['--unset a.Sub.Section.key'],
      ['--unset-all a.many'],
      ['--unset-all a.many !second'],
      ['--unset-all a.none'],
      ['--rename-section a b'],
      ['--rename-section a.Sub.Section b.New.Name'],
      ['--rename-section none b'],
      ['--rename-section a b_c'],
      ['--remove-section a'],
      ['--remove-section remote.origin'],
      ['--remove-section none'],
      ['--type=bool a.new yes'],
      ['--type=int a.new 4k'],
      ['--bool-or-int a.new off'],
      ['--path a.new ~/x'],
      ['--type=bool a.new zz'],
      ['--type=int a.new zz'],
      ['-f file f.x 2'],
      ['-f new f.x 2'],
      ['-f none/new f.x 2'],
      ['-f broken f.x 2'],
      ['-f new --unset f.x'],
      ['--local a.one 3'],
      ['a.one -x'],
      ['a.1 x'],
      ['a x'],
      ['a. x'],
    ])('%j as git does', async (line) => {
      // git tells of each problem that a broken file has.
      await same(line.split(' '), { quiet: line.includes('broken') });
    });

    test.each([
      [' padded '],
      ['a # b'],
      ['a;b'],
      ['"quoted"'],
      ['back\\slash'],
      ['tab\t'],
      ['line\nfeed'],
      ['é'],
      [''],
    ])('the value %j as git does', async (value) => {
      const twins = new Twins(template);
      await same(['a.new', value], { twins });
      await same(['a.new'], { twins });
    });

    test("one after the other into a file that is not there yet, and the user's", async () => {
      const twins = new Twins(template);
      const env = { GIT_CONFIG_GLOBAL: 'new-global' };
      for (const line of ['--global a.b 1', '--global --add a.b 2', '--global c.d.e f', '--global --unset-all a.b']) {
        await same(line.split(' '), { twins, env });
      }
    });

    test('and keeps permissions and symbolic links', async () => {
      const twins = new Twins(template);
      twins.each((directory) => {
        chmodSync(join(directory, 'file'), 0o600);
        symlinkSync('file', join(directory, 'link'));
      });
      await twins.same(['config', '-f', 'link', 'f.x', '2']);
      expect(statSync(join(twins.ours, 'file')).mode & 0o777).toBe(0o600);
      expect(lstatSync(join(twins.ours, 'link')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(twins.ours, 'file'), 'utf8')).toBe(readFileSync(join(twins.theirs, 'file'), 'utf8'));
    });
  });

  test.each([
    [''],
    ['--get'],
    ['--get a.b c d'],
    ['-l x'],
    ['--add a.b'],
    ['--get --add a.b'],
    ['--global --system a.b'],
    ['--name-only a.b'],
    ['--show-origin a.b c'],
    ['--default x --get-all a.b'],
    ['--fixed-value a.b'],
    ['--fixed-value a.b c'],
    ['--bool --int a.b'],
    ['--type=nonsense a.b'],
    ['--nonsense'],
    ['a.b c d e'],
  ])('refuses the command line %j as git does', async (line) => {
    await same(line.split(' ').filter(Boolean));
  });

  test.each([
    ['--includes a.b'],
    ['--get-urlmatch a.b http://x'],
    ['-e'],
    ['--get-color a.b'],
    ['--get-colorbool a.b'],
    ['--blob=x -l'],
    ['--type=color a.b'],
    ['--type=expiry-date a.b'],
  ])('refuses %s clearly', async (line) => {
    const { code, stderr } = await run('tsgit', ['config', ...line.split(' ')], { cwd: template });
    expect({ code, stderr }).toEqual({ code: 128, stderr: expect.stringMatching(/^fatal: --\S+ is not supported/) });
  });

  test('follows no includes', async () => {
    const { ours } = new Twins(template);
    writeFileSync(join(ours, '.git/config'), '[core]\n\tbare = false\n[include]\n\tpath = ../file\n');
    expect((await run('tsgit', ['config', 'f.x'], { cwd: ours })).code).toBe(1);
    expect(git(['config', 'f.x'], { cwd: ours })).toBe('1');
  });
});
