import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandError, type Console } from './console.js';
import { ioError } from './input.js';
import { syncDirectory } from './write-file.js';

/**
 * Write a file that is there when it is whole, and not before: into `<path>.lock`, as git does, which then takes its place.
 * Where `chunks` fail, what stood there stands.
 */
export async function writeLockedFile(
  console: Console,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = resolve(console.cwd, path);
  const lock = `${target}.lock`;
  let file: FileHandle;
  try {
    file = await open(lock, 'wx', 0o666);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandError(`Unable to create '${path}.lock': File exists`, { cause: error });
    }
    throw ioError(`Unable to create '${path}.lock'`, error);
  }
  try {
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(lock, target);
    await syncDirectory(dirname(target));
  } catch (error) {
    await rm(lock, { force: true });
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw ioError(`cannot create '${path}'`, error);
    throw error;
  }
}
