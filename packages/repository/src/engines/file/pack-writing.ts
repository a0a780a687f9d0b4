import { oidFromBytes } from '@git-kv/objects';
import { type PackIndex, type PackInput, serializePackIndexColumns, writePack } from '@git-kv/pack';
import type { DiskFile } from './disk.js';
import { FilePackStorage } from './pack-storage.js';
import type { StoreParts } from './store-parts.js';

/** A name git gives to its own, so that git's prune sweeps what a crash leaves. */
export const TEMPORARY_PACK = 'tmp_pack_';

/** Files that go with a pack, by their endings. They are there before the pack is visible. */
export interface PackSideFiles {
  readonly rev?: Uint8Array | undefined;
  /** Makes it a cruft pack. */
  readonly mtimes?: Uint8Array | undefined;
  /** Says that it came from a promisor remote. */
  readonly promisor?: Uint8Array | undefined;
}

/** Store these objects as one pack, durably. */
export async function writePackFile(
  store: StoreParts,
  objects: Iterable<PackInput> | AsyncIterable<PackInput>,
  objectCount: number,
  options: { readonly level?: number; readonly treeDeltas?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { level, treeDeltas = false, signal } = options;
  const { disk, algorithm, own } = store;
  const file = await disk.createTemporary(own.packs.path, TEMPORARY_PACK, { readOnly: true });
  try {
    const storage = new FilePackStorage(file);
    const pack = writePack({
      algorithm,
      objects,
      objectCount,
      treeDeltas,
      ...(signal && { signal }),
      ...(level !== undefined && { level }),
    });
    let step = await pack.next();
    for (; !step.done; step = await pack.next()) await storage.append(step.value);
    await storage.flush();
    const { columns, packChecksum } = step.value;
    await publishPack(store, file, { bytes: serializePackIndexColumns(columns) }, oidFromBytes(packChecksum));
  } catch (error) {
    await disk.abandon(file);
    throw error;
  }
}

/**
 * Make a complete pack part of the store. The idx comes last: it is what makes a pack visible, to us and to git.
 * A pack of this name that is there already has the same bytes. An idx that is open goes on in the store: it need not be read again.
 */
export async function publishPack(
  store: StoreParts,
  file: DiskFile,
  index: { readonly bytes: Uint8Array; readonly parsed?: PackIndex },
  packChecksum: string,
  beside: PackSideFiles = {},
): Promise<void> {
  const { disk, own } = store;
  const name = `pack-${packChecksum}`;
  const target = `${own.packs.path}/${name}`;
  await file.sync();
  const temporaries: string[] = [];
  const targets: string[] = [`${target}.pack`];
  const placed: string[] = [];
  try {
    for (const [ending, bytes] of [...Object.entries(beside), ['idx', index.bytes] as const]) {
      if (bytes === undefined) continue;
      temporaries.push(await disk.writeTemporary(own.packs.path, `tmp_${ending}_`, bytes));
      targets.push(`${target}.${ending}`);
    }
    for (const [at, path] of [file.path, ...temporaries].entries()) {
      await disk.rename(path, targets[at] as string);
      placed.push(targets[at] as string);
    }
  } catch (error) {
    for (const path of temporaries) await disk.fs.unlink(path).catch(() => undefined);
    // Renamed, but without an idx: nobody can see it. (With one, it is the same pack that was there before.) What this call did not
    // put there may be another's, who is between two renames of the same pack.
    if (placed.length > 0 && !(await disk.findStat(`${target}.idx`))) {
      for (const path of placed) await disk.fs.unlink(path).catch(() => undefined);
    }
    throw error;
  }
  await disk.syncDirectory(own.packs.path);
  own.packs.add(name, beside.promisor !== undefined, index.parsed && { index: index.parsed, size: index.bytes.length });
  await file.close();
}
