import type { RefName, RefValue } from '../../../ref-store.js';
import { fsCode } from '../fs.js';
import type { Backoff } from '../lock-file.js';
import { parentPath } from '../path.js';
import { findNameConflict } from '../ref-conflict.js';
import { type RefFiles, serializeRefFile } from '../ref-files.js';
import { sameValue } from '../ref-value.js';
import type { JournalUpdate } from './record.js';

/** One ref of a committed transaction on its way to the ref's own file. */
export interface PendingChange {
  readonly update: JournalUpdate;
  /** The file with the new value, which becomes the ref; absent for a deletion. */
  readonly temporary: string | undefined;
  /** Whether there is a file to be removed. */
  readonly isLoose: boolean;
  /** Whether the files say so already. */
  isDone: boolean;
}

/** A ref that cannot be, because another one has come to stand in its way. */
export interface BlockedChange {
  readonly name: RefName;
  readonly actual: RefValue;
}

/** Changes whose locks are held, and the new packed-refs where refs go that are in it. */
export interface PendingChanges {
  readonly changes: readonly PendingChange[];
  packedTemporary: string | undefined;
}

/**
 * Let the files of the refs say what was committed, durably. The refs change one by one. May be called again after a failure, and goes
 * on from there.
 * @returns what stands in the way of a new ref: then it and those after it are not done
 */
export async function applyChanges(
  files: RefFiles,
  pending: PendingChanges,
  newBackoff: () => Backoff,
): Promise<BlockedChange | undefined> {
  const { disk } = files;
  const directories = new Set<string>();

  // New names first: only they can still fail for another writer's sake.
  const writes = pending.changes.filter(({ update }) => update.next !== null);
  writes.sort((a, b) => Number(a.update.expected !== null) - Number(b.update.expected !== null));
  for (const change of writes) {
    if (!change.isDone) {
      const blocked = await renameToRef(files, change, newBackoff());
      if (blocked) return blocked;
      change.isDone = true;
    }
    directories.add(parentPath(files.path(change.update.name)));
  }

  // packed-refs loses a deleted ref before its loose file goes, or the old packed value would show in between.
  const deletions = pending.changes.filter(({ update }) => update.next === null);
  if (pending.packedTemporary !== undefined) {
    await disk.rename(pending.packedTemporary, files.packedPath);
    pending.packedTemporary = undefined;
    if (deletions.some(({ isLoose }) => isLoose)) await disk.syncDirectory(parentPath(files.packedPath));
  }
  // Also where an earlier call got as far as this, and not to the end.
  if (deletions.length > 0) directories.add(parentPath(files.packedPath));
  for (const change of deletions) {
    if (change.isLoose && !change.isDone) await disk.removeFile(files.path(change.update.name));
    change.isDone = true;
    if (change.isLoose) directories.add(parentPath(files.path(change.update.name)));
  }
  await files.syncDirectories(directories);
  return undefined;
}

/** Take back what is done of changes that cannot all be. Their locks are still held; nothing else has moved the refs. */
export async function revertChanges(
  files: RefFiles,
  changes: readonly PendingChange[],
  newPath: (at: number) => string,
): Promise<void> {
  for (const [at, { update, isDone }] of changes.entries()) {
    if (!isDone) continue;
    const path = files.path(update.name);
    if (update.expected === null) await files.disk.removeFile(path);
    else await files.disk.rename(await writeValue(files, newPath(at), update.expected), path);
    await files.disk.syncDirectory(parentPath(path));
  }
}

/** Write the new content of a ref beside the refs. @returns `path` */
export async function writeValue(files: RefFiles, path: string, value: RefValue): Promise<string> {
  return writeFile(files, path, serializeRefFile(value));
}

/** Write a file that is to be renamed over another, durably. @returns `path` */
export async function writeFile(files: RefFiles, path: string, bytes: Uint8Array): Promise<string> {
  const file = await files.disk.open(path, 'create');
  try {
    await file.write(bytes, 0);
    await file.sync();
    await file.close();
  } catch (error) {
    await files.disk.abandon(file);
    throw error;
  }
  return path;
}

async function renameToRef(
  files: RefFiles,
  { update, temporary }: PendingChange,
  backoff: Backoff,
): Promise<BlockedChange | undefined> {
  for (;;) {
    try {
      await files.disk.rename(temporary as string, files.path(update.name));
      return undefined;
    } catch (error) {
      const code = fsCode(error) ?? '';
      // Renamed before, by a call that failed all the same; or the empty directory it was to go to has been removed.
      if (code === 'ENOENT') {
        if (sameValue((await files.readLoose(update.name)) ?? null, update.next)) return undefined;
        await files.disk.makeDirectory(parentPath(files.path(update.name)));
      } else if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) throw error;
      const found = await findNameConflict(files, update.name);
      if (found !== undefined && found !== 'locked') return { name: found.name, actual: found.value };
      if (!(await backoff.wait())) throw error;
    }
  }
}
