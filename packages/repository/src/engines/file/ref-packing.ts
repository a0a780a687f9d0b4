import { equalBytes, isGitError } from '@git-kv/objects';
import type { ObjectReader, Progress } from '../../object-store.js';
import { findPeeled } from '../../ref-resolve.js';
import type { RefName } from '../../ref-store.js';
import { Turns } from '../../walk/turns.js';
import { fsCode } from './fs.js';
import type { AcquireLock, FileLock } from './lock-file.js';
import type { NewPackedRef, PackedRefs } from './packed-refs.js';
import { parentPath } from './path.js';
import { isWorkTreeRef, type RefFiles } from './ref-files.js';
import { compareRefNames } from './ref-order.js';

/** Which refs are packed, and what becomes of their files. Names and defaults are those of git-pack-refs(1). */
export interface PackRefsOptions {
  /** All refs, not only tags (default false). */
  readonly all?: boolean;
  /** Remove the files of the refs that were packed (default true). */
  readonly prune?: boolean;
  /** Change nothing, and tell what would be done (default false). */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What became of refs that were packed, by name. */
export interface PackRefsReport {
  /** Loose refs that packed-refs holds now. */
  readonly packed: readonly RefName[];
  /** Those of them whose files were removed: not those that others changed or locked meanwhile. */
  readonly pruned: readonly RefName[];
}

/** What refs are packed with. */
interface PackRefsContext {
  readonly files: RefFiles;
  readonly lockTimeoutMs: number;
  readonly acquireLock: AcquireLock;
}

/**
 * Write loose refs into packed-refs, durably, and then remove their files: each under its own lock, and only while both it and
 * packed-refs say what was packed. So a ref that others change, delete or make anew meanwhile is never lost.
 * @throws {GitError} REF_LOCKED where somebody else holds packed-refs
 */
export async function packRefFiles(
  context: PackRefsContext,
  reader: ObjectReader,
  options: PackRefsOptions = {},
): Promise<PackRefsReport> {
  const { all = false, prune = true, dryRun = false, signal, onProgress } = options;
  const { files, lockTimeoutMs, acquireLock } = context;
  const { disk } = files;
  signal?.throwIfAborted();
  if (dryRun) {
    const names = (await findCandidates(files, reader, all, signal)).map(({ name }) => name);
    return { packed: names, pruned: prune ? names : [] };
  }
  const lock = await acquireLock(files.packedPath, { timeoutMs: lockTimeoutMs, signal });
  let candidates: NewPackedRef[];
  try {
    // Under the lock: nobody deletes a packed ref, or packs others, between our look and our writing.
    const packed = await files.readPacked();
    candidates = await findCandidates(files, reader, all, signal);
    const bytes = packed.with(mergeRefs(await findUnpeeled(packed, reader), candidates));
    if (!equalBytes(bytes, packed.bytes)) {
      await lock.write(bytes);
      signal?.throwIfAborted();
      await lock.commit();
    }
    await disk.syncDirectory(parentPath(files.packedPath));
  } finally {
    await lock.release();
  }
  onProgress?.({ phase: 'refs', loaded: candidates.length, total: candidates.length });
  const packed = candidates.map(({ name }) => name);
  return { packed, pruned: prune ? await pruneLoose(context, candidates) : [] };
}

/** Loose refs to pack, sorted: shared by all work trees, not symbolic, of objects that are here. */
async function findCandidates(
  files: RefFiles,
  reader: ObjectReader,
  all: boolean,
  signal: AbortSignal | undefined,
): Promise<NewPackedRef[]> {
  const turns = new Turns(signal, 256);
  const candidates: NewPackedRef[] = [];
  for (const [name, value] of await files.listLoose('refs/')) {
    await turns.step();
    if (!('oid' in value) || isWorkTreeRef(name) || !(all || name.startsWith('refs/tags/'))) continue;
    if ((await reader.stat(value.oid)) === undefined) continue;
    candidates.push({ name, oid: value.oid, peeledOid: await findPeeled(reader, value.oid) });
  }
  return candidates.sort((a, b) => compareRefNames(a.name, b.name));
}

/** Tags of a file that an old git wrote, which does not say what all of them peel to. */
async function findUnpeeled(packed: PackedRefs, reader: ObjectReader): Promise<NewPackedRef[]> {
  if (packed.isFullyPeeled) return [];
  const found: NewPackedRef[] = [];
  for (const { name, oid, peeledOid } of packed.entries) {
    // A name that is no UTF-8 cannot be written again as it stands; its line stays as it is.
    if (name.includes('\ufffd')) continue;
    const peeled = peeledOid === undefined ? await findPeeled(reader, oid) : undefined;
    if (peeled !== undefined) found.push({ name, oid, peeledOid: peeled });
  }
  return found;
}

/** Both, sorted; of two with one name the one of `newer`. */
function mergeRefs(older: readonly NewPackedRef[], newer: readonly NewPackedRef[]): NewPackedRef[] {
  if (older.length === 0) return [...newer];
  const names = new Set(newer.map(({ name }) => name));
  const kept = older.filter(({ name }) => !names.has(name));
  return [...kept, ...newer].sort((a, b) => compareRefNames(a.name, b.name));
}

async function pruneLoose(context: PackRefsContext, candidates: readonly NewPackedRef[]): Promise<RefName[]> {
  const { files } = context;
  const pruned: RefName[] = [];
  const directories = new Set<string>();
  for (const candidate of candidates) {
    if (!(await pruneOne(context, candidate))) continue;
    pruned.push(candidate.name);
    directories.add(parentPath(files.path(candidate.name)));
  }
  // Durable before anything else: a file that came back after a power loss could bring back a ref that was deleted since.
  for (const directory of directories) {
    if (await files.disk.findStat(directory)) await files.disk.syncDirectory(directory);
  }
  for (const name of pruned) await files.removeEmptyParents(files.path(name), name);
  return pruned;
}

async function pruneOne(
  { files, lockTimeoutMs, acquireLock }: PackRefsContext,
  { name, oid }: NewPackedRef,
): Promise<boolean> {
  let lock: FileLock;
  try {
    lock = await acquireLock(files.path(name), { timeoutMs: lockTimeoutMs });
  } catch (error) {
    // Somebody is at work on it, or it went away and another took the place of its directory: a later call packs what is there.
    if (isGitError(error, 'REF_LOCKED') || fsCode(error) === 'ENOTDIR') return false;
    throw error;
  }
  try {
    const loose = await files.readLoose(name);
    if (loose === undefined || !('oid' in loose) || loose.oid !== oid) return false;
    // Deleted and created again with the same value since: then packed-refs does not have it any more.
    if ((await files.readPacked()).find(name)?.oid !== oid) return false;
    return await files.disk.removeFile(files.path(name));
  } finally {
    await lock.release();
  }
}
