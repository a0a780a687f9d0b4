import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { indexPack, memoryPackStorage, type ResolveWorkers } from '@git-kv/pack';
import { nodeResolveWorkers as fromSources } from '@git-kv/pack/node';
import { afterAll, describe, expect, test } from 'vitest';
// A worker runs outside of the test runner and needs the build.
import { nodeResolveWorkers } from '../../dist/node/index.js';
import { chunked } from '../support/craft.js';
import { goldenPack, temporaryDirectory } from '../support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describe.each(['sha1', 'sha256'] as const)('worker threads (%s)', (format) => {
  const golden = goldenPack(directory.path, format, 'ofs');
  const path = join(directory.path, `${format}.pack`);
  writeFileSync(path, golden.pack);
  const index = (workers: ResolveWorkers) =>
    indexPack(chunked(golden.pack), {
      algorithm: hashAlgorithm(format),
      storage: memoryPackStorage(),
      threads: 2,
      workers,
    });

  /** The same, and how each thread ended. */
  const watched = (workers: ResolveWorkers): ResolveWorkers & { readonly ends: Promise<string>[] } => {
    const ends: Promise<string>[] = [];
    return {
      ...workers,
      ends,
      start(task) {
        const worker = workers.start(task);
        ends.push(worker.finished.then(() => 'done', String));
        return worker;
      },
    };
  };

  test('resolve a share of the deltas', async () => {
    const workers = watched(nodeResolveWorkers(path, { leastDeltas: 0 }));
    expect(Buffer.compare((await index(workers)).index, golden.idx)).toBe(0);
    expect(await Promise.all(workers.ends)).toEqual(['done']);
  });

  test.each([
    ['whose file is missing', () => nodeResolveWorkers(`${path}.not`, { leastDeltas: 0 })],
    ['that cannot be loaded', () => fromSources(path, { leastDeltas: 0 })],
  ])('%s are done without', async (_, make) => {
    const workers = watched(make());
    expect(Buffer.compare((await index(workers)).index, golden.idx)).toBe(0);
    expect(await Promise.all(workers.ends)).toEqual([expect.stringContaining('Error')]);
  });
});
