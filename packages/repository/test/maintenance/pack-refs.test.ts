import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { openFileRepository } from '../../src/engines/file/index.js';
import { packRefs } from '../../src/maintenance/pack-refs.js';
import { type FileRepositoryOptions, nodeFs, openRepository } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { filesBelow } from '../support/engines.js';
import { assertSound, listing, makeRepository } from './support.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 50 };

/** What stands in packed-refs, and which files below refs/ are left. */
function state(directory: string): { packed: string; loose: string[] } {
  const path = join(directory, 'packed-refs');
  return {
    packed: existsSync(path) ? readFileSync(path, 'utf8') : '',
    loose: filesBelow(join(directory, 'refs')).map((file) => file.slice(directory.length)),
  };
}

describe.each(['sha1', 'sha256'] as const)('packRefs (%s)', (format) => {
  test.each([
    [[], {}],
    [['--all'], { all: true }],
    [['--all', '--no-prune'], { all: true, prune: false }],
    [['--no-prune'], { prune: false }],
  ] as const)('leaves what git pack-refs %s leaves', async (args, options) => {
    const root = temporaryDirectory();
    const theirs = makeRepository(join(root, 'theirs.git'), format);
    const ours = join(root, 'ours.git');
    cpSync(theirs, ours, { recursive: true });
    for (const round of [1, 2]) {
      git(['pack-refs', ...args], { cwd: theirs });
      const repository = await openRepository(ours, FAST);
      await packRefs(repository, options);
      await repository.close();
      expect(state(ours)).toEqual(state(theirs));
      for (const cwd of [ours, theirs]) {
        git(['update-ref', `refs/heads/round-${round}`, 'main'], { cwd });
        git(['update-ref', 'refs/heads/main', 'main~1'], { cwd });
        git(['tag', `t${round}`, 'main'], { cwd });
      }
    }
    assertSound(ours);
  });

  test('adds what an old git left out of the file', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'), format);
    git(['pack-refs', '--all'], { cwd: directory });
    const expected = state(directory);
    const old = expected.packed.replace(/^#.*\n/, '').replace(/^\^.*\n/gm, '');
    writeFileSync(join(directory, 'packed-refs'), old);
    await packRefs(await openForTest(directory, FAST), { all: true });
    expect(state(directory)).toEqual(expected);
  });
});

describe('packRefs', () => {
  test('tells what it did, and in a dry run what it would do, and does not', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const repository = await openForTest(directory, FAST);
    const before = listing(directory);
    const foretold = await packRefs(repository, { all: true, dryRun: true });
    expect(listing(directory)).toEqual(before);
    expect(foretold.packed).toContain('refs/heads/deep/er/branch');
    expect(foretold.packed).not.toContain('refs/remotes/origin/HEAD');
    expect(await packRefs(repository, { all: true })).toEqual(foretold);
    expect(await packRefs(repository, { all: true })).toEqual({ packed: [], pruned: [] });
  });

  test('leaves a ref alone that is locked, or moves while it is packed', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    writeFileSync(join(directory, 'refs/heads/main.lock'), '');
    const other = git(['rev-parse', 'refs/heads/other~2'], { cwd: directory });
    let moved = false;
    // As soon as packed-refs is in its place, another process moves a ref.
    const fs = {
      ...nodeFs,
      async rename(from: string, to: string): Promise<void> {
        await nodeFs.rename(from, to);
        if (!to.endsWith('/packed-refs') || moved) return;
        moved = true;
        git(['update-ref', 'refs/heads/other', other], { cwd: directory });
      },
    };
    const repository = await openFileRepository(fs, directory, FAST);
    const { packed, pruned } = await packRefs(repository, { all: true });
    expect(moved).toBe(true);
    expect(packed.filter((name) => !pruned.includes(name))).toEqual(['refs/heads/main', 'refs/heads/other']);
    expect(git(['rev-parse', 'refs/heads/other'], { cwd: directory })).toBe(other);
    await repository.close();
  });

  test('keeps a ref that is deleted and made again with the same value meanwhile', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const value = git(['rev-parse', 'refs/heads/other'], { cwd: directory });
    let done = false;
    const fs = {
      ...nodeFs,
      async unlink(path: string): Promise<void> {
        await nodeFs.unlink(path);
        if (!path.endsWith('/packed-refs.lock') || done) return;
        done = true;
        git(['update-ref', '-d', 'refs/heads/other'], { cwd: directory });
        git(['update-ref', 'refs/heads/other', value], { cwd: directory });
      },
    };
    const repository = await openFileRepository(fs, directory, FAST);
    // git asks for packed-refs.lock, which is free again then.
    await packRefs(repository, { all: true });
    await repository.close();
    expect(done).toBe(true);
    expect(git(['rev-parse', 'refs/heads/other'], { cwd: directory })).toBe(value);
  });

  test('waits for packed-refs, and gives up with REF_LOCKED', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    writeFileSync(join(directory, 'packed-refs.lock'), '');
    const before = listing(directory);
    const repository = await openForTest(directory, FAST);
    await expect(packRefs(repository, { all: true })).rejects.toMatchObject({ code: 'REF_LOCKED' });
    await repository.close();
    expect(listing(directory)).toEqual(before);
  });

  test('leaves nothing behind after an abort', async () => {
    const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
    const before = listing(directory);
    const repository = await openForTest(directory, FAST);
    await expect(packRefs(repository, { all: true, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
    expect(listing(directory)).toEqual(before);
  });

  test('of a repository without refs has nothing to do', async () => {
    const directory = initBare(join(temporaryDirectory(), 'r.git'));
    const repository = await openForTest(directory, FAST);
    expect(await packRefs(repository, { all: true })).toEqual({ packed: [], pruned: [] });
    git(['for-each-ref'], { cwd: directory });
  });
});
