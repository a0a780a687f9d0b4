import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  write,
  writeSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { DirectoryEntry, FileAccess, FileHandle, FileKind, FileStat, Fs } from '../engines/file/index.js';

const FLAGS: Readonly<Record<FileAccess, number>> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND,
};

/** Up to so many bytes, a read or a write takes less time than handing it to another thread does. */
const AT_ONCE_BYTES = 1 << 18;

/** A directory that says to be of this size or less, as far as the system tells it (not on Windows), is listed at once. */
const SMALL_DIRECTORY_BYTES = 1 << 15;

/** Calls made at once until others have their turn: half a millisecond, mostly. */
const CALLS_A_TURN = 64;

let callsLeft = CALLS_A_TURN;

/**
 * Calls that the system answers from memory are made at once, as handing one to another thread takes ten times as long as it does.
 * Now and then this waits, so that whoever makes thousands of them keeps nobody else from working.
 */
function turn(): Promise<void> | undefined {
  if (--callsLeft > 0) return undefined;
  callsLeft = CALLS_A_TURN;
  return new Promise((resolve) => setImmediate(resolve));
}

/** The file system of this computer, by node:fs. What waits for a disk (synchronising, much data) is left to other threads. */
export const nodeFs: Fs = {
  async open(path, access, options): Promise<FileHandle> {
    await turn();
    const file = openSync(path, FLAGS[access], options?.readOnly ? 0o444 : (options?.mode ?? 0o666));
    if (options?.mode !== undefined) fchmodSync(file, options.mode);
    return openFile(file);
  },

  async readFile(path): Promise<Uint8Array> {
    await turn();
    const file = openFile(openSync(path, FLAGS.read));
    try {
      return await readWhole(file);
    } finally {
      await file.close();
    }
  },

  async readdir(path): Promise<DirectoryEntry[]> {
    await turn();
    const isSmall = process.platform !== 'win32' && statSync(path).size <= SMALL_DIRECTORY_BYTES;
    const entries = isSmall ? readdirSync(path, { withFileTypes: true }) : await readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },

  async stat(path): Promise<FileStat> {
    await turn();
    const found = statSync(path, { bigint: true });
    return {
      kind: kindOf(found),
      size: Number(found.size),
      mtimeMs: Number(found.mtimeNs / 1_000_000n),
      mode: Number(found.mode & 0o7777n),
      version: `${found.dev}.${found.ino}.${found.size}.${found.mtimeNs}.${found.ctimeNs}`,
    };
  },

  async mkdir(path): Promise<void> {
    await turn();
    mkdirSync(path);
  },

  async rmdir(path): Promise<void> {
    await turn();
    rmdirSync(path);
  },

  async rename(from, to): Promise<void> {
    await turn();
    renameSync(from, to);
  },

  async link(from, to): Promise<void> {
    await turn();
    linkSync(from, to);
  },

  async unlink(path): Promise<void> {
    await turn();
    unlinkSync(path);
  },

  async touch(path): Promise<void> {
    await turn();
    const now = new Date();
    utimesSync(path, now, now);
  },

  async syncDirectory(path): Promise<void> {
    // Windows opens no directories: its file system keeps their order by itself.
    if (process.platform === 'win32') return;
    const directory = openSync(path, constants.O_RDONLY);
    try {
      await synchronize(directory);
    } catch (error) {
      // Some file systems have nothing to synchronise for a directory and say so.
      if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      closeSync(directory);
    }
  },
};

/** Files that nobody closed and nobody can reach any more. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<number>((file) => closeSync(file));

/** A handle that always reads without waiting. */
type OpenFile = FileHandle & Required<Pick<FileHandle, 'readSync'>>;

/** What other threads still do with the file is waited for before it is closed: its number may be another's then. */
function openFile(file: number): OpenFile {
  let isClosed = false;
  const pending = new Set<Promise<unknown>>();
  const assertOpen = (): void => {
    if (isClosed) throw Object.assign(new Error('EBADF: the file is closed'), { code: 'EBADF' });
  };
  const elsewhere = async <T>(work: Promise<T>): Promise<T> => {
    pending.add(work);
    try {
      return await work;
    } finally {
      pending.delete(work);
    }
  };
  const handle: OpenFile = {
    async read(output, position): Promise<number> {
      await turn();
      if (output.length <= AT_ONCE_BYTES) return handle.readSync(output, position);
      assertOpen();
      return elsewhere(
        new Promise((resolve, reject) => {
          read(file, output, 0, output.length, position, (error, count) => {
            if (error) reject(error);
            else resolve(count);
          });
        }),
      );
    },
    readSync(output, position): number {
      assertOpen();
      return readSync(file, output, 0, output.length, position);
    },
    async write(bytes, position): Promise<void> {
      await turn();
      for (let done = 0; done < bytes.length; ) {
        assertOpen();
        const length = bytes.length - done;
        done +=
          length <= AT_ONCE_BYTES
            ? writeSync(file, bytes, done, length, position + done)
            : await elsewhere(
                new Promise<number>((resolve, reject) => {
                  write(file, bytes, done, length, position + done, (error, count) => {
                    if (error) reject(error);
                    else resolve(count);
                  });
                }),
              );
      }
    },
    async size(): Promise<number> {
      assertOpen();
      return fstatSync(file).size;
    },
    async sync(): Promise<void> {
      assertOpen();
      await elsewhere(synchronize(file));
    },
    async close(): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      forgotten.unregister(handle);
      if (pending.size > 0) await Promise.allSettled(pending);
      closeSync(file);
    },
  };
  forgotten.register(handle, file, handle);
  return handle;
}

/** A file may say that it has no bytes and have some, as those of the system do, or have become shorter meanwhile. */
async function readWhole(file: OpenFile): Promise<Uint8Array> {
  let bytes = new Uint8Array(await file.size());
  for (let done = 0; ; ) {
    if (done === bytes.length) {
      const more = new Uint8Array(done === 0 ? 4096 : 1);
      const count = file.readSync(more, done);
      if (count === 0) return bytes;
      const larger = new Uint8Array(done * 2 + count);
      larger.set(bytes);
      larger.set(more.subarray(0, count), done);
      bytes = larger;
      done += count;
    } else {
      const count = await file.read(bytes.subarray(done), done);
      if (count === 0) return bytes.subarray(0, done);
      done += count;
    }
  }
}

function synchronize(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(file, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}
