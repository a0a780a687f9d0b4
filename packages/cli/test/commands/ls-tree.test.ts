import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitBytes, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit ls-tree (%s)', (objectFormat) => {
  let root: string;
  let cwd: string;
  beforeAll(() => {
    root = makeDirectory();
    cwd = makeOddRepository(join(root, 'odd.git'), objectFormat).directory;
  });
  afterAll(() => removeDirectory(root));

  test.each([
    ['main'],
    ['-r main'],
    ['-t main'],
    ['-d main'],
    ['-r -t main'],
    ['-r -d main'],
    ['-d -t main'],
    ['-rtl main'],
    ['-l main'],
    ['-z main'],
    ['-r -z main'],
    ['-rlz main'],
    ['--name-only main'],
    ['--name-status -r main'],
    ['--name-only -z main'],
    ['--object-only main'],
    ['--object-only -rz main'],
    ['--full-tree main'],
    ['--full-name -r main'],
    ['v1-again'],
    ['main~2'],
    ['main:dir'],
    ['main^{tree}'],
    ['main dir'],
    ['main dir/'],
    ['main dir/sub'],
    ['main dir/sub/'],
    ['main dir/sub/deep/b'],
    ['main dir/nothing'],
    ['main nothing'],
    ['main plain.txt dir0 dir'],
    ['-r main dir'],
    ['-r main dir/ link'],
    ['-t main dir/sub/deep/b'],
    ['-d main dir/sub/deep/b'],
    ['-d main dir/'],
    ['-d -r main dir'],
    ['-r -t main dir/sub'],
    ['main di'],
    ['main plain.txt/'],
    ['main module'],
    ['main module/'],
    ['-r main module'],
    ['main -- dir'],
  ])('%s is git byte for byte', async (line) => {
    const args = ['ls-tree', ...line.split(' ')];
    const ours = await run('tsgit', args, { cwd });
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.output.toString('latin1')).toBe(Buffer.from(gitBytes(args, { cwd })).toString('latin1'));
  });

  test('lists the empty tree, which no repository needs to hold', async () => {
    const empty = gitBytes(['hash-object', '-t', 'tree', '--stdin'], { cwd });
    const oid = Buffer.from(empty).toString().trim();
    expect(await run('tsgit', ['ls-tree', oid], { cwd })).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['nothing', 'fatal: Not a valid object name nothing\n'],
    ['main:plain.txt', 'fatal: not a tree object\n'],
  ])('refuses %s', async (name, stderr) => {
    expect(await run('tsgit', ['ls-tree', name], { cwd })).toMatchObject({ code: 128, stdout: '', stderr });
  });

  test('without a tree-ish it is a usage error', async () => {
    const ours = await run('tsgit', ['ls-tree'], { cwd });
    expect(ours).toMatchObject({ code: 129, stdout: '', stderr: expect.stringContaining('usage: tsgit ls-tree ') });
  });
});
