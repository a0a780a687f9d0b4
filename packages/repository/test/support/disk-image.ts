/** Bytes a disk writes whole or not at all. */
export const SECTOR_BYTES = 512;

/** Bytes that a program wrote and no sync has followed yet. */
export interface PendingWrite {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A file of a {@link DiskImage}. */
export interface FileInode {
  readonly kind: 'file';
  /** What programs read. */
  readonly bytes: Uint8Array;
  /** What the last sync made sure of. */
  readonly durable: Uint8Array;
  /** What came after it, in order. */
  readonly writes: readonly PendingWrite[];
  readonly mtimeMs: number;
  /** Differs after every change. */
  readonly change: number;
}

/** A directory of a {@link DiskImage}. */
export interface DirectoryInode {
  readonly kind: 'directory';
  /** What programs see: name to inode number. */
  readonly entries: ReadonlyMap<string, number>;
  /** What each changed name has stood for since the last sync of the directory, the durable one first; `undefined` for nothing. */
  readonly pending: ReadonlyMap<string, readonly (number | undefined)[]>;
  readonly mtimeMs: number;
  readonly change: number;
}

export type Inode = FileInode | DirectoryInode;

/** The inode number of `/`. */
export const ROOT = 0;

/**
 * A disk at one moment, with what is durable of it and what is not: inodes by number. Immutable, so that images of a long
 * history share what did not change between them.
 */
export type DiskImage = ReadonlyMap<number, Inode>;

/** A disk that has the root directory alone. */
export function emptyImage(): DiskImage {
  return new Map([[ROOT, { kind: 'directory', entries: new Map(), pending: new Map(), mtimeMs: 0, change: 0 }]]);
}

/** What a power loss leaves of what was not synchronised. */
export interface Loss {
  /** Which of the values that a name has had stays: 0 is the durable one, `values - 1` the last. */
  entry(directory: number, name: string, values: number): number;
  /** What stays in a file that has pending writes. */
  content(inode: number, file: FileInode): Uint8Array;
}

/**
 * The disk after a power loss, all of it durable. Names are lost and kept one by one: file systems that keep some of them
 * together leave a part of these states, never another one.
 */
export function losePower(image: DiskImage, loss: Loss): DiskImage {
  const after = new Map<number, Inode>();
  const visit = (number: number): boolean => {
    if (after.has(number)) return image.get(number)?.kind === 'file';
    const inode = image.get(number) as Inode;
    if (inode.kind === 'file') {
      const bytes = inode.writes.length === 0 ? inode.durable : loss.content(number, inode);
      after.set(number, { ...inode, bytes, durable: bytes, writes: [] });
      return true;
    }
    const entries = new Map(inode.entries);
    after.set(number, { ...inode, entries, pending: new Map() });
    for (const [name, values] of inode.pending) {
      const value = values[loss.entry(number, name, values.length)];
      if (value === undefined) entries.delete(name);
      else entries.set(name, value);
    }
    // A directory has one name: where a lost rename leaves two of them, the first one counts.
    for (const [name, child] of entries) if (!visit(child)) entries.delete(name);
    return true;
  };
  visit(ROOT);
  return after;
}

/** What the file holds when each of its sectors has seen a part of the pending writes, and its size some of them. */
export function tearFile(
  file: FileInode,
  size: number,
  writesSeen: (sector: number, writes: number) => number,
): Uint8Array {
  const torn = new Uint8Array(Math.max(size, file.durable.length));
  torn.set(file.durable);
  const bySector = new Map<number, PendingWrite[]>();
  for (const write of file.writes) {
    const last = Math.floor((write.position + write.bytes.length - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(write.position / SECTOR_BYTES); sector <= last; sector++) {
      const writes = bySector.get(sector);
      if (writes) writes.push(write);
      else bySector.set(sector, [write]);
    }
  }
  for (const [sector, writes] of bySector) {
    for (const { position, bytes } of writes.slice(0, writesSeen(sector, writes.length))) {
      const start = Math.max(position, sector * SECTOR_BYTES);
      const end = Math.min(position + bytes.length, (sector + 1) * SECTOR_BYTES, torn.length);
      if (start < end) torn.set(bytes.subarray(start - position, end - position), start);
    }
  }
  return torn;
}

/** Names, by directory, whose present value a power loss may take. */
export function pendingNames(image: DiskImage): { readonly directory: number; readonly name: string }[] {
  const names: { directory: number; name: string }[] = [];
  for (const [directory, inode] of image) {
    if (inode.kind === 'directory') for (const name of inode.pending.keys()) names.push({ directory, name });
  }
  return names;
}

/** For each inode that is not durable as it is, how many changes of it are not. */
export function* pendingCounts(image: DiskImage): Generator<readonly [inode: number, count: number]> {
  for (const [number, inode] of image) {
    const count = inode.kind === 'file' ? inode.writes.length : inode.pending.size;
    if (count > 0) yield [number, count];
  }
}

/** Every file of the image by its path, and every directory, which holds `undefined`. */
export function listPaths(image: DiskImage): Map<string, Uint8Array | undefined> {
  const paths = new Map<string, Uint8Array | undefined>();
  const visit = (path: string, number: number): void => {
    const inode = image.get(number) as Inode;
    paths.set(path, inode.kind === 'file' ? inode.bytes : undefined);
    if (inode.kind === 'file') return;
    for (const name of [...inode.entries.keys()].sort()) visit(`${path}/${name}`, inode.entries.get(name) as number);
  };
  visit('', ROOT);
  return paths;
}

/** Every file of the image by its path. */
export function listFiles(image: DiskImage): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [path, bytes] of listPaths(image)) if (bytes !== undefined) files.set(path, bytes);
  return files;
}
