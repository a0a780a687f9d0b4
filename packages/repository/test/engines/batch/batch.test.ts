import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Oid } from '@git-kv/objects';
import { type BatchedRepository, batchWrites, fsck, type Repository } from '@git-kv/repository';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../../test/support/git.js';
import { blob, collect, writeCommit } from '../../support/objects.js';

const MAIN = 'refs/heads/main';

/** A repository on disk in which nothing goes out by itself. */
async function open(options = { maxDelayMs: 2 ** 30 }): Promise<{ directory: string; batch: BatchedRepository }> {
  const directory = join(temporaryDirectory(), 'r.git');
  return { directory, batch: batchWrites(await initRepository(directory), options) };
}

async function commits(repository: Repository, count: number): Promise<Oid> {
  let head: Oid | undefined;
  for (let at = 0; at < count; at++) {
    const next = await writeCommit(repository.objects, { files: { a: `${at}` }, parents: head ? [head] : [] });
    const outcome = await repository.refs.update(
      [{ name: MAIN, expected: head ? { oid: head } : null, next: { oid: next } }],
      { reflog: { name: 'A', email: 'a@example.com', message: `commit ${at}` } },
    );
    expect(outcome.status).toBe('updated');
    head = next;
  }
  return head as Oid;
}

/** Packs and their idx. */
function objectFiles(directory: string): string[] {
  return readdirSync(join(directory, 'objects'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.'),
  );
}

describe('a batch of writes', () => {
  test('is seen by its own repository at once, and by git when it went out', async () => {
    const { directory, batch } = await open();
    const head = await commits(batch, 50);
    expect(await batch.refs.read(MAIN)).toEqual({ oid: head });
    expect((await batch.objects.read(head))?.kind).toBe('commit');
    expect(git(['for-each-ref'], { cwd: directory })).toBe('');
    expect(objectFiles(directory)).toEqual([]);

    await batch.sync();
    expect(git(['rev-parse', 'main'], { cwd: directory })).toBe(head);
    expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('50');
    expect(objectFiles(directory)).toHaveLength(2);
    expect(git(['fsck', '--strict', '--full'], { cwd: directory })).toBe('');
    expect(await collect(fsck(batch))).toEqual([]);
    await batch.close();
  });

  test('takes in nothing after close', async () => {
    const { batch } = await open();
    const oid = await batch.objects.write(blob('before'));
    await batch.close();
    await expect(batch.objects.write(blob('after'))).rejects.toThrow(
      new TypeError('Cannot write: the repository is closed'),
    );
    await expect(batch.refs.update([{ name: MAIN, next: { oid } }])).rejects.toThrow(TypeError);
  });

  test('goes out with close, and as one line of a log', async () => {
    const { directory, batch } = await open();
    git(['config', 'core.logAllRefUpdates', 'true'], { cwd: directory });
    await batch.close();
    const again = batchWrites(await openRepository(directory));
    const head = await commits(again, 3);
    await again.close();
    const log = readFileSync(join(directory, 'logs', MAIN), 'utf8');
    expect(log.trim().split('\n')).toHaveLength(1);
    expect(log).toContain(`${'0'.repeat(40)} ${head} A <a@example.com>`);
    expect(log).toContain('commit 2');
  });

  test('goes out by itself after a while, and when much waits', async () => {
    const { directory, batch } = await open({ maxDelayMs: 1 });
    await batch.objects.write(blob('soon'));
    for (let round = 0; round < 10_000 && git(['count-objects'], { cwd: directory }).startsWith('0 '); round++) {
      await setImmediate();
    }
    expect(git(['count-objects'], { cwd: directory })).toMatch(/^1 objects/);
    await batch.close();

    const full = batchWrites(await openRepository(directory), { maxDelayMs: 2 ** 30, maxBytes: 1000 });
    await full.objects.write(blob('x'.repeat(2000)));
    expect(git(['count-objects'], { cwd: directory })).toMatch(/^2 objects/);
    await full.close();
  });

  test('is lost, and says so, where somebody else moved one of its refs', async () => {
    const { directory, batch } = await open();
    const first = await commits(batch, 1);
    await batch.sync();
    const second = await writeCommit(batch.objects, { files: { a: 'ours' }, parents: [first] });
    await batch.refs.update([{ name: MAIN, next: { oid: second } }]);
    const theirs = git(['commit-tree', '-p', first, '-m', 'theirs', `${first}^{tree}`], { cwd: directory });
    git(['update-ref', MAIN, theirs], { cwd: directory });

    await expect(batch.sync()).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    await expect(batch.objects.write(blob('more'))).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    await expect(batch.sync()).rejects.toMatchObject({ code: 'REF_CONFLICT' });
    expect(git(['rev-parse', 'main'], { cwd: directory })).toBe(theirs);
    expect(git(['fsck', '--strict', '--no-dangling'], { cwd: directory })).toBe('');
    await expect(batch.close()).rejects.toMatchObject({ code: 'REF_CONFLICT' });
  });

  test('may delete a ref and use its name as a directory', async () => {
    const { directory, batch } = await open();
    const oid = await commits(batch, 1);
    await batch.sync();
    await batch.refs.update([{ name: MAIN, next: null }]);
    expect(await batch.refs.update([{ name: `${MAIN}/below`, next: { oid } }])).toMatchObject({ status: 'updated' });
    await batch.close();
    expect(existsSync(join(directory, MAIN, 'below'))).toBe(true);
  });

  test('waits on where the storage fails, and goes out when it is asked again', async () => {
    const { directory, batch: whole } = await open();
    await whole.close();
    const base = await openRepository(directory);
    let fails = true;
    const writeMany = base.objects.writeMany.bind(base.objects);
    base.objects.writeMany = async (objects) => {
      if (fails) throw new Error('the disk is full');
      return writeMany(objects);
    };
    const batch = batchWrites(base, { maxDelayMs: 2 ** 30 });
    const head = await commits(batch, 2);
    await expect(batch.sync()).rejects.toThrow('the disk is full');
    expect((await batch.objects.read(head))?.kind).toBe('commit');
    await expect(batch.objects.write(blob('more'))).rejects.toMatchObject({ code: 'IO_FAILED' });
    fails = false;
    await batch.sync();
    expect(git(['rev-parse', 'main'], { cwd: directory })).toBe(head);
    await batch.close();
  });
});
