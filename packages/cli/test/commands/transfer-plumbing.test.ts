import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';
import { Twins } from '../support/twins.js';

let root: string;
let remote: string;
let template: string;

beforeAll(() => {
  root = makeDirectory();
  remote = initBare(join(root, 'remote.git'));
  commitFiles(remote, [{ files: { a: '1' } }, { files: { a: '2' } }]);
  git(['branch', 'side', 'main~1'], { cwd: remote });
  git(['tag', '-a', '-m', 'one', 'v1', 'side'], { cwd: remote });
  template = initBare(join(root, 'template.git'));
});
afterAll(() => removeDirectory(root));

/** What git tells of its progress also where nobody looks on. */
const withoutProgress = (text: string): string => text.replace(/remote: [^\r\n]*[\r\n]/g, '');

describe('tsgit fetch-pack', () => {
  test.each([
    [['--all'], []],
    [[], ['refs/heads/side', 'HEAD']],
    [['-q'], ['refs/heads/nope']],
    [['--stdin', '--no-progress'], []],
  ])('%j %j lists what git lists', async (options, refs) => {
    const twins = new Twins(template);
    const args = ['fetch-pack', ...options, remote, ...refs];
    const input = options.includes('--stdin') ? 'refs/heads/main\nrefs/heads/side\n' : '';
    const theirs = await gitAsync(args, { cwd: twins.theirs, input });
    const { code, stdout, stderr } = await run('tsgit', args, { cwd: twins.ours, input });
    expect([code, stdout, withoutProgress(stderr)]).toEqual([
      theirs.code,
      theirs.stdout,
      withoutProgress(theirs.stderr),
    ]);
  });
});

describe('tsgit fetch', () => {
  test.each([
    [['--all'], ['origin']],
    [['--all'], ['origin', 'other']],
    [['--all', '--filter=blob:none'], ['origin']],
    [
      ['--all', '--filter=blob:none'],
      ['origin', 'other'],
    ],
    [
      ['--all', '--no-filter'],
      ['origin', 'other'],
    ],
    [
      ['--multiple', '--filter=blob:none', 'origin', 'other'],
      ['origin', 'other'],
    ],
  ])('%j with the remotes %j does what git does', async (args, remotes) => {
    const twins = new Twins(template);
    for (const name of remotes)
      twins.each((directory) => git(['remote', 'add', name, `file://${remote}`], { cwd: directory }));
    await twins.same(['fetch', ...args], { env: { GIT_REFLOG_ACTION: 'update' } });
    twins.expectSameRefs();
  });
});

test('tsgit clone --filter of a server without filters takes all, and warns', async () => {
  const twins = new Twins();
  await twins.same(['clone', '--bare', '--filter=blob:none', `file://${remote}`, 'copy']);
  for (const cwd of [join(twins.ours, 'copy'), join(twins.theirs, 'copy')]) {
    expect(git(['rev-list', '--objects', '--missing=print', '--all'], { cwd })).not.toContain('?');
    expect(git(['config', 'remote.origin.partialclonefilter'], { cwd })).toBe('blob:none');
  }
});

describe('tsgit send-pack', () => {
  test.each([['-q'], ['-v']])('%s tells what became of the refs, as git does', async (option) => {
    const twins = new Twins(template);
    twins.each((directory) => {
      initBare(join(directory, 'to.git'));
      git(['fetch', '-q', remote, 'main:main'], { cwd: directory });
    });
    await twins.same(['send-pack', option, './to.git', 'main'], { quiet: false });
  });
});

describe('tsgit upload-pack --strict', () => {
  test('takes a repository and not what has one within, or is called otherwise', async () => {
    const cwd = join(root, 'strict');
    mkdirSync(cwd);
    git(['init', '-q', 'work'], { cwd });
    git(['worktree', 'add', '-q', join(cwd, 'linked'), 'side'], { cwd: remote });
    const linked = ['linked', 'linked/.git', '../remote.git/worktrees/linked'];
    for (const directory of ['work', 'work/.git', '../remote.git', './work/.git/', ...linked]) {
      const args = ['upload-pack', '--strict', '--advertise-refs', directory];
      const [theirs, ours] = [await gitAsync(args, { cwd }), await run('tsgit', args, { cwd })];
      expect([directory, ours.code, ours.stderr]).toEqual([directory, theirs.code, theirs.stderr]);
    }
  });
});

describe('tsgit push', () => {
  const both = async (options: readonly string[], setting?: readonly string[]): Promise<string[][]> => {
    const twins = new Twins(template);
    const seen: string[][] = [];
    twins.each((directory) => {
      initBare(join(directory, 'to.git'));
      if (setting) git(['config', ...setting], { cwd: join(directory, 'to.git') });
      git(['fetch', '-q', remote, 'main:main'], { cwd: directory });
    });
    const args = ['push', ...options, './to.git', 'main', 'main:other'];
    for (const { stderr, code } of [
      await gitAsync(args, { cwd: twins.theirs }),
      await run('tsgit', args, { cwd: twins.ours }),
    ]) {
      const kinds = stderr
        .replace(/^.*\r/gm, '')
        .replace(/^(?:Counting|Delta|Compressing|remote:).*\n/gm, '') // what depends on who searches for deltas, and how long
        .replace(/\d+(?:\.\d+)? (?:bytes|KiB|MiB)/g, 'SIZE')
        .replace(/(?:reused|\(delta) \d+/g, 'SOME');
      seen.push([`${code}`, ...kinds.split('\n')]);
    }
    return seen;
  };

  test.each([[['--progress']], [['--progress', '-q']], [['--no-progress']], [[]], [['-q']]])(
    '%j shows the progress that git shows',
    async (options) => {
      const [theirs, ours] = await both(options);
      expect(ours).toEqual(theirs);
      expect(ours?.some((line) => line.startsWith('Writing objects: 100% (6/6), SIZE | SIZE/s, done.'))).toBe(
        options.includes('--progress'),
      );
    },
  );

  test('says why a remote could not take the pack', async () => {
    const [theirs, ours] = await both([], ['receive.maxInputSize', '1']);
    const without = (lines: string[] | undefined): string[] | undefined =>
      lines?.filter((line) => !line.startsWith('fatal: ')).map((line) => line.replace(/(unpack failed:).*/, '$1'));
    expect(without(ours)).toEqual(without(theirs));
    expect(ours).toContainEqual(expect.stringMatching(/^error: remote unpack failed: ./));
  });
});
