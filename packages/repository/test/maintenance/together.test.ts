import { join } from 'node:path';
import { isGitError, type Oid } from '@git-kv/objects';
import { expect, test } from 'vitest';
import { git, gitAsync, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { fsCode } from '../../src/engines/file/fs.js';
import { collectGarbage, type FileRepository, packRefs, repack } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { writeCommit } from '../support/objects.js';
import { assertSound, leftovers } from './support.js';

const ROUNDS = 20;

/** Upkeep that is to have happened meanwhile, and how long it is waited for. */
const COLLECTIONS = 5;
const PATIENCE_MS = 10_000;

/** Commit on top of a branch that others commit to as well, until it is in. */
async function append(repository: FileRepository, name: string, text: string): Promise<Oid> {
  for (;;) {
    const value = await repository.refs.read(name);
    const parents = value && 'oid' in value ? [value.oid] : [];
    for (const oid of parents) expect(await repository.objects.read(oid)).toBeDefined();
    const oid = await writeCommit(repository.objects, {
      files: { file: text, 'same/for': 'all' },
      parents,
      message: text,
    });
    const outcome = await repository.refs.update([{ name, expected: value ?? null, next: { oid } }]);
    if (outcome.status === 'updated') return oid;
  }
}

function isOvertaken(error: unknown): boolean {
  return isGitError(error, 'OBJECT_NOT_FOUND') || (isGitError(error, 'IO_FAILED') && fsCode(error) === 'ENOENT');
}

test('writers and readers of ours and git, with gc of both at work among them, lose nothing', async () => {
  const directory = initBare(join(temporaryDirectory(), 'shared.git'));
  const options = { durability: 'none', lockTimeoutMs: 20_000 } as const;
  const [writer, other, collector] = await Promise.all([1, 2, 3].map(() => openForTest(directory, options)));
  const run = (args: readonly string[], input?: string) => gitAsync(args, { cwd: directory, ...(input && { input }) });
  const acknowledged = new Map<string, Oid[]>();
  const record = (name: string, oid: Oid): void =>
    void acknowledged.set(name, [...(acknowledged.get(name) ?? []), oid]);

  const deadline = Date.now() + PATIENCE_MS;
  const collections: string[] = [];
  const goesOn = (round: number): boolean =>
    round < ROUNDS || (collections.length < COLLECTIONS && Date.now() < deadline);

  const ours = [writer, other].flatMap((store, at) =>
    [`refs/heads/own/${at}`, 'refs/heads/shared'].map(async (name) => {
      for (let round = 0; goesOn(round); round++) {
        record(name, await append(store as FileRepository, name, `${at} ${round}`));
        // A branch that comes and goes while refs are packed.
        const brief = `refs/heads/brief/${at}`;
        const oid = acknowledged.get(name)?.at(-1) as Oid;
        if (name !== 'refs/heads/shared')
          await (store as FileRepository).refs.update([{ name: brief, next: round % 2 ? null : { oid } }]);
      }
    }),
  );
  const theirs = (async () => {
    const tree = (await run(['mktree'])).stdout.trim();
    for (let round = 0; goesOn(round); ) {
      const old = (await run(['rev-parse', '-q', '--verify', 'refs/heads/shared'])).stdout.trim();
      const made = (await run(['commit-tree', tree, ...(old && ['-p', old]), '-m', `git ${round}`])).stdout.trim();
      const { code } = await run(['update-ref', 'refs/heads/shared', made, old || '0'.repeat(40)]);
      if (code !== 0) continue;
      record('refs/heads/shared', made);
      round++;
    }
  })();
  // One ref more before refs are packed: packed-refs is never to have a size twice, see the long run of the file engine.
  const padded = (await run(['mktree'])).stdout.trim();
  const pad = (name: string) => run(['update-ref', `refs/packings/${name}`, padded]);
  let working = true;
  const upkeep = (async () => {
    const repository = collector as FileRepository;
    const jobs: (() => Promise<unknown>)[] = [
      () => collectGarbage(repository),
      () => packRefs(repository, { all: true }),
      () => repack(repository, { mode: 'geometric', deleteRedundant: true, multiPackIndex: true }),
      () => repack(repository, { mode: 'all', deleteRedundant: true, unreachable: 'loosen' }),
      () => collectGarbage(repository, { cruft: true }),
      () => repack(repository, { deleteRedundant: true }),
    ];
    for (let at = 0; working; at++) {
      await pad(`ours/${at}`);
      const outcome = await (jobs[at % jobs.length] as () => Promise<unknown>)().then(
        () => 'done',
        // The other gc was quicker, or removed what a repack, which takes no gc.pid, was about to read. git's own repack dies then.
        (error: unknown) =>
          isGitError(error, 'REF_LOCKED') || isOvertaken(error) ? 'overtaken' : Promise.reject(error),
      );
      collections.push(outcome);
    }
  })();
  const theirUpkeep = (async () => {
    for (let at = 0; working; at++) {
      await pad(`theirs/${at}`);
      await run(at % 2 === 0 ? ['gc', '-q'] : ['pack-refs', '--all']);
    }
  })();
  // All of them end before the first failure is told.
  const writers = await Promise.allSettled([...ours, theirs]);
  working = false;
  for (const result of [...writers, ...(await Promise.allSettled([upkeep, theirUpkeep]))]) {
    if (result.status === 'rejected') throw result.reason;
  }

  expect(collections.filter((outcome) => outcome === 'done').length).toBeGreaterThan(2);
  for (const [name, oids] of acknowledged) {
    const history = git(['rev-list', name], { cwd: directory }).split('\n');
    expect(oids.length).toBeGreaterThanOrEqual(ROUNDS);
    expect([name, oids.filter((oid) => !history.includes(oid))]).toEqual([name, []]);
  }
  assertSound(directory);
  expect(leftovers(directory)).toEqual([]);
}, 90_000);
