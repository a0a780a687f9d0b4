import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUtf8, FileMode, type Oid } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { git, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { type FileRepository, materializeDirectory } from '../../src/node/index.js';
import { editTree } from '../../src/tree-edit.js';
import { openForTest } from '../engines/file/open.js';

const MEGABYTE = 1 << 20;

async function open(): Promise<{ repository: FileRepository; cwd: string; folder: string }> {
  const folder = temporaryDirectory('materialize');
  const cwd = initBare(join(folder, 'project.git'));
  return { repository: await openForTest(cwd, { durability: 'none' }), cwd, folder };
}

async function write(
  { objects }: FileRepository,
  files: Readonly<Record<string, readonly [mode: number, body: Uint8Array | string]>>,
): Promise<Oid> {
  const edits = [];
  for (const [path, [mode, body]] of Object.entries(files)) {
    const oid = await objects.write({ kind: 'blob', body: typeof body === 'string' ? encodeUtf8(body) : body });
    edits.push({ path: path.split('/').map((part) => Buffer.from(part, 'latin1')), entry: { mode, oid } });
  }
  const edited = await editTree(objects, undefined, edits);
  if (edited.status === 'conflict') throw new Error('no such tree');
  await objects.writeMany(edited.objects);
  return edited.treeOid;
}

describe('a tree becomes a directory', () => {
  test('in which git finds the same tree', async () => {
    const { repository, cwd, folder } = await open();
    const big = Uint8Array.from({ length: 5 * MEGABYTE }, (_, at) => (at * at) >> 7);
    const treeOid = await write(repository, {
      a: [FileMode.regular, 'text\n'],
      'd/e/run': [FileMode.executable, '#!/bin/sh\n'],
      'd/link': [FileMode.symlink, '../a'],
      dangling: [FileMode.symlink, '/nowhere/at all'],
      'with space/latin-\xe4': [FileMode.regular, 'x'],
      empty: [FileMode.regular, ''],
      big: [FileMode.regular, big],
    });
    const target = join(folder, 'out');
    const summary = await materializeDirectory(repository.objects, treeOid, target);
    expect(summary).toMatchObject({ directories: 3, files: 5, symlinks: 2 });
    const env = { GIT_INDEX_FILE: join(folder, 'index'), GIT_DIR: cwd, GIT_WORK_TREE: target };
    git(['add', '-A', '.'], { cwd: target, env });
    expect(git(['write-tree'], { cwd: target, env })).toBe(treeOid);
    expect(readdirSync(folder).sort()).toEqual(['index', 'out', 'project.git']);
  });

  test('in the place of an empty one', async () => {
    const { repository, folder } = await open();
    const treeOid = await write(repository, { a: [FileMode.regular, 'text'] });
    mkdirSync(join(folder, 'out'));
    await materializeDirectory(repository.objects, treeOid, join(folder, 'out'));
    expect(readFileSync(join(folder, 'out/a'), 'utf8')).toBe('text');
  });

  test.each<[what: string, make: (path: string) => void, fsCode: string]>([
    ['a directory that is not empty', (path) => mkdirSync(join(path, 'something'), { recursive: true }), 'ENOTEMPTY'],
    ['a file', (path) => writeFileSync(path, ''), 'EEXIST'],
    ['a link to a directory', (path) => symlinkSync('.', path), 'EEXIST'],
    ['a link to nothing', (path) => symlinkSync('nowhere', path), 'EEXIST'],
  ])('but not in the place of %s', async (_what, make, fsCode) => {
    const { repository, folder } = await open();
    const treeOid = await write(repository, { a: [FileMode.regular, 'text'] });
    make(join(folder, 'out'));
    const before = readdirSync(folder);
    await expect(materializeDirectory(repository.objects, treeOid, join(folder, 'out'))).rejects.toMatchObject({
      fsCode,
    });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('beside what is there, where that is asked for', async () => {
    const { repository, folder } = await open();
    const treeOid = await write(repository, { 'd/a': [FileMode.regular, 'new'], l: [FileMode.symlink, 'd/a'] });
    const out = join(folder, 'out');
    mkdirSync(join(out, 'd'), { recursive: true });
    writeFileSync(join(out, 'd/b'), 'old');
    await materializeDirectory(repository.objects, treeOid, out, { allowNonEmpty: true });
    expect(readFileSync(join(out, 'd/a'), 'utf8')).toBe('new');
    expect(readFileSync(join(out, 'd/b'), 'utf8')).toBe('old');
    expect(readlinkSync(join(out, 'l'))).toBe('d/a');
  });

  test.each<[what: string, make: (out: string, outside: string) => void]>([
    ['over a file', (out) => writeFileSync(join(out, 'x'), 'old')],
    ['through a link to a file', (out, outside) => symlinkSync(join(outside, 'secret'), join(out, 'x'))],
    ['through a link to nothing', (out, outside) => symlinkSync(join(outside, 'new'), join(out, 'x'))],
    ['through a link to a directory', (out, outside) => symlinkSync(outside, join(out, 'd'))],
    ['below a file', (out) => writeFileSync(join(out, 'd'), 'old')],
  ])('never %s', async (_what, make) => {
    const { repository, folder } = await open();
    const treeOid = await write(repository, { 'd/secret': [FileMode.regular, 'new'], x: [FileMode.regular, 'new'] });
    const [out, outside] = [join(folder, 'out'), join(folder, 'outside')];
    for (const path of [out, outside]) mkdirSync(path);
    writeFileSync(join(outside, 'secret'), 'secret');
    make(out, outside);
    await expect(materializeDirectory(repository.objects, treeOid, out, { allowNonEmpty: true })).rejects.toMatchObject(
      { code: 'IO_FAILED', fsCode: 'EEXIST' },
    );
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  test('without links, where they are not wanted', async () => {
    const { repository, folder } = await open();
    const treeOid = await write(repository, { l: [FileMode.symlink, '/etc/passwd'] });
    const out = join(folder, 'out');
    await materializeDirectory(repository.objects, treeOid, out, { symlinks: 'files' });
    expect(lstatSync(join(out, 'l')).isFile()).toBe(true);
    expect(readFileSync(join(out, 'l'), 'utf8')).toBe('/etc/passwd');
  });

  test('or leaves nothing', async () => {
    const { repository, cwd, folder } = await open();
    const blob = git(['hash-object', '-w', '--stdin'], { cwd, input: 'x' });
    const input = `100644 blob ${blob}\ta\n100644 blob ${'1'.repeat(40)}\tb\n`;
    const treeOid = new TextDecoder().decode(gitBytes(['mktree', '--missing'], { cwd, input })).trim() as Oid;
    const before = readdirSync(folder);
    await expect(materializeDirectory(repository.objects, treeOid, join(folder, 'out'))).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
    expect(readdirSync(folder)).toEqual(before);
  });
});
