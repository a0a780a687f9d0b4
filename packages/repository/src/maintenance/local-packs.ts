import { isGitError } from '@git-kv/objects';
import { type PackIndex, type PackMtimes, parsePackMtimes } from '@git-kv/pack';
import type { FileRepository } from '../engines/file/repository.js';
import { bytesOf, type RemovedFile } from './options.js';

/** A pack of the repository's own, and the files beside it. */
export interface LocalPack {
  /** `pack-<hex>`, without an ending. */
  readonly name: string;
  readonly index: PackIndex;
  /** When it was written, or an object in it was written again. */
  readonly mtimeMs: number;
  /** The idx first, so that nobody finds a pack half deleted. */
  readonly files: readonly RemovedFile[];
  readonly bytes: number;
  /** Somebody said that it is to stay as it is, or it came from a promisor remote. */
  readonly isKept: boolean;
  /** It came from a promisor remote, and may become part of another pack that did. */
  readonly isPromisor: boolean;
  /** It holds what nothing led to when it was made. */
  readonly isCruft: boolean;
  /** When the object at a position of the idx was last written, in milliseconds since 1970; other than `mtimeMs` in a cruft pack. */
  readonly mtimeMsAt: (indexPosition: number) => number;
}

/** Endings in the order in which files are deleted. */
const ENDINGS: readonly string[] = ['.idx', '.pack', '.rev', '.bitmap', '.mtimes', '.promisor'];

/** The packs that lie in the repository's own directory now. @param kept names of packs to leave as they are, with any ending or none */
export async function listLocalPacks(repository: FileRepository, kept: readonly string[] = []): Promise<LocalPack[]> {
  const { disk, own } = repository.objects;
  const keptNames = new Set(kept.map((name) => name.replace(/\.[a-z]+$/, '')));
  own.packs.forget();
  await own.packs.refresh();
  const names = new Set((await disk.findEntries(own.packs.path)).map(({ name }) => name));
  const packs: LocalPack[] = [];
  for (const pack of await own.packs.packs()) {
    const index = await own.packs.ifThere(pack, () => pack.index());
    const stat = await disk.findStat(pack.packPath);
    if (index === undefined || stat === undefined) continue;
    const files: RemovedFile[] = [];
    for (const ending of ENDINGS) {
      const path = pack.path + ending;
      const found = names.has(pack.name + ending) ? await disk.findStat(path) : undefined;
      if (found) files.push({ path, bytes: found.size });
    }
    const isCruft = names.has(`${pack.name}.mtimes`);
    const times = isCruft ? await readMtimes(repository, pack.path, index) : undefined;
    const isPinned = names.has(`${pack.name}.keep`) || keptNames.has(pack.name);
    const isPromisor = names.has(`${pack.name}.promisor`);
    packs.push({
      name: pack.name,
      index,
      mtimeMs: stat.mtimeMs,
      files,
      bytes: bytesOf(files),
      isKept: isPinned || isPromisor,
      isPromisor: isPromisor && !isPinned,
      isCruft,
      mtimeMsAt: (position) => (times === undefined ? stat.mtimeMs : times.mtimeAt(position) * 1000),
    });
  }
  return packs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Without times that can be read, the objects of a cruft pack are as old as their pack: at least not too old. */
async function readMtimes(
  { algorithm, objects: { disk } }: FileRepository,
  path: string,
  index: PackIndex,
): Promise<PackMtimes | undefined> {
  const bytes = await disk.findFile(`${path}.mtimes`);
  try {
    return bytes && parsePackMtimes(bytes, algorithm, index);
  } catch (error) {
    if (isGitError(error)) return undefined;
    throw error;
  }
}

/** Delete packs, durably. What names them (a multi-pack-index) must not do so any more. */
export async function removePacks(repository: FileRepository, packs: readonly LocalPack[]): Promise<void> {
  const { disk, own } = repository.objects;
  if (packs.length === 0) return;
  for (const { files } of packs) for (const { path } of files) await disk.removeFile(path);
  await disk.syncDirectory(own.packs.path);
  own.packs.forget();
  await own.packs.refresh();
}
