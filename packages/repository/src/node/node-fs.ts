import { constants, readSync } from 'node:fs';
import {
  link,
  mkdir,
  type FileHandle as NodeHandle,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
} from 'node:fs/promises';
import type { DirectoryEntry, FileAccess, FileHandle, FileKind, FileStat, Fs } from '../engines/file/index.js';

const FLAGS: Readonly<Record<FileAccess, number>> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
};

/** The file system of this computer, by node:fs. */
export const nodeFs: Fs = {
  async open(path, access, options): Promise<FileHandle> {
    const handle = await open(path, FLAGS[access], options?.readOnly ? 0o444 : (options?.mode ?? 0o666));
    if (options?.mode !== undefined) await handle.chmod(options.mode);
    return wrap(handle);
  },

  async readFile(path): Promise<Uint8Array> {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  },

  async readdir(path): Promise<DirectoryEntry[]> {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },

  async stat(path): Promise<FileStat> {
    const found = await stat(path, { bigint: true });
    return {
      kind: kindOf(found),
      size: Number(found.size),
      mtimeMs: Number(found.mtimeNs / 1_000_000n),
      mode: Number(found.mode & 0o7777n),
      version: `${found.dev}.${found.ino}.${found.size}.${found.mtimeNs}.${found.ctimeNs}`,
    };
  },

  async mkdir(path): Promise<void> {
    await mkdir(path);
  },
  rmdir,
  rename,
  link,
  unlink,

  async touch(path): Promise<void> {
    const now = new Date();
    await utimes(path, now, now);
  },

  async syncDirectory(path): Promise<void> {
    // Windows opens no directories: its file system keeps their order by itself.
    if (process.platform === 'win32') return;
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } catch (error) {
      // Some file systems have nothing to synchronise for a directory and say so.
      if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await handle.close();
    }
  },
};

function wrap(handle: NodeHandle): FileHandle {
  return {
    async read(output, position): Promise<number> {
      return (await handle.read(output, 0, output.length, position)).bytesRead;
    },
    readSync(output, position): number {
      return readSync(handle.fd, output, 0, output.length, position);
    },
    async write(bytes, position): Promise<void> {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    async size(): Promise<number> {
      return (await handle.stat()).size;
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}
