import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommit, buildIdentity, FileMode, hashObject, type Oid, sha1, TreeBuilder } from '@git-kv/objects';
import { expect, test } from 'vitest';
import { git, gitAsync, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { FileRepository } from '../../../src/node/index.js';
import { openForTest } from './open.js';

const SECONDS = process.env.GIT_KV_SLOW === '1' ? 120 : 20;
const SHARED = 'refs/heads/shared';
const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1_700_000_000 });

/** Write a commit on top of `parent`, whose one file says who made it. */
async function commit(repository: FileRepository, parent: Oid | undefined, message: string): Promise<Oid> {
  const blob = { kind: 'blob', body: new TextEncoder().encode(message) } as const;
  const tree = {
    kind: 'tree',
    body: new TreeBuilder(sha1).set('file', FileMode.regular, hashObject(sha1, 'blob', blob.body)).build(),
  } as const;
  const body = buildCommit({
    treeOid: hashObject(sha1, 'tree', tree.body),
    parentOids: parent === undefined ? [] : [parent],
    author,
    committer: author,
    message,
  });
  const oids = await repository.objects.writeMany([blob, tree, { kind: 'commit', body }]);
  return oids[2] as Oid;
}

/** Add a commit to a branch that others add to as well, until it is in. */
async function append(repository: FileRepository, name: string, message: string): Promise<Oid> {
  for (;;) {
    const value = await repository.refs.read(name);
    const parent = value && 'oid' in value ? value.oid : undefined;
    if (parent !== undefined) {
      const found = await repository.objects.read(parent);
      expect(found?.kind).toBe('commit');
    }
    const next = { oid: await commit(repository, parent, message) };
    const outcome = await repository.refs.update([{ name, expected: value ?? null, next }]);
    if (outcome.status === 'updated') return next.oid;
  }
}

test('four writers of ours and four of git lose nothing to each other', {
  timeout: (SECONDS + 120) * 1000,
}, async () => {
  const directory = initBare(join(temporaryDirectory(), 'shared.git'));
  const options = { durability: 'none', lockTimeoutMs: 20_000 } as const;
  const stores = await Promise.all([0, 1, 2, 3].map(() => openForTest(directory, options)));
  const acknowledged = new Map<string, Oid[]>();
  const record = (name: string, oid: Oid): void =>
    void acknowledged.set(name, [...(acknowledged.get(name) ?? []), oid]);
  const end = Date.now() + SECONDS * 1000;
  const isOver = (): boolean => Date.now() > end;
  record(SHARED, await append(stores[0] as FileRepository, SHARED, 'first'));

  const ours = stores.map(async (store, at) => {
    for (let round = 0; !isOver(); round++) {
      const name = round % 2 === 0 ? SHARED : `refs/heads/own/${at}`;
      record(name, await append(store, name, `store ${at} round ${round}`));
    }
  });
  const theirs = [
    commitByGit(directory, isOver, (oid) => record(SHARED, oid)),
    pushByGit(directory, isOver, (oid) => record(SHARED, oid)),
    upkeepByGit(directory, isOver, [['gc', '-q']]),
    upkeepByGit(directory, isOver, [
      ['pack-refs', '--all'],
      ['repack', '-dq'],
      ['pack-refs', '--all', '--prune'],
      ['repack', '-adq'],
    ]),
  ];
  // All of them end before the first failure is told, or git would work in a directory that is gone.
  for (const result of await Promise.allSettled([...ours, ...theirs])) {
    if (result.status === 'rejected') throw result.reason;
  }
  for (const store of stores) await store.close();

  expect([...acknowledged.keys()].sort()).toEqual([
    'refs/heads/own/0',
    'refs/heads/own/1',
    'refs/heads/own/2',
    'refs/heads/own/3',
    SHARED,
  ]);
  for (const [name, oids] of acknowledged) {
    const history = new Set(git(['rev-list', name], { cwd: directory }).split('\n'));
    expect([name, oids.filter((oid) => !history.has(oid))]).toEqual([name, []]);
    // Nobody else wrote.
    expect(history.size).toBe(oids.length);
  }
  git(['fsck', '--strict', '--full'], { cwd: directory });
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  expect(files.filter((path) => /\.lock$|tmp_/.test(path))).toEqual([]);
});

/** Commits on top of the shared branch, by git commit-tree and update-ref. */
async function commitByGit(directory: string, isOver: () => boolean, done: (oid: Oid) => void): Promise<void> {
  const run = (args: readonly string[]) => gitAsync(args, { cwd: directory });
  const tree = (await run(['mktree'])).stdout.trim();
  for (let round = 0; !isOver(); round++) {
    const old = (await run(['rev-parse', '-q', '--verify', SHARED])).stdout.trim();
    const made = (await run(['commit-tree', tree, '-p', old, '-m', `git round ${round}`])).stdout.trim();
    if ((await run(['update-ref', SHARED, made, old])).code === 0) done(made);
  }
}

/** Commits in a clone, and pushes of them; a push that somebody else was ahead of is made anew. */
async function pushByGit(directory: string, isOver: () => boolean, done: (oid: Oid) => void): Promise<void> {
  const clone = initBare(join(temporaryDirectory(), 'clone.git'));
  const run = (args: readonly string[]) => gitAsync(args, { cwd: clone });
  const tree = (await run(['mktree'])).stdout.trim();
  for (let round = 0; !isOver(); round++) {
    if ((await run(['fetch', '-q', directory, `+${SHARED}:refs/heads/base`])).code !== 0) continue;
    const made = await run(['commit-tree', tree, '-p', 'refs/heads/base', '-m', `push ${round}`]);
    const oid = made.stdout.trim();
    if ((await run(['push', '-q', directory, `${oid}:${SHARED}`])).code === 0) done(oid);
  }
}

/**
 * Before refs are packed one more comes to be, so that packed-refs never has a size twice. git takes a file of the same size, second
 * and inode number for the one that it has read, and then moves a ref whose value it does not know: it loses updates of its own
 * processes in this way, one in some seven hundred where refs are packed without a pause.
 */
async function upkeepByGit(directory: string, isOver: () => boolean, jobs: readonly string[][]): Promise<void> {
  for (let at = 0; !isOver(); at++) {
    const job = jobs[at % jobs.length] as string[];
    if (job[0] === 'pack-refs') await gitAsync(['update-ref', `refs/packings/${at}`, SHARED], { cwd: directory });
    await gitAsync(job, { cwd: directory });
  }
}
