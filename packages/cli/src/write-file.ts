import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError } from './input.js';

/** Write a whole file under a temporary name in `folder`, to be renamed: no reader sees half of it. Returns its path. */
export async function writeReadOnly(folder: string, kind: 'idx' | 'rev', bytes: Uint8Array): Promise<string> {
  const path = join(folder, `tmp_${kind}_${process.pid}_${Date.now().toString(36)}`);
  try {
    const file = await open(path, 'wx', 0o444);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw ioError(`could not write '${path}'`, error);
  }
}
