import { oidFromBytes } from '@git-kv/objects';
import { type PackInput, serializePackIndex, writePack } from '@git-kv/pack';
import type { DiskFile } from './disk.js';
import { FilePackStorage } from './pack-storage.js';
import type { StoreParts } from './store-parts.js';

/** A name git gives to its own, so that git's prune sweeps what a crash leaves. */
export const TEMPORARY_PACK = 'tmp_pack_';
const TEMPORARY_INDEX = 'tmp_idx_';
const TEMPORARY_REVERSE_INDEX = 'tmp_rev_';

/** Store these objects as one pack, durably. */
export async function writePackFile(
  store: StoreParts,
  objects: Iterable<PackInput> | AsyncIterable<PackInput>,
  objectCount: number,
  options: { readonly level?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { level, signal } = options;
  const { disk, algorithm, own } = store;
  const file = await disk.createTemporary(own.packs.path, TEMPORARY_PACK, { readOnly: true });
  try {
    const storage = new FilePackStorage(file);
    const pack = writePack({
      algorithm,
      objects,
      objectCount,
      ...(signal && { signal }),
      ...(level !== undefined && { level }),
    });
    let step = await pack.next();
    for (; !step.done; step = await pack.next()) await storage.append(step.value);
    await storage.flush();
    const { entries, packChecksum } = step.value;
    const index = serializePackIndex({ algorithm, entries, packChecksum });
    await publishPack(store, file, index, oidFromBytes(packChecksum));
  } catch (error) {
    await disk.abandon(file);
    throw error;
  }
}

/**
 * Make a complete pack part of the store. The idx comes last: it is what makes a pack visible, to us and to git.
 * A pack of this name that is there already has the same bytes.
 */
export async function publishPack(
  store: StoreParts,
  file: DiskFile,
  index: Uint8Array,
  packChecksum: string,
  reverseIndex?: Uint8Array,
): Promise<void> {
  const { disk, own } = store;
  const name = `pack-${packChecksum}`;
  const target = `${own.packs.path}/${name}`;
  await file.sync();
  const reversePath =
    reverseIndex && (await disk.writeTemporary(own.packs.path, TEMPORARY_REVERSE_INDEX, reverseIndex));
  const indexPath = await disk.writeTemporary(own.packs.path, TEMPORARY_INDEX, index);
  try {
    await disk.rename(file.path, `${target}.pack`);
    if (reversePath) await disk.rename(reversePath, `${target}.rev`);
    await disk.rename(indexPath, `${target}.idx`);
  } catch (error) {
    await disk.fs.unlink(indexPath).catch(() => undefined);
    if (reversePath) await disk.fs.unlink(reversePath).catch(() => undefined);
    // Renamed, but without an idx: nobody can see it. (With one, it is the same pack that was there before.)
    if (!(await disk.findStat(`${target}.idx`))) {
      await disk.fs.unlink(`${target}.pack`).catch(() => undefined);
      if (reversePath) await disk.fs.unlink(`${target}.rev`).catch(() => undefined);
    }
    throw error;
  }
  await disk.syncDirectory(own.packs.path);
  own.packs.add(name);
  await file.close();
}
