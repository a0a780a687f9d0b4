import { GitError, type Oid } from '@git-kv/objects';
import type { PreparedRefUpdate, RefName, RefUpdate, RefValue } from '../../ref-store.js';
import { formatLogLine, type LogContext, type LogLine, type LogPlace, readLogLines } from './log-rewriting.js';
import { parentPath } from './path.js';
import type { RefFiles } from './ref-files.js';
import { sameValue } from './ref-value.js';

/** Lines looked at again where another writer was quicker. */
const MAX_ROUNDS = 5;

/** How a log is edited. */
export interface EditLogOptions {
  /** Make the ref hold what the last line that is left says, unless it is symbolic. No line is left: it stays as it is. */
  readonly updateRef?: boolean;
}

/** What the lines of a log become. */
type EditLines = (lines: readonly LogLine[]) => readonly LogLine[];

/** What refs are moved with. */
export interface RefMover {
  read(name: RefName): Promise<RefValue | undefined>;
  /** Takes the lock of the ref; its log is left to the caller. @returns `undefined` where the ref is not what the update says */
  prepare(update: RefUpdate): Promise<PreparedRefUpdate | undefined>;
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
export async function editLog(files: RefFiles, place: LogPlace, edit: EditLines, context: LogContext): Promise<void> {
  const lock = await context.acquireLock(place.refPath, { timeoutMs: context.lockTimeoutMs });
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) if (await replaceLog(files, place, edit, context)) return;
    throw grows(place);
  } finally {
    await lock.release();
  }
}

/**
 * The same, and let the ref hold what the last line says, by a transaction like any other. The log comes first, as with git: a crash
 * in between leaves the ref where it was.
 * @returns false where the ref is none that could hold it, and nothing is done
 */
export async function editLogAndRef(
  files: RefFiles,
  place: LogPlace,
  edit: EditLines,
  context: LogContext & RefMover,
): Promise<boolean> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const oid = edit(await readLogLines(files, place)).at(-1)?.newOid;
    const current = await findMovable(files, place, oid, context);
    if (oid === undefined || current === undefined) return false;
    const prepared = await context.prepare({ name: place.name, expected: current, next: { oid } });
    let isReplaced = false;
    try {
      isReplaced = prepared !== undefined && (await replaceLog(files, place, edit, context, oid));
    } finally {
      // Nothing to tell of a ref that stays.
      if (!isReplaced || sameValue(current, { oid })) await prepared?.abort();
    }
    if (!isReplaced) continue;
    if (!sameValue(current, { oid })) await prepared?.commit();
    return true;
  }
  throw grows(place);
}

/** What the ref holds, where it is an object id that another may take the place of. */
async function findMovable(
  files: RefFiles,
  { name }: LogPlace,
  oid: Oid | undefined,
  { read }: RefMover,
): Promise<RefValue | undefined> {
  if (oid === undefined || oid === files.algorithm.zeroOid || name.startsWith('worktrees/')) return undefined;
  const value = await read(name);
  return value && 'oid' in value ? value : undefined;
}

/** @returns false where the log has grown meanwhile, or does not end with `lastOid` any more */
async function replaceLog(
  files: RefFiles,
  place: LogPlace,
  edit: EditLines,
  { acquireLock, lockTimeoutMs }: LogContext,
  lastOid?: Oid,
): Promise<boolean> {
  const { disk } = files;
  const size = (await disk.findStat(place.logPath))?.size;
  if (size === undefined) return true;
  const lines = edit(await readLogLines(files, place));
  if (lastOid !== undefined && lines.at(-1)?.newOid !== lastOid) return false;
  const lock = await acquireLock(place.logPath, { timeoutMs: lockTimeoutMs });
  try {
    await lock.write(latin1Bytes(lines.map(formatLogLine).join('')));
    // The log of HEAD grows under the lock of its branch.
    if ((await disk.findStat(place.logPath))?.size !== size) return false;
    await lock.commit();
    await disk.syncDirectory(parentPath(place.logPath));
    return true;
  } finally {
    await lock.release();
  }
}

function grows({ name }: LogPlace): GitError {
  return new GitError('REF_LOCKED', `Cannot edit the log of ${name}: others add to it all the time`);
}

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
