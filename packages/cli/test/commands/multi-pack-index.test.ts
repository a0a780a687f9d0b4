import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit multi-pack-index (%s)', (objectFormat) => {
  const algorithm = hashAlgorithm(objectFormat);
  const packsOf = (cwd: string): string[] =>
    readdirSync(join(cwd, 'objects/pack'))
      .filter((name) => name.endsWith('.pack'))
      .sort();
  const midxOf = (cwd: string): Buffer => readFileSync(join(cwd, 'objects/pack/multi-pack-index'));

  /** Three packs with objects in common, of different ages. */
  function repository(): string {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    for (const [at, name] of ['one', 'two', 'three'].entries()) {
      commitFiles(cwd, [{ files: { [name]: name.repeat(50), same: 'same' } }]);
      const before = new Set(packsOf(cwd));
      git(['repack', '-q', ...(at === 2 ? ['-a'] : [])], { cwd });
      for (const pack of packsOf(cwd).filter((one) => !before.has(one))) {
        utimesSync(join(cwd, 'objects/pack', pack), 1_700_000_000 - at * 100, 1_700_000_000 - at * 100);
      }
    }
    return cwd;
  }

  /** The same bytes, with the same ages. */
  function copyOf(cwd: string): string {
    const copy = join(temporaryDirectory(), 'copy.git');
    cpSync(cwd, copy, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  test('write leaves the bytes git leaves, first and again, and git verifies them', async () => {
    const cwd = repository();
    const theirs = copyOf(cwd);
    expect(packsOf(cwd)).toHaveLength(3);
    git(['multi-pack-index', 'write'], { cwd: theirs });
    expect(await run('tsgit', ['multi-pack-index', 'write'], { cwd })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(midxOf(cwd).equals(midxOf(theirs))).toBe(true);
    git(['multi-pack-index', 'verify'], { cwd });
    expect(await run('tsgit', ['multi-pack-index', 'verify'], { cwd })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });

    for (const where of [cwd, theirs]) {
      commitFiles(where, [{ files: { four: 'four' } }]);
      git(['repack', '-q'], { cwd: where });
    }
    git(['multi-pack-index', 'write'], { cwd: theirs });
    expect(await run('tsgit', ['multi-pack-index', 'write', '--no-progress'], { cwd })).toMatchObject({ code: 0 });
    expect(packsOf(cwd)).toHaveLength(4);
    expect(midxOf(cwd).equals(midxOf(theirs))).toBe(true);
    git(['fsck', '--full', '--strict'], { cwd });
  });

  test('write --preferred-pack prefers as git does, and warns of one that is not there', async () => {
    const cwd = repository();
    for (const pack of [...packsOf(cwd), packsOf(cwd)[1]?.replace('.pack', '.idx') as string, 'pack-none.pack']) {
      const [ours, theirs] = [copyOf(cwd), copyOf(cwd)];
      const args = ['multi-pack-index', 'write', `--preferred-pack=${pack}`];
      const expected = await gitAsync(args, { cwd: theirs });
      expect(await run('tsgit', args, { cwd: ours })).toMatchObject({ code: 0, stderr: expected.stderr });
      // One that is not there makes git prefer whichever pack the system lists first.
      if (pack !== 'pack-none.pack') expect(midxOf(ours).equals(midxOf(theirs))).toBe(true);
    }
  });

  test('write --stdin-packs takes in the packs it is given', async () => {
    const cwd = repository();
    const theirs = copyOf(cwd);
    const input = packsOf(cwd)
      .slice(1)
      .map((name) => `${name.replace('.pack', '.idx')}\n`)
      .join('');
    git(['multi-pack-index', 'write', '--stdin-packs'], { cwd: theirs, input });
    expect(await run('tsgit', ['multi-pack-index', 'write', '--stdin-packs'], { cwd, input })).toMatchObject({
      code: 0,
    });
    expect(midxOf(cwd).equals(midxOf(theirs))).toBe(true);
  });

  test('works on another object directory', async () => {
    const cwd = repository();
    const here = initBare(join(temporaryDirectory(), 'here.git'), objectFormat);
    const option = `--object-dir=${join(cwd, 'objects')}`;
    expect(await run('tsgit', ['multi-pack-index', option, 'write'], { cwd: here })).toMatchObject({ code: 0 });
    expect(await run('tsgit', ['multi-pack-index', 'verify', option], { cwd: here })).toMatchObject({ code: 0 });
    git(['multi-pack-index', 'verify'], { cwd });
  });

  test('write of nothing ends with 1, and leaves no lock', async () => {
    const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    const expected = await gitAsync(['multi-pack-index', 'write'], { cwd });
    const { code, stderr } = await run('tsgit', ['multi-pack-index', 'write'], { cwd });
    expect({ code, stderr }).toEqual({ code: expected.code, stderr: expected.stderr });
    expect(readdirSync(join(cwd, 'objects/pack'))).toEqual([]);
  });

  test('write replaces one that is damaged, or whose packs are gone', async () => {
    const cwd = repository();
    git(['multi-pack-index', 'write'], { cwd });
    const path = join(cwd, 'objects/pack/multi-pack-index');
    const good = midxOf(cwd);
    rmSync(path);
    writeFileSync(path, Buffer.concat([good.subarray(0, -1), Buffer.from([(good.at(-1) as number) ^ 1])]));
    expect(await run('tsgit', ['multi-pack-index', 'write'], { cwd })).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: ignoring existing multi-pack-index/),
    });
    expect(midxOf(cwd).equals(good)).toBe(true);
    const gone = packsOf(cwd)[0] as string;
    for (const ending of ['.pack', '.idx', '.rev'])
      rmSync(join(cwd, 'objects/pack', gone.replace('.pack', ending)), { force: true });
    expect(await run('tsgit', ['multi-pack-index', 'write'], { cwd })).toMatchObject({ code: 0 });
    git(['multi-pack-index', 'verify'], { cwd });
  });

  test('write removes bitmaps and orders of another one', async () => {
    const cwd = repository();
    const stray = join(cwd, `objects/pack/multi-pack-index-${algorithm.zeroOid}`);
    for (const ending of ['.bitmap', '.rev']) writeFileSync(stray + ending, '');
    expect(await run('tsgit', ['multi-pack-index', 'write'], { cwd })).toMatchObject({ code: 0 });
    expect([existsSync(`${stray}.bitmap`), existsSync(`${stray}.rev`)]).toEqual([false, false]);
  });

  test('write ends with 128 where another process holds the lock', async () => {
    const cwd = repository();
    writeFileSync(join(cwd, 'objects/pack/multi-pack-index.lock'), '');
    const ours = await run('tsgit', ['multi-pack-index', 'write'], { cwd });
    expect(ours).toMatchObject({ code: 128, stderr: expect.stringContaining('multi-pack-index.lock') });
    expect((await gitAsync(['multi-pack-index', 'write'], { cwd })).code).toBe(128);
  });

  const oids = (bytes: Buffer): number => bytes.readUInt32BE(12 + 2 * 12 + 8);
  const offsets = (bytes: Buffer): number => bytes.readUInt32BE(12 + 3 * 12 + 8);
  const fanout = (bytes: Buffer): number => bytes.readUInt32BE(12 + 12 + 8);
  test.each<[string, (bytes: Buffer) => void]>([
    ['the checksum', (bytes) => (bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1)],
    ['an offset', (bytes) => bytes.writeUInt32BE(77, offsets(bytes) + 4)],
    [
      'the order of oids',
      (bytes) =>
        bytes.copy(bytes, oids(bytes), oids(bytes) + algorithm.oidLength, oids(bytes) + 2 * algorithm.oidLength),
    ],
    ['the fanout', (bytes) => bytes.writeUInt32BE(5, fanout(bytes))],
  ])('verify tells what git tells where %s is wrong', async (_what, damage) => {
    const cwd = repository();
    git(['multi-pack-index', 'write'], { cwd });
    const bytes = midxOf(cwd);
    damage(bytes);
    rmSync(join(cwd, 'objects/pack/multi-pack-index'));
    writeFileSync(join(cwd, 'objects/pack/multi-pack-index'), bytes);
    const expected = await gitAsync(['multi-pack-index', 'verify'], { cwd });
    const { code, stderr } = await run('tsgit', ['multi-pack-index', 'verify'], { cwd });
    expect(expected.code).toBe(1);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expected.stderr });
  });

  test('verify tells what git tells where a pack is gone', async () => {
    const cwd = repository();
    git(['multi-pack-index', 'write'], { cwd });
    const gone = packsOf(cwd)[0] as string;
    rmSync(join(cwd, 'objects/pack', gone));
    const expected = await gitAsync(['multi-pack-index', 'verify'], { cwd });
    const { code, stderr } = await run('tsgit', ['multi-pack-index', 'verify'], { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expected.stderr });
  });

  test('verify ends with 0 where there is none, and with 1 where it cannot be read', async () => {
    const cwd = repository();
    expect(await run('tsgit', ['multi-pack-index', 'verify'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(join(cwd, 'objects/pack/multi-pack-index'), 'MIDX');
    expect(await run('tsgit', ['multi-pack-index', 'verify'], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: multi-pack-index file exists, but failed to parse\n'),
    });
  });

  test.each([[[]], [['rewrite']], [['write', 'more']], [['write', '--bitmap']]])(
    '%j is a usage error',
    async (args) => {
      const cwd = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
      expect((await run('tsgit', ['multi-pack-index', ...args], { cwd })).code).toBe(129);
    },
  );
});
