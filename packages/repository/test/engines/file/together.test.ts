import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommit, buildIdentity, FileMode, hashObject, type Oid, sha1, TreeBuilder } from '@git-kv/objects';
import { expect, test } from 'vitest';
import { git, gitAsync, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import type { FileRepository } from '../../../src/node/index.js';
import { openForTest } from './open.js';

const ROUNDS = 12;
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
    if (parent !== undefined) expect((await repository.objects.read(parent))?.kind).toBe('commit');
    const next = { oid: await commit(repository, parent, message) };
    const outcome = await repository.refs.update([{ name, expected: value ?? null, next }]);
    if (outcome.status === 'updated') return next.oid;
  }
}

test('writers of ours and git, with gc, repack and pack-refs among them, lose nothing to each other', async () => {
  const directory = initBare(join(temporaryDirectory(), 'shared.git'));
  const options = { durability: 'none', lockTimeoutMs: 20_000 } as const;
  const stores = await Promise.all([openForTest(directory, options), openForTest(directory, options)]);
  const run = (args: readonly string[], input?: string) => gitAsync(args, { cwd: directory, ...(input && { input }) });
  const acknowledged = new Map<string, Oid[]>();
  const record = (name: string, oid: Oid): void =>
    void acknowledged.set(name, [...(acknowledged.get(name) ?? []), oid]);

  const ours = stores.flatMap((store, at) =>
    [`refs/heads/own/${at}`, 'refs/heads/shared'].map(async (name) => {
      for (let round = 0; round < ROUNDS; round++)
        record(name, await append(store, name, `store ${at} round ${round}`));
    }),
  );
  const theirs = (async () => {
    const tree = (await run(['mktree'])).stdout.trim();
    for (let round = 0; round < ROUNDS; ) {
      const old = (await run(['rev-parse', '-q', '--verify', 'refs/heads/shared'])).stdout.trim();
      const parent = old === '' ? [] : ['-p', old];
      const made = (await run(['commit-tree', tree, ...parent, '-m', `git round ${round}`])).stdout.trim();
      const { code } = await run(['update-ref', 'refs/heads/shared', made, old === '' ? '0'.repeat(40) : old]);
      if (code !== 0) continue;
      record('refs/heads/shared', made);
      round++;
    }
  })();
  let working = true;
  const upkeep = (async () => {
    const jobs = [
      ['gc', '-q'],
      ['pack-refs', '--all'],
      ['repack', '-adq'],
      ['pack-refs', '--all', '--prune'],
    ];
    for (let at = 0; working; at++) await run(jobs[at % jobs.length] as string[]);
  })();
  try {
    await Promise.all([...ours, theirs]);
  } finally {
    working = false;
    await upkeep;
  }

  for (const [name, oids] of acknowledged) {
    const history = git(['rev-list', name], { cwd: directory }).split('\n');
    expect([name, oids.filter((oid) => !history.includes(oid))]).toEqual([name, []]);
  }
  expect(acknowledged.get('refs/heads/shared')).toHaveLength(3 * ROUNDS);
  git(['fsck', '--strict', '--full'], { cwd: directory });
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  expect(files.filter((path) => /\.lock$|tmp_/.test(path))).toEqual([]);
});
