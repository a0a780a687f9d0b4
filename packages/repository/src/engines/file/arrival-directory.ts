import { type Disk, randomName } from './disk.js';
import { fsCode } from './fs.js';
import { STALE_TEMPORARY_MS } from './pack-directory.js';
import { joinPath } from './path.js';

/** git's name for its own: its prune sweeps what a crash leaves. */
const PREFIX = 'tmp_objdir-incoming-';

/** A pack that arrived, in an object directory of its own that git reads. */
export class ArrivalDirectory {
  readonly path: string;
  readonly #disk: Disk;
  readonly #files: readonly string[];

  private constructor(disk: Disk, path: string, files: readonly string[]) {
    this.path = path;
    this.#disk = disk;
    this.#files = files;
  }

  /**
   * @param pack absent where nothing arrived
   * @returns `undefined` where files cannot have two names
   */
  static async make(
    disk: Disk,
    objectsPath: string,
    pack?: { readonly path: string; readonly checksum: string; readonly index: Uint8Array },
  ): Promise<ArrivalDirectory | undefined> {
    const path = joinPath(objectsPath, PREFIX + randomName());
    const name = joinPath(path, `pack/pack-${pack?.checksum}`);
    const directory = new ArrivalDirectory(disk, path, pack ? [`${name}.pack`, `${name}.idx`] : []);
    try {
      await disk.fs.mkdir(path);
      await disk.fs.mkdir(joinPath(path, 'pack'));
      if (pack === undefined) return directory;
      if (!(await disk.link(pack.path, `${name}.pack`))) {
        await directory.remove();
        return undefined;
      }
      const file = await disk.open(`${name}.idx`, 'create', { readOnly: true });
      try {
        await file.write(pack.index, 0);
      } finally {
        await file.close();
      }
      return directory;
    } catch (error) {
      await directory.remove();
      throw error;
    }
  }

  /**
   * Move what programs have written into it where the store has its own: loose objects, and packs with what goes with them, each idx last.
   * What is there under the same name already stays.
   * @returns whether there were packs
   */
  async adopt(objectsPath: string): Promise<boolean> {
    const disk = this.#disk;
    for (const { name, kind } of await disk.findEntries(this.path)) {
      if (kind !== 'directory' || !/^[0-9a-f]{2}$/.test(name)) continue;
      await this.#move(name, objectsPath, /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/);
      await disk.syncDirectory(objectsPath);
    }
    return await this.#move('pack', objectsPath, /^pack-[0-9a-f]+\.[a-z]+$/);
  }

  /** Move the files of one directory whose names fit. @returns whether there were any */
  async #move(directory: string, objectsPath: string, pattern: RegExp): Promise<boolean> {
    const disk = this.#disk;
    const from = joinPath(this.path, directory);
    const target = joinPath(objectsPath, directory);
    const names = (await disk.findEntries(from))
      .map(({ name }) => name)
      .filter((name) => pattern.test(name) && !this.#files.includes(joinPath(from, name)))
      .sort((a, b) => Number(a.endsWith('.idx')) - Number(b.endsWith('.idx')));
    if (names.length === 0) return false;
    await disk.makeDirectory(target);
    for (const name of names) {
      const path = joinPath(from, name);
      if ((await disk.findStat(joinPath(target, name))) !== undefined) continue;
      const file = await disk.open(path, 'read');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await disk.rename(path, joinPath(target, name));
    }
    await disk.syncDirectory(target);
    return true;
  }

  /** With all that programs have left in it. What cannot be removed is swept later. */
  async remove(): Promise<void> {
    await this.#clear(this.path).catch(() => undefined);
  }

  /** Also where the store refuses writes by now. */
  async #clear(path: string, isAgain = false): Promise<void> {
    const { fs } = this.#disk;
    for (const { name, kind } of await this.#disk.findEntries(path)) {
      if (kind === 'directory') await this.#clear(joinPath(path, name), isAgain);
      else await fs.unlink(joinPath(path, name)).catch(() => undefined);
    }
    try {
      await fs.rmdir(path);
    } catch (error) {
      // What a hook has started may go on writing for a while.
      if (!isAgain && ['ENOTEMPTY', 'EEXIST'].includes(fsCode(error) ?? '')) await this.#clear(path, true);
    }
  }
}

/** Remove directories that a crash left behind long ago, or that programs left things in. */
export async function sweepArrivals(disk: Disk, objectsPath: string): Promise<void> {
  for (const { name, kind } of await disk.findEntries(objectsPath)) {
    if (kind !== 'directory' || !name.startsWith(PREFIX)) continue;
    const path = joinPath(objectsPath, name);
    const stat = await disk.findStat(path);
    if (stat && Date.now() - stat.mtimeMs > STALE_TEMPORARY_MS) await removeTree(disk, path);
  }
}

async function removeTree(disk: Disk, path: string): Promise<void> {
  for (const { name, kind } of await disk.findEntries(path)) {
    if (kind === 'directory') await removeTree(disk, joinPath(path, name));
    else await disk.removeFile(joinPath(path, name));
  }
  await disk.fs.rmdir(path).catch(() => undefined);
}
