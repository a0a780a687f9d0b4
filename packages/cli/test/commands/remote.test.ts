import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { git, removeDirectory, temporaryDirectory } from '../../../../test/support/git.js';
import { serveUntilTestEnds } from '../support/remote.js';
import { makeRefTemplate } from '../support/repositories.js';
import { Twins } from '../support/twins.js';

const templates = new Map<string, string>();
beforeAll(() => {
  for (const format of ['sha1', 'sha256'] as const) {
    const directory = makeRefTemplate(format);
    git(['config', 'remote.origin.url', 'https://example.com/r.git'], { cwd: directory });
    git(['config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'], { cwd: directory });
    git(['config', 'branch.main.remote', 'origin'], { cwd: directory });
    git(['config', 'branch.main.merge', 'refs/heads/main'], { cwd: directory });
    // Without messages: what is written anew ends such lines with a tab.
    rmSync(join(directory, '.git/logs/refs/remotes'), { recursive: true });
    templates.set(format, directory);
  }
});
afterAll(() => {
  for (const directory of templates.values()) removeDirectory(directory);
});

/** So that both make the same commit. */
const DATES = { GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000' };

describe.each(['sha1', 'sha256'])('tsgit remote (%s)', (format) => {
  test.each<[steps: string[][]]>([
    [[['add', 'a', 'https://example.com/a.git'], [], ['-v']]],
    [
      [
        ['add', '--tags', 'a', '../x'],
        ['add', '--no-tags', 'b', '../x'],
        ['add', '-t', 'one', '-t', 'two', 'c', '../x'],
      ],
    ],
    [
      [
        ['add', '--mirror=fetch', 'a', '../x'],
        ['add', '--mirror=push', 'b', '../x'],
        ['show', '-n', 'b'],
      ],
    ],
    [[['add', '-m', 'main', 'a', '../x']]],
    [
      [
        ['add', 'origin', 'x'],
        ['add', 'a..b', 'x'],
        ['add', 'a'],
        ['add', '--mirror=push', '-t', 'x', 'n', 'x'],
      ],
    ],
    [[['rename', 'origin', 'up'], ['-v']]],
    [
      [
        ['rename', 'origin', 'up/stream'],
        ['rename', 'nothing', 'x'],
        ['rename', 'up/stream', 'a b'],
      ],
    ],
    [
      [
        ['add', 'a', 'x'],
        ['rename', 'a', 'origin'],
      ],
    ],
    [
      [
        ['remove', 'origin'],
        ['rm', 'origin'],
      ],
    ],
    [
      [
        ['get-url', 'origin'],
        ['get-url', '--push', 'origin'],
        ['get-url', 'nothing'],
      ],
    ],
    [[['set-url', 'origin', 'x'], ['set-url', '--add', 'origin', 'y'], ['set-url', 'origin', 'z', '^y'], ['-v']]],
    [[['set-url', '--push', 'origin', 'p'], ['get-url', '--push', '--all', 'origin'], ['-v']]],
    [
      [
        ['set-url', '--add', 'origin', 'y'],
        ['set-url', '--delete', 'origin', 'example'],
        ['get-url', '--all', 'origin'],
      ],
    ],
    [
      [
        ['set-url', '--delete', 'origin', '.*'],
        ['set-url', 'origin', 'x', 'nothing'],
        ['set-url', 'nothing', 'x'],
      ],
    ],
    [[['show', '-n', 'origin'], ['show']]],
    [
      [
        ['set-branches', 'origin', 'one', 'two'],
        ['set-branches', '--add', 'origin', 'three/*'],
        ['set-branches', 'nothing', 'x'],
        ['set-branches', 'origin'],
        ['set-branches', 'origin', 'x'],
        ['set-branches'],
      ],
    ],
    [
      [
        ['add', '--mirror=fetch', 'a', '../x'],
        ['set-branches', '--add', 'a', 'heads/main'],
        ['add', '--mirror=push', 'b', '../x'],
        ['set-branches', 'b', 'main'],
      ],
    ],
    [
      [
        ['set-head', 'origin', 'nothing'],
        ['set-head', 'nothing', 'main'],
        ['set-head', '-d', 'nothing'],
        ['set-head', 'origin'],
        ['set-head', '-a', '-d', 'origin'],
        ['set-head', '-a', 'origin', 'main'],
      ],
    ],
    [[['nonsense'], ['rename', 'a'], ['get-url']]],
  ])('%j says and changes what git does', async (steps) => {
    const twins = new Twins(templates.get(format));
    for (const step of steps) {
      await twins.same(['remote', ...step]);
      twins.expectSameFiles({ folders: false });
    }
  });

  test('rename keeps refs of other kinds, and warns of what it does not change', async () => {
    const twins = new Twins(templates.get(format));
    twins.each((cwd) => {
      git(['config', '--add', 'remote.origin.fetch', 'refs/tags/*:refs/odd/*'], { cwd });
      git(['config', 'remote.pushDefault', 'origin'], { cwd });
      git(['config', 'branch.main.pushRemote', 'origin'], { cwd });
      git(['update-ref', '--create-reflog', '-m', 'moved', 'refs/remotes/origin/main', 'main'], { cwd });
    });
    await twins.same(['remote', 'rename', 'origin', 'up']);
    twins.expectSameFiles({ folders: false });
    await twins.same(['remote', 'remove', 'up']);
    twins.expectSameFiles({ folders: false });
  });

  test("remove leaves branches of one's own, and what another remote keeps", async () => {
    const twins = new Twins(templates.get(format));
    twins.each((cwd) => {
      git(['config', '--add', 'remote.origin.fetch', 'refs/heads/*:refs/heads/*'], { cwd });
      git(['config', 'remote.other.fetch', 'refs/heads/main:refs/remotes/origin/main'], { cwd });
    });
    await twins.same(['remote', 'remove', 'origin']);
    twins.expectSameFiles({ folders: false });
  });

  test('show -n tells what is tracked, pulled and pushed', async () => {
    const twins = new Twins(templates.get(format));
    twins.each((cwd) => {
      const set = (...args: string[]): string => git(['config', ...args], { cwd });
      set('--add', 'remote.origin.push', 'refs/heads/main:refs/heads/x');
      set('--add', 'remote.origin.push', '+refs/heads/topic/*:refs/heads/y/*');
      set('--add', 'remote.origin.push', ':');
      set('branch.topic/one.remote', 'origin');
      set('--add', 'branch.topic/one.merge', 'refs/heads/one');
      set('--add', 'branch.topic/one.merge', 'refs/heads/two');
    });
    await twins.same(['remote', 'show', '-n', 'origin', 'elsewhere']);
  });

  test('prune removes what the remote no longer has', async () => {
    const directory = templates.get(format) as string;
    const { url } = await serveUntilTestEnds(join(directory, '..'));
    const twins = new Twins(directory);
    twins.each((cwd) => {
      git(['config', 'remote.origin.url', `${url}/${directory.split('/').at(-1)}`], { cwd });
      git(['update-ref', 'refs/remotes/origin/old', 'main'], { cwd });
      git(['update-ref', 'refs/remotes/origin/older/one', 'main'], { cwd });
      git(['symbolic-ref', 'refs/remotes/origin/alias', 'refs/remotes/origin/old'], { cwd });
    });
    await twins.same(['remote', 'prune', '--dry-run', 'origin']);
    await twins.same(['remote', 'prune', 'origin']);
    twins.expectSameFiles({ folders: false });
    await twins.same(['remote', 'prune', 'origin']);
  });

  test('show asks the remote what it has, and compares', async () => {
    const directory = templates.get(format) as string;
    const there = join(temporaryDirectory(), 'there');
    cpSync(directory, there, { recursive: true });
    const on = (...args: string[]): string => git(args, { cwd: there });
    const { url } = await serveUntilTestEnds(join(there, '..'));
    const twins = new Twins(directory);
    const here = (...args: string[]): void => twins.each((cwd) => git(args, { cwd }));
    here('config', 'remote.origin.url', `${url}/there`);
    await twins.same(['remote', 'show', 'origin']);
    here('update-ref', 'refs/remotes/origin/old', 'main');
    here('update-ref', 'refs/remotes/origin/main', 'main');
    here('branch', '-f', 'brand-new', 'main');
    on('branch', '-f', 'brand-new-there', 'main');
    on('update-ref', 'refs/heads/ahead', on('commit-tree', '-p', 'main', '-m', 'more', 'main^{tree}'));
    here('branch', '-f', 'ahead', 'main');
    here('branch', '-f', 'behind', 'main');
    on('update-ref', 'refs/heads/behind', 'main');
    twins.each((cwd) => {
      const oid = git(['commit-tree', '-p', 'main', '-m', 'more', 'main^{tree}'], { cwd, env: DATES });
      git(['update-ref', 'refs/heads/behind', oid], { cwd });
      for (const [branch, rebase] of [
        ['one', 'true'],
        ['two', 'merges'],
        ['three', 'interactive'],
        ['main', 'false'],
      ] as const) {
        git(['config', `branch.${branch}.remote`, 'origin'], { cwd });
        git(['config', `branch.${branch}.merge`, 'refs/heads/main'], { cwd });
        git(['config', `branch.${branch}.rebase`, rebase], { cwd });
      }
    });
    here('config', '--add', 'remote.origin.fetch', '+refs/tags/*:refs/odd/*');
    here('config', '--add', 'remote.origin.fetch', '^refs/heads/ahead');
    await twins.same(['remote', 'show', 'origin']);
    await twins.same(['remote', 'show', '-n', 'origin']);
    // HEAD without a branch, and what is pushed where.
    on('update-ref', '--no-deref', 'HEAD', 'main');
    for (const refspec of ['+refs/heads/ahead:refs/heads/x', 'main', ':refs/heads/behind', 'refs/tags/*:refs/tags/*'])
      here('config', '--add', 'remote.origin.push', refspec);
    await twins.same(['remote', 'show', 'origin']);
    here('config', 'remote.origin.mirror', 'true');
    await twins.same(['remote', 'show', 'origin', 'origin']);
    here('config', 'remote.origin.url', `${url}/nothing`);
    await twins.same(['remote', 'show', 'origin'], { quiet: true });
    twins.expectSameRefs();
  });

  test('set-head and update ask the remote', async () => {
    const directory = templates.get(format) as string;
    const there = join(directory, '..');
    const url = `${(await serveUntilTestEnds(there)).url}/${directory.split('/').at(-1)}`;
    const twins = new Twins(directory);
    twins.each((cwd) => {
      git(['config', 'remote.origin.url', url], { cwd });
      git(['config', 'remote.other.url', url], { cwd });
      git(['config', 'remote.other.fetch', '+refs/heads/main:refs/remotes/other/main'], { cwd });
      git(['config', 'remotes.both', 'other origin'], { cwd });
    });
    await twins.same(['remote', 'update', 'both'], { quiet: true });
    twins.expectSameRefs();
    await twins.same(['remote', 'set-head', 'other', 'main']);
    await twins.same(['remote', 'set-head', '--auto', 'origin']);
    await twins.same(['remote', 'set-head', '-d', 'other']);
    await twins.same(['remote', 'set-head', '-d', 'other']);
    twins.each((cwd) => git(['update-ref', 'refs/remotes/other/gone', 'main'], { cwd }));
    await twins.same(['remote', 'update'], { quiet: true });
    twins.each((cwd) => git(['config', 'remotes.default', 'other'], { cwd }));
    await twins.same(['remote', 'update', '--prune'], { quiet: true });
    await twins.same(['remote', 'update', 'nothing'], { quiet: true });
    twins.expectSameRefs();
  });
});
