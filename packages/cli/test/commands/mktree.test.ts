import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddRepository, type OddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit mktree (%s)', (objectFormat) => {
  let root: string;
  let repository: OddRepository;
  let blob: string;
  let tree: string;
  let commit: string;
  const zero = (objectFormat === 'sha1' ? '0' : '00').repeat(objectFormat === 'sha1' ? 40 : 32);
  beforeAll(() => {
    root = makeDirectory();
    repository = makeOddRepository(join(root, 'odd.git'), objectFormat);
    const cwd = repository.directory;
    blob = git(['rev-parse', 'main:plain.txt'], { cwd });
    tree = git(['rev-parse', 'main:dir'], { cwd });
    commit = git(['rev-parse', 'main'], { cwd });
  });
  afterAll(() => removeDirectory(root));

  const both = async (args: readonly string[], input: string | Uint8Array) => {
    const options = { cwd: repository.directory, input };
    return {
      ours: await run('tsgit', ['mktree', ...args], options),
      theirs: await gitAsync(['mktree', ...args], options),
    };
  };

  test.each([[[]], [['-z']], [['--missing']], [['--batch']]])(
    '%j makes of every listing the tree that it is of',
    async (args) => {
      const cwd = repository.directory;
      for (const name of ['main', 'main~1', 'main:dir']) {
        const input = gitBytes(['ls-tree', ...(args.includes('-z') ? ['-z'] : []), name], { cwd });
        expect(await run('tsgit', ['mktree', ...args], { cwd, input })).toMatchObject({
          code: 0,
          stdout: `${git(['rev-parse', name.includes(':') ? name : `${name}^{tree}`], { cwd })}\n`,
          stderr: '',
        });
      }
    },
  );

  test('sorts, keeps odd modes and duplicates, and takes the last line without its end', async () => {
    for (const input of [
      '',
      `100644 blob ${blob}\tb\n100644 blob ${blob}\ta`,
      `100644 blob ${blob}\tx.a\n040000 tree ${tree}\tx\n100644 blob ${blob}\tx0\n`,
      `100664 blob ${blob}\tb\n000000 blob ${blob}\ta\n`,
      `100644 blob ${blob}\ta\n100755 blob ${blob.toUpperCase()}\ta\n`,
      `160000 commit ${zero}\tmodule\n`,
      `100644 blob ${blob}\t"\\303\\244\\t\\"\\\\"\n`,
      `100644 blob ${blob}\t"a"b\n`,
      `40000 tree ${git(['hash-object', '-t', 'tree', '--stdin'], { cwd: repository.directory, input: '' })}\tempty\n`,
    ]) {
      const { ours, theirs } = await both([], input);
      expect(ours, input).toMatchObject({ code: theirs.code, stdout: theirs.stdout, stderr: theirs.stderr });
      expect(ours.code).toBe(0);
    }
  });

  test('--batch makes a tree of each listing', async () => {
    for (const input of [
      '',
      '\n',
      '\n\n',
      `100644 blob ${blob}\ta\n\n100644 blob ${blob}\tb\n`,
      `100644 blob ${blob}\ta\n\n\n100644 blob ${blob}\tb\n\n`,
    ]) {
      const { ours, theirs } = await both(['--batch'], input);
      expect(ours, JSON.stringify(input)).toMatchObject({ code: 0, stdout: theirs.stdout, stderr: '' });
    }
  });

  test('--missing takes what is not there, and still not what is of another kind', async () => {
    const { ours, theirs } = await both(['--missing'], `100644 blob ${zero}\ta\n`);
    expect(ours).toMatchObject({ code: 0, stdout: theirs.stdout });
    const wrong = await both(['--missing'], `100644 blob ${tree}\ta\n`);
    expect(wrong.ours).toMatchObject({ code: 128, stderr: wrong.theirs.stderr });
  });

  test('refuses what git refuses, in its words', async () => {
    for (const input of [
      'nonsense\n',
      '\n',
      `100644 blob ${blob} a\n`,
      `100644 blob ${blob.slice(1)}\ta\n`,
      `100644 tree ${tree}\ta\n`,
      `040000 blob ${blob}\ta\n`,
      `100644 shape ${blob}\ta\n`,
      `100644 blob ${tree}\ta\n`,
      `160000 commit ${blob}\ta\n`,
      `100644 blob ${commit}\ta\n`,
      `100644 blob ${zero}\ta\n`,
      `100644 blob ${blob}\ta/b\n`,
      `100644 blob ${blob}\t"a\n`,
      `100644 blob ${blob}\t"\\q"\n`,
    ]) {
      const { ours, theirs } = await both([], input);
      expect(ours, input).toMatchObject({ code: 128, stdout: '', stderr: theirs.stderr });
      expect(theirs.code).toBe(128);
    }
  });

  test('refuses a path without a name, which git writes', async () => {
    const { ours } = await both([], `100644 blob ${blob}\t\n`);
    expect(ours).toMatchObject({ code: 128, stdout: '' });
  });
});
