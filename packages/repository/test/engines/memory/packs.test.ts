import { type Oid, sha1, sha256 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes, initBare, temporaryDirectory } from '../../../../../test/support/git.js';
import { deltaBomb } from '../../support/delta-bomb.js';
import { collect } from '../../support/objects.js';

/** A pack of git's own, deltas and all, of a value that grew in 120 commits. */
function packOfGit(objectFormat: 'sha1' | 'sha256'): { pack: Uint8Array; oids: Oid[]; read: (oid: Oid) => Uint8Array } {
  const directory = initBare(temporaryDirectory(), objectFormat);
  const lines = (count: number): string => Array.from({ length: count }, (_, at) => `line ${at * 7919}\n`).join('');
  commitFiles(
    directory,
    Array.from({ length: 120 }, (_, at) => ({ files: { log: lines(at), [`d/${at % 9}`]: `${at}` } })),
  );
  const listed = git(['rev-list', '--objects', '--no-object-names', '--all'], { cwd: directory });
  const pack = gitBytes(['pack-objects', '--stdout', '-q', '--delta-base-offset'], { cwd: directory, input: listed });
  const read = (oid: Oid): Uint8Array => {
    const kind = git(['cat-file', '-t', oid], { cwd: directory });
    return gitBytes(['cat-file', kind, oid], { cwd: directory });
  };
  return { pack, oids: listed.split('\n').sort(), read };
}

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each([sha1, sha256])('the memory engine keeps packs ($name)', (algorithm) => {
  test('of git as they came, and reads every object', async () => {
    const { pack, oids, read } = packOfGit(algorithm.name);
    const { objects: store } = createMemoryRepository({ algorithm });
    await (await store.receive(inPieces(pack))).publish();
    expect(await collect(store.oids())).toEqual(oids);
    const sample = oids.filter((_, at) => at % 30 === 0);
    for await (const [oid, object] of store.readMany(sample)) {
      expect(object?.body, oid).toEqual(new Uint8Array(read(oid)));
      expect(store.readSync?.(oid)).toEqual(object);
    }
  });

  test.each([0, 100])(
    'and no small one that stands for too much (taken apart up to %i objects)',
    async (unpackLimit) => {
      const { objects: store } = createMemoryRepository({ algorithm, unpackLimit });
      const receive = (freeInflatedBytes?: number): Promise<unknown> =>
        store.receive(inPieces(deltaBomb(algorithm, 2, 2 ** 20)), { ...(freeInflatedBytes && { freeInflatedBytes }) });
      await expect(receive(65536)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      await expect(receive()).resolves.toMatchObject({ objectCount: 2 });
    },
  );

  test('of few objects that are large as a whole, rather than the objects', async () => {
    const { objects: store } = createMemoryRepository({ algorithm });
    const bomb = deltaBomb(algorithm, 90, 4 * 2 ** 20);
    const before = process.memoryUsage().arrayBuffers;
    await (await store.receive(inPieces(bomb))).publish();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(90 * 2 ** 20); // of 360 that the objects have
    const oids = await collect(store.oids());
    expect(oids).toHaveLength(90);
    expect((await store.read(oids[7] as Oid))?.body.length).toBeGreaterThanOrEqual(4 * 2 ** 20);
  });

  test('and drops objects from them at once, though others are deltas against these', async () => {
    const { pack, oids } = packOfGit(algorithm.name);
    const { objects: store } = createMemoryRepository({ algorithm });
    await (await store.receive(inPieces(pack))).publish();
    const bodies = new Map<Oid, Uint8Array | undefined>();
    for await (const [oid, object] of store.readMany(oids)) bodies.set(oid, object?.body.slice());
    // A third, then most, then nearly all: hidden, written anew, taken apart.
    for (const part of [3, 12, 120]) {
      const kept = oids.filter((_, at) => (part === 3 ? at % 3 !== 0 : at % part === 1));
      const before = (await collect(store.oids())).length;
      const keep = new Set(kept);
      const expected = (await collect(store.oids())).filter((oid) => keep.has(oid));
      const report = await store.prune((oid) => keep.has(oid));
      expect(report).toEqual({ kept: expected.length, removed: before - expected.length });
      expect(await collect(store.oids())).toEqual(expected);
      for (const oid of oids) {
        const object = await store.read(oid);
        expect(object?.body).toEqual(expected.includes(oid) ? bodies.get(oid) : undefined);
        expect(await store.stat(oid)).toEqual(object && { kind: object.kind, size: object.body.length });
      }
    }
  });
});
