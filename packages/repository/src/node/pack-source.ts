import type { ByteSource, PackStorage } from '@git-kv/pack';
import { Disk } from '../engines/file/disk.js';
import { fileSource } from '../engines/file/file-source.js';
import { FilePackStorage } from '../engines/file/pack-storage.js';
import { nodeFs } from './node-fs.js';

/** A {@link ByteSource} over the file at `path`, which is open until `close`. @throws {FileError} */
export async function openPackFile(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  const file = await new Disk(nodeFs).open(path, 'read');
  return { ...fileSource(file, await file.size()), close: () => file.close() };
}

/** A pack being stored in a new file. */
export interface PackFileStorage extends PackStorage {
  /** Write out what is buffered, make it durable, close the file. */
  close(): Promise<void>;
  /** Close and remove the file. */
  discard(): Promise<void>;
}

/** A {@link PackStorage} in a new file at `path`, of mode 0444. @throws {FileError} where the file exists or cannot be made */
export async function filePackStorage(path: string): Promise<PackFileStorage> {
  const disk = new Disk(nodeFs);
  const file = await disk.open(path, 'create', { readOnly: true });
  const storage = new FilePackStorage(file);
  return {
    append: (bytes) => storage.append(bytes),
    overwrite: (offset, bytes) => storage.overwrite(offset, bytes),
    source: () => storage.source(),
    async close(): Promise<void> {
      await storage.flush();
      await file.sync();
      await file.close();
    },
    discard: () => disk.abandon(file),
  };
}
