import { GitError, isGitError, type ObjectKind, type Oid } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';
import { OidSet } from '../walk/oid-set.js';
import { Turns } from '../walk/turns.js';
import { findCollectionRoots } from './collection-roots.js';
import { forgetCommits } from './commit-graph.js';
import { listLocalPacks } from './local-packs.js';
import { bytesOf, isYoung, type MaintenanceOptions, PRUNE_GRACE_MS, type RemovedFile } from './options.js';
import { prunePacked } from './prune-packed.js';
import { listReachable, markReachable } from './reachable.js';
import { tidyShallow } from './shallow.js';
import { listLoose } from './unreachable.js';

/** What may go. */
export interface PruneUnreachableOptions extends MaintenanceOptions {
  /**
   * Milliseconds since 1970: what was last written after stays, and all that it leads to (default: two weeks ago). `null`: everything
   * stays but what is packed, too.
   */
  readonly expireBeforeMs?: number | null;
  /** Objects that stay with all they lead to, beside those that refs, logs and indexes name. */
  readonly heads?: Iterable<Oid>;
}

/** An object that was removed, or in a dry run would be. */
export interface PrunedObject extends RemovedFile {
  readonly oid: Oid;
  /** `undefined` where the object was damaged. */
  readonly kind: ObjectKind | undefined;
}

/** What went. */
export interface PruneUnreachableReport {
  /** Loose objects that nothing leads to. */
  readonly objects: readonly PrunedObject[];
  /** Loose objects that packs have. */
  readonly packed: readonly RemovedFile[];
  /** What was left behind in the making. */
  readonly temporary: readonly RemovedFile[];
  readonly removedBytes: number;
}

/** Whatever the limit says, a temporary file that was written to in the last day may be somebody's at work. */
const TEMPORARY_GRACE_MS = 24 * 3600 * 1000;

/** Objects whose age was looked at between two turns. */
const TURN_OBJECTS = 256;

/**
 * Remove loose objects that nothing leads to and that are old, as `git prune` does, and with them what it removes beside: loose
 * objects that are packed, and temporary files. What lies in packs stays: see `repack`.
 * @throws {GitError} as `repack`
 */
export async function pruneUnreachable(
  repository: FileRepository,
  options: PruneUnreachableOptions = {},
): Promise<PruneUnreachableReport> {
  const { dryRun = false, signal, onProgress, heads = [] } = options;
  const expireBeforeMs = options.expireBeforeMs === undefined ? Date.now() - PRUNE_GRACE_MS : options.expireBeforeMs;
  signal?.throwIfAborted();
  const { objects: store } = repository;
  if (store.options.isPrecious) {
    throw new GitError('UNSUPPORTED', `Cannot prune ${store.own.path}: its objects are precious`);
  }
  const unreachable = expireBeforeMs === null ? [] : await findOld(repository, expireBeforeMs, heads, options);
  if (!dryRun) await forgetCommits(repository, unreachable);
  const objects: PrunedObject[] = [];
  const turns = new Turns(signal, TURN_OBJECTS);
  for (const oid of unreachable) {
    await turns.step();
    const kind = await kindOf(repository, oid);
    const bytes = await store.own.loose.fileSize(oid);
    if (bytes === undefined) continue;
    // Somebody may have written it again since it was listed, and count on it.
    if (isYoung((await store.own.loose.age(oid)) ?? Number.POSITIVE_INFINITY, expireBeforeMs ?? undefined)) continue;
    if (!dryRun) await store.own.loose.remove([oid]);
    objects.push({ oid, kind, bytes, path: `${store.own.path}/${oid.slice(0, 2)}/${oid.slice(2)}` });
    onProgress?.({ phase: 'prune', loaded: objects.length, total: unreachable.length });
  }
  if (!dryRun && objects.length > 0) await tidyShallow(repository);
  const packed = await prunePacked(repository, { dryRun, signal });
  const temporary = expireBeforeMs === null ? [] : await pruneTemporary(repository, expireBeforeMs, dryRun);
  return { objects, packed, temporary, removedBytes: bytesOf([...objects, ...packed, ...temporary]) };
}

/** Loose objects that are old, and that neither roots nor young objects lead to; sorted. */
async function findOld(
  repository: FileRepository,
  expireBeforeMs: number,
  heads: Iterable<Oid>,
  { signal, onProgress }: PruneUnreachableOptions,
): Promise<Oid[]> {
  const loose = await listLoose(repository, signal);
  if (!loose.some(({ mtimeMs }) => !isYoung(mtimeMs, expireBeforeMs))) return [];
  const roots = await findCollectionRoots(repository);
  const refs = new Set([...roots.refs, ...heads]);
  const onObjects = (loaded: number): void => onProgress?.({ phase: 'reachable', loaded });
  const { oids } = await listReachable(repository, { ...roots, refs }, { signal, onObjects });
  const young = new Set<Oid>();
  for (const { oid, mtimeMs } of loose) if (isYoung(mtimeMs, expireBeforeMs)) young.add(oid);
  for (const { index, mtimeMs, mtimeMsAt } of await listLocalPacks(repository)) {
    if (!isYoung(mtimeMs, expireBeforeMs)) continue;
    for (let position = 0; position < index.objectCount; position++) {
      const oid = index.oidAt(position);
      if (!oids.has(oid) && isYoung(mtimeMsAt(position), expireBeforeMs)) young.add(oid);
    }
  }
  const shallow = await repository.shallow.read();
  await markReachable(repository.objects, oids, young, { signal, shallow });
  const old: Oid[] = [];
  for (const { oid, mtimeMs } of loose) if (!oids.has(oid) && !isYoung(mtimeMs, expireBeforeMs)) old.push(oid);
  // A second look, for what came meanwhile.
  const now = await findCollectionRoots(repository);
  const added = new OidSet(repository.algorithm);
  const isKnown = (bytes: Uint8Array, offset: number): boolean => oids.hasBytes(bytes, offset);
  const newRoots = [...now.refs, ...now.others].filter((oid) => !oids.has(oid));
  await markReachable(repository.objects, added, newRoots, { signal, shallow, isKnown });
  return old.filter((oid) => !added.has(oid));
}

async function kindOf(repository: FileRepository, oid: Oid): Promise<ObjectKind | undefined> {
  try {
    return (await repository.objects.own.loose.stat(oid))?.kind;
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}

/** Temporary files of git and of ours, in the order of their directories. */
async function pruneTemporary(
  repository: FileRepository,
  expireBeforeMs: number,
  dryRun: boolean,
): Promise<RemovedFile[]> {
  const { disk, own } = repository.objects;
  const before = Math.min(expireBeforeMs, Date.now() - TEMPORARY_GRACE_MS);
  const removed: RemovedFile[] = [];
  const fanouts = [...(await own.loose.firstBytes())].sort().map((firstByte) => `${own.path}/${firstByte}`);
  for (const directory of [...fanouts, own.path, own.packs.path]) {
    for (const { name, kind } of await disk.findEntries(directory)) {
      if (kind !== 'file' || !name.startsWith(fanouts.includes(directory) ? 'tmp_obj_' : 'tmp_')) continue;
      const path = `${directory}/${name}`;
      const stat = await disk.findStat(path);
      if (stat === undefined || isYoung(stat.mtimeMs, before)) continue;
      if (!dryRun) await disk.removeFile(path);
      removed.push({ path, bytes: stat.size });
    }
  }
  return removed;
}
