import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeMergedHistory } from '../../../../test/support/merged-history.js';
import { makeOddHistory } from '../../../../test/support/odd-history.js';
import { run } from '../support/run.js';

const MERGED = [
  'main -- a',
  'main -- dir',
  'main -- dir/',
  'main -- a/',
  'main -- a/below',
  'main -- dir/deep/e',
  'main -- dir/c other/c',
  'main -- dir/deep dir/c',
  'main -- nothing',
  'main -- dir/c/below',
  'main -- .',
  'main -- ./dir/../b.txt',
  'main -- *.txt',
  'main -- dir/*.txt b*',
  'main -- dir/?',
  'main -- [ab]*',
  'main -- :(glob)dir/*',
  'main -- :(glob)**/c',
  'main -- :(literal)dir/c',
  'main -- :/dir/c',
  'main -- sp*',
  '--full-history main -- dir',
  '--full-history main -- a dir/c',
  '--parents main -- dir/c',
  '--parents main -- a',
  '--parents --full-history main -- dir/deep',
  '--parents --full-history main -- b.txt',
  '--parents main -- .',
  '--parents --topo-order main -- dir/c',
  '--parents --full-history --date-order main -- dir/c',
  '--first-parent main -- dir/c',
  '--first-parent --full-history main -- dir',
  '--first-parent --parents main -- a',
  '--topo-order main -- dir',
  '--date-order main -- a other',
  '--topo-order --full-history main -- dir/c',
  '--reverse main -- dir/deep',
  '--merges main -- dir',
  '--merges --full-history main -- dir',
  '--no-merges --full-history main -- b.txt',
  '-n 3 --skip=2 main -- dir',
  '--count main -- dir/c',
  't37..main -- dir/c',
  't37..main -- a',
  '--full-history t37..main -- dir',
  '--full-history --parents t37..main -- dir/c',
  '--parents t37..main -- dir/deep',
  '--topo-order t37..main -- dir/c',
  '--topo-order --parents --full-history t54..main -- dir',
  't71...t88 -- dir',
  '--full-history t71...t88 -- a b.txt',
  '--first-parent t20..main -- dir',
  '--since=1700001200 main -- dir/c',
  '--until=1700001200 main -- dir/c',
  '--timestamp main ^t54 ^t20 -- dir/c other',
];

const STATES = [
  'is loose',
  'is packed',
  'has a commit-graph',
  'has a commit-graph with filters',
  'has a graph of levels with filters',
  'has a graph of some commits with filters',
];

describe.each(['sha1', 'sha256'] as const)('tsgit rev-list of paths (%s)', (objectFormat) => {
  let root: string;
  let merged: string[];
  beforeAll(() => {
    root = makeDirectory();
    merged = [1, 2].map((seed) => makeMergedHistory(join(root, `${seed}.git`), objectFormat, { seed }));
  });
  afterAll(() => removeDirectory(root));

  async function expectSame(args: readonly string[], cwd: string): Promise<void> {
    await expectSameAs(gitAsync(['rev-list', ...args], { cwd }), args, cwd);
  }

  async function expectSameAs(told: Promise<Ended>, args: readonly string[], cwd: string): Promise<void> {
    const theirs = await told;
    const ours = await run('tsgit', ['rev-list', ...args], { cwd });
    expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
    if (theirs.code === 128) expect(theirs.stderr).toContain(ours.stderr);
  }

  // What git says of a history is the same in each state of it: it is asked once, and ours in every state.
  const answers = new Map<string, Promise<Ended>>();

  async function expectSameInEachState(args: readonly string[], cwd: string): Promise<void> {
    const key = JSON.stringify([cwd, args]);
    const told = answers.get(key) ?? gitAsync(['rev-list', ...args], { cwd });
    answers.set(key, told);
    await expectSameAs(told, args, cwd);
  }

  describe.each(STATES)('lists what git lists where the history %s', (state) => {
    beforeAll(() => {
      for (const cwd of merged) {
        rmSync(join(cwd, 'objects/info/commit-graph'), { force: true });
        const write = (...args: string[]): string => git(args, { cwd });
        if (state === STATES[1]) git(['repack', '-adfq'], { cwd });
        if (state === STATES[2]) write('commit-graph', 'write', '--reachable');
        if (state === STATES[3]) write('commit-graph', 'write', '--reachable', '--changed-paths');
        if (state === STATES[4]) {
          const levels = ['-c', 'commitGraph.generationVersion=1'];
          write(...levels, 'commit-graph', 'write', '--reachable', '--changed-paths');
        }
        if (state === STATES[5]) {
          const input = git(['rev-parse', 't88'], { cwd });
          git(['commit-graph', 'write', '--stdin-commits', '--changed-paths'], { cwd, input });
        }
      }
    });

    test.each(MERGED)('%s', async (line) => {
      for (const cwd of merged) await expectSameInEachState(line.split(' '), cwd);
    });
  });

  test.each([
    'main -- f',
    '--all -- dir',
    '--all -- dir/x',
    '--all --full-history -- other',
    '--all --topo-order -- dir f',
    '--all --parents -- dir',
    'side..main -- f',
    '--full-history old..main -- dir',
    'main --not side -- .',
    '--all -- line*',
  ])('does as git in an odd history: %s', async (line) => {
    const { directory } = makeOddHistory(join(root, 'odd.git'), objectFormat);
    await expectSame(line.split(' '), directory);
    removeDirectory(directory);
  });

  test('takes paths without dashes where a file is there, and from where one stands in a work tree', async () => {
    const tree = join(root, 'tree');
    git(['init', '-q', '-b', 'main', `--object-format=${objectFormat}`, tree]);
    mkdirSync(join(tree, 'dir'));
    for (const [at, path] of ['file', 'dir/file', 'dir/other'].entries()) {
      writeFileSync(join(tree, path), `${at}`);
      git(['add', '.'], { cwd: tree });
      git(['commit', '-qm', path], { cwd: tree, env: { GIT_COMMITTER_DATE: `@${1_700_000_000 + at} +0000` } });
    }
    for (const args of [
      'main file',
      'main dir',
      'main dir file',
      'main nothing',
      'main file nothing',
      'main --parents dir',
    ]) {
      await expectSame(args.split(' '), tree);
    }
    for (const args of ['main -- file', 'main file', 'main -- ../file', 'main -- :/file', 'main -- .', 'main -- ..']) {
      await expectSame(args.split(' '), join(tree, 'dir'));
    }
    for (const path of ['../../outside', '']) await expectSame(['main', '--', path], join(tree, 'dir'));
    removeDirectory(tree);
  });

  test('refuses pathspecs that it does not know, and objects at paths', async () => {
    const cwd = merged[0] as string;
    for (const args of [
      ['main', '--', ':!dir'],
      ['main', '--', ':(icase)DIR'],
      ['--objects', 'main', '--', 'dir'],
    ]) {
      expect(await run('tsgit', ['rev-list', ...args], { cwd })).toMatchObject({ code: 128, stdout: '' });
    }
  });
});
