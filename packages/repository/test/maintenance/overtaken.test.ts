import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { expect, onTestFinished, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { Disk } from '../../src/engines/file/disk.js';
import type { Fs } from '../../src/engines/file/fs.js';
import { openFileRepository } from '../../src/engines/file/index.js';
import { writeMultiPackIndexFile } from '../../src/engines/file/multi-pack-index.js';
import { type FileRepository, nodeFs, repack } from '../../src/node/index.js';
import { collect } from '../support/objects.js';
import { allObjects, assertSound, leftovers, makeRepository, packsOf } from './support.js';

type Before = (path: string) => void;

/** The real disk, where `before` is called ahead of every file that is read whole. */
function readingAfter(before: Before): Fs {
  return {
    ...nodeFs,
    async readFile(path) {
      before(path);
      return await nodeFs.readFile(path);
    },
  };
}

async function openAfter(directory: string, before: Before): Promise<FileRepository> {
  const repository = await openFileRepository(readingAfter(before), directory, { durability: 'none' });
  onTestFinished(() => repository.close());
  return repository;
}

function removePack(stem: string): void {
  for (const ending of ['.idx', '.pack', '.rev']) rmSync(stem + ending, { force: true });
}

test('a ref that is packed after the files of refs were listed is among the pointers', async () => {
  const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
  const wanted = git(['for-each-ref', '--format=%(refname)'], { cwd: directory }).split('\n');
  let isPacked = false;
  const repository = await openAfter(directory, (path) => {
    if (isPacked || !path.endsWith('/refs/heads/main')) return;
    isPacked = true;
    git(['pack-refs', '--all', '--prune'], { cwd: directory });
  });
  const pointers = await collect(repository.refs.audit({ logs: false }));
  expect(isPacked).toBe(true);
  const refs = pointers.flatMap((pointer) => (pointer.type === 'ref' ? [pointer] : []));
  expect(refs.filter(({ problem }) => problem !== undefined)).toEqual([]);
  expect(refs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(wanted.filter((name) => !name.endsWith('/HEAD'))),
  );
});

test('a multi-pack-index leaves out a pack that goes between the look at the directory and the look at its idx', async () => {
  const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
  const spare = packsOf(directory)[0]?.replace(/\.pack$/, '') as string;
  // Everything is in one more pack, so that the repository does without the first.
  git(['repack', '-aq'], { cwd: directory });
  let isGone = false;
  const fs = readingAfter((path) => {
    if (isGone || !path.endsWith(`${spare}.idx`)) return;
    isGone = true;
    removePack(join(directory, 'objects/pack', spare));
  });
  const report = await writeMultiPackIndexFile(new Disk(fs, 'none'), join(directory, 'objects'), {
    algorithm: hashAlgorithm('sha1'),
  });
  expect([isGone, report.status]).toEqual([true, 'written']);
  git(['multi-pack-index', 'verify'], { cwd: directory });
  assertSound(directory);
});

test('where another repack removes the new pack, nothing is removed', async () => {
  const directory = makeRepository(join(temporaryDirectory(), 'r.git'));
  const [packs, objects] = [packsOf(directory), allObjects(directory)];
  const isNew = (path: string): boolean =>
    /\/pack-[0-9a-f]+\.(?:idx|pack)$/.test(path) && !packs.some((name) => path.includes(name.slice(0, -5)));
  let isGone = false;
  const repository = await openAfter(directory, (path) => {
    // The first look at it since it got its name: it is read back.
    if (isGone || !isNew(path)) return;
    isGone = true;
    removePack(path.replace(/\.[a-z]+$/, ''));
  });
  const report = await repack(repository, { mode: 'all', deleteRedundant: true });
  expect(isGone).toBe(true);
  expect([report.removedPacks, report.removedLoose]).toEqual([[], []]);
  expect(packsOf(directory)).toEqual(packs);
  expect(allObjects(directory)).toBe(objects);
  assertSound(directory);
  expect(leftovers(directory)).toEqual([]);
});
