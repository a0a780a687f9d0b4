import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FuzzInput, Problem, Tally } from './campaign.js';
import type { WorkerReport, WorkerTask } from './worker.js';

/** How one target fared. */
export interface TargetResult {
  readonly target: string;
  readonly seed: number;
  readonly executions: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly medianMicroseconds: number;
  readonly slowestMs: number;
  /** Bytes that one execution added to heap, array buffers and wasm memory, at most. */
  readonly peakGrowth: number;
  /** Bytes still held after all executions. */
  readonly retained: number;
  readonly crashes: readonly { readonly run: number; readonly problem: string }[];
}

/** What to run, and who hears of crashes as they are found. */
export interface WatchOptions {
  readonly seed: number;
  readonly start: number;
  readonly end: number;
  readonly maxCrashes: number;
  onCrash(crash: { run: number; problem: Problem; input: FuzzInput | undefined }): void;
}

/** A run that lasts so long will not end; one over a second that ends is told by the worker itself. */
const HANG_MS = 10_000;
const LOOK_MS = 500;

/** Run one target on a thread, and end it where it hangs. */
export function watchTarget(target: string, { onCrash, ...options }: WatchOptions): Promise<TargetResult> {
  const beat = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
  const task: WorkerTask = {
    target,
    seed: options.seed,
    start: options.start,
    end: options.end,
    maxCrashes: options.maxCrashes,
    beat,
  };
  const crashes: { run: number; problem: string }[] = [];
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task });
    const finish = (tally: Tally, seconds: number, retained: number, medianMicroseconds: number): void => {
      clearInterval(timer);
      resolve({ target, seed: task.seed, ...tally, seconds, retained, medianMicroseconds, crashes });
    };
    const crashed = (run: number, problem: Problem, input: FuzzInput | undefined): void => {
      crashes.push({ run, problem: problem.message });
      onCrash({ run, problem, input });
    };
    worker.on('message', (message: WorkerReport) => {
      if (message.kind === 'crash') crashed(message.run, message.problem, message.input);
      else finish(message.tally, message.seconds, message.retained, message.medianMicroseconds);
    });
    worker.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    let last = -1;
    let since = performance.now();
    const timer = setInterval(() => {
      const run = Atomics.load(beat, 0);
      const now = performance.now();
      if (run !== last) {
        last = run;
        since = now;
      } else if (run >= 0 && now - since > HANG_MS) {
        crashed(run, { kind: 'slow', message: `did not end within ${HANG_MS / 1000} s` }, undefined);
        void worker.terminate();
        const tally = { executions: run - task.start, accepted: 0, peakGrowth: 0, slowestMs: HANG_MS };
        finish(tally, (now - startedAt) / 1000, 0, 0);
      }
    }, LOOK_MS);
  });
}
