import { parentPort, workerData } from 'node:worker_threads';
import { ALL_TARGETS } from '../targets.js';
import { Campaign, type FuzzInput, type Problem, type Tally } from './campaign.js';
import { collectGarbage, turn, usedBytes } from './meter.js';
import { shrink } from './shrink.js';

/** What a worker is started with. */
export interface WorkerTask {
  readonly target: string;
  readonly seed: number;
  readonly start: number;
  readonly end: number;
  /** Stop after so many crashes: more would tell the same. */
  readonly maxCrashes: number;
  /** One number, shared: the run that is going on. */
  readonly beat: Int32Array;
}

/** What a worker tells. */
export type WorkerReport =
  | { readonly kind: 'crash'; readonly run: number; readonly problem: Problem; readonly input: FuzzInput }
  | {
      readonly kind: 'done';
      readonly tally: Tally;
      readonly seconds: number;
      /** Bytes in use after the runs, garbage collected, less those before: what is kept. */
      readonly retained: number;
      readonly medianMicroseconds: number;
    };

/** The first runs make the code warm and fill what is kept for good: what a target holds is measured after them. */
const WARM_RUNS = 500;
const SAMPLE_EVERY = 64;
const TURN_EVERY = 256;

/** Run what `workerData` says, on a thread of its own, so that a hang can be seen and ended from outside. */
export async function serveWorker(): Promise<void> {
  const { target: name, seed, start, end, maxCrashes, beat } = workerData as WorkerTask;
  const target = ALL_TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`Cannot fuzz ${name}: there is no such target`);
  const campaign = await Campaign.open(target, seed);
  const times: number[] = [];
  const startedAt = performance.now();
  let heldBytes = 0;
  let crashes = 0;
  for (let run = start; run < end && crashes < maxCrashes; run++) {
    Atomics.store(beat, 0, run);
    if (run % TURN_EVERY === 0) await turn();
    if (run === start + WARM_RUNS) {
      await collectGarbage();
      heldBytes = usedBytes();
    }
    const before = performance.now();
    const problem = await campaign.run(run);
    if (run % SAMPLE_EVERY === 0) times.push(performance.now() - before);
    if (problem === undefined) continue;
    crashes++;
    const input = await shrink(target, campaign.input(run), problem);
    report({ kind: 'crash', run, problem, input });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await collectGarbage();
  const retained = heldBytes === 0 ? 0 : Math.max(0, usedBytes() - heldBytes);
  times.sort((a, b) => a - b);
  const medianMicroseconds = (times[times.length >> 1] ?? 0) * 1000;
  report({ kind: 'done', tally: campaign.tally, seconds, retained, medianMicroseconds });
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}
