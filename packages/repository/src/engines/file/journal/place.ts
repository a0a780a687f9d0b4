import type { Disk } from '../disk.js';
import { fsCode } from '../fs.js';
import { joinPath, parentPath } from '../path.js';
import type { LockHolder } from './lock-holder.js';

/** Give the file at `path` the name of a position. @returns false where another has it */
export async function placeRecord(disk: Disk, path: string, target: string, holder: LockHolder): Promise<boolean> {
  try {
    if (await disk.link(path, target)) return true;
  } catch (error) {
    if (fsCode(error) === 'EEXIST') return false;
    throw error;
  }
  // Without links: a lock keeps others from the position.
  const lock = await holder.acquire(joinPath(parentPath(target), 'publish'), {
    timeoutMs: 10_000,
    clear: async () => false,
  });
  try {
    if (await disk.findStat(target)) return false;
    await disk.rename(path, target);
    return true;
  } finally {
    await lock.release();
  }
}

/** Take back what {@link placeRecord} did. */
export async function unplaceRecord(disk: Disk, path: string, target: string): Promise<void> {
  if (await disk.findStat(path)) await disk.removeFile(target);
  else await disk.rename(target, path);
}
