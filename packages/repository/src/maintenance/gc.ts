import type { DeltaOptions } from '@git-kv/pack';
import type { PackRefsReport } from '../engines/file/ref-packing.js';
import type { FileRepository } from '../engines/file/repository.js';
import type { RefName } from '../ref-store.js';
import { renewCommitGraph } from './commit-graph.js';
import { expireLogs, type LogExpiry } from './expire-logs.js';
import { type GcOwner, lockGc } from './gc-lock.js';
import { bytesOf, type MaintenanceOptions, PRUNE_GRACE_MS, type RemovedFile } from './options.js';
import { packRefs } from './pack-refs.js';
import { type PruneUnreachableReport, pruneUnreachable } from './prune.js';
import { repack } from './repack.js';
import type { RepackReport } from './repack-options.js';

/** What is done. Names and defaults are those of git-gc(1). */
export interface CollectGarbageOptions extends MaintenanceOptions {
  /**
   * Milliseconds since 1970: unreachable objects that were last written before go (default: two weeks ago). `null`: none go. The
   * present moment: those in packs go at once; nobody else may write meanwhile then.
   */
  readonly expireBeforeMs?: number | null;
  /** Seek all deltas anew, more thoroughly (default false). */
  readonly aggressive?: boolean;
  /** Pack loose refs (default true). */
  readonly packRefs?: boolean;
  /** Shorten the logs of refs by this, asked for each by its name (default: they stay as they are). */
  readonly logExpiryOf?: (name: RefName) => LogExpiry;
  /** Put young unreachable objects into a cruft pack; else they become loose (default false, as gc.cruftPacks of git 2.39). */
  readonly cruft?: boolean;
  /** `false`: only pack what is loose, and leave packs as they are (default true). */
  readonly repackAll?: boolean;
  /** Write a commit-graph (default: as core.commitGraph and gc.writeCommitGraph say, which is true). */
  readonly commitGraph?: boolean;
  readonly keepPacks?: readonly string[];
  readonly deltas?: DeltaOptions | false;
  /** Write a multi-pack-index (default: where there is one already). */
  readonly multiPackIndex?: boolean;
  /** Take the lock of another gc that seems to run (default false). */
  readonly force?: boolean;
  /** Who is at work, for `gc.pid`. Default: nobody that can be looked for. */
  readonly owner?: GcOwner;
}

/** What a collection did, or in a dry run would do. */
export interface CollectGarbageReport {
  readonly refs: PackRefsReport | undefined;
  /** Lines that went from logs, by ref. */
  readonly logLines: ReadonlyMap<RefName, number>;
  /** `undefined` where objects are precious. */
  readonly repack: RepackReport | undefined;
  readonly prune: PruneUnreachableReport | undefined;
  /** Commits in the commit-graph that was written; 0 where none was. */
  readonly commitGraphCount: number;
  /** Bytes of the files that were removed. New ones are not counted against them. */
  readonly removedBytes: number;
}

const UNKNOWN_OWNER: GcOwner = { pid: 0, host: 'unknown', isRunning: () => false };

/** As git: gc.aggressiveDepth, gc.aggressiveWindow. */
const AGGRESSIVE: DeltaOptions = { depth: 50, window: 250 };

/**
 * Bring a repository in order, as `git gc` does: pack refs, put all reachable objects into one pack, drop unreachable ones that are
 * old, and write a commit-graph. Readers and writers of ours and of git may be at work; another gc may not, which `gc.pid` sees to.
 * @throws {GcRunningError} REF_LOCKED; {GitError} as `repack` and `packRefs`
 */
export async function collectGarbage(
  repository: FileRepository,
  options: CollectGarbageOptions = {},
): Promise<CollectGarbageReport> {
  const { dryRun = false, owner = UNKNOWN_OWNER, force = false, signal } = options;
  signal?.throwIfAborted();
  if (dryRun) return await collect(repository, options);
  const unlock = await lockGc(repository, owner, force);
  try {
    return await collect(repository, options);
  } finally {
    await unlock();
  }
}

async function collect(repository: FileRepository, options: CollectGarbageOptions): Promise<CollectGarbageReport> {
  const { dryRun = false, signal, onProgress, aggressive = false, repackAll = true } = options;
  const common: MaintenanceOptions = { dryRun, signal, onProgress };
  const now = Date.now();
  const expireBeforeMs = options.expireBeforeMs === undefined ? now - PRUNE_GRACE_MS : options.expireBeforeMs;
  const refs =
    options.packRefs === false
      ? undefined
      : await packRefs(repository, { all: true, dryRun, ...(signal && { signal }), ...(onProgress && { onProgress }) });
  const { logExpiryOf } = options;
  const logLines = logExpiryOf ? await expireLogs(repository, { ...common, expiryOf: logExpiryOf }) : new Map();
  let repacked: RepackReport | undefined;
  let pruned: PruneUnreachableReport | undefined;
  if (!repository.objects.options.isPrecious) {
    const deltas = options.deltas ?? (aggressive ? AGGRESSIVE : undefined);
    repacked = await repack(repository, {
      ...common,
      mode: repackAll ? 'all' : 'incremental',
      deleteRedundant: true,
      local: true,
      unreachable: options.cruft === true ? 'cruft' : 'loosen',
      noReuseDeltas: aggressive,
      ...(expireBeforeMs !== null && { expireBeforeMs }),
      ...(deltas !== undefined && { deltas }),
      ...(options.keepPacks && { keepPacks: options.keepPacks }),
      ...(options.multiPackIndex !== undefined && { multiPackIndex: options.multiPackIndex }),
    });
    if (expireBeforeMs !== null) pruned = await pruneUnreachable(repository, { ...common, expireBeforeMs });
  }
  const commitGraphCount = dryRun ? 0 : await renewCommitGraph(repository, options);
  // In a dry run both tell of loose objects that packs have.
  const removed = new Map<string, RemovedFile>();
  for (const file of [...(repacked?.removedPacks ?? []), ...(repacked?.removedLoose ?? [])])
    removed.set(file.path, file);
  for (const files of [pruned?.objects, pruned?.packed, pruned?.temporary]) {
    for (const file of files ?? []) removed.set(file.path, file);
  }
  const removedBytes = bytesOf([...removed.values()]);
  return { refs, logLines, repack: repacked, prune: pruned, commitGraphCount, removedBytes };
}
