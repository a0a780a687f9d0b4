import { join } from 'node:path';
import type { ReceiveRules, Repository } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import type { GitServerOptions } from '@git-kv/server';
import { describe, expect, test } from 'vitest';
import { commitFiles, type Ended, git, gitAsync, initBare, type ObjectFormat } from '../support/git.js';
import { useServed } from '../support/served.js';

const servers = useServed('git-kv-push');

interface Served {
  readonly repository: Repository;
  readonly directory: string;
  /** A bare repository with two commits on main, whose `origin` is the server. */
  readonly local: string;
  readonly push: (...args: string[]) => Promise<Ended>;
}

async function serve(
  options: Partial<GitServerOptions> = {},
  { format = 'sha1', bare = true }: { readonly format?: ObjectFormat; readonly bare?: boolean } = {},
): Promise<Served> {
  const directory = join(servers.root, 'repo.git');
  const repository = await initRepository(directory, { objectFormat: format, initialBranch: 'main', bare });
  const server = await servers.serve(repository, options);
  const local = initBare(join(servers.root, 'local.git'), format);
  commitFiles(local, [{ files: { a: 'A' } }, { files: { b: 'B' } }]);
  git(['remote', 'add', 'origin', `${server.url}/repo.git`], { cwd: local });
  return { repository, directory, local, push: (...args) => gitAsync(['push', ...args], { cwd: local }) };
}

const refs = (directory: string): string => git(['for-each-ref', '--format=%(refname)'], { cwd: directory });

describe.each(['sha1', 'sha256'] as const)('git pushes to our server in %s', (format) => {
  test('with options, hears hooks, and is told of what moved besides', async () => {
    const options: unknown[] = [];
    const { push, directory } = await serve(
      {
        hooks: {
          preReceive: ({ pushOptions, updates, say }) => {
            options.push(pushOptions);
            say('looking at it');
            return { add: [{ name: 'refs/ledger/main', next: { oid: updates[0]?.newOid as string } }] };
          },
          postReceive: ({ say }) => say('all done'),
        },
      },
      { format },
    );
    const pushed = await push('-o', 'a=1', '-o', 'b c', 'origin', 'main');
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(options).toEqual([['a=1', 'b c']]);
    expect(pushed.stderr).toMatch(/remote: looking at it *\nremote: all done/);
    expect(pushed.stderr).toMatch(/\[new (?:branch|reference)\] +main -> main/);
    expect(pushed.stderr).toMatch(/\[new reference\] +main -> refs\/ledger\/main/);
    expect(refs(directory)).toBe('refs/heads/main\nrefs/ledger/main');
    git(['fsck', '--strict'], { cwd: directory });
  });

  test('and reads why a hook refuses, by code and in words (H23)', async () => {
    const { push, directory } = await serve(
      {
        hooks: {
          update: ({ name }) => (name.endsWith('no') ? { code: 'stale', exit: 2, message: 'too late' } : undefined),
        },
      },
      { format },
    );
    const pushed = await push('origin', 'main:refs/heads/no', 'main:refs/heads/yes');
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toMatch(/\[remote rejected\] +main -> no \(kv:stale exit=2: too late\)/);
    expect(refs(directory)).toBe('refs/heads/yes');
    const atomic = await push('--atomic', 'origin', 'main:refs/heads/no', 'main:refs/heads/maybe');
    expect(atomic.code).toBe(1);
    expect(atomic.stderr).toMatch(/main -> maybe \(atomic push failure\)/);
    expect(refs(directory)).toBe('refs/heads/yes');
  });
});

test('git sees no hidden refs, and cannot push to them', async () => {
  const { push, local, directory } = await serve({ hidden: ['refs/internal'] });
  git(['fetch', '-q', local, 'main'], { cwd: directory });
  git(['update-ref', 'refs/internal/x', 'FETCH_HEAD'], { cwd: directory });
  expect(await push('origin', 'main')).toMatchObject({ code: 0 });
  const listed = await gitAsync(['ls-remote', 'origin'], { cwd: local });
  expect(listed.stdout).not.toContain('refs/internal');
  const made = await push('origin', 'main:refs/internal/y');
  expect(made.stderr).toMatch(/\(deny updating a hidden ref\)/);
  const deleted = await push('origin', ':refs/internal/x');
  expect(deleted.code).not.toBe(0);
  expect(refs(directory)).toBe('refs/heads/main\nrefs/internal/x');
});

test('git signs no push for us: we do not say that we take certificates', async () => {
  const { push, directory } = await serve();
  const signed = await push('--signed', 'origin', 'main');
  expect(signed.code).not.toBe(0);
  expect(signed.stderr).toContain('does not support --signed push');
  expect(refs(directory)).toBe('');
});

test('git may not move a branch that is checked out, unless the rules say so', async () => {
  let receive: ReceiveRules = {};
  const { push, directory } = await serve({ receive: () => receive }, { bare: false });
  const refused = await push('origin', 'main');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/remote: error: refusing to update checked out branch: refs\/heads\/main/);
  expect(refused.stderr).toMatch(/\[remote rejected\] main -> main \(branch is currently checked out\)/);
  expect(await push('origin', 'main:side')).toMatchObject({ code: 0 });
  receive = { denyCurrentBranch: 'warn' };
  const warned = await push('origin', 'main');
  expect(warned.code).toBe(0);
  expect(warned.stderr).toContain('remote: warning: updating the current branch');
  receive = { denyCurrentBranch: false, denyDeleteCurrent: 'warn' };
  expect(await push('-f', 'origin', 'main~1:main')).toMatchObject({ code: 0 });
  expect((await push('origin', ':main')).stderr).toContain('remote: warning: deleting the current branch');
  expect(await push('origin', 'main')).toMatchObject({ code: 0 });
  expect(refs(directory)).toBe('refs/heads/main\nrefs/heads/side');
});

test('git deletes what is not there, and is warned; hooks after the push do not hear of it', async () => {
  const heard: Record<string, string[]> = {};
  const hear =
    (hook: string) =>
    ({ updates }: { readonly updates: readonly { readonly name: string }[] }): void => {
      heard[hook] = updates.map(({ name }) => name);
    };
  const { push, directory } = await serve({
    hooks: { preReceive: hear('pre-receive'), postReceive: hear('post-receive') },
  });
  const pushed = await push('origin', 'main', ':refs/heads/none');
  expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
  expect(pushed.stderr).toContain('remote: warning: deleting a non-existent ref');
  expect(heard).toEqual({ 'pre-receive': ['refs/heads/main', 'refs/heads/none'], 'post-receive': ['refs/heads/main'] });
  heard['post-receive'] = [];
  expect(await push('--atomic', 'origin', ':refs/heads/none')).toMatchObject({ code: 0 });
  expect(heard['post-receive']).toEqual([]);
  expect(refs(directory)).toBe('refs/heads/main');
});

test('git may push a symbolic ref beside what it leads to, if both come to the same', async () => {
  const { push, directory } = await serve();
  expect(await push('origin', 'main~1:refs/heads/one')).toMatchObject({ code: 0 });
  git(['symbolic-ref', 'refs/heads/alias', 'refs/heads/one'], { cwd: directory });
  const differing = await push('origin', 'main:one', '+main~1^{}:alias', 'main:other');
  expect(differing.code).toBe(0); // the alias holds that already, so that it is not sent
  expect(await push('-f', 'origin', 'main~1:one')).toMatchObject({ code: 0 });
  const both = await push('origin', 'main:one', 'main:alias');
  expect(both, both.stderr).toMatchObject({ code: 0 });
  git(['branch', '-f', 'odd', 'main~1'], { cwd: servers.root + '/local.git' });
  const odd = await push('-f', 'origin', 'odd:one', ':alias');
  expect(odd.code).toBe(1);
  expect(odd.stderr).toContain("remote: error: refusing inconsistent update between symref 'refs/heads/alias'");
  expect(odd.stderr).toMatch(/odd -> one \(inconsistent aliased update\)/);
  const alone = await push('-f', 'origin', 'odd:alias');
  expect(alone.stderr).toContain('it is a symbolic ref; push to refs/heads/one');
  expect(git(['rev-parse', 'one'], { cwd: directory })).toBe(
    git(['rev-parse', 'main'], { cwd: directory + '/../local.git' }),
  );
  expect(git(['symbolic-ref', 'refs/heads/alias'], { cwd: directory })).toBe('refs/heads/one');
});

describe('git pushes from a shallow clone', () => {
  async function shallowClone(source: string): Promise<string> {
    const clone = join(servers.root, 'shallow.git');
    await gitAsync(['clone', '-q', '--bare', '--depth=1', `file://${source}`, clone]);
    commitFiles(clone, [{ files: { c: 'C' } }]);
    return clone;
  }

  test('to where the rest is', async () => {
    const { push, local, directory } = await serve();
    await push('origin', 'main');
    const clone = await shallowClone(local);
    const url = git(['remote', 'get-url', 'origin'], { cwd: local });
    const pushed = await gitAsync(['push', url, 'main'], { cwd: clone });
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('3');
    git(['fsck', '--strict'], { cwd: directory });
  });

  test('to where it is not, only if the rules say so: then that is shallow, too', async () => {
    let receive: ReceiveRules = {};
    const { local, directory, repository } = await serve({ receive: () => receive });
    const clone = await shallowClone(local);
    const url = git(['remote', 'get-url', 'origin'], { cwd: local });
    const refused = await gitAsync(['push', url, 'main'], { cwd: clone });
    expect(refused.stderr).toMatch(/\[remote rejected\] main -> main \(shallow update not allowed\)/);
    expect([...(await repository.shallow.read())]).toEqual([]);
    receive = { shallowUpdate: true, denyNonFastForwards: true };
    const pushed = await gitAsync(['push', url, 'main', 'main:side'], { cwd: clone });
    expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
    expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('2');
    expect([...(await repository.shallow.read())]).toEqual([git(['rev-parse', 'main~1'], { cwd: clone })]);
    git(['fsck', '--strict'], { cwd: directory });
    // The whole history mends nothing by itself, and harms nothing.
    const whole = await gitAsync(['push', url, 'main:refs/heads/whole'], { cwd: local });
    expect(whole, whole.stderr).toMatchObject({ code: 0 });
  });
});
