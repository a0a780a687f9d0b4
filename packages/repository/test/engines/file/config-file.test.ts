import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, gitAsync, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { openForTest } from './open.js';

test('the config is edited under its lock, while git edits it too, and no edit is lost', async () => {
  const directory = initBare(join(temporaryDirectory(), 'a.git'));
  const repository = await openForTest(directory, { durability: 'none', lockTimeoutMs: 20_000 });
  const ours = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) await repository.config.update((it) => it.set(`ours.x${round}`, 'a'));
  };
  const theirs = async (): Promise<void> => {
    for (let round = 0; round < 10; ) {
      // git does not wait for the lock.
      if ((await gitAsync(['config', `theirs.x${round}`, 'b'], { cwd: directory })).code === 0) round++;
    }
  };
  await Promise.all([ours(), theirs()]);
  const config = await repository.config.read();
  for (let round = 0; round < 10; round++) {
    expect([config.get('ours', `x${round}`), config.get('theirs', `x${round}`)]).toEqual(['a', 'b']);
    expect(git(['config', `ours.x${round}`], { cwd: directory })).toBe('a');
  }
});

test('an edit that throws, or a file git would refuse, leaves the file as it was and no lock behind', async () => {
  const directory = initBare(join(temporaryDirectory(), 'a.git'));
  const repository = await openForTest(directory);
  const path = join(directory, 'config');
  const before = readFileSync(path, 'utf8');
  await expect(repository.config.update((it) => it.set('no key', ''))).rejects.toThrow(RangeError);
  expect(readFileSync(path, 'utf8')).toBe(before);
  writeFileSync(path, `${before}[broken\n`);
  await expect(repository.config.update((it) => it.set('a.b', ''))).rejects.toMatchObject({
    code: 'MALFORMED',
    message: expect.stringContaining('line 5 '),
  });
  expect(readFileSync(path, 'utf8')).toBe(`${before}[broken\n`);
  expect(readdirSync(directory).filter((name) => name.endsWith('.lock'))).toEqual([]);
});
