import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { serializePackIndex } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { copyPack, makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit show-index (%s)', (objectFormat) => {
  const option = `--object-format=${objectFormat}`;

  test('prints what git prints, for either version of an idx, inside a repository and outside', async () => {
    const root = temporaryDirectory();
    const { directory } = makeOddRepository(join(root, 'r.git'), objectFormat);
    const stem = copyPack(directory, root);
    git(['index-pack', option, '--index-version=1', '-o', join(root, 'v1.idx'), `${stem}.pack`], { cwd: root });
    for (const path of [`${stem}.idx`, join(root, 'v1.idx')]) {
      const input = new Uint8Array(readFileSync(path));
      const expected = Buffer.from(gitBytes(['show-index', option], { cwd: root, input })).toString();
      expect(expected.split('\n').length).toBeGreaterThan(20);
      expect(await run('tsgit', ['show-index', option], { cwd: root, input })).toMatchObject({
        code: 0,
        stdout: expected,
      });
      expect(await run('tsgit', ['show-index'], { cwd: directory, input })).toMatchObject({
        code: 0,
        stdout: expected,
      });
    }
  });

  test('prints offsets over 2 and 4 GiB', async () => {
    const algorithm = hashAlgorithm(objectFormat);
    const entries = [12, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 2 ** 50].map((packOffset, at) => ({
      oid: `${at}a`.repeat(algorithm.oidLength),
      packOffset,
      crc32: at * 0x01234567,
    }));
    const input = serializePackIndex({ algorithm, entries, packChecksum: new Uint8Array(algorithm.oidLength) });
    const cwd = temporaryDirectory();
    const expected = git(['show-index', option], { cwd, input });
    expect(await run('tsgit', ['show-index', option], { cwd, input })).toMatchObject({
      code: 0,
      stdout: `${expected}\n`,
    });
  });

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a header alone', Uint8Array.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2])],
    ['zeros that end early', new Uint8Array(1000)],
    ['a fanout that descends', new Uint8Array(2000).fill(9, 0, 4)],
    ['version 3', Uint8Array.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 3, ...new Uint8Array(2000)])],
  ])('ends with 128 for %s, as git does', async (_what, input) => {
    const cwd = temporaryDirectory();
    expect((await gitAsync(['show-index', option], { cwd, input })).code).toBe(128);
    expect(await run('tsgit', ['show-index', option], { cwd, input })).toMatchObject({ code: 128, stdout: '' });
  });

  test('knows no other hash, and takes no arguments', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    expect(await run('tsgit', ['show-index', '--object-format=md5'], { cwd })).toMatchObject({
      code: 128,
      stderr: 'fatal: Unknown hash algorithm\n',
    });
    expect(await run('tsgit', ['show-index', 'pack.idx'], { cwd })).toMatchObject({ code: 129 });
  });
});
