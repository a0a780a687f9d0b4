import { concatBytes, encodeUtf8, GitError } from '@git-kv/objects';
import { hasEnded, parseOwner } from '../engines/file/journal/owner.js';
import { joinPath } from '../engines/file/path.js';
import type { FileRepository } from '../engines/file/repository.js';

/** The process that collects garbage, as others are to know it. */
export interface GcOwner {
  readonly pid: number;
  readonly host: string;
  /** Whether a process of this host is running. */
  readonly isRunning: (pid: number) => boolean;
}

/** After this time git takes a lock for forgotten, and so do we. */
const STALE_MS = 12 * 3600 * 1000;

/** Who collects garbage already. */
export class GcRunningError extends GitError {
  override readonly name: string = 'GcRunningError';
  readonly host: string;
  readonly pid: number;

  constructor(directory: string, host: string, pid: number) {
    super('REF_LOCKED', `Cannot collect garbage of ${directory}: gc is running on ${host} as process ${pid}`);
    this.host = host;
    this.pid = pid;
  }
}

/**
 * Take the right to collect garbage, by the file `gc.pid` as git does: its gc and ours never run at once. Behind what git reads in it
 * stands its owner, so that the next to open the repository removes it where that one has died.
 * @returns how to give it back
 * @throws {GcRunningError} REF_LOCKED where somebody has it
 */
export async function lockGc(repository: FileRepository, owner: GcOwner, force: boolean): Promise<() => Promise<void>> {
  const { disk, acquireLock } = repository.objects;
  const { commonDirectory } = repository.layout;
  const path = joinPath(commonDirectory, 'gc.pid');
  const lock = await acquireLock(path, { timeoutMs: 0 });
  try {
    const bytes = force ? undefined : await disk.findFile(path);
    const stat = bytes && (await disk.findStat(path));
    const [, pid, host] = /^\s*(\d+)\s+(\S+)/.exec(new TextDecoder().decode(bytes)) ?? [];
    if (stat && host !== undefined && Date.now() - stat.mtimeMs <= STALE_MS) {
      if (host !== owner.host || isNamelessRunning(bytes) || owner.isRunning(Number(pid)))
        throw new GcRunningError(commonDirectory, host, Number(pid));
    }
    const process = encodeUtf8(`${owner.pid} ${owner.host}`);
    await lock.write(lock.ownerLine ? concatBytes([process, encodeUtf8('\n'), lock.ownerLine]) : process);
    return await lock.commitPresence();
  } finally {
    await lock.release();
  }
}

/** Whether it is of one that cannot be looked for by its number, and that this realm has not seen end. */
function isNamelessRunning(bytes: Uint8Array | undefined): boolean {
  const newline = bytes?.indexOf(0x0a) ?? -1;
  if (bytes === undefined || newline < 0 || !/^\s*0\s/.test(new TextDecoder().decode(bytes))) return false;
  const owner = parseOwner(bytes.subarray(newline + 1));
  return owner !== undefined && !hasEnded(owner);
}
