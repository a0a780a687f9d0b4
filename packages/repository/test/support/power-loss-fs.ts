import type { DirectoryEntry, FileAccess, FileHandle, FileStat, Fs } from '../../src/engines/file/index.js';
import { type DirectoryInode, type DiskImage, emptyImage, type FileInode, type Inode, ROOT } from './disk-image.js';

/** One call of an {@link Fs}, as a fault sees it before it happens. */
export interface FsCall {
  /** Such as `rename` or `handle.sync`. */
  readonly name: string;
  readonly path: string;
  /** Counts from 1. */
  readonly number: number;
  /** Changes of the disk before it. */
  readonly changes: number;
}

/**
 * How a call fails: with a POSIX code, before it has any effect. `written` is for writes: so many bytes reach the file first.
 */
export interface FsFault {
  readonly code: string;
  readonly written?: number;
}

/** What a {@link PowerLossFs} does beside holding files. */
export interface PowerLossOptions {
  /** Keep an image after every call that changes the disk. */
  readonly record?: boolean;
  /** Asked before each call. */
  readonly fault?: (call: FsCall) => FsFault | undefined;
}

/**
 * A disk in memory that knows what of it a power loss would leave: bytes are durable after `sync` of a handle, names after
 * `syncDirectory` of the directory they stand in, and nothing else is.
 */
export class PowerLossFs implements Fs {
  /** After each call that changed the disk, and before the first one: what was there when it was opened. */
  readonly history: DiskImage[] = [];
  /** Calls so far, by what they were. */
  readonly calls: FsCall[] = [];
  readonly #inodes: Map<number, Inode>;
  readonly #options: PowerLossOptions;
  #nextInode = ROOT;
  /** Tells versions of inodes apart. */
  #stamps = 0;
  #changed = 0;

  constructor(image: DiskImage = emptyImage(), options: PowerLossOptions = {}) {
    this.#inodes = new Map(image);
    this.#options = options;
    for (const [number, { change }] of image) {
      this.#nextInode = Math.max(this.#nextInode, number + 1);
      this.#stamps = Math.max(this.#stamps, change);
    }
    if (options.record) this.history.push(image);
  }

  /** How often it was changed. */
  get changes(): number {
    return this.#changed;
  }

  /** The disk as it is now. */
  get image(): DiskImage {
    return this.history.at(-1) ?? new Map(this.#inodes);
  }

  async open(path: string, access: FileAccess): Promise<FileHandle> {
    this.#begin('open', path);
    const { parent, name } = this.#locate(path);
    let number = this.#directory(parent, path).entries.get(name);
    if (number === undefined) {
      if (access === 'read') throw failure('ENOENT', path);
      number = this.#nextInode++;
      const nothing = new Uint8Array(0);
      this.#inodes.set(number, { kind: 'file', bytes: nothing, durable: nothing, writes: [], ...this.#stamp() });
      this.#link(parent, name, number);
      this.#keep();
    } else if (access === 'create') throw failure('EEXIST', path);
    else if (access === 'append' && this.#inodes.get(number)?.kind === 'directory') throw failure('EISDIR', path);
    return this.#handle(path, number, access);
  }

  async readFile(path: string): Promise<Uint8Array> {
    this.#begin('readFile', path);
    return this.#file(this.#find(path), path).bytes.slice();
  }

  async readdir(path: string): Promise<DirectoryEntry[]> {
    this.#begin('readdir', path);
    const entries = [...this.#directory(this.#find(path), path).entries];
    return entries.map(([name, number]) => ({ name, kind: (this.#inodes.get(number) as Inode).kind }));
  }

  async stat(path: string): Promise<FileStat> {
    this.#begin('stat', path);
    const number = this.#find(path);
    const inode = this.#inodes.get(number) as Inode;
    const size = inode.kind === 'file' ? inode.bytes.length : 0;
    return { kind: inode.kind, size, mtimeMs: inode.mtimeMs, version: `${number}.${inode.change}.${inode.mtimeMs}` };
  }

  async mkdir(path: string): Promise<void> {
    this.#begin('mkdir', path);
    const { parent, name } = this.#locate(path);
    if (name === '' || this.#directory(parent, path).entries.has(name)) throw failure('EEXIST', path);
    const number = this.#nextInode++;
    this.#inodes.set(number, { kind: 'directory', entries: new Map(), pending: new Map(), ...this.#stamp() });
    this.#link(parent, name, number);
    this.#keep();
  }

  async rmdir(path: string): Promise<void> {
    this.#begin('rmdir', path);
    const { parent, name } = this.#locate(path);
    if (this.#directory(this.#find(path), path).entries.size > 0) throw failure('ENOTEMPTY', path);
    this.#link(parent, name, undefined);
    this.#keep();
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin('rename', to);
    const number = this.#find(from);
    const source = this.#locate(from);
    const target = this.#locate(to);
    const moved = this.#inodes.get(number) as Inode;
    const there = this.#directory(target.parent, to).entries.get(target.name);
    if (there !== undefined) {
      const replaced = this.#inodes.get(there) as Inode;
      if (moved.kind === 'file' && replaced.kind === 'directory') throw failure('EISDIR', to);
      if (moved.kind === 'directory' && replaced.kind === 'file') throw failure('ENOTDIR', to);
      if (replaced.kind === 'directory' && replaced.entries.size > 0) throw failure('ENOTEMPTY', to);
    }
    this.#link(source.parent, source.name, undefined);
    this.#link(target.parent, target.name, number);
    this.#keep();
  }

  async link(from: string, to: string): Promise<void> {
    this.#begin('link', to);
    const number = this.#find(from);
    if (this.#inodes.get(number)?.kind === 'directory') throw failure('EPERM', to);
    const { parent, name } = this.#locate(to);
    if (this.#directory(parent, to).entries.has(name)) throw failure('EEXIST', to);
    this.#link(parent, name, number);
    this.#keep();
  }

  async unlink(path: string): Promise<void> {
    this.#begin('unlink', path);
    const number = this.#find(path);
    if (this.#inodes.get(number)?.kind === 'directory') throw failure('EISDIR', path);
    const { parent, name } = this.#locate(path);
    this.#link(parent, name, undefined);
    this.#keep();
  }

  async touch(path: string): Promise<void> {
    this.#begin('touch', path);
    const number = this.#find(path);
    this.#inodes.set(number, { ...(this.#inodes.get(number) as Inode), ...this.#stamp() });
    this.#keep();
  }

  async syncDirectory(path: string): Promise<void> {
    this.#begin('syncDirectory', path);
    const number = this.#find(path);
    const directory = this.#directory(number, path);
    if (directory.pending.size === 0) return;
    this.#inodes.set(number, { ...directory, pending: new Map() });
    this.#keep();
  }

  #handle(path: string, number: number, access: FileAccess): FileHandle {
    const file = (): FileInode => this.#file(number, path);
    const readSync = (output: Uint8Array, position: number): number => {
      const piece = file().bytes.subarray(position, position + output.length);
      output.set(piece);
      return piece.length;
    };
    return {
      read: async (output, position) => {
        this.#begin('handle.read', path);
        return readSync(output, position);
      },
      readSync: (output, position) => {
        this.#begin('handle.readSync', path);
        return readSync(output, position);
      },
      write: async (bytes, position) => {
        const write = (part: Uint8Array): void =>
          this.#write(number, access === 'append' ? file().bytes.length : position, part);
        this.#begin('handle.write', path, (written) => {
          if (written > 0 && bytes.length > 1) write(bytes.subarray(0, Math.min(written, bytes.length - 1)));
        });
        if (access === 'read') throw failure('EBADF', path);
        write(bytes);
      },
      size: async () => {
        this.#begin('handle.size', path);
        return file().bytes.length;
      },
      sync: async () => {
        this.#begin('handle.sync', path);
        const inode = file();
        if (inode.writes.length === 0) return;
        this.#inodes.set(number, { ...inode, durable: inode.bytes, writes: [] });
        this.#keep();
      },
      close: async () => {},
    };
  }

  #write(number: number, position: number, part: Uint8Array): void {
    const inode = this.#inodes.get(number) as FileInode;
    const bytes = new Uint8Array(Math.max(inode.bytes.length, position + part.length));
    bytes.set(inode.bytes);
    bytes.set(part, position);
    const writes = [...inode.writes, { position, bytes: part.slice() }];
    this.#inodes.set(number, { ...inode, bytes, writes, ...this.#stamp() });
    this.#keep();
  }

  /** Count the call, and fail it where it is to fail. */
  #begin(name: string, path: string, part?: (written: number) => void): void {
    const call = { name, path, number: this.calls.length + 1, changes: this.#changed };
    this.calls.push(call);
    const fault = this.#options.fault?.(call);
    if (fault === undefined) return;
    part?.(fault.written ?? 0);
    throw failure(fault.code, path);
  }

  #keep(): void {
    this.#changed++;
    if (this.#options.record) this.history.push(new Map(this.#inodes));
  }

  #stamp(): { readonly mtimeMs: number; readonly change: number } {
    return { mtimeMs: Date.now(), change: ++this.#stamps };
  }

  #link(parent: number, name: string, number: number | undefined): void {
    const directory = this.#inodes.get(parent) as DirectoryInode;
    const entries = new Map(directory.entries);
    const before = entries.get(name);
    if (number === undefined) entries.delete(name);
    else entries.set(name, number);
    const pending = new Map(directory.pending).set(name, [...(directory.pending.get(name) ?? [before]), number]);
    this.#inodes.set(parent, { ...directory, entries, pending, ...this.#stamp() });
  }

  #locate(path: string): { readonly parent: number; readonly name: string } {
    const slash = path.lastIndexOf('/');
    return { parent: slash <= 0 ? ROOT : this.#find(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  #find(path: string): number {
    let number = ROOT;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      const next = this.#directory(number, path).entries.get(name);
      if (next === undefined) throw failure('ENOENT', path);
      number = next;
    }
    return number;
  }

  #directory(number: number, path: string): DirectoryInode {
    const inode = this.#inodes.get(number) as Inode;
    if (inode.kind !== 'directory') throw failure('ENOTDIR', path);
    return inode;
  }

  #file(number: number, path: string): FileInode {
    const inode = this.#inodes.get(number) as Inode;
    if (inode.kind !== 'file') throw failure('EISDIR', path);
    return inode;
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
