import fs from 'node:fs';
import { join } from 'node:path';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { nodeFs } from '@git-kv/repository/node-fs';
import git from 'isomorphic-git';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory, removeDirectory, git as run } from '../../../../test/support/git.js';
import * as compat from '../../src/compat/index.js';

// Each question is asked of isomorphic-git and of ours, about one repository that git made.

let directory: string;
let gitdir: string;
const oids: Record<string, string> = {};

function commit(name: string, time: number, files: Record<string, string | null>): void {
  const env = { GIT_AUTHOR_DATE: `${time} +0130`, GIT_COMMITTER_DATE: `${time} -0800` };
  for (const [path, text] of Object.entries(files)) {
    if (text === null) run(['rm', '-q', path], { cwd: directory });
    else {
      fs.mkdirSync(join(directory, path, '..'), { recursive: true });
      fs.writeFileSync(join(directory, path), text);
      run(['add', path], { cwd: directory });
    }
  }
  run(['commit', '-q', '--allow-empty', '-m', `${name}\n\nWith a body.`], { cwd: directory, env });
  oids[name] = run(['rev-parse', 'HEAD'], { cwd: directory });
}

beforeAll(() => {
  directory = makeDirectory('git-kv-compat');
  gitdir = join(directory, '.git');
  run(['init', '-q', '-b', 'main', directory]);
  commit('first', 1_700_000_000, { 'a.txt': 'one\n', 'dir/b.txt': 'two\n', 'dir.txt': 'between\n', 'dir-x': 'x\n' });
  commit('second', 1_700_000_100, { 'a.txt': 'one\nmore\n', 'dir/deep/ü.txt': 'three\n' });
  run(['tag', 'light'], { cwd: directory });
  run(['checkout', '-q', '-b', 'topic'], { cwd: directory });
  commit('on topic', 1_700_000_150, { 'topic.txt': 'topic\n' });
  commit('more topic', 1_700_000_250, { 'a.txt': 'one\ntopic\nmore\n' });
  run(['checkout', '-q', 'main'], { cwd: directory });
  commit('on main', 1_700_000_200, { 'dir/b.txt': 'two again\n' });
  fs.chmodSync(join(directory, 'a.txt'), 0o755);
  fs.symlinkSync('a.txt', join(directory, 'link'));
  run(['add', 'a.txt', 'link'], { cwd: directory });
  commit('modes', 1_700_000_300, {});
  const env = { GIT_AUTHOR_DATE: '1700000400 +0000', GIT_COMMITTER_DATE: '1700000400 +0000' };
  run(['merge', '-q', '--no-edit', '-m', 'Merge topic', 'topic'], { cwd: directory, env });
  run(['tag', '-a', '-m', 'A tag', 'annotated', 'main~1'], { cwd: directory });
  commit('removal', 1_700_000_500, { 'dir.txt': null });
  run(['update-index', '--add', '--cacheinfo', `160000,${oids.first},sub`], { cwd: directory });
  commit('submodule', 1_700_000_600, {});
  run(['update-ref', 'refs/remotes/origin/main', 'topic'], { cwd: directory });
  run(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main'], { cwd: directory });
  run(['repack', '-adq'], { cwd: directory });
  oids.tree = run(['rev-parse', 'main^{tree}'], { cwd: directory });
  oids.blob = run(['rev-parse', 'main:a.txt'], { cwd: directory });
  oids.tag = run(['rev-parse', 'annotated'], { cwd: directory });
});

afterAll(() => removeDirectory(directory));

/** What a function came to: its value, or the code and data of its error. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, data, caller } = error as { code?: unknown; data?: unknown; caller?: unknown };
    return { code, data, caller };
  }
}

const { log, listFiles, readBlob, readTree, readCommit, resolveRef, walk, writeBlob, writeTree } = compat;
const OURS = { log, listFiles, readBlob, readTree, readCommit, resolveRef, walk, writeBlob, writeTree };

async function both(name: keyof typeof OURS, args: Record<string, unknown>): Promise<unknown> {
  const theirs = await outcome((git[name] as (args: unknown) => Promise<unknown>)({ fs, gitdir, ...args }));
  const call = OURS[name] as (args: unknown) => Promise<unknown>;
  const ours = await outcome(call({ fs: nodeFs, gitdir, ...args }));
  expect(plain(ours)).toEqual(plain(theirs));
  return ours;
}

/** Buffers of theirs as what they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

describe('beside isomorphic-git', () => {
  test.each([
    [{}],
    [{ ref: 'topic' }],
    [{ ref: 'annotated' }],
    [{ depth: 3 }],
    [{ depth: 1, ref: 'light' }],
    [{ since: new Date(1_700_000_250_000) }],
    [{ since: new Date(1_700_000_100_500), depth: 2 }],
    [{ filepath: 'a.txt' }],
    [{ filepath: 'dir' }],
    [{ filepath: 'dir/b.txt' }],
    [{ filepath: 'dir/deep/ü.txt' }],
    [{ filepath: 'topic.txt' }],
    [{ filepath: 'a.txt', depth: 1 }],
    [{ filepath: 'a.txt', depth: 2 }],
    [{ filepath: 'dir.txt' }],
    [{ filepath: 'dir.txt', force: true }],
    [{ filepath: 'topic.txt', force: true }],
    [{ filepath: 'no-such' }],
    [{ filepath: 'no-such', force: true }],
    [{ filepath: '/a.txt' }],
    [{ author: 'a u' }],
    [{ author: 'nobody' }],
    [{ ref: 'no-such' }],
  ])('log %j', async (args) => {
    const found = await both('log', args);
    if (Object.keys(args).length === 0) expect(found).toHaveLength(9);
  });

  test.each(['HEAD', 'main', 'topic', 'annotated', 'light', 'no-such'])('listFiles %s', async (ref) => {
    await both('listFiles', { ref });
  });

  test.each([
    ['blob', undefined],
    ['first', 'a.txt'],
    ['second', 'dir/deep/ü.txt'],
    ['tag', 'a.txt'],
    ['tree', 'dir/b.txt'],
    ['submodule', 'link'],
    ['submodule', 'dir'],
    ['submodule', 'no-such'],
    ['submodule', 'a.txt/below'],
    ['submodule', 'dir/'],
    ['submodule', undefined],
    ['missing', undefined],
  ])('readBlob of %s, %s', async (name, filepath) => {
    oids.missing = '0123456789012345678901234567890123456789';
    await both('readBlob', { oid: oids[name], ...(filepath !== undefined && { filepath }) });
  });

  test.each(['tag', 'submodule', 'tree', 'first'])('readTree of %s', async (name) => {
    await both('readTree', { oid: oids[name] });
    await both('readTree', { oid: oids[name], filepath: 'dir' });
  });

  test.each(['tag', 'first', 'submodule', 'blob', 'tree'])('readCommit of %s', async (name) => {
    await both('readCommit', { oid: oids[name] });
  });

  test.each([
    'HEAD',
    'main',
    'heads/topic',
    'refs/heads/topic',
    'annotated',
    'light',
    'origin',
    'origin/main',
    'remotes/origin/HEAD',
    'no-such',
    'config',
    '0123456789012345678901234567890123456789',
  ])('resolveRef %s, at each depth', async (ref) => {
    await both('resolveRef', { ref });
    for (const depth of [1, 2, 3, 4]) await both('resolveRef', { ref, depth });
  });

  test.each(['readCommit', 'readBlob', 'readTree'] as const)('%s of what is no id fails alike', async (name) => {
    for (const oid of ['main', 'HEAD', '', 'abc', '../x', 'A'.repeat(40), '0'.repeat(64), undefined]) {
      await both(name, { oid });
      if (name !== 'readCommit') await both(name, { oid, filepath: 'a.txt' });
    }
  });

  test.each(['resolveRef', 'writeBlob', 'writeTree', 'walk'] as const)(
    '%s without what it needs fails alike',
    async (name) => {
      const theirs = await outcome((git[name] as (args: unknown) => Promise<unknown>)({ fs, gitdir }));
      expect(theirs).toMatchObject({ code: 'MissingParameterError' });
      const call = OURS[name] as (args: unknown) => Promise<unknown>;
      expect(await outcome(call({ fs: nodeFs, gitdir }))).toEqual(theirs);
      expect(await outcome(call({ fs: createMemoryRepository() }))).toEqual(theirs);
    },
  );

  test('walk over trees, as it is and with map, reduce and iterate', async () => {
    type Answer = [string, ...(string | null)[]];
    const describeEntry = async (entry: compat.WalkerEntry | null): Promise<string | null> => {
      if (entry === null) return null;
      const content = await entry.content();
      const text = content === undefined ? '' : Buffer.from(content).toString('hex');
      return `${await entry.type()} ${(await entry.mode()).toString(8)} ${await entry.oid()} ${text}`;
    };
    const map = async (path: string, entries: (compat.WalkerEntry | null)[]): Promise<Answer | null> => {
      if (path === 'dir/deep') return null;
      return [path, ...(await Promise.all(entries.map(describeEntry)))];
    };
    const asked = { map };
    const withReduce = {
      map,
      reduce: async (parent: Answer | undefined, children: unknown[]) => ({ path: parent?.[0], children }),
      iterate: async (walk: (child: never) => Promise<unknown>, children: Iterable<unknown>) => {
        const found: unknown[] = [];
        for (const child of children) found.unshift(await walk(child as never));
        return found;
      },
    };
    for (const how of [asked, withReduce]) {
      for (const refs of [['main'], ['main', 'topic'], ['annotated', 'light', 'HEAD'], [oids.first as string]]) {
        const trees = refs.map((ref) => git.TREE({ ref }));
        const theirs = await git.walk({ fs, gitdir, trees, ...(how as object) });
        const ours = await compat.walk({
          fs: nodeFs,
          gitdir,
          trees: refs.map((ref) => compat.TREE({ ref })),
          ...(how as { map: typeof map }),
        });
        expect(ours).toEqual(theirs);
      }
    }
    const entries = await compat.walk({ fs: nodeFs, gitdir, trees: [compat.TREE()] });
    expect(entries.flat()).toHaveLength((await git.walk({ fs, gitdir, trees: [git.TREE()] })).flat().length);
  });

  test('a walk over what is not there fails alike', async () => {
    const theirs = await outcome(git.walk({ fs, gitdir, trees: [git.TREE({ ref: 'no-such' })] }));
    const ours = await outcome(compat.walk({ fs: nodeFs, gitdir, trees: [compat.TREE({ ref: 'no-such' })] }));
    expect(ours).toEqual(theirs);
  });

  test('over the file system that isomorphic-git is given', async () => {
    const ours = await compat.listFiles({ fs, dir: directory, ref: 'main' });
    expect(ours).toEqual(await git.listFiles({ fs, dir: directory, ref: 'main' }));
  });

  test('what needs an index or a rename says so', async () => {
    await expect(compat.listFiles({ fs: nodeFs, gitdir })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(compat.log({ fs: nodeFs, gitdir, follow: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
