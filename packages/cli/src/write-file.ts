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

/** Make what was renamed into a folder durable. Where the system keeps that order by itself, nothing is to be done. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await folder.close();
  }
}
