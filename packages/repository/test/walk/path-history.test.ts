import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { globPattern, parsePathspec, type Repository, RevisionWalk } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeMergedHistory } from '../../../../test/support/merged-history.js';

async function list(
  { objects }: Repository,
  tip: Oid,
  path: string,
  options: { isFullHistory?: boolean; ignoresFilters?: boolean } = {},
): Promise<Oid[]> {
  const walk = await RevisionWalk.open(objects, { include: [tip], paths: [parsePathspec(path)], ...options });
  const rows = await walk.next(1000);
  const oids = rows.map((row) => walk.table.oidAt(row));
  await walk.close();
  return oids;
}

describe.each(['sha1', 'sha256'] as const)('a walk over the history of a path (%s)', (objectFormat) => {
  const root = makeDirectory();
  let directory: string;
  let tip: Oid;
  beforeAll(() => {
    directory = makeMergedHistory(join(root, 'merged.git'), objectFormat);
    git(['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd: directory });
    tip = git(['rev-parse', 'main'], { cwd: directory });
  });
  afterAll(() => removeDirectory(root));

  test.each(['a', 'dir', 'dir/deep/e', 'not/there', '*.txt'])(
    'gives the same with and without filters: %s',
    async (path) => {
      const repository = await openRepository(directory);
      const memory = createMemoryRepository({ algorithm: repository.algorithm });
      for await (const oid of repository.objects.oids()) {
        const object = await repository.objects.read(oid);
        if (object) await memory.objects.write(object);
      }
      for (const isFullHistory of [false, true]) {
        const expected = git(['rev-list', ...(isFullHistory ? ['--full-history'] : []), tip, '--', path], {
          cwd: directory,
        });
        const oids = expected === '' ? [] : expected.split('\n');
        expect(await list(repository, tip, path, { isFullHistory })).toEqual(oids);
        expect(await list(repository, tip, path, { isFullHistory, ignoresFilters: true })).toEqual(oids);
        expect(await list(memory, tip, path, { isFullHistory })).toEqual(oids);
      }
      await repository.close();
    },
  );

  test('is an error where a tree is missing', async () => {
    const repository = await openRepository(directory);
    const memory = createMemoryRepository({ algorithm: repository.algorithm });
    for await (const oid of repository.objects.oids()) {
      const object = await repository.objects.read(oid);
      if (object?.kind === 'commit') await memory.objects.write(object);
    }
    await expect(list(memory, tip, 'a')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    await repository.close();
  });
});

describe('parsePathspec', () => {
  test.each([
    ['dir/file', { path: 'dir/file', isDirectory: false, glob: undefined }],
    ['dir/', { path: 'dir', isDirectory: true, glob: undefined }],
    [':/', { path: '', isDirectory: false, glob: undefined }],
    [':(top)x', { path: 'x', isDirectory: false, glob: undefined }],
    [':(literal)*.c', { path: '*.c', isDirectory: false, glob: undefined }],
    ['src/*.c', { path: 'src/*.c', fixed: 'src/' }],
    ['caf\u00e9', { path: 'caf\xc3\xa9' }],
  ])('reads %s', (text, expected) => {
    expect(parsePathspec(text)).toMatchObject(expected);
  });

  test.each(['', ':!x', ':^x', ':(exclude)x', ':(icase)x', ':(attr:x)y', ':(nonsense)x'])('refuses %j', (text) => {
    expect(() => parsePathspec(text)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

test.each<[glob: string, matching: string[], others: string[]]>([
  ['*.c', ['a.c', 'dir/a.c', '.c'], ['a.h', 'a.c/x']],
  ['a?c', ['abc', 'a/c'], ['ac']],
  ['[a-c]x', ['ax', 'bx'], ['dx']],
  ['[!a-c]x', ['dx', '/x'], ['ax']],
  ['[]-]x', [']x', '-x'], ['ax']],
  ['[[:digit:]]*', ['1', '1a'], ['a1']],
  ['\\*', ['*'], ['a']],
  ['[', [], ['[']],
  ['[z-a]', [], ['z', 'a']],
  ['a\\', [], ['a', 'a\\']],
  ['[[:constructor:]]', [], ['c', ':', ']']],
])('globPattern of %s', (glob, matching, others) => {
  for (const name of matching) expect(globPattern(glob).test(name)).toBe(true);
  for (const name of others) expect(globPattern(glob).test(name)).toBe(false);
});

test('globPattern stops at slashes where it is asked to', () => {
  const matches = (glob: string, name: string): boolean => globPattern(glob, { isPathname: true }).test(name);
  expect(matches('*.c', 'dir/a.c')).toBe(false);
  expect(matches('dir/*.c', 'dir/a.c')).toBe(true);
  expect(matches('**/a.c', 'a.c')).toBe(true);
  expect(matches('**/a.c', 'x/y/a.c')).toBe(true);
  expect(matches('dir/**', 'dir/x/y')).toBe(true);
  expect(matches('dir?a', 'dir/a')).toBe(false);
});
