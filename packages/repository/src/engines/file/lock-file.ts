import { GitError } from '@git-kv/objects';
import type { Disk, DiskFile } from './disk.js';
import { fsCode } from './fs.js';
import { parentPath } from './path.js';

/** How long a lock is waited for. */
export interface LockOptions {
  /** How long to wait for another holder before giving up. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether the file is to have mode 0444. */
  readonly readOnly?: boolean;
  /** Its permission bits (default: those of any new file). */
  readonly mode?: number | undefined;
}

/** The right to replace a file: `<path>.lock`, created exclusively, as git does it. Readers see the old file or the new one. */
export interface FileLock {
  /** What is locked. */
  readonly path: string;
  readonly isHeld: boolean;
  /** What a file may say to be known as its owner's, where locks have owners. */
  readonly ownerLine: Uint8Array | undefined;
  /** Replace the content to be. Once; synchronised when it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Put the content in the file's place. Making the directory durable is left to the caller, who may have several. */
  commit(): Promise<void>;
  /** The same for a file that tells of somebody at work. @returns what removes it when he is done, and reports no failure */
  commitPresence(): Promise<() => Promise<void>>;
  /** Give up the lock and its content. No effect after `commit`. */
  release(): Promise<void>;
}

/** Takes the lock of a file. @throws as {@link acquireLock} */
export type AcquireLock = (path: string, options: LockOptions) => Promise<FileLock>;

/** Locks that do not say whose they are: the new content is written into the lock, which `commit` renames over the file. */
class LockFile implements FileLock {
  readonly path: string;
  readonly ownerLine = undefined;
  readonly #disk: Disk;
  readonly #file: DiskFile;
  #held = true;

  constructor(disk: Disk, path: string, file: DiskFile) {
    this.path = path;
    this.#disk = disk;
    this.#file = file;
  }

  get isHeld(): boolean {
    return this.#held;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, 0);
    await this.#file.sync();
    await this.#file.close();
  }

  async commit(): Promise<void> {
    await this.#file.close();
    await this.#disk.rename(this.#file.path, this.path);
    this.#held = false;
  }

  async commitPresence(): Promise<() => Promise<void>> {
    await this.commit();
    return () => this.#disk.fs.unlink(this.path).catch(() => undefined);
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await this.#disk.abandon(this.#file);
  }
}

/**
 * Take the lock of `path` in nobody's name, where there is no journal that knows owners; waits for another holder up to the time
 * limit. A lock that a dead process left is not broken: nobody can tell it from a slow one.
 * @throws {GitError} REF_LOCKED after the time limit
 * @throws {FileError} with `fsCode` ENOTDIR where a file stands in the way of a directory
 */
export async function acquireLock(disk: Disk, path: string, options: LockOptions): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const backoff = new Backoff(options);
  for (;;) {
    try {
      return new LockFile(
        disk,
        path,
        await disk.open(lockPath, 'create', { readOnly: options.readOnly ?? false, mode: options.mode }),
      );
    } catch (error) {
      const code = fsCode(error);
      if (code === 'ENOENT') await disk.makeDirectory(parentPath(path));
      else if (code !== 'EEXIST') throw error;
      else if (!(await backoff.wait())) {
        throw new GitError('REF_LOCKED', `Cannot lock ${path}: ${lockPath} was held for ${options.timeoutMs} ms`, {
          cause: error,
        });
      }
    }
  }
}

/** Waits of growing, random length, up to a limit in all. */
export class Backoff {
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #stepMs = 2;

  constructor(options: LockOptions) {
    this.#deadline = Date.now() + options.timeoutMs;
    this.#signal = options.signal;
  }

  /** @returns false, at once, when the time is up */
  async wait(): Promise<boolean> {
    this.#signal?.throwIfAborted();
    const left = this.#deadline - Date.now();
    if (left <= 0) return false;
    // Random, so that writers who collided once do not collide again.
    const delay = Math.min(left, 1 + Math.random() * this.#stepMs);
    this.#stepMs = Math.min(this.#stepMs * 2, 100);
    await new Promise((resolve) => setTimeout(resolve, delay));
    return true;
  }
}
