import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm, hashObject, type Oid } from '@git-kv/objects';
import { beforeEach, describe, expect, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { openFileRepository } from '../../../src/engines/file/index.js';
import { type FileRepositoryOptions, nodeFs } from '../../../src/node/index.js';
import { collect } from '../../support/objects.js';
import { openForTest } from './open.js';

const PACKS = 60;
const OBJECTS_A_PACK = 8;

describe.each(['sha1', 'sha256'] as const)('a repository of many packs, %s', (objectFormat) => {
  const algorithm = hashAlgorithm(objectFormat);
  let directory: string;
  /** By pack. */
  let oids: Oid[][];
  const packNames = (): string[] =>
    readdirSync(join(directory, 'objects/pack')).filter((name) => name.endsWith('.pack'));

  beforeEach(() => {
    directory = initBare(join(temporaryDirectory(), 'packs.git'), objectFormat);
    let stream = '';
    oids = Array.from({ length: PACKS }, (_, pack) => {
      const texts = Array.from({ length: OBJECTS_A_PACK }, (_, at) => `object ${at} of pack ${pack}\n`);
      // Some packs are too large to be held whole.
      if (pack % 10 === 0) texts.push(Array.from({ length: 60_000 }, (_, at) => (at * 7919 * pack) % 9973).join(''));
      for (const text of texts) stream += `blob\ndata ${text.length}\n${text}\n`;
      stream += 'checkpoint\n';
      return texts.map((text) => hashObject(algorithm, 'blob', new TextEncoder().encode(text)));
    });
    const settings = ['-c', 'core.fsync=none', '-c', 'fastimport.unpackLimit=0', '-c', 'core.compression=0'];
    git([...settings, 'fast-import', '--quiet'], { cwd: directory, input: stream });
    expect(packNames()).toHaveLength(PACKS);
  });

  /** One of each pack in turn, so that no two in a row are of one. */
  const scattered = (): Oid[] => {
    const most = Math.max(...oids.map((pack) => pack.length));
    return Array.from({ length: most }, (_, at) => oids.flatMap((pack) => pack[at] ?? [])).flat();
  };

  test.each<[string, number, FileRepositoryOptions]>([
    ['as is', 3, {}],
    ['with two files open at most', 3, { openPacks: 2 }],
    ['with memory for next to nothing', 0.1, { openPacks: 1, packBytes: 1, indexBytes: 1 }],
  ])('finds and reads everything, %s', async (_, rounds, options) => {
    const { objects } = await openForTest(directory, options);
    const wanted = scattered().slice(0, Math.ceil(scattered().length * rounds));
    for (let round = 0; round < rounds; round++) {
      for (const oid of wanted) {
        const object = (await objects.read(oid)) ?? expect.fail(`${oid} is there`);
        if (round === 0) expect(hashObject(algorithm, object.kind, object.body)).toBe(oid);
      }
    }
    expect(await objects.read('1'.repeat(algorithm.hexLength))).toBeUndefined();
    for await (const [oid, object] of objects.readMany(wanted)) expect(object, oid).toBeDefined();
    expect((await collect(objects.oids())).length).toBe(scattered().length);
  });

  test('keeps as few files open as it was told to', async () => {
    let open = 0;
    let most = 0;
    const counting = {
      ...nodeFs,
      async open(...args: Parameters<typeof nodeFs.open>) {
        const handle = await nodeFs.open(...args);
        most = Math.max(most, ++open);
        return {
          read: handle.read.bind(handle),
          readSync: handle.readSync?.bind(handle) as (output: Uint8Array, position: number) => number,
          write: handle.write.bind(handle),
          size: handle.size.bind(handle),
          sync: handle.sync.bind(handle),
          close: () => handle.close().finally(() => open--),
        };
      },
    };
    const repository = await openFileRepository(counting, directory, { openPacks: 3 });
    for (const oid of scattered()) expect(await repository.objects.read(oid)).toBeDefined();
    // One is opened before the oldest is closed.
    expect(most).toBeLessThanOrEqual(4);
    await repository.close();
    expect(open).toBe(0);
  });

  test('passes over packs that go and finds those that come', async () => {
    const { objects } = await openForTest(directory);
    for (let round = 0; round < 3; round++) for (const oid of scattered()) await objects.read(oid);
    git(['fast-import', '--quiet'], { cwd: directory, input: 'blob\ndata 4\nlate\n' });
    const late = hashObject(algorithm, 'blob', new TextEncoder().encode('late'));
    expect(await objects.read(late)).toBeDefined();
    const [gone = ''] = packNames();
    for (const ending of ['.pack', '.idx']) {
      rmSync(join(directory, 'objects/pack', gone.replace('.pack', ending)), { force: true });
    }
    git(['repack', '-adq', '--keep-unreachable'], { cwd: directory });
    let absent = 0;
    for (const oid of scattered()) if ((await objects.read(oid)) === undefined) absent++;
    expect(absent).toBeLessThanOrEqual(OBJECTS_A_PACK + 1);
    expect(await objects.read(late)).toBeDefined();
  });
});
