import { GitError } from '@git-kv/objects';
import {
  type DirectoryEntry,
  type FileAccess,
  type FileHandle,
  type FileStat,
  type Fs,
  fsCode,
  isAbsent,
  type NewFileOptions,
} from './fs.js';
import { joinPath, parentPath } from './path.js';

/**
 * What a resolved write promises. `full`: file and directory are synchronised, so it survives a power loss.
 * `batch`: objects as with `full`; a ref transaction survives the end of the process, and a power loss once it was synchronised,
 * which happens together with others after a short delay, on `sync()` and on `close()`. A power loss before may take the last
 * transactions, each of them whole.
 * `none`: it survives the end of the process; a power loss may take or tear it.
 */
export type Durability = 'full' | 'batch' | 'none';

/** A call to the file system failed. The code is NO_SPACE for a full disk and IO_FAILED for the rest. */
export class FileError extends GitError {
  override readonly name: string = 'FileError';
  readonly path: string;
  /** The POSIX name of the failure, such as `ENOENT`, where there was one. */
  readonly fsCode: string | undefined;

  constructor(verb: string, path: string, cause: unknown) {
    const code = fsCode(cause);
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
    super(full ? 'NO_SPACE' : 'IO_FAILED', `Cannot ${verb} ${path}: ${reason}`, { cause });
    this.path = path;
    this.fsCode = code;
  }
}

/** An open file whose failures are {@link FileError}s. */
export class DiskFile {
  readonly path: string;
  /** Present where the platform reads without waiting. */
  readonly readSync: ((output: Uint8Array, position: number) => number) | undefined;
  readonly #disk: Disk;
  readonly #handle: FileHandle;
  #closed = false;

  constructor(disk: Disk, path: string, handle: FileHandle) {
    this.path = path;
    this.#disk = disk;
    this.#handle = handle;
    const readSync = handle.readSync?.bind(handle);
    if (readSync) {
      this.readSync = (output, position) => {
        // The number of a closed descriptor may already name another file.
        if (this.#closed) throw new FileError('read', path, new Error('the file is closed'));
        try {
          return readSync(output, position);
        } catch (error) {
          throw new FileError('read', path, error);
        }
      };
    }
  }

  async read(output: Uint8Array, position: number): Promise<number> {
    return attempt('read', this.path, () => this.#handle.read(output, position));
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    this.#disk.assertWritable(this.path);
    return attempt('write', this.path, () => this.#handle.write(bytes, position));
  }

  async size(): Promise<number> {
    return attempt('read', this.path, () => this.#handle.size());
  }

  /** Make what was written durable, as far as the store's {@link Durability} asks. */
  async sync(): Promise<void> {
    if (this.#disk.durability === 'none') return;
    await this.#disk.syncing(this.path, () => this.#handle.sync());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await attempt('close', this.path, () => this.#handle.close());
  }
}

/** The file system of one repository: an {@link Fs} with errors that name their path, a durability, and a memory of failed syncs. */
export class Disk {
  readonly fs: Fs;
  readonly durability: Durability;
  /** Directories that are never made, nor what is above them: a repository that was deleted does not come back in parts. */
  roots: readonly string[] = [];
  #syncFailure: FileError | undefined;

  constructor(fs: Fs, durability: Durability = 'full') {
    this.fs = fs;
    this.durability = durability;
  }

  /**
   * After a failed sync the kernel may have dropped the pages: what is on disk is unknown and later syncs may
   * falsely succeed. So nothing more is written until the repository is opened anew.
   */
  assertWritable(path: string): void {
    const cause = this.#syncFailure;
    if (cause === undefined) return;
    throw new GitError(
      cause.code,
      `Cannot write ${path}: an earlier sync or commit failed, so the store refuses writes`,
      {
        cause,
      },
    );
  }

  get isWritable(): boolean {
    return this.#syncFailure === undefined;
  }

  /** Refuse writes from now on, as after a failed sync. */
  refuseWrites(cause: unknown): void {
    this.#syncFailure ??= cause instanceof FileError ? cause : new FileError('write', this.roots[0] ?? '', cause);
  }

  async syncing(path: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const failure = new FileError('sync', path, error);
      // A directory that is gone has lost nothing: somebody removed it.
      if (!isAbsent(error)) this.#syncFailure ??= failure;
      throw failure;
    }
  }

  async open(path: string, access: FileAccess, options?: NewFileOptions): Promise<DiskFile> {
    if (access !== 'read') this.assertWritable(path);
    const verb = access === 'create' ? 'create' : 'open';
    return new DiskFile(this, path, await attempt(verb, path, () => this.fs.open(path, access, options)));
  }

  async readFile(path: string): Promise<Uint8Array> {
    return attempt('read', path, () => this.fs.readFile(path));
  }

  /** The first bytes of a file, or `undefined` where there is none. */
  async findHead(path: string, byteCount: number): Promise<Uint8Array | undefined> {
    const file = await absentAsUndefined(this.open(path, 'read'));
    if (file === undefined) return undefined;
    try {
      const output = new Uint8Array(byteCount);
      return output.subarray(0, await file.read(output, 0));
    } finally {
      await file.close();
    }
  }

  /** The whole file, or `undefined` where there is none. */
  async findFile(path: string): Promise<Uint8Array | undefined> {
    return absentAsUndefined(this.readFile(path));
  }

  async readdir(path: string): Promise<DirectoryEntry[]> {
    return attempt('list', path, () => this.fs.readdir(path));
  }

  /** The entries, or none where there is no such directory. */
  async findEntries(path: string): Promise<DirectoryEntry[]> {
    return (await absentAsUndefined(this.readdir(path))) ?? [];
  }

  async findStat(path: string): Promise<FileStat | undefined> {
    return absentAsUndefined(attempt('inspect', path, () => this.fs.stat(path)));
  }

  async rename(from: string, to: string): Promise<void> {
    this.assertWritable(to);
    await attempt('rename to', to, () => this.fs.rename(from, to));
  }

  /** Give a file a second name. @returns false where this cannot be done here @throws {FileError} with `fsCode` EEXIST */
  async link(from: string, to: string): Promise<boolean> {
    this.assertWritable(to);
    const link = this.fs.link?.bind(this.fs);
    if (link === undefined) return false;
    try {
      await attempt('create', to, () => link(from, to));
      return true;
    } catch (error) {
      if (LINKLESS.has(fsCode(error) ?? '')) return false;
      throw error;
    }
  }

  async unlink(path: string): Promise<void> {
    this.assertWritable(path);
    await attempt('remove', path, () => this.fs.unlink(path));
  }

  /** @returns whether there was a file to remove */
  async removeFile(path: string): Promise<boolean> {
    return (await absentAsUndefined(this.unlink(path).then(() => true))) ?? false;
  }

  async rmdir(path: string): Promise<void> {
    this.assertWritable(path);
    await attempt('remove', path, () => this.fs.rmdir(path));
  }

  /** @returns whether there was a file to touch */
  async touch(path: string): Promise<boolean> {
    this.assertWritable(path);
    return (await absentAsUndefined(attempt('touch', path, () => this.fs.touch(path)).then(() => true))) ?? false;
  }

  async syncDirectory(path: string): Promise<void> {
    if (this.durability === 'none') return;
    await this.syncing(path, () => this.fs.syncDirectory(path));
  }

  /** Create `path` and whatever is missing above it; the new entries are made durable. */
  async makeDirectory(path: string): Promise<void> {
    this.assertWritable(path);
    for (let round = 0; ; round++) {
      try {
        await attempt('create', path, () => this.fs.mkdir(path));
        await this.syncDirectory(parentPath(path));
        return;
      } catch (error) {
        // Another process may remove empty directories while they are being made or looked at; a few rounds outlast it.
        if (fsCode(error) === 'EEXIST') {
          const found = await this.findStat(path);
          if (found?.kind === 'directory') return;
          if (found === undefined && round < 5) continue;
          throw new FileError('create', path, Object.assign(new Error('a file is there'), { code: 'ENOTDIR' }));
        }
        const parent = parentPath(path);
        if (fsCode(error) !== 'ENOENT' || round === 5 || parent === path || this.roots.includes(parent)) throw error;
        await this.makeDirectory(parent);
      }
    }
  }

  /** Open a new file beside others in `directory`, under a name that begins with `prefix` and nobody uses. */
  async createTemporary(
    directory: string,
    prefix: string,
    options?: { readonly readOnly?: boolean },
  ): Promise<DiskFile> {
    for (let round = 0; ; round++) {
      try {
        return await this.open(joinPath(directory, prefix + randomName()), 'create', options);
      } catch (error) {
        const code = fsCode(error);
        if (round === 5 || (code !== 'EEXIST' && code !== 'ENOENT')) throw error;
        if (code === 'ENOENT') await this.makeDirectory(directory);
      }
    }
  }

  /** A new file with these bytes, synchronised and closed, for a later rename. @returns its path */
  async writeTemporary(directory: string, prefix: string, bytes: Uint8Array): Promise<string> {
    const file = await this.createTemporary(directory, prefix, { readOnly: true });
    try {
      await file.write(bytes, 0);
      await file.sync();
      await file.close();
    } catch (error) {
      await this.abandon(file);
      throw error;
    }
    return file.path;
  }

  /** Close and remove a file that is not to be; the failure that led here is the one to report, so this adds none. */
  async abandon(file: DiskFile): Promise<void> {
    await file.close().catch(() => undefined);
    await this.fs.unlink(file.path).catch(() => undefined);
  }
}

/** How a file system says that it gives no file a second name. */
const LINKLESS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV']);

async function attempt<T>(verb: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof FileError ? error : new FileError(verb, path, error);
  }
}

async function absentAsUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits nobody else draws at the same time. */
export function randomName(): string {
  let name = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(12))) name += LETTERS[byte % LETTERS.length];
  return name;
}
