import type { ByteSource } from '@git-kv/pack';
import { type DiskFile, FileError } from './disk.js';

/** A {@link ByteSource} over an open file of `size` bytes; `close` closes the file. */
export function fileSource(file: DiskFile, size: number): ByteSource {
  const check = (offset: number, length: number): void => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw new RangeError(`Cannot read ${length} bytes at ${offset}: ${file.path} has ${size}`);
    }
  };
  const shrunk = (): never => {
    throw new FileError('read', file.path, new Error('the file became shorter'));
  };
  const { readSync } = file;
  return {
    size,
    async read(offset, length, options): Promise<Uint8Array> {
      check(offset, length);
      options?.signal?.throwIfAborted();
      const output = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        done += (await file.read(output.subarray(done), offset + done)) || shrunk();
      }
      return output;
    },
    ...(readSync && {
      readSync(offset: number, length: number): Uint8Array {
        check(offset, length);
        const output = new Uint8Array(length);
        for (let done = 0; done < length; ) done += readSync(output.subarray(done), offset + done) || shrunk();
        return output;
      },
      readIntoSync(offset: number, output: Uint8Array): void {
        check(offset, output.length);
        let done = readSync(output, offset);
        while (done < output.length) done += readSync(output.subarray(done), offset + done) || shrunk();
      },
    }),
    close: () => file.close(),
  };
}
