/** What a directory entry or a path is, symbolic links followed by `stat` and not by `readdir`. */
export type FileKind = 'file' | 'directory' | 'other';

/** What stands at a path. */
export interface FileStat {
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Permission bits, where the platform has them. */
  readonly mode?: number;
  /**
   * Differs when the file at this path was changed or replaced: made of what the platform has (inode, times, size).
   * Equal tokens of times very near the present may still hide a change.
   */
  readonly version: string;
}

/** One name in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** `read`: an existing file. `create`: a new one, read and written; EEXIST where there is one. `append`: at the end, created if absent. */
export type FileAccess = 'read' | 'create' | 'append';

/** What a new file is like. */
export interface NewFileOptions {
  readonly readOnly?: boolean | undefined;
  /** Permission bits, whatever the process's mask says. */
  readonly mode?: number | undefined;
}

/** One open file. Reads and writes name their place: there is no cursor. */
export interface FileHandle {
  /** Fill `output` from `position` as far as one read goes. @returns bytes read; 0 at the end of the file */
  read(output: Uint8Array, position: number): Promise<number>;
  /** The same without waiting, where the platform has it. */
  readSync?(output: Uint8Array, position: number): number;
  /** Write all of `bytes` at `position` (ignored by a handle opened to append). */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Bytes in the file now. */
  size(): Promise<number>;
  /** Until this resolves, a power loss may take what was written. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The file system as the file engine sees it: the only door to storage, so that tests can count, fail, and stop at any call.
 *
 * Paths use `/`. A call that fails rejects with an error whose `code` is the POSIX name (`ENOENT`, `EEXIST`, `ENOTDIR`,
 * `EISDIR`, `ENOTEMPTY`, `ENOSPC`, ...), as node:fs does.
 */
export interface Fs {
  /** `readOnly` makes a new file's mode 0444, `mode` what it says; the handle can still write. */
  open(path: string, access: FileAccess, options?: NewFileOptions): Promise<FileHandle>;
  /** The whole file, in a fresh buffer. */
  readFile(path: string): Promise<Uint8Array>;
  /** Without `.` and `..`, in no order. */
  readdir(path: string): Promise<DirectoryEntry[]>;
  stat(path: string): Promise<FileStat>;
  /** One directory whose parent exists. */
  mkdir(path: string): Promise<void>;
  /** Only an empty directory. */
  rmdir(path: string): Promise<void>;
  /** Atomic; replaces a file at `to`. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Give the file at `from` a second name, `to`; EEXIST where something has it. Where it is missing, or fails with EPERM, ENOSYS,
   * ENOTSUP, EMLINK or EXDEV, files are created and filled instead, and a crash in between needs a hand to clean up.
   */
  link?(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Set the time of the last change to now. */
  touch(path: string): Promise<void>;
  /** Make the entries of a directory durable. Does nothing where the platform cannot. */
  syncDirectory(path: string): Promise<void>;
}

/** The portable code of an error of an {@link Fs}, or `undefined` for any other error. */
export function fsCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { fsCode, code } = error as { fsCode?: unknown; code?: unknown };
  if (typeof fsCode === 'string') return fsCode;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Whether nothing is at the path: it, or a directory on the way to it, is missing. */
export function isAbsent(error: unknown): boolean {
  const code = fsCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
