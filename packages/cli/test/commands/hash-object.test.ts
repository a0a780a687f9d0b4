import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit hash-object (%s)', (objectFormat) => {
  function repository(): string {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    writeFileSync(join(cwd, 'one'), 'Hello World!\n');
    writeFileSync(join(cwd, 'two'), '');
    writeFileSync(
      join(cwd, 'three'),
      Uint8Array.from({ length: 3000 }, (_, at) => at * 7),
    );
    return cwd;
  }

  test.each([
    [['one']],
    [['one', 'two', 'three']],
    [['--', 'one']],
    [['-t', 'blob', 'one']],
    [['-w', 'one', 'three']],
    [['--stdin'], 'from standard input'],
    [['--stdin', 'one'], 'from standard input'],
    [['-w', '--stdin'], ''],
    [['--stdin-paths'], 'one\ntwo\nthree\n'],
    [['--stdin-paths'], 'one\ntwo'],
    [['--no-filters', 'one']],
    [['--path=x', '--stdin'], 'x'],
  ])('prints what git prints for %j', async (args, input?: string) => {
    const cwd = repository();
    const options = { cwd, ...(input === undefined ? {} : { input }) };
    const ours = await run('tsgit', ['hash-object', ...args], options);
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.stdout).toBe(git(['hash-object', ...args], options) + '\n');
    if (args.includes('-w')) for (const oid of ours.stdout.trim().split('\n')) git(['cat-file', '-e', oid], { cwd });
  });

  test('hashes and writes trees, commits and tags that git reads', async () => {
    const cwd = repository();
    const blob = git(['hash-object', '-w', 'one'], { cwd });
    const tree = git(['mktree'], { cwd, input: `100644 blob ${blob}\tone\n` });
    const commit = git(['commit-tree', '-m', 'message', tree], { cwd });
    git(['tag', '-a', '-m', 'tag', 'v1', commit], { cwd });
    for (const kind of ['tree', 'commit', 'tag']) {
      const oid = git(['rev-parse', kind === 'tag' ? 'v1' : kind === 'commit' ? commit : tree], { cwd });
      const input = gitBytes(['cat-file', kind, oid], { cwd });
      expect(await run('tsgit', ['hash-object', '-t', kind, '-w', '--stdin'], { cwd, input })).toMatchObject({
        code: 0,
        stdout: `${oid}\n`,
      });
    }
    expect(await gitAsync(['fsck', '--strict'], { cwd })).toMatchObject({ code: 0 });
  });

  test.each([
    ['tree', 'not a tree'],
    ['tree', '100644 a\0short'],
    ['commit', 'no headers'],
    ['commit', ''],
    ['tag', 'no headers'],
    ['nonsense', ''],
  ])('refuses a corrupt %s %j as git does, and writes nothing', async (kind, input) => {
    const cwd = repository();
    const args = ['hash-object', '-t', kind, '-w', '--stdin'];
    expect((await gitAsync(args, { cwd, input })).code).toBe(128);
    const ours = await run('tsgit', args, { cwd, input });
    expect(ours).toMatchObject({ code: 128, stdout: '' });
    expect(ours.stderr).toMatch(/^fatal: .*\n$/);
    expect(readdirSync(join(cwd, 'objects')).sort()).toEqual(['info', 'pack']);
  });
});

describe('tsgit hash-object', () => {
  test('works outside of a repository, without -w', async () => {
    const cwd = temporaryDirectory();
    expect(await run('tsgit', ['hash-object', '--stdin'], { cwd, input: 'x' })).toMatchObject({
      code: 0,
      stdout: `${git(['hash-object', '--stdin'], { cwd, input: 'x' })}\n`,
    });
    expect(await run('tsgit', ['hash-object', '-w', '--stdin'], { cwd, input: 'x' })).toMatchObject({
      code: 128,
      stdout: '',
      stderr: 'fatal: not a git repository (or any of the parent directories): .git\n',
    });
  });

  test.each([
    ['missing', "could not open 'missing' for reading: No such file or directory"],
    ['.', "could not open '.' for reading: Is a directory"],
  ])('names a file that cannot be read: %s', async (file, reason) => {
    expect(await run('tsgit', ['hash-object', file], { cwd: temporaryDirectory() })).toMatchObject({
      code: 128,
      stderr: `fatal: ${reason}\n`,
    });
  });
});
