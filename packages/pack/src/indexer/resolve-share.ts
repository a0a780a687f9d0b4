import { type HashName, hashAlgorithm } from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';
import type { PackLimits } from '../limits.js';
import { TypeCode } from '../type-code.js';
import { collisionError } from './collision-error.js';
import { createForest } from './create-forest.js';
import { type DeltaForest, ForestStep } from './delta-forest.js';
import { DeltaPayloads } from './delta-payloads.js';
import { EntryTable, NONE } from './entry-table.js';
import { IndexArena } from './index-arena.js';
import { ObjectLog } from './object-log.js';
import { RefBases } from './ref-bases.js';

/**
 * What a thread needs to know to resolve its share of a pack's deltas: values that can be cloned, and columns in shared memory.
 * Opaque to who passes it on.
 */
export interface ResolveTask {
  readonly algorithm: HashName;
  readonly detects: boolean;
  readonly limits: PackLimits;
  readonly packEnd: number;
  readonly memoryBytes: number;
  readonly count: number;
  readonly packOffsets: Float64Array;
  readonly typeCodes: Uint8Array;
  readonly oids: Uint8Array;
  readonly firstChildren: Int32Array;
  readonly nextSiblings: Int32Array;
  readonly weights: Int32Array;
  /** Rows of the full objects that have deltas. */
  readonly roots: Int32Array;
  /** The next root to take, the deltas resolved so far, and whether to stop. */
  readonly state: Int32Array;
}

/** A thread at work. */
export interface ResolveWorker {
  /** Resolves when its share is done, rejects where it could not be. */
  readonly finished: Promise<void>;
  terminate?(): void;
}

/** Starts threads for the resolution of deltas. */
export interface ResolveWorkers {
  /** Start a thread that calls {@link resolveShare} with `task` and a source of the stored pack of its own. */
  start(task: ResolveTask): ResolveWorker;
  /** Packs with fewer deltas are not worth a thread (default 50,000). */
  readonly leastDeltas?: number;
}

const NEXT_ROOT = 0;
const RESOLVED_COUNT = 1;
const STOP = 2;

/** Roots that are taken at a time: neighbours in the pack share windows of it. */
const ROOTS_AT_ONCE = 8;

/** Put the columns of `table` into shared memory, and make a task of them. @returns undefined where there is none */
export function shareTask(
  table: EntryTable,
  weights: Int32Array,
  settings: Pick<ResolveTask, 'algorithm' | 'detects' | 'limits' | 'packEnd' | 'memoryBytes'>,
): ResolveTask | undefined {
  if (typeof SharedArrayBuffer !== 'function') return undefined;
  table.share();
  const { count, typeCodes, firstChildren, packOffsets, oids, nextSiblings } = table;
  const isRoot = (row: number): boolean => (typeCodes[row] as number) <= TypeCode.tag && firstChildren[row] !== NONE;
  let rootCount = 0;
  for (let row = 0; row < count; row++) if (isRoot(row)) rootCount++;
  const roots = new Int32Array(new SharedArrayBuffer(rootCount * 4));
  for (let row = 0, at = 0; row < count; row++) if (isRoot(row)) roots[at++] = row;
  const sharedWeights = new Int32Array(new SharedArrayBuffer(weights.length * 4));
  sharedWeights.set(weights);
  const state = new Int32Array(new SharedArrayBuffer(12));
  const columns = { count, packOffsets, typeCodes, oids, firstChildren, nextSiblings };
  return { ...settings, ...columns, weights: sharedWeights, roots, state };
}

/** Deltas that all threads have resolved so far. */
export function resolvedShare(task: ResolveTask): number {
  return Atomics.load(task.state, RESOLVED_COUNT);
}

/** Have every thread stop soon. */
function stopShares(task: ResolveTask): void {
  Atomics.store(task.state, STOP, 1);
}

/** Take roots of `task` and resolve what hangs below them, until there are none left. @param rest called between slices of work */
async function resolveRoots(
  forest: DeltaForest,
  task: ResolveTask,
  signal: AbortSignal | undefined,
  rest: () => Promise<void>,
): Promise<void> {
  const { roots, state } = task;
  let told = 0;
  const tell = (): void => {
    Atomics.add(state, RESOLVED_COUNT, forest.resolvedCount - told);
    told = forest.resolvedCount;
  };
  for (;;) {
    const first = Atomics.add(state, NEXT_ROOT, ROOTS_AT_ONCE);
    if (first >= roots.length) break;
    for (let at = first; at < Math.min(first + ROOTS_AT_ONCE, roots.length); at++) {
      const row = roots[at] as number;
      while (!forest.beginAt(row)) await forest.load(signal);
      for (let step = forest.run(); step !== ForestStep.done; step = forest.run()) {
        if (step === ForestStep.load) await forest.load(signal);
        else {
          tell();
          if (Atomics.load(state, STOP) !== 0) return;
          await rest();
        }
      }
    }
  }
  tell();
}

/**
 * Resolve the deltas of `task` with workers beside this thread, each of which takes the next roots that nobody has taken. A
 * worker that fails ends the work of all: what is left then, {@link resolvedShare} tells.
 */
export async function resolveTogether(
  forest: DeltaForest,
  task: ResolveTask,
  options: {
    readonly workers: ResolveWorkers;
    readonly workerCount: number;
    readonly signal: AbortSignal | undefined;
    /** Called between slices of work of this thread. */
    readonly rest: () => Promise<void>;
  },
): Promise<void> {
  const { workers, workerCount, signal, rest } = options;
  const stop = (): void => stopShares(task);
  const started: ResolveWorker[] = [];
  const finished: Promise<void>[] = [];
  // Not only between slices of work here: at the end this thread waits for the others.
  signal?.addEventListener('abort', stop);
  try {
    while (started.length < workerCount) {
      const worker = workers.start(task);
      started.push(worker);
      finished.push(worker.finished.catch(stop));
    }
    await resolveRoots(forest, task, signal, rest);
    await Promise.all(finished);
  } catch (error) {
    stop();
    await Promise.all(finished);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    for (const worker of started) worker.terminate?.();
  }
}

/** Resolve a share of the deltas of a pack: what a worker does. The source is not closed. */
export async function resolveShare(task: ResolveTask, source: ByteSource): Promise<void> {
  const algorithm = hashAlgorithm(task.algorithm);
  const { oidLength } = algorithm;
  const table = EntryTable.of(oidLength, task);
  const arena = new IndexArena(task.memoryBytes);
  arena.grow();
  const log = new ObjectLog({
    arena,
    algorithm,
    detects: task.detects,
    receive(row, digests, start, isCollision) {
      table.setOid(row, digests, start);
      if (isCollision) throw collisionError(table.packOffsets[row] as number);
    },
  });
  const { limits, packEnd, weights } = task;
  const payloads = new DeltaPayloads(arena);
  const refs = new RefBases(algorithm);
  const forest = createForest({
    algorithm,
    limits,
    table,
    arena,
    payloads,
    refs,
    log,
    source,
    packEnd,
    weights,
    visit: undefined,
    visitsBlobs: false,
  });
  await resolveRoots(forest, task, undefined, async () => undefined);
  log.flush();
}
