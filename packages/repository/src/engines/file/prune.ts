import type { Oid, RawObject } from '@git-kv/objects';
import type { PackInput } from '@git-kv/pack';
import type { PruneReport, ReadOptions } from '../../object-store.js';
import type { PackFile } from './pack-file.js';
import { writePackFile } from './pack-writing.js';
import type { StoreParts } from './store-parts.js';

/** Endings of the files that go with a pack; the idx goes first, so that nobody finds a pack half deleted. */
const PACK_ENDINGS: readonly string[] = ['.idx', '.pack', '.rev', '.bitmap', '.mtimes'];

/** Packs with a file of these endings are left as they are: somebody said so, or other tools rely on them. */
const PROTECTED_ENDINGS: readonly string[] = ['.keep', '.promisor'];

/** Drop what `keep` refuses: loose objects are deleted, packs that lose objects are written anew without them. */
export async function pruneObjects(
  store: StoreParts,
  keep: (oid: Oid) => boolean,
  options?: ReadOptions,
): Promise<PruneReport> {
  const youngest = Date.now() - (store.options.pruneGraceMs ?? 0);
  const kept = new Set<Oid>();
  const removed = new Set<Oid>();
  const { packs } = store.own;
  await packs.sweep();
  await packs.refresh();
  for (const pack of await packs.packs()) {
    options?.signal?.throwIfAborted();
    await prunePack(store, pack, youngest, keep, { kept, removed });
  }
  await pruneLoose(store, youngest, keep, { kept, removed }, options);
  for (const oid of kept) removed.delete(oid);
  if (removed.size > 0) await removeCommitGraph(store);
  packs.forget();
  await packs.refresh();
  return { removed: removed.size, kept: kept.size };
}

interface Tally {
  readonly kept: Set<Oid>;
  readonly removed: Set<Oid>;
}

async function prunePack(
  store: StoreParts,
  pack: PackFile,
  youngest: number,
  keep: (oid: Oid) => boolean,
  tally: Tally,
): Promise<void> {
  const index = await store.own.packs.ifThere(pack, () => pack.index());
  if (index === undefined) return;
  const isProtected = await isPackProtected(store, pack, youngest);
  const kept: Oid[] = [];
  const removed: Oid[] = [];
  for (let position = 0; position < index.objectCount; position++) {
    const oid = index.oidAt(position);
    (isProtected || keep(oid) ? kept : removed).push(oid);
  }
  for (const oid of kept) tally.kept.add(oid);
  if (removed.length === 0) return;
  for (const oid of removed) tally.removed.add(oid);
  if (kept.length > 0) await writePackFile(store, inputs(store, kept), kept.length);
  await removePack(store, pack);
}

async function* inputs(store: StoreParts, oids: readonly Oid[]): AsyncGenerator<PackInput> {
  for (const oid of oids) {
    const object: RawObject | undefined = await store.read(oid);
    // In the idx a moment ago, and nobody but us deletes it: something else is wrong.
    if (object === undefined) throw new Error(`BUG: object ${oid} vanished while its pack was written anew`);
    yield { oid, kind: object.kind, body: object.body };
  }
}

async function isPackProtected(store: StoreParts, pack: PackFile, youngest: number): Promise<boolean> {
  for (const ending of PROTECTED_ENDINGS) if (await store.disk.findStat(pack.path + ending)) return true;
  if (!store.options.pruneGraceMs) return false;
  const stat = await store.disk.findStat(pack.packPath);
  return stat !== undefined && stat.mtimeMs > youngest;
}

async function removePack(store: StoreParts, pack: PackFile): Promise<void> {
  const { disk, own } = store;
  // A multi-pack-index may name the pack; git does without one, but not with one that is wrong.
  await disk.removeFile(`${own.packs.path}/multi-pack-index`);
  await removeDirectory(store, `${own.packs.path}/multi-pack-index.d`);
  for (const ending of PACK_ENDINGS) await disk.removeFile(pack.path + ending);
  await disk.syncDirectory(own.packs.path);
}

async function pruneLoose(
  store: StoreParts,
  youngest: number,
  keep: (oid: Oid) => boolean,
  tally: Tally,
  options?: ReadOptions,
): Promise<void> {
  const { loose } = store.own;
  for (let byte = 0; byte < 256; byte++) {
    options?.signal?.throwIfAborted();
    const removed: Oid[] = [];
    for (const oid of await loose.list(byte.toString(16).padStart(2, '0'))) {
      if (keep(oid) || (store.options.pruneGraceMs && ((await loose.age(oid)) ?? 0) > youngest)) tally.kept.add(oid);
      else removed.push(oid);
    }
    await loose.remove(removed);
    for (const oid of removed) tally.removed.add(oid);
  }
}

/** A commit-graph lists commits; one that lists commits that are gone misleads git. It is only an aid and can be made again. */
export async function removeCommitGraph(store: StoreParts): Promise<void> {
  await store.disk.removeFile(`${store.own.path}/info/commit-graph`);
  await removeDirectory(store, `${store.own.path}/info/commit-graphs`);
}

async function removeDirectory(store: StoreParts, path: string): Promise<void> {
  for (const { name } of await store.disk.findEntries(path)) await store.disk.removeFile(`${path}/${name}`);
  if (await store.disk.findStat(path)) await store.disk.rmdir(path);
}
