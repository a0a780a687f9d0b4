import { equalBytes, GitError, type Oid, oidFromBytes } from '@git-kv/objects';
import {
  type DeltaOptions,
  type PackIndex,
  packObjects,
  parsePackIndex,
  serializePackIndexColumns,
  serializePackMtimes,
  serializeReverseIndex,
} from '@git-kv/pack';
import { fileSource } from '../engines/file/file-source.js';
import { isAbsent } from '../engines/file/fs.js';
import { FilePackStorage } from '../engines/file/pack-storage.js';
import { publishPack, TEMPORARY_PACK } from '../engines/file/pack-writing.js';
import type { FileRepository } from '../engines/file/repository.js';
import type { WalkedObject } from '../walk/walked-object.js';
import type { MaintenanceOptions } from './options.js';

/** A pack that was made of others. */
export interface WrittenPack {
  /** `pack-<hex>`. */
  readonly name: string;
  readonly index: PackIndex;
  readonly indexBytes: Uint8Array;
  readonly packBytes: number;
  readonly deltaCount: number;
  readonly reusedCount: number;
  readonly reusedDeltaCount: number;
}

/** How it is written. */
export interface WriteRepackedOptions extends MaintenanceOptions {
  readonly noReuseDeltas?: boolean;
  readonly noReuseObjects?: boolean;
  readonly deltas?: DeltaOptions | false;
  readonly level?: number;
  readonly withReverseIndex?: boolean;
  /** Make it a cruft pack: when each object was last written, in milliseconds since 1970. */
  readonly mtimeMsOf?: (oid: Oid) => number;
  /** Make it a pack of a promisor remote. */
  readonly isPromisor?: boolean;
}

/** Write objects of the repository into a new pack of it: durable, and to be seen by all, when it resolves. */
export async function writeRepackedObjects(
  repository: FileRepository,
  objects: readonly WalkedObject[],
  options: WriteRepackedOptions,
): Promise<WrittenPack> {
  const { algorithm, objects: store, layout } = repository;
  const { signal, onProgress, deltas, noReuseDeltas = false, noReuseObjects = false } = options;
  const level = options.level ?? configuredLevel(repository);
  const file = await store.disk.createTemporary(store.own.packs.path, TEMPORARY_PACK, { readOnly: true });
  try {
    const storage = new FilePackStorage(file);
    const pack = packObjects({
      algorithm,
      objects,
      source: store,
      reuse: !noReuseObjects,
      reuseDeltas: !noReuseDeltas && !noReuseObjects,
      offsetDeltas: layout.config.getBoolean('repack', 'usedeltabaseoffset') ?? true,
      ...(deltas !== undefined && { deltas }),
      ...(level !== undefined && { level }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    let step = await pack.next();
    for (; !step.done; step = await pack.next()) await storage.append(step.value);
    await storage.flush();
    const { packChecksum, packSize, deltaCount, reusedCount, reusedDeltaCount } = step.value;
    const indexBytes = serializePackIndexColumns(step.value.columns);
    const index = parsePackIndex(indexBytes, algorithm);
    const checksum = oidFromBytes(packChecksum);
    const isReverseWanted = options.withReverseIndex ?? false;
    const isReverseSet = layout.config.getBoolean('pack', 'writereverseindex') ?? isReverseWanted;
    signal?.throwIfAborted();
    const { mtimeMsOf } = options;
    await publishPack(store, file, { bytes: indexBytes }, checksum, {
      promisor: options.isPromisor === true ? new Uint8Array(0) : undefined,
      rev: isReverseSet ? serializeReverseIndex(index) : undefined,
      mtimes: mtimeMsOf && serializePackMtimes(index, (at) => Math.floor(mtimeMsOf(index.oidAt(at)) / 1000)),
    });
    return {
      name: `pack-${checksum}`,
      index,
      indexBytes,
      packBytes: packSize,
      deltaCount,
      reusedCount,
      reusedDeltaCount,
    };
  } catch (error) {
    await store.disk.abandon(file);
    throw error;
  }
}

const READ_BYTES = 1 << 20;

/**
 * Read a new pack and its idx back before anything is deleted in their favour.
 * @returns false where one of them is not there any more
 * @throws {GitError} HASH_MISMATCH
 */
export async function isWritten(repository: FileRepository, written: WrittenPack): Promise<boolean> {
  try {
    await readBack(repository, written);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

async function readBack(repository: FileRepository, written: WrittenPack): Promise<void> {
  const { disk, own } = repository.objects;
  const path = `${own.packs.path}/${written.name}`;
  const fail = (ending: string): never => {
    throw new GitError('HASH_MISMATCH', `Cannot delete packs: ${path}${ending} is not what was written`);
  };
  if (!equalBytes(await disk.readFile(`${path}.idx`), written.indexBytes)) fail('.idx');
  const { size, digest, trailer } = await hashPack(repository, written.name);
  if (size !== written.packBytes || `pack-${digest}` !== written.name || trailer !== digest) fail('.pack');
}

/** Whether a pack is, to its last byte, the one that its idx was made for. Reads all of it; one that is gone is not. */
export async function isIntact(
  repository: FileRepository,
  pack: { readonly name: string; readonly index: PackIndex },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const { digest, trailer } = await hashPack(repository, pack.name, signal);
    return trailer === digest && digest === oidFromBytes(pack.index.packChecksum);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** What a pack ends with, and what it should end with: both empty where it is too short for an end. */
async function hashPack(
  { algorithm, objects: { disk, own } }: FileRepository,
  name: string,
  signal?: AbortSignal,
): Promise<{ readonly size: number; readonly digest: Oid; readonly trailer: Oid }> {
  const file = await disk.open(`${own.packs.path}/${name}.pack`, 'read');
  try {
    const size = await file.size();
    const end = size - algorithm.oidLength;
    if (end < 0) return { size, digest: '', trailer: '' };
    const source = fileSource(file, size);
    const hash = algorithm.create();
    for (let at = 0; at < end; at += READ_BYTES) {
      signal?.throwIfAborted();
      hash.update(await source.read(at, Math.min(READ_BYTES, end - at)));
    }
    const trailer = oidFromBytes(await source.read(end, algorithm.oidLength));
    return { size, digest: oidFromBytes(hash.digest()), trailer };
  } finally {
    await file.close();
  }
}

/** pack.compression, or core.compression; -1 is what zlib likes best. */
function configuredLevel({ layout: { config } }: FileRepository): number | undefined {
  const level = Number(config.get('pack', 'compression') ?? config.get('core', 'compression') ?? '-1');
  return Number.isInteger(level) && level >= 0 && level <= 9 ? level : undefined;
}
