import { type Disk, randomName } from './disk.js';
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

  /** What a program has left in it is swept later. */
  async remove(): Promise<void> {
    const { fs } = this.#disk;
    for (const file of this.#files) await fs.unlink(file).catch(() => undefined);
    for (const directory of [joinPath(this.path, 'pack'), this.path]) await fs.rmdir(directory).catch(() => undefined);
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
