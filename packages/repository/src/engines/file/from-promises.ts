import {
  type DirectoryEntry,
  type FileAccess,
  type FileHandle,
  type FileKind,
  type FileStat,
  type Fs,
  isAbsent,
} from './fs.js';

/** What `fs.promises.stat` tells, of node:fs and of those that follow it. */
export interface PromisedStat {
  isFile(): boolean;
  isDirectory(): boolean;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs?: number;
  readonly ino?: number;
}

/**
 * The part of node's `fs.promises` that file systems in browsers have too: LightningFS, memfs, ZenFS and others. Errors carry the
 * POSIX name as `code`.
 */
export interface PromisedFs {
  readFile(path: string): Promise<Uint8Array | string>;
  writeFile(path: string, bytes: Uint8Array): Promise<unknown>;
  readdir(path: string): Promise<unknown[]>;
  stat(path: string): Promise<PromisedStat>;
  lstat?(path: string): Promise<PromisedStat>;
  mkdir(path: string): Promise<unknown>;
  rmdir(path: string): Promise<unknown>;
  rename(from: string, to: string): Promise<unknown>;
  unlink(path: string): Promise<unknown>;
  utimes?(path: string, atime: Date, mtime: Date): Promise<unknown>;
  /** Resolves when what was written is safe, where the file system has something to wait for. */
  flush?(): Promise<unknown>;
}

/**
 * An {@link Fs} over `fs.promises` of some other file system, which has whole files and no handles: an open file is in memory, and
 * what was written goes out when it is synchronised or closed.
 *
 * Such a file system cannot create a file only where there is none, so that locks hold among the users of one adapter and not
 * among tabs or processes: make one, and share it. What a power loss leaves is for the file system to say.
 *
 * ```ts
 * import { promises } from 'node:fs'; // or new LightningFS('name').promises, memfs().fs.promises, ...
 * import { fsFromPromises, initFileRepository, openFileRepository } from '@git-kv/repository/file';
 *
 * const fs = fsFromPromises(promises);
 * await initFileRepository(fs, 'anywhere.git');
 * const repository = await openFileRepository(fs, 'anywhere.git');
 * ```
 */
export function fsFromPromises(promises: PromisedFs): Fs {
  return new AdaptedFs(promises);
}

class AdaptedFs implements Fs {
  readonly #fs: PromisedFs;
  /** Changes made here, by path: times of such file systems may be too coarse to tell them apart. */
  readonly #changes = new Map<string, number>();
  #changeCount = 0;
  /** Creations run one after another: each looks before it writes. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(promises: PromisedFs) {
    this.#fs = promises;
  }

  async open(path: string, access: FileAccess): Promise<FileHandle> {
    if (access === 'create') {
      const creation = this.#last.then(() => this.#create(path));
      this.#last = creation.catch(() => undefined);
      await creation;
      return new OpenFile(new Uint8Array(0), false, (bytes) => this.#write(path, bytes));
    }
    if (access === 'read') return new OpenFile(await this.readFile(path), false, () => fail('EBADF', path));
    const found = await this.readFile(path).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
      return undefined;
    });
    if (found === undefined) await this.#write(path, new Uint8Array(0));
    return new OpenFile(found ?? new Uint8Array(0), true, (bytes) => this.#write(path, bytes));
  }

  async readFile(path: string): Promise<Uint8Array> {
    const found = await this.#fs.readFile(path);
    return typeof found === 'string' ? new TextEncoder().encode(found) : new Uint8Array(found);
  }

  async readdir(path: string): Promise<DirectoryEntry[]> {
    const names = (await this.#fs.readdir(path)).map(String);
    const entries = names.map(async (name): Promise<DirectoryEntry[]> => {
      try {
        const below = `${path}/${name}`;
        return [{ name, kind: kindOf(await (this.#fs.lstat ? this.#fs.lstat(below) : this.#fs.stat(below))) }];
      } catch (error) {
        // Gone since it was listed.
        if (!isAbsent(error)) throw error;
        return [];
      }
    });
    return (await Promise.all(entries)).flat();
  }

  async stat(path: string): Promise<FileStat> {
    const found = await this.#fs.stat(path);
    const { size, mtimeMs, ctimeMs = 0, ino = 0 } = found;
    const version = `${ino}.${size}.${mtimeMs}.${ctimeMs}.${this.#changes.get(path) ?? 0}`;
    return { kind: kindOf(found), size, mtimeMs, version };
  }

  async mkdir(path: string): Promise<void> {
    await this.#fs.mkdir(path);
    this.#changed(path);
  }

  async rmdir(path: string): Promise<void> {
    await this.#fs.rmdir(path);
    this.#changed(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#fs.rename(from, to);
    this.#changed(from);
    this.#changed(to);
  }

  async unlink(path: string): Promise<void> {
    await this.#fs.unlink(path);
    this.#changed(path);
  }

  async touch(path: string): Promise<void> {
    const now = new Date();
    if (this.#fs.utimes) await this.#fs.utimes(path, now, now);
    else await this.#write(path, await this.readFile(path));
  }

  async syncDirectory(): Promise<void> {
    await this.#fs.flush?.();
  }

  async #create(path: string): Promise<void> {
    try {
      await this.#fs.stat(path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      return this.#write(path, new Uint8Array(0));
    }
    fail('EEXIST', path);
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#fs.writeFile(path, bytes);
    this.#changed(path);
    await this.#fs.flush?.();
  }

  /** A change of an entry is one of its directory too. */
  #changed(path: string): void {
    this.#changes.set(path, ++this.#changeCount);
    this.#changes.set(path.slice(0, path.lastIndexOf('/')), this.#changeCount);
  }
}

/** A file in memory while it is open. */
class OpenFile implements FileHandle {
  #bytes: Uint8Array;
  #size: number;
  #isWritten = true;
  readonly #appends: boolean;
  readonly #flush: (bytes: Uint8Array) => Promise<void> | never;

  constructor(bytes: Uint8Array, appends: boolean, flush: (bytes: Uint8Array) => Promise<void> | never) {
    this.#bytes = bytes;
    this.#size = bytes.length;
    this.#appends = appends;
    this.#flush = flush;
  }

  readSync(output: Uint8Array, position: number): number {
    const read = this.#bytes.subarray(Math.min(position, this.#size), Math.min(position + output.length, this.#size));
    output.set(read);
    return read.length;
  }

  async read(output: Uint8Array, position: number): Promise<number> {
    return this.readSync(output, position);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const start = this.#appends ? this.#size : position;
    const end = start + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, start);
    this.#size = Math.max(this.#size, end);
    this.#isWritten = false;
  }

  async size(): Promise<number> {
    return this.#size;
  }

  async sync(): Promise<void> {
    if (this.#isWritten) return;
    await this.#flush(this.#bytes.slice(0, this.#size));
    this.#isWritten = true;
  }

  async close(): Promise<void> {
    await this.sync();
  }
}

function kindOf(stat: PromisedStat): FileKind {
  if (stat.isFile()) return 'file';
  return stat.isDirectory() ? 'directory' : 'other';
}

function fail(code: string, path: string): never {
  throw Object.assign(new Error(`${code}: ${path}`), { code });
}
