import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';

const MESSAGES = [
  'One line',
  'A subject\nof two lines\n\nA body\n\nof two paragraphs\n',
  '\n\n  leading lines  \n\n\nbody\n\n\n',
  'CRLF\r\n\r\nbody\r\n',
  'Signed\n\nbody\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n',
  'Names! [of] files... & so on -.\n',
  '日本語 and äöü\n\nKörper\n',
  '',
];

/** History with branches, every kind of object in a ref, tags of tags, odd messages and dates. */
function makeHistory(objectFormat: 'sha1' | 'sha256'): string {
  const directory = makeDirectory();
  const ask = (args: string[], env: Record<string, string> = {}, input = ''): string =>
    git(args, { cwd: directory, env, input });
  ask(['init', '-q', '--template=', '-b', 'main', `--object-format=${objectFormat}`, '.']);
  commitFiles(directory, [
    { files: { a: '1' } },
    { files: { a: '2' } },
    { files: { a: '3' }, message: 'Third\n\nbody' },
  ]);
  commitFiles(directory, [{ files: { b: '1' } }], 'topic/one');
  const tree = ask(['rev-parse', 'main^{tree}']);
  for (const [at, message] of MESSAGES.entries()) {
    const env = {
      GIT_AUTHOR_NAME: at % 2 === 0 ? 'Ä Ö' : 'A. U. Thor',
      GIT_AUTHOR_DATE: `${1_600_000_000 + at * 10_000_000} ${at % 2 === 0 ? '+0530' : '-0330'}`,
      GIT_COMMITTER_DATE: `${1_700_000_000 - at * 1_000_000} +0100`,
    };
    const parents = at % 3 === 2 ? ['-p', 'main', '-p', 'main~1'] : ['-p', 'main'];
    const commit = ask(['commit-tree', ...parents, tree], env, message);
    ask(['update-ref', `refs/heads/messages/m${at}`, commit]);
    if (message !== '') ask(['tag', '-a', '-F', '-', `t${at}`, commit], env, message);
  }
  for (const version of ['v1.0', 'v1.10', 'v1.9', 'v1.09', 'v2.0-rc1', 'v2.0', 'v10', 'v1.010', 'V3', 'v1.0.0'])
    ask(['tag', version, 'main~1']);
  ask(['tag', '-a', '-m', 'A tag of a tag', 'nested', 't1']);
  ask(['tag', 'a-tree', tree]);
  ask(['tag', 'a-blob', 'main:a']);
  ask(['tag', '-a', '-m', 'A tag of a blob', 'tagged-blob', 'main:a']);
  ask(['tag', 'main', 'refs/heads/main~1']);
  ask(['pack-refs', '--all']);
  ask(['branch', 'Upper', 'refs/heads/main~2']);
  ask(['symbolic-ref', 'refs/heads/alias', 'refs/heads/main']);
  ask(['symbolic-ref', 'refs/heads/dangling', 'refs/heads/unborn']);
  ask(['update-ref', 'refs/remotes/origin/main', 'main~1']);
  ask(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main']);
  ask(['update-ref', 'refs/odd/deep/er/name', 'main']);
  return directory;
}

describe.each(['sha1', 'sha256'] as const)('tsgit for-each-ref (%s)', (objectFormat) => {
  let directory: string;
  beforeAll(() => {
    directory = makeHistory(objectFormat);
  });
  afterAll(() => removeDirectory(directory));

  /** Both only read, so they read the same repository. */
  const same = async (args: readonly string[]): Promise<number> => {
    const theirs = await gitAsync(['for-each-ref', ...args], { cwd: directory });
    const { code, stdout, stderr } = await run('tsgit', ['for-each-ref', ...args], { cwd: directory });
    expect(stdout, `${args.join(' ')}\n${stderr}`).toBe(theirs.code === 129 ? '' : theirs.stdout);
    expect(code).toBe(theirs.code);
    if (code !== 129) expect(stderr).toBe(theirs.stderr);
    return code;
  };

  test.each([
    [[]],
    [['refs/heads']],
    [['refs/heads/']],
    [['refs/heads/ma']],
    [['refs/heads/main']],
    [['refs/heads/m*']],
    [['refs/*/main']],
    [['refs/**/main']],
    [['refs/heads/*/m?']],
    [['refs/heads/messages/m[0-2]']],
    [['refs/tags', 'refs/remotes']],
    [['main']],
    [['--ignore-case', 'REFS/HEADS/UPPER']],
    [['refs/none']],
    [['--count=3']],
    [['--count=0']],
    [['--count', '1', 'refs/tags']],
    [['--count=-1']],
    [['--count=x']],
    [['--points-at=heads/main']],
    [['--points-at', 'heads/main~1', '--points-at=t1']],
    [['--points-at=heads/main:a']],
    [['--points-at=nonsense']],
    [['--contains']],
    [['--contains', 'heads/main~1']],
    [['--contains=heads/main', '--contains', 'topic/one']],
    [['--no-contains', 'heads/main~1']],
    [['--contains', 'heads/main~2', '--no-contains', 'heads/main']],
    [['--merged']],
    [['--merged', 'heads/main~1']],
    [['--merged=heads/main', '--merged=topic/one']],
    [['--no-merged', 'heads/main']],
    [['--no-merged=heads/main', '--no-merged=topic/one', 'refs/heads']],
    [['--contains', 'nonsense']],
    [['--contains', 'a-tree']],
    [['--merged', 'nonsense']],
    [['--merged', 'a-tree']],
    [['--nonsense']],
  ])('%j lists what git lists', async (args) => {
    await same(args);
  });

  const fields = [
    'refname',
    'refname:short',
    'refname:lstrip=1',
    'refname:lstrip=-1',
    'refname:strip=2',
    'refname:lstrip=9',
    'refname:rstrip=1',
    'refname:rstrip=-2',
    'refname:rstrip=9',
    'refname:',
    'objecttype',
    'objectsize',
    'objectname',
    'objectname:short',
    'objectname:short=1',
    'objectname:short=12',
    'tree',
    'tree:short',
    'parent',
    'parent:short=9',
    'numparent',
    'object',
    'type',
    'tag',
    'author',
    'authorname',
    'authoremail',
    'authoremail:trim',
    'authoremail:localpart',
    'authordate',
    'committer',
    'committername',
    'committeremail',
    'committerdate',
    'tagger',
    'taggername',
    'taggeremail:trim',
    'taggerdate',
    'creator',
    'creatordate',
    'subject',
    'subject:sanitize',
    'body',
    'contents',
    'contents:subject',
    'contents:body',
    'contents:signature',
    'contents:size',
    'contents:lines=1',
    'contents:lines=3',
    'contents:lines=99',
    'raw:size',
    'symref',
    'symref:short',
    'symref:lstrip=2',
    'HEAD',
    'color:red',
  ];
  test.each(fields.flatMap((field) => [[field], [`*${field}`]]))('the field %s is what git says', async (field) => {
    await same([`--format=<%(${field})>`]);
  });

  const formats = [
    'default',
    'local',
    'iso',
    'iso8601',
    'iso-strict',
    'iso8601-strict',
    'rfc',
    'rfc2822',
    'short',
    'raw',
    'unix',
    'normal',
  ];
  test.each([
    ...formats,
    ...formats.filter((name) => name !== 'local').map((name) => `${name}-local`),
    'format:%Y-%m-%d %H:%M:%S %z',
    'format:%a %A %b %B %c %C %d %D %e %F %g %G %h %I %j %k %l %m %M %n %p %P %r %R %s %S %t %T %u %U %V %w %W %x %X %y %Y %%',
    'format-local:%F %T %z %Z',
    'nonsense',
  ])('dates as %s are what git says', async (format) => {
    await same([`--format=%(authordate:${format})|%(creatordate:${format})|%(*committerdate:${format})`]);
  });

  test('relative dates are what git says', async () => {
    const args = ['--format=%(authordate:relative)|%(creatordate:relative)'];
    await same(args);
  });

  test.each([
    ['plain'],
    ['%'],
    ['%%(refname)'],
    ['%41%zz%0a%%'],
    ['%(if)%(symref)%(then)-> %(symref)%(end)%(refname)'],
    ['%(if)%(HEAD)%(then)*%(else)-%(end)%(refname)'],
    ['%(if:equals=commit)%(objecttype)%(then)C%(else)%(if:equals=tag)%(objecttype)%(then)T%(else)O%(end)%(end)'],
    ['%(if:notequals=refs/heads/main)%(refname)%(then)other%(end)'],
    ['%(if)%(end)'],
    ['%(align:40)%(refname)%(end)|'],
    ['%(align:40,right)%(refname)%(end)|'],
    ['%(align:width=41,position=middle)%(refname)%(end)|'],
    ['%(align:middle,40)%(subject)%(end)|'],
    ['%(align:60)%(authorname)%(align:20,right)%(objecttype)%(end)%(end)|'],
    ['%(align:5)%(refname)%(end)|'],
    ['%(color:bold red)%(refname)%(color:reset)'],
    ['%(then)'],
    ['%(else)'],
    ['%(end)'],
    ['%(if)%(else)%(end)'],
    ['%(if)%(then)%(then)%(end)'],
    ['%(if)%(then)%(else)%(else)%(end)'],
    ['%(if)%(then)'],
    ['%(align:10)'],
    ['%(refname'],
    ['%()'],
    ['%(*)'],
    ['%(nonsense)'],
    ['%(rest)'],
    ['%(refname:nonsense)'],
    ['%(refname:lstrip=x)'],
    ['%(refname:rstrip=)'],
    ['%(objectname:short=0)'],
    ['%(objectname:long)'],
    ['%(objecttype:x)'],
    ['%(objectsize:x)'],
    ['%(contents:lines=x)'],
    ['%(contents:x)'],
    ['%(subject:x)'],
    ['%(body:x)'],
    ['%(authoremail:x)'],
    ['%(align)'],
    ['%(align:x)'],
    ['%(align:width=x)'],
    ['%(align:position=x)'],
    ['%(align:left)'],
    ['%(color)'],
    ['%(if:x=1)'],
  ])('the format %j prints what git prints', async (format) => {
    await same([`--format=${format}`]);
  });

  test.each(['--shell', '--perl', '--python', '--tcl', '-s', '-p'])('%s quotes as git does', async (style) => {
    await same([style, '--format=%(refname) %(contents) %(authorname)']);
    await same([
      style,
      '--format=%(align:30)%(refname)%(end) %(if)%(HEAD)%(then)it\'s%(else)a "$x" [b] {c} \\ !%(end)%(subject)',
    ]);
    await same([style, '--format=%(raw)', 'refs/heads']);
  });

  test.each([
    ['refname'],
    ['-refname'],
    ['objecttype'],
    ['objectsize'],
    ['-objectsize'],
    ['-creatordate'],
    ['authordate:short'],
    ['*objecttype'],
    ['numparent'],
    ['subject'],
    ['version:refname'],
    ['v:refname'],
    ['-version:refname'],
    ['objecttype', '-refname'],
    ['-refname', 'objecttype', 'authorname'],
    ['nonsense'],
    ['-'],
  ])('--sort=%s sorts as git does', async (...keys) => {
    const sorting = keys.filter((key) => typeof key === 'string').map((key) => `--sort=${key}`);
    await same([...sorting, '--format=%(refname)']);
    await same([...sorting, '--ignore-case', '--format=%(refname) %(objecttype)', '--count=20']);
    await same([...sorting, '--no-sort', '--format=%(refname)']);
  });

  test('refuses more than one style of quotes', async () => {
    await same(['--shell', '--perl']);
  });

  test.each([
    'upstream',
    'push',
    'deltabase',
    'trailers',
    'worktreepath',
    'flag',
    'objectsize:disk',
    'contents:trailers',
  ])('refuses the field %s clearly', async (field) => {
    const { code, stderr } = await run('tsgit', ['for-each-ref', `--format=%(${field})`], { cwd: directory });
    expect({ code, stderr }).toEqual({ code: 128, stderr: `fatal: the field %(${field}) is not supported\n` });
  });

  test('names an object that is missing', async () => {
    const width = objectFormat === 'sha1' ? 40 : 64;
    const copy = makeHistory(objectFormat);
    try {
      writeFileSync(join(copy, '.git/refs/heads/bad'), `${'1'.repeat(width)}\n`);
      for (const args of [
        [],
        ['--format=%(refname) %(objectname)'],
        ['--format=%(subject)'],
        ['--points-at=heads/main'],
      ]) {
        const theirs = await gitAsync(['for-each-ref', ...args], { cwd: copy });
        const { code, stderr } = await run('tsgit', ['for-each-ref', ...args], { cwd: copy });
        const fatal = (text: string): string => text.replace(/^(?:error|warning): .*\n/gm, '');
        expect({ code, stderr: fatal(stderr) }).toEqual({ code: theirs.code, stderr: fatal(theirs.stderr) });
      }
    } finally {
      removeDirectory(copy);
    }
  });
});
