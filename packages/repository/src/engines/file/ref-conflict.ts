import type { RefName, RefValue } from '../../ref-store.js';
import { type DirectoryEntry, fsCode, isAbsent } from './fs.js';
import type { RefFiles } from './ref-files.js';

/** A ref that stands where a directory is needed, or below where a file is needed. */
export interface NameConflict {
  readonly name: RefName;
  readonly value: RefValue;
}

/**
 * What keeps `name` from being created: `refs/heads/a` and `refs/heads/a/b` cannot both be, as files or packed.
 * @param free names above others that were looked at before, and are no refs: they are not looked at again, and more join them
 */
export async function findNameConflict(
  files: RefFiles,
  name: RefName,
  free: Set<RefName> = new Set(),
): Promise<NameConflict | 'locked' | undefined> {
  const packed = await files.readPacked();
  for (const above of namesAbove(name)) {
    if (free.has(above)) continue;
    const value = await files.read(above);
    if (value !== undefined) return { name: above, value };
    free.add(above);
  }
  const [below] = packed.startingWith(`${name}/`);
  if (below) return { name: below.name, value: { oid: below.oid } };
  return clearDirectory(files, name);
}

/** Make way for the file of `name` where an empty directory lies: deleting refs may leave some. */
async function clearDirectory(files: RefFiles, name: RefName): Promise<NameConflict | 'locked' | undefined> {
  let entries: DirectoryEntry[];
  // Mostly there is nothing.
  if ((await files.disk.findStat(files.path(name))) === undefined) return undefined;
  try {
    entries = await files.disk.readdir(files.path(name));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  let locked = false;
  for (const entry of entries) {
    const below = `${name}/${entry.name}`;
    if (entry.kind === 'directory') {
      const found = await clearDirectory(files, below);
      if (found === 'locked') locked = true;
      else if (found) return found;
      continue;
    }
    const value = entry.name.endsWith('.lock') ? undefined : await files.readLoose(below);
    if (value) return { name: below, value };
    locked = true;
  }
  if (locked) return 'locked';
  try {
    await files.disk.rmdir(files.path(name));
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(fsCode(error) ?? '')) return 'locked';
    if (!isAbsent(error)) throw error;
  }
  return undefined;
}

/** The names above `name` that would have to be directories, nearest the root first. */
export function* namesAbove(name: RefName): Generator<RefName, void, undefined> {
  for (let slash = name.indexOf('/', 'refs/'.length); slash > 0; slash = name.indexOf('/', slash + 1)) {
    yield name.slice(0, slash);
  }
}
