import { GitError } from '@git-kv/objects';
import { type Disk, type DiskFile, randomName } from '../disk.js';
import { fsCode, isAbsent } from '../fs.js';
import { Backoff, type LockOptions } from '../lock-file.js';
import { joinPath, parentPath } from '../path.js';
import {
  endOwner,
  type LockOwner,
  OWNER_HEAD_BYTES,
  type Processes,
  parseOwner,
  serializeMark,
  serializeOwner,
} from './owner.js';

/** Times that a directory may vanish while a lock is taken in it. */
const MAX_ROUNDS = 20;

/** A lock of git's kind, `<path>.lock`, that tells whose it is. The new content of `path` comes from elsewhere. */
export interface OwnedLock {
  /** What is locked. */
  readonly path: string;
  readonly isHeld: boolean;
  /** Give it up; failures are not reported: whoever meets the lock then finds out by its owner. */
  release(): Promise<void>;
}

/** How a lock is waited for, and what to do about one that is held. */
export interface OwnedLockOptions extends LockOptions {
  /** Clears the lock away where its owner is dead. @returns whether it did */
  readonly clear: (lockPath: string) => Promise<boolean>;
}

/**
 * An opening of the repository as an owner of locks. Its file is created before the first lock and every lock is a second name of
 * it, so that a lock has its owner's name in it from its first moment. Behind the name come marks of transactions that are through.
 */
export class LockHolder {
  readonly owner: LockOwner;
  readonly path: string;
  readonly #disk: Disk;
  readonly #head: Uint8Array;
  #markBytes = 0;
  #numbers = 0;
  readonly #open = new Set<number>();
  /** Locks or transactions were left to whoever recovers them. */
  #isBroken = false;

  private constructor(disk: Disk, path: string, owner: LockOwner, head: Uint8Array) {
    this.#disk = disk;
    this.path = path;
    this.owner = owner;
    this.#head = head;
  }

  static async create(disk: Disk, directory: string, processes: Processes, after: number): Promise<LockHolder> {
    const owner: LockOwner = { token: randomName(), ...processes.self, durability: disk.durability, after };
    const head = serializeOwner(owner);
    const path = joinPath(directory, `${owner.token}.owner`);
    let file: DiskFile;
    try {
      file = await disk.open(path, 'create');
    } catch (error) {
      if (fsCode(error) !== 'ENOENT') throw error;
      await disk.makeDirectory(directory);
      file = await disk.open(path, 'create');
    }
    try {
      await file.write(head, 0);
      await file.sync();
      await file.close();
      await disk.syncDirectory(directory);
    } catch (error) {
      await disk.abandon(file);
      throw error;
    }
    return new LockHolder(disk, path, owner, head);
  }

  get token(): string {
    return this.owner.token;
  }

  /** Bytes of marks so far. */
  get markBytes(): number {
    return this.#markBytes;
  }

  /** Whether it has transactions under way. */
  get isBusy(): boolean {
    return this.#open.size > 0;
  }

  /** Begin a transaction. @returns its number, to be given to {@link finish} */
  begin(): number {
    this.#open.add(++this.#numbers);
    return this.#numbers;
  }

  /** Whether the transaction is one under way. */
  isOpen(number: number): boolean {
    return this.#open.has(number);
  }

  /** A committed transaction needs nothing more of whoever recovers. */
  async mark(number: number, disk: Disk = this.#disk): Promise<void> {
    const mark = serializeMark(this.token, number);
    this.#markBytes += mark.length;
    const file = await disk.open(this.path, 'append');
    try {
      await file.write(mark, 0);
    } finally {
      await file.close();
    }
  }

  /** The transaction is over and left nothing. */
  finish(number: number): void {
    this.#open.delete(number);
  }

  /** Something could not be brought to its end, or a lock not be removed: the next to open the repository is to do it. */
  abandon(): void {
    this.#isBroken = true;
  }

  /**
   * Take the lock of `path`.
   * @throws {GitError} REF_LOCKED after the time limit
   * @throws {FileError} with `fsCode` ENOTDIR where a file stands in the way of a directory
   */
  async acquire(path: string, options: OwnedLockOptions): Promise<OwnedLock> {
    const lockPath = `${path}.lock`;
    const backoff = new Backoff(options);
    for (let round = 0; ; ) {
      try {
        await this.take(lockPath);
        return new HeldLock(this, this.#disk, path, lockPath);
      } catch (error) {
        const code = fsCode(error);
        if (code === 'ENOENT' && round++ < MAX_ROUNDS) await this.#disk.makeDirectory(parentPath(path));
        else if (code !== 'EEXIST') throw error;
        else if (await options.clear(lockPath)) continue;
        else if (!(await backoff.wait())) {
          throw new GitError('REF_LOCKED', `Cannot lock ${path}: ${lockPath} was held for ${options.timeoutMs} ms`, {
            cause: error,
          });
        }
      }
    }
  }

  /** Create the file `lockPath` with the owner's name in it. @throws {FileError} with `fsCode` EEXIST where it exists */
  async take(lockPath: string): Promise<void> {
    if (await this.#disk.link(this.path, lockPath)) return;
    const file = await this.#disk.open(lockPath, 'create');
    try {
      await file.write(this.#head, 0);
      await file.close();
    } catch (error) {
      await this.#disk.abandon(file);
      throw error;
    }
  }

  /** Ends the owner. What it left is to be recovered by the next to open the repository. */
  async close(): Promise<void> {
    if (this.#isBroken || this.isBusy) {
      endOwner(this.token);
      return;
    }
    try {
      await this.#disk.fs.unlink(this.path);
    } catch {
      endOwner(this.token);
    }
  }
}

class HeldLock implements OwnedLock {
  readonly path: string;
  readonly #holder: LockHolder;
  readonly #disk: Disk;
  readonly #lockPath: string;
  #held = true;

  constructor(holder: LockHolder, disk: Disk, path: string, lockPath: string) {
    this.#holder = holder;
    this.#disk = disk;
    this.path = path;
    this.#lockPath = lockPath;
  }

  get isHeld(): boolean {
    return this.#held;
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    try {
      await this.#disk.fs.unlink(this.#lockPath);
    } catch (error) {
      // With its owner's file it is found by the next to open the repository.
      if (!isAbsent(error)) this.#holder.abandon();
    }
  }
}

/** Who holds the lock, where it is one of ours; `undefined` for git's, and where there is none. */
export async function findLockOwner(disk: Disk, lockPath: string): Promise<LockOwner | undefined> {
  const head = await disk.findHead(lockPath, OWNER_HEAD_BYTES);
  return head && parseOwner(head);
}
