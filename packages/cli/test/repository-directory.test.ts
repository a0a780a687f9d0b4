import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { RepositoryDirectory } from '../src/repository-directory.js';

function open(root: string): RepositoryDirectory {
  const directory = new RepositoryDirectory(root);
  onTestFinished(() => directory.close());
  return directory;
}

describe('RepositoryDirectory', () => {
  test('lists bare repositories at any depth, sorted; not work trees, links, or folders that only look like one', async () => {
    const root = temporaryDirectory();
    for (const path of ['b.git', 'a.git', 'team/project.git', 'one/two/three/four']) initBare(join(root, path));
    git(['init', '--quiet', join(root, 'work')]);
    symlinkSync(join(root, 'a.git'), join(root, 'link.git'));
    for (const name of ['objects', 'refs', 'HEAD']) mkdirSync(join(root, 'fake', name), { recursive: true });
    writeFileSync(join(root, 'file'), '');
    expect(await open(root).list()).toEqual(['a.git', 'b.git', 'one/two/three/four', 'team/project.git']);
  });

  test('finds by path, with or without .git, the same one each time', async () => {
    const root = temporaryDirectory();
    initBare(join(root, 'team/project.git'), 'sha256');
    const directory = open(root);
    const found = await directory.find('team/project.git');
    expect(found?.algorithm.name).toBe('sha256');
    expect(await directory.find('team/project')).toBe(found);
    for (const path of ['', 'team', '/team/project.git', 'team//project.git', './team/project.git', '../project.git']) {
      expect(await directory.find(path), path).toBeUndefined();
    }
  });

  test('does not find again what was removed, once it looks anew', async () => {
    const root = temporaryDirectory();
    initBare(join(root, 'a.git'));
    const directory = open(root);
    expect(await directory.list()).toEqual(['a.git']);
    rmSync(join(root, 'a.git'), { recursive: true });
    expect(await directory.list()).toEqual([]);
    expect(await directory.find('a.git')).toBeUndefined();
  });

  test('refuses a folder that is a repository itself', async () => {
    await expect(open(initBare(join(temporaryDirectory(), 'r.git'))).list()).rejects.toThrow(
      'it is a repository itself',
    );
  });
});
