import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HashAlgorithm, type Oid, oidFromBytes } from '@git-kv/objects';
import { packBytes, serializePackIndex } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { objectStoreContract } from '../../../src/contracts/index.js';
import { type FileRepository, initRepository, writeMultiPackIndex } from '../../../src/node/index.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

/** A store without objects that has a multi-pack-index all the same, over an empty pack. */
async function open(algorithm: HashAlgorithm): Promise<FileRepository> {
  const directory = temporaryDirectory();
  const repository = await initRepository(directory, { objectFormat: algorithm.name, durability: 'none' });
  const { bytes, entries, packChecksum } = await packBytes({ algorithm, objects: [], objectCount: 0 });
  const stem = join(directory, 'objects/pack', `pack-${oidFromBytes(packChecksum)}`);
  mkdirSync(join(directory, 'objects/pack'), { recursive: true });
  writeFileSync(`${stem}.pack`, bytes);
  writeFileSync(`${stem}.idx`, serializePackIndex({ algorithm, entries, packChecksum }));
  expect(await writeMultiPackIndex(join(directory, 'objects'), { algorithm })).toMatchObject({ status: 'written' });
  return repository;
}

describe('the file engine with a multi-pack-index', () => {
  objectStoreContract({ describe, test, expect }, async (algorithm) => (await open(algorithm)).objects);
});

describe.each(['sha1', 'sha256'] as const)('packs under a multi-pack-index, %s', (objectFormat) => {
  const packs = (directory: string, ending: string): string[] =>
    readdirSync(join(directory, 'objects/pack'))
      .filter((name) => name.endsWith(ending))
      .sort();
  const midx = (directory: string): string => join(directory, 'objects/pack/multi-pack-index');

  /** Three packs with objects in common, and all their oids. */
  function repository(): { directory: string; oids: Oid[] } {
    const directory = initBare(join(temporaryDirectory(), 'r.git'), objectFormat);
    for (const name of ['one', 'two', 'three']) {
      commitFiles(directory, [{ files: { [name]: name.repeat(99), same: 'same' } }]);
      git(['repack', '-q', ...(name === 'three' ? ['-a'] : [])], { cwd: directory });
    }
    return { directory, oids: allOids(directory) };
  }
  const allOids = (directory: string): Oid[] =>
    git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'], { cwd: directory }).split('\n');

  async function expectWhole(opened: FileRepository, oids: readonly Oid[]): Promise<void> {
    expect(await collect(opened.objects.oids())).toEqual(oids);
    for (const oid of oids) {
      expect(await opened.objects.read(oid), oid).toBeDefined();
      expect(await opened.objects.findByPrefix(oid.slice(0, 12), 2)).toEqual([oid]);
    }
    const many = await collect(opened.objects.readMany(oids));
    expect(many.filter(([, object]) => object === undefined)).toEqual([]);
  }

  test('are read by it, and those it does not name beside it', async () => {
    const { directory } = repository();
    git(['multi-pack-index', 'write'], { cwd: directory });
    commitFiles(directory, [{ files: { four: 'four' } }]);
    git(['repack', '-q'], { cwd: directory });
    commitFiles(directory, [{ files: { loose: 'loose' } }]);
    const opened = await openForTest(directory);
    await expectWhole(opened, allOids(directory));
    expect(await opened.objects.read('1'.repeat(opened.algorithm.hexLength))).toBeUndefined();
  });

  test('are asked only where it says: the idx of others is not opened', async () => {
    const { directory, oids } = repository();
    git(['multi-pack-index', 'write'], { cwd: directory });
    const named = git(['multi-pack-index', 'verify'], { cwd: directory });
    expect(named).toBe('');
    const opened = await openForTest(directory);
    for (const idx of packs(directory, '.idx')) {
      unlinkSync(join(directory, 'objects/pack', idx));
      writeFileSync(join(directory, 'objects/pack', idx), 'not an idx');
    }
    expect(await opened.objects.findByPrefix((oids[0] as Oid).slice(0, 10), 2)).toEqual([oids[0]]);
    expect(await opened.objects.read('1'.repeat(opened.algorithm.hexLength))).toBeUndefined();
  });

  test.each<[string, (bytes: Buffer) => Buffer | string]>([
    ['is damaged', (bytes) => bytes.subarray(0, 900)],
    ['is none', () => 'MIDX'],
    ['is of another version', (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.of(9), bytes.subarray(5)])],
    ['names a pack for objects that others have', (bytes) => relocated(bytes, 0)],
    ['names a pack it does not have', (bytes) => relocated(bytes, 7)],
  ])('are all there where it %s', async (_problem, damage) => {
    const { directory, oids } = repository();
    git(['multi-pack-index', 'write'], { cwd: directory });
    const bytes = readFileSync(midx(directory));
    rmSync(midx(directory));
    writeFileSync(midx(directory), damage(Buffer.from(bytes)));
    await expectWhole(await openForTest(directory), oids);
  });

  /** Every object in pack `pack`. */
  function relocated(bytes: Buffer, pack: number): Buffer {
    const start = bytes.readUInt32BE(12 + 3 * 12 + 8);
    const end = bytes.readUInt32BE(12 + 4 * 12 + 8);
    for (let at = start; at < end; at += 8) bytes.writeUInt32BE(pack, at);
    return bytes;
  }

  test('that are gone make it count for nothing', async () => {
    const { directory, oids } = repository();
    git(['multi-pack-index', 'write'], { cwd: directory });
    const kept = readFileSync(midx(directory));
    const opened = await openForTest(directory);
    await expectWhole(opened, oids);
    git(['repack', '-adfq'], { cwd: directory });
    expect(existsSync(midx(directory))).toBe(false);
    await expectWhole(opened, oids);
    writeFileSync(midx(directory), kept);
    await expectWhole(opened, oids);
    await expectWhole(await openForTest(directory), oids);
  });

  test('are read while git repacks, and writes the index anew, under us', async () => {
    const { directory, oids } = repository();
    const opened = await openForTest(directory);
    let working = true;
    const upkeep = (async () => {
      const jobs = [
        ['multi-pack-index', 'write'],
        ['repack', '-adfq', '--write-midx'],
        ['multi-pack-index', 'write'],
        ['gc', '-q', '--prune=never'],
      ];
      for (let at = 0; at < 8; at++) {
        expect((await gitAsync(jobs[at % jobs.length] as string[], { cwd: directory })).code).toBe(0);
      }
    })().finally(() => {
      working = false;
    });
    while (working) {
      // What is in memory is read without a turn of the event loop, in which git's end would be heard.
      await new Promise((resolve) => setImmediate(resolve));
      for (const oid of oids) expect(await opened.objects.read(oid), oid).toBeDefined();
      const many = await collect(opened.objects.readMany(oids));
      expect(many.filter(([, object]) => object === undefined)).toEqual([]);
    }
    await upkeep;
    await expectWhole(opened, oids);
  });

  test('go, and it with them, when we prune', async () => {
    const { directory } = repository();
    git(['multi-pack-index', 'write'], { cwd: directory });
    const opened = await openForTest(directory);
    const kept = git(['rev-parse', 'main'], { cwd: directory });
    const keep = new Set(
      git(['rev-list', '--objects', 'main'], { cwd: directory })
        .split('\n')
        .map((line) => line.split(' ')[0]),
    );
    await opened.objects.prune((oid) => keep.has(oid));
    git(['fsck', '--full', '--strict'], { cwd: directory });
    expect((await gitAsync(['multi-pack-index', 'verify'], { cwd: directory })).code).toBe(0);
    expect(await opened.objects.read(kept)).toBeDefined();
  });
});
