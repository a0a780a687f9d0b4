import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit pack-objects (%s)', (objectFormat) => {
  let root: string;
  let cwd: string;
  /** All that refs reach: a line an object, its path after it. */
  let listed: string;
  beforeAll(() => {
    root = makeDirectory();
    cwd = makeOddRepository(join(root, 'odd.git'), objectFormat).directory;
    listed = git(['rev-list', '--objects', '--all'], { cwd });
  });
  afterAll(() => removeDirectory(root));

  /** Object ids in a pack, as git lists them after checking it. */
  function oidsOf(pack: Uint8Array, args: readonly string[] = ['--strict']): string[] {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const [, checksum] = git(['index-pack', '--stdin', ...args], { cwd: directory, input: pack }).split('\t');
    const path = `objects/pack/pack-${checksum}.idx`;
    return git(['show-index', `--object-format=${objectFormat}`], {
      cwd: directory,
      input: readFileSync(join(directory, path)),
    })
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '');
  }

  const oidsIn = (text: string): string[] => [...new Set(text.match(/^[0-9a-f]{40,}/gm))].sort();

  test.each([
    [['--all', '--revs'], ''],
    [['--all'], ''],
    [['--revs', '--delta-base-offset'], 'refs/heads/main\nv1-again\n'],
    [['--all', '--no-reuse-delta', '--delta-base-offset'], ''],
    [['--all', '--no-reuse-object', '--window=3', '--depth=2', '--compression=1'], ''],
    [['--all', '--window=0', '--threads=2', '--window-memory=10m'], ''],
    [['--revs'], 'main~1\n'],
    [['--revs'], 'main\n^main~1\n'],
    [['--revs'], 'main~1..main\n'],
    [['--revs'], 'main\n--not\nmain~2\n'],
    [['--revs', '--include-tag'], 'light\n'],
    [['--revs'], 'main:dir\n'],
    [['--revs'], 'main\n\nno such revision\n'],
    [['--revs'], ''],
    [['--all', '--filter=blob:none'], ''],
    [['--all', '--filter=blob:limit=20'], ''],
    [['--all', '--filter=tree:1'], ''],
    [['--revs', '--filter=tree:0', '--include-tag'], 'light\n'],
    [['--revs', '--filter=object:type=blob'], 'main\n^main~1\n'],
    [['--revs', '--filter=blob:none', '--filter=tree:2'], 'main:dir\nmain\n'],
  ])('--stdout %j of %j holds what git puts in', async (args, input) => {
    const ours = await run('tsgit', ['pack-objects', '--stdout', '-q', ...args], { cwd, input });
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    const theirs = gitBytes(['pack-objects', '--stdout', '-q', ...args], { cwd, input });
    expect(oidsOf(ours.output, [])).toEqual(oidsOf(theirs, []));
    const again = await run('tsgit', ['pack-objects', '--stdout', '-q', ...args], { cwd, input });
    expect(again.output.equals(ours.output)).toBe(true);
  });

  test('takes objects with their paths, each once', async () => {
    const ours = await run('tsgit', ['pack-objects', '--stdout'], { cwd, input: `${listed}\n${listed}\n` });
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(oidsOf(ours.output)).toEqual(oidsIn(listed));
    git(['index-pack', '--stdin', '--strict'], {
      cwd: initBare(join(temporaryDirectory(), 'r.git'), objectFormat),
      input: ours.output,
    });
  });

  test('writes pack and idx beside each other, and prints the hash', async () => {
    const directory = temporaryDirectory();
    const ours = await run('tsgit', ['pack-objects', '--all', '-q', join(directory, 'p')], { cwd });
    expect(ours).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{40,64}\n$/), stderr: '' });
    const name = `p-${ours.stdout.trim()}`;
    expect(readdirSync(directory).sort()).toEqual([`${name}.idx`, `${name}.pack`]);
    for (const ending of ['idx', 'pack'])
      expect(statSync(join(directory, `${name}.${ending}`)).mode & 0o777).toBe(0o444);
    git(['index-pack', `--object-format=${objectFormat}`, '-o', 'git.idx', `${name}.pack`], { cwd: directory });
    expect(readFileSync(join(directory, `${name}.idx`)).equals(readFileSync(join(directory, 'git.idx')))).toBe(true);
  });

  test('writes a .rev where pack.writeReverseIndex says so', async () => {
    const directory = join(temporaryDirectory(), 'copy.git');
    git(['clone', '--quiet', '--mirror', cwd, directory]);
    git(['config', 'pack.writeReverseIndex', 'true'], { cwd: directory });
    const ours = await run('tsgit', ['pack-objects', '--all', '-q', 'p'], { cwd: directory });
    const rev = readFileSync(join(directory, `p-${ours.stdout.trim()}.rev`));
    git(['index-pack', '--rev-index', '-o', 'git.idx', `p-${ours.stdout.trim()}.pack`], { cwd: directory });
    expect(rev.equals(readFileSync(join(directory, 'git.rev')))).toBe(true);
  });

  test('a repository repacked by it passes git fsck, object for object', async () => {
    const directory = join(temporaryDirectory(), 'copy.git');
    git(['clone', '--quiet', '--mirror', cwd, directory]);
    const before = git(['cat-file', '--batch-check', '--batch-all-objects'], { cwd: directory });
    const old = readdirSync(join(directory, 'objects/pack'));
    const args = ['pack-objects', '--all', '-q', '--no-reuse-delta', '--delta-base-offset', 'objects/pack/pack'];
    expect(await run('tsgit', args, { cwd: directory })).toMatchObject({ code: 0 });
    for (const name of old) removeDirectory(join(directory, 'objects/pack', name));
    expect(git(['cat-file', '--batch-check', '--batch-all-objects'], { cwd: directory })).toBe(before);
    expect(await gitAsync(['fsck', '--full', '--strict'], { cwd: directory })).toMatchObject({ code: 0 });
  });

  test('--thin sends a changed line as a delta against what the other side has', async () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const lines = Array.from({ length: 4000 }, (_, at) => `${(at * 2654435761) >>> 0} is line ${at}\n`);
    const old = commitFiles(directory, [{ files: { 'a/b/long': lines.join(''), 'a/other': 'x' } }]);
    const edited = lines.with(2000, 'changed\n').join('');
    const next = commitFiles(directory, [{ files: { 'a/b/long': edited, 'a/other': 'x' } }]);
    const input = `${next}\n^${old}\n`;
    const whole = await run('tsgit', ['pack-objects', '--revs', '--stdout', '-q'], { cwd: directory, input });
    const thin = await run('tsgit', ['pack-objects', '--revs', '--thin', '--stdout', '-q'], { cwd: directory, input });
    expect(whole.output.length).toBeGreaterThan(20_000);
    expect(thin.output.length).toBeLessThan(1000);
    git(['index-pack', '--stdin', '--fix-thin'], { cwd: directory, input: thin.output });
    expect(git(['fsck', '--full'], { cwd: directory })).toBe('');
  });

  test('keeps to core.bigFileThreshold', async () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const lines = Array.from({ length: 400 }, (_, at) => `${(at * 2654435761) >>> 0}\n`).join('');
    commitFiles(directory, [{ files: { f: lines } }, { files: { f: `${lines}more\n` } }]);
    const deltas = async (): Promise<string | undefined> => {
      const { stderr } = await run('tsgit', ['pack-objects', '--all', '--progress', '--stdout'], { cwd: directory });
      return /Total \d+ \(delta (\d+)\)/.exec(stderr)?.[1];
    };
    expect(Number(await deltas())).toBeGreaterThan(0);
    git(['config', 'core.bigFileThreshold', '1k'], { cwd: directory });
    expect(await deltas()).toBe('0');
  });

  test('leaves nothing behind when it is stopped', async () => {
    const directory = temporaryDirectory();
    const interrupt = new AbortController();
    interrupt.abort(new Error('stopped'));
    const args = ['pack-objects', '--all', join(directory, 'p')];
    const ours = await run('tsgit', args, { cwd, signal: interrupt.signal });
    expect(ours.code).toBe(128);
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    [['--stdout', 'base'], '', 129, /^error: /],
    [[], '', 129, /^error: /],
    [['--stdout', '--window=x'], '', 129, /^error: option `window'/],
    [['--thin', 'p'], '', 128, /^fatal: --thin cannot be used to build an indexable pack\n$/],
    [['--stdout', '--compression=10'], '', 128, /^fatal: bad pack compression level 10\n$/],
    [['--stdout'], 'garbage\n', 128, /^fatal: expected object ID, got garbage:\n garbage\n/],
    [['--stdout', '--revs'], 'nothing\n', 128, /^fatal: bad revision 'nothing'\n$/],
    [['--stdout', '--revs'], '--option\n', 128, /^fatal: not a rev '--option'\n$/],
  ])('refuses %j with %j on standard input', async (args, input, code, message) => {
    const ours = await run('tsgit', ['pack-objects', ...args], { cwd, input });
    expect(ours).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect((await gitAsync(['pack-objects', ...args], { cwd, input })).code).toBe(code);
  });

  test('--non-empty writes no empty pack', async () => {
    const args = ['pack-objects', '--revs', '--stdout'];
    expect((await run('tsgit', args, { cwd, input: '' })).output.length).toBe(12 + (objectFormat === 'sha1' ? 20 : 32));
    expect((await run('tsgit', [...args, '--non-empty'], { cwd, input: '' })).output.length).toBe(0);
  });
});
