/**
 * Threads of Node for the resolution of deltas.
 *
 * ```ts
 * import { indexPack } from '@git-kv/pack';
 * import { nodeResolveWorkers } from '@git-kv/pack/node';
 *
 * await indexPack(pack, { algorithm, storage, threads: 2, workers: nodeResolveWorkers('/tmp/received.pack') });
 * ```
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { ResolveWorkers } from '../indexer/resolve-share.js';

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
