import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { makeOddRepository } from '../support/repositories.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit unpack-objects (%s)', (objectFormat) => {
  let root: string;
  let pack: Uint8Array;
  beforeAll(() => {
    root = makeDirectory();
    const { directory } = makeOddRepository(join(root, 'odd.git'), objectFormat);
    pack = gitBytes(['pack-objects', '--all', '--revs', '--stdout', '-q'], { cwd: directory });
  });
  afterAll(() => removeDirectory(root));

  const repository = (): string => initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
  /** Its loose objects, and what is in objects/pack. */
  const objects = (cwd: string): string[] =>
    readdirSync(join(cwd, 'objects'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length))
      .sort();

  test('writes the loose objects that git writes', async () => {
    const [ours, theirs] = [repository(), repository()];
    expect(await run('tsgit', ['unpack-objects'], { cwd: ours, input: pack })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    git(['unpack-objects', '-q'], { cwd: theirs, input: pack });
    expect(objects(ours)).toEqual(objects(theirs));
    expect(await gitAsync(['fsck', '--full'], { cwd: ours })).toMatchObject({ code: 0 });
    // Once more: what is there stays.
    expect(await run('tsgit', ['unpack-objects', '-q'], { cwd: ours, input: pack })).toMatchObject({ code: 0 });
    expect(objects(ours)).toEqual(objects(theirs));
  });

  test('-n writes nothing', async () => {
    const cwd = repository();
    expect(await run('tsgit', ['unpack-objects', '-n'], { cwd, input: pack })).toMatchObject({ code: 0, stdout: '' });
    expect(objects(cwd)).toEqual([]);
  });

  test('a thin pack is completed by what the repository has, and that is not written again', async () => {
    const cwd = repository();
    const long = Array.from({ length: 200 }, (_, at) => `line ${at} of a long file\n`).join('');
    const first = commitFiles(cwd, [{ files: { long } }]);
    const second = commitFiles(cwd, [{ files: { long: `${long}more\n` } }]);
    const thin = gitBytes(['pack-objects', '--revs', '--thin', '--stdout', '-q'], {
      cwd,
      input: `${second}\n^${first}\n`,
    });
    const [ours, theirs] = [0, 1].map(() => {
      const directory = join(temporaryDirectory(), 'before.git');
      git(['clone', '--quiet', '--bare', cwd, directory]);
      git(['update-ref', 'refs/heads/main', first], { cwd: directory });
      git(['repack', '-a', '-d', '--quiet'], { cwd: directory });
      git(['prune'], { cwd: directory });
      return directory;
    }) as [string, string];
    expect(await run('tsgit', ['unpack-objects'], { cwd: ours, input: thin })).toMatchObject({ code: 0 });
    git(['unpack-objects', '-q'], { cwd: theirs, input: thin });
    const loose = (directory: string): string[] => objects(directory).filter((name) => !name.includes('/pack/'));
    expect(loose(ours)).toEqual(loose(theirs));
    const refused = await run('tsgit', ['unpack-objects'], { cwd: repository(), input: thin });
    expect(refused).toMatchObject({ code: 128, stderr: expect.stringContaining('[OBJECT_NOT_FOUND]') });
  });

  test('a broken pack leaves nothing; -r writes what stands before the damage', async () => {
    const broken = Uint8Array.from(pack);
    const at = broken.length - 200;
    broken[at] = (broken[at] as number) ^ 0xff;
    const cwd = repository();
    const ours = await run('tsgit', ['unpack-objects'], { cwd, input: broken });
    expect(ours.code).toBe(128);
    expect(objects(cwd)).toEqual([]);
    const salvaged = await run('tsgit', ['unpack-objects', '-r'], { cwd, input: broken });
    expect(salvaged).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Cannot decode /) });
    expect(objects(cwd).length).toBeGreaterThan(3);
    const whole = repository();
    expect(await run('tsgit', ['unpack-objects', '-r'], { cwd: whole, input: pack })).toMatchObject({ code: 0 });
    expect(objects(whole).length).toBeGreaterThan(objects(cwd).length);
  });

  test('--strict refuses what git refuses, and writes nothing of it', async () => {
    const cwd = repository();
    const zeros = '1'.repeat(objectFormat === 'sha1' ? 40 : 64);
    const oid = git(['hash-object', '-w', '--literally', '-t', 'commit', '--stdin'], {
      cwd,
      input: `tree ${zeros}\nauthor A <a@b.c> 1 +0000\ncommitter A <a@b.c> 1 +0000\n\nm\n`,
    });
    const dangling = gitBytes(['pack-objects', '--stdout', '-q'], { cwd, input: `${oid}\n` });
    const [ours, theirs] = [repository(), repository()];
    expect((await gitAsync(['unpack-objects', '--strict'], { cwd: theirs, input: dangling })).code).not.toBe(0);
    expect(await run('tsgit', ['unpack-objects', '--strict'], { cwd: ours, input: dangling })).toMatchObject({
      code: 128,
    });
    expect(objects(ours)).toEqual([]);
    expect(await run('tsgit', ['unpack-objects'], { cwd: ours, input: dangling })).toMatchObject({ code: 0 });
    expect(objects(ours)).toHaveLength(1);
  });

  test('--max-input-size refuses a larger pack', async () => {
    const cwd = repository();
    const args = ['unpack-objects', '--max-input-size=100'];
    expect(await run('tsgit', args, { cwd, input: pack })).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('pack exceeds maximum allowed size'),
    });
    expect(existsSync(join(cwd, 'objects/pack')) && readdirSync(join(cwd, 'objects/pack'))).toEqual([]);
  });
});

test('tsgit unpack-objects takes no arguments', async () => {
  const ours = await run('tsgit', ['unpack-objects', 'a.pack'], { cwd: temporaryDirectory() });
  expect(ours).toMatchObject({ code: 129, stderr: expect.stringMatching(/^error: .*\nusage: /) });
});
