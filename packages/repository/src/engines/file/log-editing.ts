import type { Oid } from '@git-kv/objects';
import { acquireLock } from './lock-file.js';
import { formatLogLine, type LogLine, type LogPlace, readLogLines } from './log-rewriting.js';
import { parentPath } from './path.js';
import { type RefFiles, serializeRefFile } from './ref-files.js';

/** Lines looked at again where another writer was quicker. */
const MAX_ROUNDS = 5;

/** How a log is edited. */
export interface EditLogOptions {
  /** Make the ref hold what the last line that is left says, unless it is symbolic. No line is left: it stays as it is. */
  readonly updateRef?: boolean;
}

/** The log of a ref, where it has one. */
export async function findLog(files: RefFiles, name: string): Promise<LogPlace | undefined> {
  const logPath = files.logPath(name);
  if ((await files.disk.findStat(logPath))?.kind !== 'file') return undefined;
  return { name, refPath: files.path(name), logPath };
}

/**
 * Write a log anew as `edit` says, under the lock of its ref; lines that are none go. Of several calls of `edit` the last counts.
 * @throws {GitError} REF_LOCKED
 */
export async function editLog(
  files: RefFiles,
  place: LogPlace,
  edit: (lines: readonly LogLine[]) => readonly LogLine[],
  { updateRef = false, lockTimeoutMs }: EditLogOptions & { readonly lockTimeoutMs: number },
): Promise<void> {
  const { disk } = files;
  const refLock = await acquireLock(disk, place.refPath, { timeoutMs: lockTimeoutMs });
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const size = (await disk.findStat(place.logPath))?.size;
      if (size === undefined) return;
      const lines = edit(await readLogLines(files, place));
      const logLock = await acquireLock(disk, place.logPath, { timeoutMs: lockTimeoutMs });
      try {
        await logLock.write(latin1Bytes(lines.map(formatLogLine).join('')));
        // The log of HEAD grows under the lock of its branch.
        if ((await disk.findStat(place.logPath))?.size !== size) continue;
        const oid = updateRef ? lines.at(-1)?.newOid : undefined;
        const isMoved = oid !== undefined && (await canHold(files, place, oid));
        if (isMoved) await refLock.write(serializeRefFile({ oid }));
        await logLock.commit();
        await disk.syncDirectory(parentPath(place.logPath));
        if (isMoved) {
          await refLock.commit();
          await disk.syncDirectory(parentPath(place.refPath));
        }
        return;
      } finally {
        await logLock.release();
      }
    }
  } finally {
    await refLock.release();
  }
}

async function canHold(files: RefFiles, { name }: LogPlace, oid: Oid): Promise<boolean> {
  if (oid === files.algorithm.zeroOid || name.startsWith('worktrees/')) return false;
  const value = await files.read(name);
  return value !== undefined && 'oid' in value;
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
