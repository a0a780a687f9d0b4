import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';
import { Twins } from '../support/twins.js';

const DAY = 86_400;

/** A repository whose logs tell of moves at many times, to commits that are reached and to some that are not. */
function makeLogs(objectFormat: 'sha1' | 'sha256'): string {
  const directory = makeDirectory();
  const now = Math.floor(Date.now() / 1000);
  let daysAgo = 0;
  const ask = (...args: string[]): string =>
    git(args, { cwd: directory, env: { GIT_COMMITTER_DATE: `@${now - daysAgo * DAY} +0130` } });
  ask('init', '-q', '--template=', '-b', 'main', `--object-format=${objectFormat}`, '.');
  commitFiles(
    directory,
    [1, 2, 3, 4].map((n) => ({ files: { a: `${n}` } })),
  );
  commitFiles(directory, [{ files: { b: '1' } }], 'lost');
  const [one, two, three, four, lost] = ['main~3', 'main~2', 'main~1', 'main', 'lost'].map((name) =>
    ask('rev-parse', name),
  );
  rmSync(join(directory, '.git/logs'), { recursive: true });
  const moves: [number, string, string][] = [
    [200, one as string, 'the first'],
    [120, two as string, ''],
    [80, lost as string, 'went astray'],
    [60, three as string, 'came back: äöü'],
    [40, lost as string, 'astray again'],
    [20, three as string, 'and back'],
    [0, four as string, 'now'],
  ];
  for (const [days, oid, message] of moves) {
    daysAgo = days;
    ask('update-ref', ...(message === '' ? [] : ['-m', message]), 'refs/heads/main', oid);
    ask('update-ref', '-m', 'other', 'refs/remotes/origin/main', oid);
  }
  ask('update-ref', '-d', 'refs/heads/lost');
  ask('update-ref', '--create-reflog', '-m', 'a tag', 'refs/tags/v1', 'main');
  ask('update-ref', '--create-reflog', '-m', 'stashed', 'refs/stash', 'main');
  ask('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  ask('branch', 'without', 'main~1');
  rmSync(join(directory, '.git/logs/refs/heads/without'));
  return directory;
}

describe.each(['sha1', 'sha256'] as const)('tsgit reflog (%s)', (objectFormat) => {
  let template: string;
  beforeAll(() => {
    template = makeLogs(objectFormat);
  });
  afterAll(() => removeDirectory(template));

  test.each([
    [''],
    ['show'],
    ['show HEAD'],
    ['HEAD'],
    ['main'],
    ['show heads/main'],
    ['show refs/heads/main'],
    ['show origin/main'],
    ['show origin'],
    ['show v1'],
    ['show stash'],
    ['show without'],
    ['show none'],
    ['-n 2'],
    ['-2'],
    ['show -n3 main'],
    ['show --max-count=1 main'],
    ['-n 0'],
    ['HEAD@{2}'],
    ['main@{3} -n 2'],
    ['main@{99}'],
    ['@{1}'],
    ['show --date=iso'],
    ['show --date=raw main'],
    ['--no-abbrev'],
    ['exists HEAD'],
    ['exists refs/heads/main'],
    ['exists main'],
    ['exists refs/heads/without'],
    ['exists refs/heads/none'],
    ['exists a..b'],
    ['exists'],
  ])('%j says what git says', async (line) => {
    await new Twins(template).same(['reflog', ...line.split(' ').filter(Boolean)]);
  });

  test('an unborn branch has no commits', async () => {
    const twins = new Twins();
    twins.each((directory) => git(['init', '-q', '--template=', '-b', 'trunk', '.'], { cwd: directory }));
    await twins.same(['reflog']);
    await twins.same(['reflog', 'trunk']);
  });

  test.each([
    ['delete main@{1}'],
    ['delete main@{0}'],
    ['delete --updateref main@{0}'],
    ['delete --rewrite main@{2}'],
    ['delete --rewrite --updateref main@{0} main@{0}'],
    ['delete HEAD@{3}'],
    ['delete --updateref HEAD@{0}'],
    ['delete -n main@{1}'],
    ['delete --verbose main@{1}'],
    ['delete --verbose --dry-run main@{1}'],
    ['delete main@{99}'],
    ['delete main'],
    ['delete none@{0}'],
    ['delete without@{0}'],
    ['delete'],
    ['expire'],
    ['expire main'],
    ['expire --expire=now main'],
    ['expire --expire=all --all'],
    ['expire --expire=never --expire-unreachable=never --all'],
    ['expire --expire=100.days.ago --expire-unreachable=never main'],
    ['expire --expire=100.days.ago --expire-unreachable=100.days.ago main'],
    ['expire --expire=never --expire-unreachable=now main'],
    ['expire --expire=never --expire-unreachable=50.days.ago main HEAD'],
    ['expire --expire=never --expire-unreachable=50.days.ago --all'],
    ['expire --expire=70.days.ago --rewrite --updateref main'],
    ['expire --expire=70.days.ago --dry-run --all'],
    ['expire --expire=70.days.ago --verbose HEAD'],
    ['expire --all'],
    ['expire --expire=now none main'],
    ['expire --expire=soon main'],
    ['expire --nonsense'],
  ])('%j does what git does', async (line) => {
    const twins = new Twins(template);
    await twins.same(['reflog', ...line.split(' ')]);
    twins.expectSameFiles();
  });

  test('goes by gc.reflogExpire where nobody says when', async () => {
    const twins = new Twins(template);
    for (const setting of [
      ['gc.reflogExpire', '70.days.ago'],
      ['gc.refs/remotes/*.reflogExpire', 'never'],
      ['gc.reflogExpireUnreachable', 'never'],
    ] as const) {
      twins.each((directory) => git(['config', ...setting], { cwd: directory }));
    }
    await twins.same(['reflog', 'expire', '--all']);
    twins.expectSameFiles();
  });

  test('waits for the lock of a ref, and says which one it is', async () => {
    const { ours } = new Twins(template);
    writeFileSync(join(ours, '.git/refs/heads/main.lock'), '');
    const { code, stderr } = await run('tsgit', ['reflog', 'delete', 'main@{0}'], { cwd: ours });
    expect(code).toBe(255);
    expect(stderr).toMatch(/^error: cannot lock ref 'refs\/heads\/main': .*main\.lock/);
  });

  test.each([['show @{yesterday}'], ['delete main@{yesterday}'], ['expire --stale-fix --all'], ['show main v1']])(
    'refuses %s clearly',
    async (line) => {
      const { code, stderr } = await run('tsgit', ['reflog', ...line.split(' ')], { cwd: template });
      expect({ code, stderr }).toEqual({
        code: 128,
        stderr: expect.stringMatching(/^fatal: .*(?:supported|at a time)/),
      });
    },
  );
});
