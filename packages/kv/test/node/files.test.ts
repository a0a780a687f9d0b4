import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { open, openRepo } from '../../src/node/index.js';

test('G1 G7 a path of this machine, with a blank in it', async () => {
  const directory = initBare(join(temporaryDirectory(), 'some notes.git'));
  commitFiles(directory, [{ files: { a: '1' } }]);
  git(['branch', 'draft', 'main'], { cwd: directory });
  await open(directory, 'a', 'a', (file) => file.write('2'));
  await openRepo(`${directory}#draft`, async (repo) => {
    expect(await repo.readText('a')).toBe('1');
    await repo.open('b', 'w', (file) => file.write('draft'));
  });
  expect(git(['show', 'main:a'], { cwd: directory })).toBe('12');
  expect(git(['show', 'draft:b'], { cwd: directory })).toBe('draft');
  const file = await open(`file://${directory}`, 'a');
  expect(await file.read()).toBe('12');
  await file.close();
  expect(git(['rev-list', '--count', 'main'], { cwd: directory })).toBe('2');
});

test('G4 without a source it is a temporary repository', async () => {
  expect(await openRepo((repo) => repo.isEmpty)).toBe(true);
});

test('G17 a work tree is no place to push to, and the error says what to set', async () => {
  const directory = temporaryDirectory();
  git(['init', '-q', '-b', 'main', directory]);
  git(['commit', '-q', '--allow-empty', '-m', 'x'], { cwd: directory });
  const failing = open(directory, 'a', 'w', (file) => file.write('1'));
  await expect(failing).rejects.toMatchObject({ code: 'BRANCH_CHECKED_OUT' });
  await expect(failing).rejects.toThrow('receive.denyCurrentBranch');
  git(['config', 'receive.denyCurrentBranch', 'ignore'], { cwd: directory });
  await open(directory, 'a', 'w', (file) => file.write('1'));
  git(['checkout', '-q', '-f'], { cwd: directory });
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('1');
  await expect(open('no-such-place', 'a')).rejects.toMatchObject({ code: 'INVALID_URL' });
  await expect(open('/no/such/place', 'a')).rejects.toMatchObject({ code: 'REPOSITORY_NOT_FOUND' });
});
