import { equalBytes } from '@git-kv/objects';
import { randomName } from '../disk.js';
import { fsCode, isAbsent } from '../fs.js';
import type { AcquireLock, FileLock, LockOptions } from '../lock-file.js';
import { parentPath } from '../path.js';
import type { RefJournal } from './journal.js';
import type { LockHolder, OwnedLock } from './lock-holder.js';
import { serializeOwner } from './owner.js';

/**
 * Locks in the name of the journal's owner, for files that are replaced as a whole: packed-refs, config and what upkeep writes. Whoever
 * opens the repository after a crash knows by the name that nobody holds them any more.
 * @param clear clears a lock away where its owner is dead, and tells whether it did
 */
export function ownedLocks(journal: RefJournal, clear: (lockPath: string) => Promise<boolean>): AcquireLock {
  return async (path, options) => {
    const { holder, number } = await journal.begin();
    try {
      const lock = await holder.acquire(path, { ...options, clear });
      return new OwnedFileLock(journal, holder, number, lock, options);
    } catch (error) {
      holder.finish(number);
      throw error;
    }
  };
}

/** The lock is a name of its owner's file, so that the new content of what it locks waits in a file of its own. */
class OwnedFileLock implements FileLock {
  readonly #journal: RefJournal;
  readonly #holder: LockHolder;
  readonly #number: number;
  readonly #lock: OwnedLock;
  readonly #options: LockOptions;
  readonly #temporary: string;
  #content: Uint8Array | undefined;
  #held = true;

  constructor(journal: RefJournal, holder: LockHolder, number: number, lock: OwnedLock, options: LockOptions) {
    this.#journal = journal;
    this.#holder = holder;
    this.#number = number;
    this.#lock = lock;
    this.#options = options;
    this.#temporary = journal.temporaryPath(holder, number, 'content');
  }

  get path(): string {
    return this.#lock.path;
  }

  get isHeld(): boolean {
    return this.#held;
  }

  get ownerLine(): Uint8Array {
    return serializeOwner(this.#holder.owner);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writeTo(this.#temporary, bytes);
    this.#content = bytes;
  }

  async commit(): Promise<void> {
    await this.#replace();
    this.#held = false;
    await this.#lock.release();
    this.#holder.finish(this.#number);
  }

  async commitPresence(): Promise<() => Promise<void>> {
    const content = this.#content;
    await this.#replace();
    this.#held = false;
    await this.#lock.release();
    return async () => {
      try {
        const { disk } = this.#journal;
        const found = await disk.findFile(this.path);
        // Somebody may have taken it by force. Also where the store refuses writes by now.
        if (found && content && equalBytes(found, content)) await disk.fs.unlink(this.path);
      } catch (error) {
        if (!isAbsent(error)) this.#holder.abandon();
      }
      this.#holder.finish(this.#number);
    };
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    if (this.#content !== undefined) await this.#journal.disk.fs.unlink(this.#temporary).catch(() => undefined);
    await this.#lock.release();
    this.#holder.finish(this.#number);
  }

  async #replace(): Promise<void> {
    const { disk } = this.#journal;
    const content = this.#content;
    if (content === undefined) throw new Error(`BUG: there is nothing to put into ${this.path}`);
    try {
      await disk.rename(this.#temporary, this.path);
    } catch (error) {
      if (fsCode(error) !== 'EXDEV') throw error;
      // Where the objects have a disk of their own.
      const beside = `${parentPath(this.path)}/tmp_${randomName()}`;
      await this.#writeTo(beside, content);
      await disk.rename(beside, this.path);
      await disk.removeFile(this.#temporary);
    }
    this.#content = undefined;
  }

  async #writeTo(path: string, bytes: Uint8Array): Promise<void> {
    const { disk } = this.#journal;
    const { readOnly, mode } = this.#options;
    const file = await disk.open(path, 'create', { readOnly: readOnly ?? false, mode });
    try {
      await file.write(bytes, 0);
      await file.sync();
      await file.close();
    } catch (error) {
      await disk.abandon(file);
      throw error;
    }
  }
}
