import { equalBytes, type HashAlgorithm, isGitError, oidFromBytes } from '@git-kv/objects';
import {
  type IndexedPackFile,
  type MultiPackIndex,
  type MultiPackIndexProblem,
  parseMultiPackIndex,
  parsePackIndex,
  serializeMultiPackIndex,
  verifyMultiPackIndex,
} from '@git-kv/pack';
import type { Disk } from './disk.js';
import { isAbsent } from './fs.js';
import { type AcquireLock, acquireLock, type FileLock } from './lock-file.js';
import { joinPath } from './path.js';

/** Times that packs may vanish while they are read. */
const MAX_ROUNDS = 20;

/** The file beside the packs. */
export const MULTI_PACK_INDEX = 'multi-pack-index';

/** How a multi-pack-index is written. */
export interface WriteMultiPackIndexOptions {
  readonly algorithm: HashAlgorithm;
  /** The pack to name wherever it has an object, by `pack-<hex>.pack` or `pack-<hex>.idx`. */
  readonly preferredPack?: string | undefined;
  /** Names of the idx files to take in (default: all, on top of what an older one names). */
  readonly names?: readonly string[] | undefined;
  /** How long to wait for a lock another process holds (default 1000). */
  readonly lockTimeoutMs?: number | undefined;
}

/** How writing a multi-pack-index went. */
export interface MultiPackIndexReport {
  /** `unchanged`: the one that is there names every pack already. The last two write nothing. */
  readonly status: 'written' | 'unchanged' | 'no-packs' | 'preferred-is-empty';
  /** The preferred pack is not among the packs; none is preferred then. */
  readonly isPreferredUnknown: boolean;
  /** There was an older one that is damaged, or names packs that are gone. */
  readonly isExistingIgnored: boolean;
}

/**
 * Write the multi-pack-index of `<objectsDirectory>/pack`, as `git multi-pack-index write` does. Durable when it resolves.
 * @param acquire takes the lock (default: in nobody's name)
 */
export async function writeMultiPackIndexFile(
  disk: Disk,
  objectsDirectory: string,
  options: WriteMultiPackIndexOptions,
  acquire: AcquireLock = (path, lockOptions) => acquireLock(disk, path, lockOptions),
): Promise<MultiPackIndexReport> {
  const directory = joinPath(objectsDirectory, 'pack');
  const lock = await acquire(joinPath(directory, MULTI_PACK_INDEX), { timeoutMs: options.lockTimeoutMs ?? 1000 });
  try {
    for (let round = 1; ; round++) {
      try {
        return await writeLocked(disk, directory, lock, options);
      } catch (error) {
        // Somebody else's gc has taken a pack away since the directory was listed.
        if (!isAbsent(error) || !lock.isHeld || round === MAX_ROUNDS) throw error;
      }
    }
  } finally {
    await lock.release();
  }
}

async function writeLocked(
  disk: Disk,
  directory: string,
  lock: FileLock,
  options: WriteMultiPackIndexOptions,
): Promise<MultiPackIndexReport> {
  const { algorithm, preferredPack, names } = options;
  const path = joinPath(directory, MULTI_PACK_INDEX);
  const listed = new Set((await disk.findEntries(directory)).map((entry) => entry.name));
  const packNames = [...listed].filter((name) => name.endsWith('.idx') && listed.has(packOf(name))).sort();
  const found = names === undefined ? await findExisting(disk, path, algorithm) : undefined;
  const isUsable = found?.index?.packNames.every((name) => packNames.includes(name)) === true;
  const existing = isUsable ? found?.index : undefined;
  const added = packNames.filter(
    (name) => !existing?.packNames.includes(name) && (names === undefined || names.includes(name)),
  );
  const report = { isPreferredUnknown: false, isExistingIgnored: found !== undefined && !isUsable };
  if (existing !== undefined && added.length === 0) {
    await removeBeside(disk, directory, listed, /\.bitmap$/);
    return { ...report, status: 'unchanged' };
  }
  if (existing === undefined && added.length === 0) return { ...report, status: 'no-packs' };
  const packs: IndexedPackFile[] = [];
  for (const name of added) packs.push(await readIndexedPack(disk, directory, name, algorithm));
  const preferredName = [...(existing?.packNames ?? []), ...added].find(
    (name) => name === preferredPack || packOf(name) === preferredPack,
  );
  const preferred =
    preferredName === undefined
      ? undefined
      : (packs.find(({ name }) => name === preferredName) ??
        (await readIndexedPack(disk, directory, preferredName, algorithm)));
  report.isPreferredUnknown = preferredPack !== undefined && preferred === undefined;
  if (preferred?.index.objectCount === 0) return { ...report, status: 'preferred-is-empty' };
  const bytes = serializeMultiPackIndex({
    algorithm,
    packs,
    ...(existing && { existing }),
    ...(preferred && { preferred }),
  });
  await lock.write(bytes);
  await lock.commit();
  const checksum = oidFromBytes(bytes, bytes.length - algorithm.oidLength);
  await removeBeside(disk, directory, listed, /\.(?:bitmap|rev)$/, checksum);
  await disk.syncDirectory(directory);
  return { ...report, status: 'written' };
}

/**
 * Hold the multi-pack-index of `<objectsDirectory>/pack` against its packs.
 * @returns what is wrong, or `undefined` where there is none
 * @throws {MalformedError} where it cannot be opened at all; {GitError} UNSUPPORTED
 */
export async function verifyMultiPackIndexFile(
  disk: Disk,
  objectsDirectory: string,
  algorithm: HashAlgorithm,
): Promise<MultiPackIndexProblem[] | undefined> {
  const directory = joinPath(objectsDirectory, 'pack');
  const bytes = await disk.findFile(joinPath(directory, MULTI_PACK_INDEX));
  if (bytes === undefined) return undefined;
  const listed = new Set((await disk.findEntries(directory)).map((entry) => entry.name));
  return await verifyMultiPackIndex(bytes, algorithm, async (name) => {
    // By look-up, never by joining a name the file states to a path.
    if (!listed.has(name) || !listed.has(packOf(name))) return undefined;
    return parsePackIndex(await disk.readFile(joinPath(directory, name)), algorithm);
  });
}

/** The index, without one where the file is damaged; `undefined` where there is no file. */
async function findExisting(
  disk: Disk,
  path: string,
  algorithm: HashAlgorithm,
): Promise<{ index?: MultiPackIndex } | undefined> {
  const bytes = await disk.findFile(path);
  if (bytes === undefined) return undefined;
  try {
    const index = parseMultiPackIndex(bytes, algorithm);
    const checksumAt = bytes.length - algorithm.oidLength;
    return equalBytes(algorithm.digest(bytes.subarray(0, checksumAt)), bytes.subarray(checksumAt)) ? { index } : {};
  } catch (error) {
    // It can be made anew of what the packs say: being unreadable is no reason not to.
    if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return {};
    throw error;
  }
}

async function readIndexedPack(
  disk: Disk,
  directory: string,
  name: string,
  algorithm: HashAlgorithm,
): Promise<IndexedPackFile> {
  const stat = await disk.findStat(joinPath(directory, packOf(name)));
  const index = parsePackIndex(await disk.readFile(joinPath(directory, name)), algorithm);
  return { name, index, timestamp: Math.floor((stat?.mtimeMs ?? 0) / 1000) };
}

/** Remove what belongs to another multi-pack-index than the one with this checksum. */
async function removeBeside(
  disk: Disk,
  directory: string,
  listed: ReadonlySet<string>,
  ending: RegExp,
  checksum?: string,
): Promise<void> {
  for (const name of listed) {
    if (!name.startsWith(`${MULTI_PACK_INDEX}-`) || !ending.test(name)) continue;
    if (checksum === undefined || !name.startsWith(`${MULTI_PACK_INDEX}-${checksum}.`)) {
      await disk.removeFile(joinPath(directory, name));
    }
  }
}

function packOf(indexName: string): string {
  return indexName.replace(/\.idx$/, '.pack');
}
