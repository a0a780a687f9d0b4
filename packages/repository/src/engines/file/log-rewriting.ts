import { isGitError, isSafeRefName, type Oid } from '@git-kv/objects';
import type { RefName } from '../../ref-store.js';
import type { AcquireLock, FileLock } from './lock-file.js';
import { joinPath, parentPath } from './path.js';
import type { RefFiles } from './ref-files.js';

/** Where the log of a ref lies, and the ref itself. */
export interface LogPlace {
  /** As the audit of refs names it: of a linked work tree, `worktrees/NAME/HEAD`. */
  readonly name: RefName;
  readonly refPath: string;
  readonly logPath: string;
}

/** A line of a log. */
export interface LogLine {
  readonly oldOid: Oid;
  readonly newOid: Oid;
  /** Name and address, a character a byte. */
  readonly who: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** `+hhmm`. */
  readonly timezone: string;
  /** A character a byte. */
  readonly message: string;
}

/** What logs are written with. */
export interface LogContext {
  readonly acquireLock: AcquireLock;
  readonly lockTimeoutMs: number;
}

/** Lines looked at again where another writer was quicker. */
const MAX_ROUNDS = 5;

/** The logs there are: of the HEAD of each work tree, and of refs that all of them share. */
export async function findLogs(files: RefFiles): Promise<LogPlace[]> {
  const { disk } = files;
  const { commonDirectory } = files.layout;
  const found: LogPlace[] = [];
  const add = async (root: string, name: string, shown: string): Promise<void> => {
    const logPath = joinPath(root, `logs/${name}`);
    if ((await disk.findStat(logPath))?.kind === 'file') {
      found.push({ name: shown, refPath: joinPath(root, name), logPath });
    }
  };
  await add(commonDirectory, 'HEAD', 'HEAD');
  for (const { name } of await disk.findEntries(joinPath(commonDirectory, 'worktrees'))) {
    await add(joinPath(commonDirectory, `worktrees/${name}`), 'HEAD', `worktrees/${name}/HEAD`);
  }
  const below = async (directory: string): Promise<void> => {
    for (const { name, kind } of await disk.findEntries(joinPath(commonDirectory, `logs/${directory}`))) {
      const path = `${directory}/${name}`;
      if (kind === 'directory') await below(path);
      else if (isSafeRefName(path)) await add(commonDirectory, path, path);
    }
  };
  await below('refs');
  return found;
}

/** What a log says, the oldest line first; lines that are none are passed over. */
export async function readLogLines(files: RefFiles, { logPath }: LogPlace): Promise<LogLine[]> {
  const bytes = await files.disk.findFile(logPath);
  const lines = bytes === undefined ? [] : splitLines(bytes);
  return lines.flatMap((line) => parseLine(line, files.algorithm.hexLength) ?? []);
}

/**
 * Write a log anew without the lines that `isGone` names, under the lock of its ref.
 * @returns how many lines went; 0 where somebody holds the lock
 */
export async function removeLogLines(
  files: RefFiles,
  { refPath, logPath }: LogPlace,
  isGone: (line: LogLine) => boolean,
  { acquireLock, lockTimeoutMs }: LogContext,
): Promise<number> {
  const { disk, algorithm } = files;
  let refLock: FileLock;
  try {
    refLock = await acquireLock(refPath, { timeoutMs: lockTimeoutMs });
  } catch (error) {
    if (isGitError(error, 'REF_LOCKED')) return 0;
    throw error;
  }
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const bytes = await disk.findFile(logPath);
      if (bytes === undefined) return 0;
      const lines = splitLines(bytes);
      const kept = lines.filter((text) => {
        const line = parseLine(text, algorithm.hexLength);
        return line === undefined || !isGone(line);
      });
      if (kept.length === lines.length) return 0;
      const lock = await acquireLock(logPath, { timeoutMs: lockTimeoutMs });
      try {
        await lock.write(latin1Bytes(kept.join('')));
        // The log of HEAD grows under the lock of its branch.
        if ((await disk.findStat(logPath))?.size !== bytes.length) continue;
        await lock.commit();
        await disk.syncDirectory(parentPath(logPath));
        return lines.length - kept.length;
      } finally {
        await lock.release();
      }
    }
    return 0;
  } finally {
    await refLock.release();
  }
}

/** Lines with their ends, a character a byte. */
function splitLines(bytes: Uint8Array): string[] {
  let text = '';
  // In pieces: a call takes so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function parseLine(line: string, hexLength: number): LogLine | undefined {
  const match = /^([0-9a-f]+) ([0-9a-f]+) ([^>]*>) (\d+) ([-+]\d{4})(?:\t(.*))?\n$/.exec(line);
  const [, oldOid = '', newOid = '', who = '', seconds, timezone = '', message = ''] = match ?? [];
  if (oldOid.length !== hexLength || newOid.length !== hexLength) return undefined;
  return { oldOid, newOid, who, timestamp: Number(seconds), timezone, message };
}

/** A line as git writes it when it writes a log anew, a character a byte. */
export function formatLogLine({ oldOid, newOid, who, timestamp, timezone, message }: LogLine): string {
  return `${oldOid} ${newOid} ${who} ${timestamp} ${timezone}\t${message}\n`;
}
