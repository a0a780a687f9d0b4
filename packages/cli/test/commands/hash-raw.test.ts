import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';

const collisions = join(process.env.GIT_KV_CORPORA ?? '/nonexistent', 'collisions');

describe('tsgit hash-raw', () => {
  const cwd = (): string => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'one'), 'Hello World!\n');
    writeFileSync(join(directory, 'none'), '');
    writeFileSync(
      join(directory, 'many'),
      Uint8Array.from({ length: 300_000 }, (_, at) => at * 7),
    );
    return directory;
  };

  test.each([
    [[], 'sha1'],
    [['--algorithm', 'sha1'], 'sha1'],
    [['--algorithm=sha256'], 'sha256'],
    [['--hash-policy=trust'], 'sha1'],
    [['--hash-policy', 'detect', '--algorithm=sha256'], 'sha256'],
  ])('%j prints the digest of the bare bytes', async (options, algorithm) => {
    const directory = cwd();
    const names = ['one', 'none', 'many'];
    const digests = names.map((name) =>
      createHash(algorithm)
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    );
    expect(await run('tsgit', ['hash-raw', ...options, ...names], { cwd: directory })).toMatchObject({
      code: 0,
      stdout: digests.map((digest) => `${digest}\n`).join(''),
      stderr: '',
    });
    expect(
      await run('tsgit', ['hash-raw', ...options, '--stdin'], { cwd: directory, input: 'Hello World!\n' }),
    ).toMatchObject({
      code: 0,
      stdout: `${digests[0]}\n`,
    });
  });

  test.skipIf(!existsSync(collisions))('names a collision attack on standard error, and ends with 1', async () => {
    // The two that are known to all; without GIT_KV_CORPORA there is nothing to show this with.
    const digest = '38762cf7f55934b34d179ae6a4c80cadccbb7f0a';
    for (const name of ['shattered-1.pdf', 'shattered-2.pdf']) {
      const path = join(collisions, name);
      expect(await run('tsgit', ['hash-raw', path], { cwd: cwd() })).toMatchObject({
        code: 1,
        stdout: `${digest}\n`,
        stderr: `error: ${path}: SHA-1 collision attack detected\n`,
      });
      expect(await run('tsgit', ['hash-raw', '--hash-policy=trust', path], { cwd: cwd() })).toMatchObject({
        code: 0,
        stdout: `${digest}\n`,
        stderr: '',
      });
      expect(await run('tsgit', ['hash-raw', '--algorithm=sha256', path], { cwd: cwd() })).toMatchObject({
        code: 0,
        stderr: '',
      });
    }
    const both = await run('tsgit', ['hash-raw', join(collisions, 'shattered-1.pdf'), 'one'], { cwd: cwd() });
    expect(both.code).toBe(1);
    expect(both.stdout.split('\n')).toHaveLength(3);
  });

  test('says what cannot be read', async () => {
    for (const [file, reason] of [
      ['missing', 'No such file or directory'],
      ['.', 'Is a directory'],
    ] as const) {
      expect(await run('tsgit', ['hash-raw', file], { cwd: cwd() })).toMatchObject({
        code: 128,
        stdout: '',
        stderr: `fatal: could not open '${file}' for reading: ${reason}\n`,
      });
    }
  });

  test.each([[[]], [['--hash-policy=hope', 'one']], [['--shiny', 'one']]])(
    'takes %j for a usage error',
    async (args) => {
      expect((await run('tsgit', ['hash-raw', ...args], { cwd: cwd() })).code).toBe(129);
    },
  );

  test('knows no other algorithm', async () => {
    expect(await run('tsgit', ['hash-raw', '--algorithm=md5', 'one'], { cwd: cwd() })).toMatchObject({
      code: 128,
      stderr: "fatal: unknown hash algorithm 'md5'\n",
    });
  });
});
