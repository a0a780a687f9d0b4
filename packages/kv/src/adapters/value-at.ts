import { isGitError } from '@git-kv/objects';
import type { Key } from '../key.js';
import type { KvReader } from '../reader.js';

/** The value there; `undefined` also where a directory stands in its place, which is of other keys or of other files. */
export async function valueAt(reader: KvReader, path: Key): Promise<Uint8Array | undefined> {
  return await unlessDirectory(reader.get(path));
}

/** As {@link valueAt}, as text. */
export async function textAt(reader: KvReader, path: Key): Promise<string | undefined> {
  return await unlessDirectory(reader.getText(path));
}

async function unlessDirectory<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isGitError(error, 'VALUE_EXPECTED')) return undefined;
    throw error;
  }
}
