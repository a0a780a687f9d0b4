import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBundleHeader } from '@git-kv/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Ended,
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository, type OddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

const outcome = ({ code, stdout, stderr }: Ended): Ended => ({ code, stdout, stderr });

describe.each(['sha1', 'sha256'] as const)('tsgit bundle (%s)', (objectFormat) => {
  let root: string;
  let repository: OddRepository;
  beforeAll(() => {
    root = makeDirectory();
    repository = makeOddRepository(join(root, 'odd.git'), objectFormat);
    const cwd = repository.directory;
    for (const [file, ...args] of [
      ['whole.bundle', '--all'],
      ['one.bundle', 'main'],
      ['cut.bundle', 'main', '^main~1'],
      ['cut-twice.bundle', '--version=3', 'main', 'topic/one', '^v1~1'],
      ['partial.bundle', '--filter=blob:none', 'main'],
    ] as [string, ...string[]][]) {
      const options = args.filter((arg) => arg.startsWith('--version'));
      const revisions = args.filter((arg) => !arg.startsWith('--version'));
      git(['bundle', 'create', '-q', ...options, join(root, file), ...revisions], { cwd });
    }
    writeFileSync(join(root, 'nonsense.bundle'), 'nonsense\n');
    writeFileSync(join(root, 'empty.bundle'), '');
    initBare(join(root, 'empty.git'), objectFormat);
  });
  afterAll(() => removeDirectory(root));

  const files = ['whole', 'one', 'cut', 'cut-twice', 'partial', 'nonsense', 'empty', 'missing'].map(
    (name) => `${name}.bundle`,
  );

  test.each(files)('verify, in full and quietly, and list-heads say of %s what git says', async (file) => {
    const path = join(root, file);
    for (const cwd of [repository.directory, join(root, 'empty.git'), root]) {
      for (const args of [
        ['verify', path],
        ['verify', '-q', path],
        ['list-heads', path],
        ['list-heads', path, 'refs/heads/main', 'HEAD'],
        ['list-heads', path, 'main'],
      ]) {
        const theirs = await gitAsync(['bundle', ...args], { cwd });
        expect(outcome(await run('tsgit', ['bundle', ...args], { cwd })), `${cwd} ${args}`).toEqual(outcome(theirs));
      }
    }
  });

  const requests: string[][] = [
    ['main'],
    ['--all'],
    ['--branches', '--tags'],
    ['HEAD', 'main', 'refs/heads/main', 'heads/main', 'main'],
    ['main', '^main~1'],
    ['main~1..main'],
    ['light..v1'],
    ['main~1..'],
    ['-1', 'main'],
    ['-n', '1', 'main'],
    ['-n', '1', '--all'],
    ['--max-count=2', 'main', 'v1-again'],
    ['main~1...topic/one'],
    ['main...light'],
    ['--since=2023-11-14T22:13:20Z', 'main', 'light'],
    ['--since=1700000001', 'main'],
    ['--until=@1600000000', '--all'],
    ['--all', '--not', 'topic/one'],
    ['--branches', '^main'],
    ['main~1', 'v1'],
    ['--version=3', 'main'],
    ['--not', 'light', '--not', '--branches'],
  ];
  test.each(requests.map((args) => [args]))('create %j is git up to the pack, and git takes the pack', async (args) => {
    const options = args.filter((arg) => arg.startsWith('--version'));
    const revisions = args.filter((arg) => !arg.startsWith('--version'));
    const create = ['bundle', 'create', '-q', ...options, '-', ...revisions];
    const cwd = repository.directory;
    const theirs = await gitAsync(create, { cwd });
    const ours = await run('tsgit', create, { cwd });
    expect({ code: ours.code, stderr: ours.stderr }).toEqual({ code: theirs.code, stderr: theirs.stderr });
    if (ours.code !== 0) return;
    const expected = gitBytes(create, { cwd });
    const { end } = parseBundleHeader(ours.output);
    expect(ours.output.subarray(0, end).toString()).toBe(
      Buffer.from(expected.subarray(0, parseBundleHeader(expected).end)).toString(),
    );
    const scratch = join(temporaryDirectory(), 'scratch.git');
    git(['clone', '-q', '--bare', '--no-tags', repository.directory, scratch]);
    git(['index-pack', '--stdin', '--fix-thin', '--strict'], { cwd: scratch, input: ours.output.subarray(end) });
  });

  test('create writes a file that git verifies and clones', async () => {
    const cwd = temporaryDirectory();
    const env = { GIT_DIR: repository.directory };
    expect(await run('tsgit', ['bundle', 'create', 'x.bundle', '--all'], { cwd, env })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    git(['bundle', 'verify', '-q', join(cwd, 'x.bundle')], { cwd: repository.directory });
    git(['clone', '-q', '--mirror', 'x.bundle', 'copy.git'], { cwd });
    expect(git(['show-ref', '--head'], { cwd: join(cwd, 'copy.git') })).toBe(
      git(['show-ref', '--head'], { cwd: repository.directory }),
    );
    expect(await gitAsync(['fsck', '--full'], { cwd: join(cwd, 'copy.git') })).toMatchObject({ code: 0 });
  });

  test('create takes revisions from standard input too', async () => {
    const args = ['bundle', 'create', '-', '--stdin'];
    const ours = await run('tsgit', args, { cwd: repository.directory, input: 'main\n^main~1\n' });
    expect(parseBundleHeader(ours.output).header.refs.map(({ name }) => name)).toEqual(['refs/heads/main']);
    expect(parseBundleHeader(ours.output).header.prerequisites).toHaveLength(1);
  });

  test('create leaves no file behind where it fails, and the old one where there is one', async () => {
    const cwd = temporaryDirectory();
    const env = { GIT_DIR: repository.directory };
    for (const [args, stderr] of [
      [['x.bundle', 'main', '^main'], 'fatal: Refusing to create empty bundle.\n'],
      [['x.bundle'], 'fatal: Refusing to create empty bundle.\n'],
      [['--version=4', 'x.bundle', 'main'], 'fatal: unsupported bundle version 4\n'],
      [['x.bundle', 'nonsense'], "fatal: bad revision 'nonsense'\n"],
    ] as const) {
      expect(await run('tsgit', ['bundle', 'create', ...args], { cwd, env })).toMatchObject({ code: 128, stderr });
      expect((await gitAsync(['bundle', 'create', ...args], { cwd, env })).code).toBe(128);
      expect(readdirSync(cwd)).toEqual([]);
    }
    if (objectFormat === 'sha256') {
      const args = ['bundle', 'create', '--version=2', 'x.bundle', 'main'];
      const theirs = await gitAsync(args, { cwd, env });
      expect(outcome(await run('tsgit', args, { cwd, env }))).toEqual(outcome(theirs));
    }
    writeFileSync(join(cwd, 'x.bundle'), 'old');
    const signal = AbortSignal.abort(new Error('stop'));
    expect((await run('tsgit', ['bundle', 'create', 'x.bundle', 'main'], { cwd, env, signal })).code).toBe(128);
    expect(readFileSync(join(cwd, 'x.bundle'), 'utf8')).toBe('old');
    writeFileSync(join(cwd, 'x.bundle.lock'), '');
    expect(await run('tsgit', ['bundle', 'create', 'x.bundle', 'main'], { cwd, env })).toMatchObject({
      code: 128,
      stderr: "fatal: Unable to create 'x.bundle.lock': File exists\n",
    });
  });

  test('unbundle takes the objects in and lists the refs, as git', async () => {
    const [ours, theirs] = ['ours.git', 'theirs.git'].map((name) =>
      initBare(join(temporaryDirectory(), name), objectFormat),
    ) as [string, string];
    for (const args of [
      ['cut.bundle'],
      ['whole.bundle'],
      ['cut.bundle', 'refs/heads/main'],
      ['cut-twice.bundle', 'refs/heads/none'],
      ['nonsense.bundle'],
      ['missing.bundle'],
    ]) {
      const unbundle = ['bundle', 'unbundle', join(root, args[0] as string), ...args.slice(1)];
      const expected = await gitAsync(unbundle, { cwd: theirs });
      expect(outcome(await run('tsgit', unbundle, { cwd: ours })), args.join(' ')).toEqual(outcome(expected));
    }
    const list = ['cat-file', '--batch-check', '--batch-all-objects'];
    expect(git(list, { cwd: ours })).toBe(git(list, { cwd: theirs }));
  });

  test('unbundle refuses what a filter left something out of', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const ours = await run('tsgit', ['bundle', 'unbundle', join(root, 'partial.bundle')], { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '', stderr: expect.stringContaining('[UNSUPPORTED]') });
    expect(git(['count-objects'], { cwd })).toMatch(/^0 objects/);
  });
});

describe('tsgit bundle', () => {
  test.each([
    [[]],
    [['shiny']],
    [['create']],
    [['verify']],
    [['list-heads']],
    [['unbundle']],
    [['verify', '--shiny', 'x']],
  ])('takes %j for a usage error', async (args) => {
    const cwd = temporaryDirectory();
    const ours = await run('tsgit', ['bundle', ...args], { cwd });
    expect(ours).toMatchObject({ code: 129, stdout: '' });
    expect(ours.stderr).toMatch(/\nusage: tsgit bundle create /);
  });

  test('create and unbundle need a repository', async () => {
    const cwd = temporaryDirectory();
    expect(await run('tsgit', ['bundle', 'create', 'x', 'main'], { cwd })).toMatchObject({
      code: 128,
      stderr: 'fatal: Need a repository to create a bundle.\n',
    });
    expect(existsSync(join(cwd, 'x'))).toBe(false);
  });
});
