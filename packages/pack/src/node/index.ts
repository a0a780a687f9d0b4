/**
 * What Node has for packs: threads for the resolution of deltas, and files that are read without waiting.
 *
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { indexPack, memoryPackStorage, packBytes } from '@git-kv/pack';
 * import { nodeResolveWorkers } from '@git-kv/pack/node';
 * import { sha1 } from '@git-kv/objects';
 *
 * const { bytes } = await packBytes({ algorithm: sha1, objects: [{ kind: 'blob', body: new Uint8Array(9) }], objectCount: 1 });
 * writeFileSync('received.pack', bytes);
 * const workers = nodeResolveWorkers('received.pack');
 * const pack = (async function* () { yield bytes; })();
 * await indexPack(pack, { algorithm: sha1, storage: memoryPackStorage(), threads: 2, workers });
 * ```
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { ResolveWorkers } from '../indexer/resolve-share.js';

export { type FileSource, openFileSource } from './file-source.js';

/** Worker threads that read the pack from the file at `path`, in which the storage must have written it. */
export function nodeResolveWorkers(path: string, options: Pick<ResolveWorkers, 'leastDeltas'> = {}): ResolveWorkers {
  return {
    ...options,
    start(task) {
      // None of the flags of this process: they may be for a program that is run from its sources.
      const worker = new Worker(new URL('./resolve-worker.js', import.meta.url), {
        workerData: { path, task },
        execArgv: [],
      });
      const finished = new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', (code) => {
          if (code === 0) resolve();
          else reject(new Error(`a worker ended with ${code}`));
        });
      });
      return { finished, terminate: () => void worker.terminate() };
    },
  };
}
