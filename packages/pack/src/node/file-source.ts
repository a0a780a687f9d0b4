import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { GitError } from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';

/** A {@link ByteSource} over a file, which can be read without waiting. A file that became shorter is an IO_FAILED. */
export interface FileSource extends ByteSource {
  readSync(offset: number, length: number): Uint8Array;
  readIntoSync(offset: number, output: Uint8Array): void;
  close(): Promise<void>;
}

/** Open the file at `path`, which must not change until it is closed. @throws what `node:fs` throws */
export function openFileSource(path: string): FileSource {
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const readIntoSync = (offset: number, output: Uint8Array): void => {
    if (!(offset >= 0 && offset + output.length <= size)) {
      throw new RangeError(`Cannot read ${output.length} bytes at ${offset}: ${path} has ${size}`);
    }
    for (let done = 0; done < output.length; ) {
      const count = readSync(file, output, done, output.length - done, offset + done);
      if (count === 0) throw new GitError('IO_FAILED', `Cannot read ${path}: it became shorter`);
      done += count;
    }
  };
  const read = (offset: number, length: number): Uint8Array => {
    const output = new Uint8Array(length);
    readIntoSync(offset, output);
    return output;
  };
  return {
    size,
    read: async (offset, length) => read(offset, length),
    readSync: read,
    readIntoSync,
    close: async () => closeSync(file),
  };
}
