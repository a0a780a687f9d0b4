import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeMergedHistory } from '../../../../test/support/merged-history.js';
import { makeOddMessages } from '../../../../test/support/odd-messages.js';
import { run } from '../support/run.js';

/** Of commits that are odd in every way. */
const ODD: readonly (readonly string[])[] = [
  [],
  ['--oneline'],
  ['--pretty=oneline'],
  ['--pretty=short'],
  ['--pretty=medium'],
  ['--pretty=full'],
  ['--pretty=fuller'],
  ['--pretty=raw'],
  ['--format=fuller', '--abbrev-commit', '--abbrev=12'],
  ['--no-abbrev', '--oneline'],
  ['--parents', '--oneline'],
  ['--parents', '--abbrev-commit'],
  ['--decorate'],
  ['--decorate=full', '--oneline'],
  ['--decorate=short', '--no-decorate'],
  ['--decorate', '--pretty=raw', '-2'],
  ['--no-expand-tabs'],
  ['--expand-tabs=3'],
  ['--expand-tabs', '--pretty=short'],
  ['--no-mailmap'],
  ['-z'],
  ['-z', '--oneline'],
  ['-z', '--format=%s'],
  ['-z', '--format=format:%s'],
  ['--encoding=UTF-8', '-s'],
  ...[
    'default',
    'iso',
    'iso8601',
    'iso-strict',
    'rfc',
    'rfc2822',
    'short',
    'raw',
    'unix',
    'relative',
    'local',
    'iso-local',
  ].map((style) => [`--date=${style}`, '--pretty=fuller']),
  ['--relative-date'],
  ['--date', 'short'],
  ...[
    '%H %h %T %t',
    '%P|%p',
    '%an|%ae|%al|%aN|%aE|%aL',
    '%cn|%ce|%cl|%cN|%cE|%cL',
    '%ad|%aD|%ar|%ai|%aI|%as|%at',
    '%cd|%cD|%cr|%ci|%cI|%cs|%ct',
    '%s',
    '%f',
    '%b',
    '%B',
    '%e',
    '%d|%D',
    '%n%%%x00%x7c%x',
    '%N|%gd|%gs|%gn|%gx',
    '%q%zz%',
    '%Cred%C(auto)%h%Creset %C(bold blue)x%C(auto,red)',
    '%h%+b',
    '%h%n%-b%n%+s% d|',
    '%<(12)%an|%>(12)%s|%><(12)%h|',
    '%<(9,trunc)%s|%<(9,ltrunc)%s|%<(9,mtrunc)%s|%>(9,trunc)%an|',
    '%h %<|(30)%s|%>>(8)%an|%<(0)%h',
    '',
  ].flatMap((format) => [[`--format=${format}`], [`--pretty=format:${format}`], [`--pretty=tformat:${format}`]]),
  ['--author=Thor'],
  ['--author=^C', '-3'],
  ['--author=right'],
  ['--author=right', '--no-mailmap'],
  ['--committer=nick', '-i'],
  ['--grep=Body'],
  ['--grep=body', '--oneline'],
  ['--grep=body', '-i'],
  ['--grep=^Subject', '--grep=^Tabs'],
  ['--grep=Subject', '--grep=lines', '--all-match'],
  ['--grep=Subject', '--author=nobody'],
  ['--grep=Body', '--invert-grep', '--oneline'],
  ['--grep=e+', '-E', '--oneline'],
  ['--grep=A. b..c', '-F', '--oneline'],
  ['--grep=a\\. B\\.', '-i', '--oneline'],
  ['--grep=caf\u00e9', '--oneline'],
  ['--grep=^$', '--oneline'],
  ['--grep', 'n\\(o\\|e\\)', '--oneline'],
  ['-n', '4', '--skip=2', '--grep=o', '--oneline'],
  ['--grep=o', '-2', '--reverse', '--oneline'],
  ['--merges', '--oneline'],
  ['--no-merges', '-3'],
  ['--reverse', '--pretty=short'],
  ['-0'],
  ['--all', '--oneline', '--decorate'],
  ['main~3..', '--oneline'],
  ['--oneline', '--', '.mailmap'],
  ['--first-parent', '--oneline', '-5'],
];

const MERGED = [
  '--oneline main',
  '--topo-order --format=%h|%p|%s main',
  '--date-order --format=%h|%p main -- dir',
  '--format=%h|%p --parents main -- dir/c',
  '--parents --full-history main -- a',
  '--first-parent main -- dir',
  '--decorate --oneline t37..main',
  'main -- nothing',
  '--reverse -3 main -- a',
  '--since=2023-11-14T22:40:00Z --until=2023-11-14T22:50:00Z main',
  '--all --graph-is-no-option',
];

describe.each(['sha1', 'sha256'] as const)('tsgit log (%s)', (objectFormat) => {
  let root: string;
  let odd: string;
  let merged: string;
  beforeAll(() => {
    root = makeDirectory();
    odd = makeOddMessages(join(root, 'odd.git'), objectFormat);
    merged = makeMergedHistory(join(root, 'merged.git'), objectFormat);
    git(['repack', '-adq'], { cwd: merged });
  });
  afterAll(() => removeDirectory(root));

  const env = { GIT_TEST_DATE_NOW: '1800000000' };

  test.each(ODD.map((args) => [args.join(' '), args] as const))(
    'prints of odd commits what git prints: %s',
    async (_, args) => {
      const theirs = gitBytes(['log', ...args], { cwd: odd, env });
      const ours = await run('tsgit', ['log', ...args], { cwd: odd, env });
      expect(ours.stderr).toBe('');
      expect(ours.output.toString('latin1')).toBe(Buffer.from(theirs).toString('latin1'));
    },
  );

  test.each(MERGED)('prints of a history with merges what git prints: %s', async (line) => {
    const theirs = await gitAsync(['log', ...line.split(' ')], { cwd: merged });
    const ours = await run('tsgit', ['log', ...line.split(' ')], { cwd: merged });
    expect(ours.stdout).toBe(theirs.stdout);
    if (!line.includes('no-option')) expect(ours.code).toBe(theirs.code);
    else expect(ours.code).not.toBe(0);
  });

  test('ends a shallow history where git does, and says so', async () => {
    const shallow = join(root, 'shallow.git');
    git(['clone', '-q', '--bare', '--depth=3', `file://${merged}`, shallow]);
    for (const args of [['--decorate', '--format=%h%d %p'], ['--pretty=raw'], ['--decorate']]) {
      const ours = await run('tsgit', ['log', ...args], { cwd: shallow });
      expect(ours.stdout).toBe((await gitAsync(['log', ...args], { cwd: shallow })).stdout);
    }
  });

  test('reads the settings that people have', async () => {
    const set = { GIT_CONFIG_COUNT: '1' };
    for (const [key, value] of [
      ['log.date', 'iso'],
      ['format.pretty', 'oneline'],
      ['format.pretty', 'format:%h %s'],
      ['log.abbrevCommit', 'true'],
      ['core.abbrev', '11'],
      ['core.abbrev', 'no'],
      ['log.decorate', 'full'],
      ['log.mailmap', 'false'],
    ] as const) {
      for (const args of [['-3'], ['-3', '--oneline'], ['-3', '--pretty=raw']]) {
        const configured = { ...env, ...set, GIT_CONFIG_KEY_0: key, GIT_CONFIG_VALUE_0: value };
        const ours = await run('tsgit', ['log', ...args], { cwd: odd, env: configured });
        expect([key, value, ours.stdout]).toEqual([
          key,
          value,
          (await gitAsync(['log', ...args], { cwd: odd, env: configured })).stdout,
        ]);
      }
    }
  });

  test.each([
    ['-p'],
    ['--stat'],
    ['--graph'],
    ['-g'],
    ['--format=%G?'],
    ['--format=%(trailers)'],
    ['--pretty=email'],
    ['--notes'],
  ])('refuses %s clearly', async (option) => {
    const ours = await run('tsgit', ['log', option], { cwd: odd });
    expect(ours).toMatchObject({ code: 128, stdout: '', stderr: expect.stringContaining('not supported') });
  });

  test.each(['nothing', 'nothing --', '--date=nonsense', '--decorate=nonsense', '--pretty=nonsense', '--author'])(
    'fails where git fails: %s',
    async (line) => {
      const theirs = await gitAsync(['log', ...line.split(' ')], { cwd: odd });
      const ours = await run('tsgit', ['log', ...line.split(' ')], { cwd: odd });
      expect(ours.code).toBe(theirs.code);
      expect(ours.stdout).toBe(theirs.stdout);
      expect(theirs.stderr).toContain(ours.stderr);
    },
  );

  test('says that there are no commits yet', async () => {
    const empty = initBare(join(root, 'empty.git'), objectFormat);
    const theirs = await gitAsync(['log'], { cwd: empty });
    expect(await run('tsgit', ['log'], { cwd: empty })).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
  });
});
