import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory, type OddHistory } from '../../../../test/support/odd-history.js';
import { makeRandomHistory } from '../../../../test/support/random-history.js';
import { run } from '../support/run.js';

const CASES = [
  '--all',
  '--all --topo-order',
  '--all --date-order',
  '--all --reverse',
  '--all --first-parent',
  '--all --first-parent --topo-order',
  '--all --parents',
  '--all --parents --first-parent',
  '--all --count',
  '--all --timestamp',
  '--all --quiet',
  '--all --merges',
  '--all --no-merges',
  '--all --min-parents=3',
  '--all --max-parents=0',
  '--all --max-count=3',
  '--all -n 2 --skip 2',
  '--all -n3 --skip=1 --topo-order',
  '-2 main',
  'main -n 0',
  'main',
  'side..main',
  'main..side',
  'main...side',
  'main...side --topo-order',
  'crossed...main',
  'main ^old',
  'main --not old side',
  '--not old --not main',
  '--branches',
  '--tags',
  '--branches --not --tags',
  '--first-parent main ^side',
  'v1-again',
  'v1-again^@',
  'main^!',
  'main^-',
  'main^-2',
  'main..',
  '..main',
  '...side',
  '--all --max-age=2000',
  '--all --min-age=2000',
  '--all --max-age=2000 --topo-order',
  '--all --since=2000000000',
  '--all --since=2023-11-14T22:15:00+00:00',
  '--all --until=Tue,14.Nov.2023.22:15:00.+0000',
  '--all --objects',
  '--all --objects --count',
  '--all --objects --reverse',
  '--all --objects --topo-order',
  '--all --objects --no-object-names',
  '--all --objects --min-age=2000',
  '--tags --objects',
  '--objects --tags --not v1',
  '--objects old..main',
  '--objects main ^side --topo-order',
  '--objects side...crossed',
  '--objects main:dir',
  '--objects main:dir/x',
  '--objects main --not main:dir',
  '--objects main --not main:dir/x',
  '--objects tree-tag blob-tag v1-again',
  '--objects main^{tree}',
  '--objects main^!',
];

const FILTERS = [
  'blob:none',
  'blob:limit=0',
  'blob:limit=4',
  'blob:limit=1k',
  'tree:0',
  'tree:1',
  'tree:2',
  'tree:3',
  'object:type=commit',
  'object:type=tree',
  'object:type=blob',
  'object:type=tag',
  'combine:blob:none+tree:2',
  'combine:tree:2+blob:limit=1k',
  'combine:tree:1+tree:3',
  'combine:object:type=blob+blob:limit=4',
  'combine:combine:tree:3%2bblob:limit=50+tree:2',
];

describe.each(['sha1', 'sha256'] as const)('tsgit rev-list (%s)', (objectFormat) => {
  let root: string;
  let history: OddHistory;
  let cwd: string;
  beforeAll(() => {
    root = makeDirectory();
    history = makeOddHistory(join(root, 'odd.git'), objectFormat);
    cwd = history.directory;
  });
  afterAll(() => removeDirectory(root));

  async function expectSame(args: readonly string[], input?: string): Promise<void> {
    const options = input === undefined ? { cwd } : { cwd, input };
    const theirs = await gitAsync(['rev-list', ...args], options);
    const ours = await run('tsgit', ['rev-list', ...args], options);
    expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
    expect(theirs.code === 0).toBe(ours.stderr === '');
  }

  describe.each([
    'loose',
    'packed',
    'packed, with a commit-graph',
    'packed, with a graph of levels',
    'packed, with a chain of graphs',
  ])('lists as git does what is %s', (state) => {
    beforeAll(() => {
      if (state === 'packed') git(['repack', '-adfq'], { cwd });
      if (state.endsWith('commit-graph')) git(['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd });
      if (state.endsWith('levels')) {
        git(['-c', 'commitGraph.generationVersion=1', 'commit-graph', 'write', '--reachable'], { cwd });
      }
      if (state.endsWith('graphs')) {
        rmSync(join(cwd, 'objects/info/commit-graph'));
        for (const name of ['merge', 'octopus', 'cross1']) {
          const input = `${history.commits[name]}\n`;
          git(['commit-graph', 'write', '--stdin-commits', '--split=no-merge'], { cwd, input });
        }
      }
    });

    test.each(CASES)('%s', async (line) => {
      await expectSame(line.split(' '));
    });
  });

  test('reads revisions from standard input, to the end or an empty line', async () => {
    await expectSame(['--stdin'], 'main\n^old\n');
    await expectSame(['--stdin', '--objects'], `${history.commits.side}\n\nmain\n`);
    await expectSame(['--not', '--stdin', 'side'], 'main\n');
  });

  describe.each([objectFormat === 'sha1' ? 'odd' : 'random'])('filters as git does in the %s history', (name) => {
    let directory: string;
    beforeAll(() => {
      directory = name === 'odd' ? cwd : makeRandomHistory(join(root, 'random.git'), objectFormat, 11).directory;
    });

    test.each(FILTERS)('%s', async (filter) => {
      const tips = name === 'odd' ? ['tree-tag', 'blob-tag', 'main', '^old'] : ['tree', 'v1-again', 'main', '^v2~2'];
      for (const args of [
        ['--all', '--reverse', '--filter-provided-objects', '--no-object-names'],
        ['--all', '--count', '--filter=tree:2'],
        tips,
        [...tips, '--filter-provided-objects'],
      ]) {
        const all = ['rev-list', '--objects', `--filter=${filter}`, ...args];
        const theirs = await gitAsync(all, { cwd: directory });
        expect(theirs.code).toBe(0);
        expect(await run('tsgit', all, { cwd: directory })).toMatchObject({
          code: 0,
          stdout: theirs.stdout,
          stderr: '',
        });
      }
    });

    test.each(['what', 'tree:x', 'object:type=x', 'combine:', 'combine:tree:1+x', 'combine:tree:1&', 'blob:limit=-1'])(
      'refuses %s as git does',
      async (filter) => {
        const args = ['rev-list', '--objects', `--filter=${filter}`, '--all'];
        const theirs = await gitAsync(args, { cwd: directory });
        expect(theirs.code).toBe(128);
        expect(await run('tsgit', args, { cwd: directory })).toMatchObject({ code: 128, stderr: theirs.stderr });
      },
    );

    test('takes filters back with --no-filter', async () => {
      const args = ['rev-list', '--objects', '--all', '--filter=tree:1', '--no-filter', '--filter=blob:none'];
      const theirs = await gitAsync(args, { cwd: directory });
      expect(await run('tsgit', args, { cwd: directory })).toMatchObject({ code: 0, stdout: theirs.stdout });
    });

    test('refuses a filter without --objects', async () => {
      const args = ['rev-list', '--filter=tree:1', '--all'];
      const theirs = await gitAsync(args, { cwd: directory });
      expect(await run('tsgit', args, { cwd: directory })).toMatchObject({ code: 128, stderr: theirs.stderr });
    });
  });

  describe('refuses as git does', () => {
    test.each([
      'nonsense',
      'nonsense --',
      '^nonsense',
      'main..nonsense',
      'main -n',
      'main --max-count',
      '--stdin --stdin',
    ])('%s', async (line) => {
      const theirs = await gitAsync(['rev-list', ...line.split(' ')], { cwd });
      const ours = await run('tsgit', ['rev-list', ...line.split(' ')], { cwd });
      expect(ours.code).toBe(theirs.code);
      expect(ours.stdout).toBe('');
    });

    test('an object id that names nothing', async () => {
      const oid = '1'.repeat(objectFormat === 'sha1' ? 40 : 64);
      const theirs = await gitAsync(['rev-list', oid], { cwd });
      const ours = await run('tsgit', ['rev-list', oid], { cwd });
      expect(ours.code).toBe(theirs.code);
      expect(ours.stderr).toBe(theirs.stderr);
    });

    test('options it does not know, and no revision at all, with its usage', async () => {
      for (const args of [['--bogus'], []]) {
        expect((await gitAsync(['rev-list', ...args], { cwd })).code).toBe(129);
        const ours = await run('tsgit', ['rev-list', ...args], { cwd });
        expect(ours.code).toBe(129);
        expect(ours.stderr).toContain('usage: tsgit rev-list');
      }
    });
  });

  test('ends a shallow history where git ends it', async () => {
    const shallow = join(root, `shallow-${objectFormat}.git`);
    git(['clone', '-q', '--bare', '--depth=2', `file://${cwd}`, shallow]);
    for (const args of [['--all'], ['--all', '--objects'], ['--all', '--parents', '--topo-order']]) {
      const ours = await run('tsgit', ['rev-list', ...args], { cwd: shallow });
      expect(ours.stdout).toBe((await gitAsync(['rev-list', ...args], { cwd: shallow })).stdout);
    }
  });

  test('begins at more refs than a call takes arguments', async () => {
    const many = initBare(join(root, `many-${objectFormat}.git`), objectFormat);
    const oid = commitFiles(many, [{ files: { a: 'a\n' } }]);
    const names = Array.from({ length: 150_000 }, (_, at) => `refs/tags/t${String(at).padStart(6, '0')}`);
    const header = '# pack-refs with: peeled fully-peeled sorted \n';
    writeFileSync(join(many, 'packed-refs'), `${header}${names.map((name) => `${oid} ${name}\n`).join('')}`);
    expect(await run('tsgit', ['rev-list', '--all'], { cwd: many })).toMatchObject({ code: 0, stdout: `${oid}\n` });
  });
});
