import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
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

  test('reads quoted paths, and lines that end with CR LF', async () => {
    const cwd = repository();
    writeFileSync(join(cwd, 'tab\there'), 'tab');
    for (const input of ['"one"\ntwo\r\n"tab\\there"\n', '"one\n', '"one"x\n']) {
      const args = ['hash-object', '--stdin-paths'];
      const theirs = await gitAsync(args, { cwd, input });
      const { code, stdout, stderr } = await run('tsgit', args, { cwd, input });
      expect({ code, stdout, stderr }).toEqual(theirs);
    }
  });

  test('--literally takes whatever there is, of any type, and writes it as git does', async () => {
    const cwd = repository();
    for (const [type, input] of [
      ['tree', 'not a tree'],
      ['commit', ''],
      ['tag', 'no headers'],
      ['blob', 'x'],
      ['nonsense', 'some bytes'],
      ['n', ''],
    ] as const) {
      const args = ['hash-object', '-t', type, '--literally', '--stdin'];
      const oid = git(args, { cwd, input });
      expect(await run('tsgit', args, { cwd, input })).toMatchObject({ code: 0, stdout: `${oid}\n`, stderr: '' });
      expect(await run('tsgit', [...args, '-w'], { cwd, input })).toMatchObject({ code: 0, stdout: `${oid}\n` });
      for (const ask of [['-t'], ['-s']]) {
        const known = ['cat-file', ...ask, '--allow-unknown-type', oid];
        expect((await run('tsgit', known, { cwd })).stdout).toBe(`${git(known, { cwd })}\n`);
      }
    }
    const oid = git(['hash-object', '-t', 'nonsense', '--literally', '--stdin'], { cwd, input: 'some bytes' });
    for (const ask of [['-t'], ['-s'], ['-p']]) {
      expect((await run('tsgit', ['cat-file', ...ask, oid], { cwd })).code).toBe(128);
      expect((await gitAsync(['cat-file', ...ask, oid], { cwd })).code).toBe(128);
    }
    expect(
      (
        await run('tsgit', ['hash-object', '-t', 'nonsense', '--literally', '--stdin', '-w'], {
          cwd,
          input: 'some bytes',
        })
      ).code,
    ).toBe(0);
  });

  test('takes and refuses trees, commits and tags as git does, whatever is changed in them', async () => {
    const cwd = repository();
    const blob = git(['hash-object', '-w', 'one'], { cwd });
    const tree = git(['mktree'], {
      cwd,
      input: `100644 blob ${blob}\tone\n40000 tree ${git(['mktree'], { cwd })}\tdir\n`,
    });
    const parent = git(['commit-tree', '-m', 'message', tree], { cwd });
    const commit = git(['commit-tree', '-p', parent, '-m', 'message', tree], { cwd });
    git(['tag', '-a', '-m', 'tag', 'v1', commit], { cwd });
    const bodies = { tree: ['tree', tree], commit: ['commit', commit], tag: ['tag', 'v1'] } as const;
    const good = Object.values(bodies).map(
      ([kind, name]) => [kind, Buffer.from(gitBytes(['cat-file', kind, name], { cwd }))] as const,
    );
    const change = fc.record({
      which: fc.constantFrom(...good),
      start: fc.nat(400),
      length: fc.nat(30),
      text: fc.constantFrom('', 'x', '0', ' ', '\n', '\0', '\n\n', 'parent ', 'tag ', ' ff', 'F'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ which: [kind, body], start, length, text }) => {
        const at = start % (body.length + 1);
        const input = Buffer.concat([body.subarray(0, at), Buffer.from(text), body.subarray(at + length)]);
        const args = ['hash-object', '-t', kind, '--stdin'];
        const theirs = await gitAsync(args, { cwd, input });
        const ours = await run('tsgit', args, { cwd, input });
        expect({ code: ours.code, stdout: ours.stdout }, JSON.stringify(input.toString('latin1'))).toEqual({
          code: theirs.code,
          stdout: theirs.stdout,
        });
      }),
      { numRuns: 250 },
    );
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
    [['--stdin-paths', '--stdin']],
    [['--stdin-paths', 'file']],
    [['--stdin-paths', '--path=x']],
    [['--stdin', '--stdin']],
    [['--path=x', '--no-filters', 'file']],
  ])('takes %j for a usage error, as git', async (args) => {
    const cwd = temporaryDirectory();
    const theirs = await gitAsync(['hash-object', ...args], { cwd });
    const ours = await run('tsgit', ['hash-object', ...args], { cwd });
    expect(ours.code).toBe(theirs.code);
    expect(ours.stderr.split('\n')[0]).toBe(theirs.stderr.split('\n')[0]);
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
