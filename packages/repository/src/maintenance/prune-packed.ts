import type { Oid } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';
import type { MaintenanceOptions, RemovedFile } from './options.js';

/** What {@link prunePacked} takes. */
export interface PrunePackedOptions extends MaintenanceOptions {
  /** Of a dry run: whether a pack will have an object by then (default: whether one has it). */
  readonly isPacked?: (oid: Oid) => boolean;
}

/** Remove the loose objects that a pack has, of the repository's own or of an alternate, as git-prune-packed(1) does. */
export async function prunePacked(
  repository: FileRepository,
  { dryRun = false, isPacked, signal, onProgress }: PrunePackedOptions = {},
): Promise<RemovedFile[]> {
  const { disk, own } = repository.objects;
  const alternates = await repository.objects.alternates();
  const removed: RemovedFile[] = [];
  let settled: number | undefined;
  for (const firstByte of [...(await own.loose.firstBytes())].sort()) {
    signal?.throwIfAborted();
    // Others may have deleted a pack that was there a moment ago.
    for (const { packs } of [own, ...alternates]) await packs.refresh();
    // A pack that is there to be seen need not be durable: whoever put it there may have died, or be at it still.
    if (!dryRun && own.packs.generation !== settled) {
      await disk.syncDirectory(own.packs.path);
      settled = own.packs.generation;
    }
    const gone: Oid[] = [];
    for (const oid of await own.loose.list(firstByte)) {
      const isElsewhere = isPacked?.(oid) ?? (await own.packs.find(oid)) !== undefined;
      if (!isElsewhere && !(await isInPacks(alternates, oid))) continue;
      const bytes = await own.loose.fileSize(oid);
      if (bytes === undefined) continue;
      removed.push({ path: `${own.path}/${firstByte}/${oid.slice(2)}`, bytes });
      gone.push(oid);
    }
    if (!dryRun) await own.loose.remove(gone);
    onProgress?.({ phase: 'loose', loaded: Number.parseInt(firstByte, 16) + 1, total: 256 });
  }
  if (!dryRun && removed.length > 0) await disk.syncDirectory(own.path);
  return removed;
}

async function isInPacks(
  directories: readonly { readonly packs: { find(oid: Oid): Promise<unknown> } }[],
  oid: Oid,
): Promise<boolean> {
  for (const { packs } of directories) if ((await packs.find(oid)) !== undefined) return true;
  return false;
}
