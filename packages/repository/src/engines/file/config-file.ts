import { type Config, parseConfig } from '../../config/config.js';
import { ConfigDocument } from '../../config/document.js';
import type { Disk } from './disk.js';
import { type AcquireLock, acquireLock } from './lock-file.js';
import { parentPath } from './path.js';

/** A config file, changed under the lock that git takes. */
export class ConfigFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #lockTimeoutMs: number;
  readonly #acquireLock: AcquireLock;

  /** @param acquire takes the lock (default: in nobody's name) */
  constructor(disk: Disk, path: string, lockTimeoutMs: number, acquire?: AcquireLock) {
    this.#acquireLock = acquire ?? ((locked, options) => acquireLock(disk, locked, options));
    this.#disk = disk;
    this.#path = path;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /**
   * The settings as the file has them now.
   * @throws {MalformedError} where git would refuse the file
   */
  async read(): Promise<Config> {
    return parseConfig((await this.#disk.findFile(this.#path)) ?? '');
  }

  /**
   * Edit the file, which keeps its permissions; an error that `edit` throws leaves it as it was.
   * @throws {GitError} REF_LOCKED where another holds the lock for too long
   */
  async update(edit: (document: ConfigDocument) => void): Promise<void> {
    const mode = (await this.#disk.findStat(this.#path))?.mode;
    const lock = await this.#acquireLock(this.#path, { timeoutMs: this.#lockTimeoutMs, mode });
    try {
      const before = (await this.#disk.findFile(this.#path)) ?? new Uint8Array();
      const document = new ConfigDocument(before);
      edit(document);
      await lock.write(document.bytes);
      await lock.commit();
      await this.#disk.syncDirectory(parentPath(this.#path));
    } finally {
      await lock.release();
    }
  }
}
