import { dirname, resolve } from 'node:path';
import { type HashAlgorithm, isGitError } from '@git-kv/objects';
import type { MultiPackIndexProblem } from '@git-kv/pack';
import { Disk } from '../engines/file/disk.js';
import {
  type MultiPackIndexReport,
  verifyMultiPackIndexFile,
  type WriteMultiPackIndexOptions,
  writeMultiPackIndexFile,
} from '../engines/file/multi-pack-index.js';
import { nodeFs } from './node-fs.js';
import { openRepository } from './repository.js';

/**
 * Write the multi-pack-index of the packs in `<objectsDirectory>/pack`, byte for byte as git does. Its lock says whose it is where the
 * objects are those of a repository.
 * @throws {GitError} REF_LOCKED where another process writes it; {MalformedError} where an idx is damaged; {FileError}
 */
export async function writeMultiPackIndex(
  objectsDirectory: string,
  options: WriteMultiPackIndexOptions,
): Promise<MultiPackIndexReport> {
  const path = resolve(objectsDirectory);
  const repository = await openRepository(dirname(path)).catch((error: unknown) => {
    if (isGitError(error, 'NOT_A_REPOSITORY') || isGitError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  });
  try {
    const isOwn = repository?.layout.objectsDirectory === path;
    const { disk, acquireLock } = isOwn ? repository.objects : { disk: new Disk(nodeFs), acquireLock: undefined };
    return await writeMultiPackIndexFile(disk, path, options, acquireLock);
  } finally {
    await repository?.close();
  }
}

/**
 * Hold the multi-pack-index of `<objectsDirectory>/pack` against its packs.
 * @returns what is wrong, or `undefined` where there is none
 * @throws {MalformedError} where it cannot be opened at all; {GitError} UNSUPPORTED; {FileError}
 */
export async function verifyMultiPackIndex(
  objectsDirectory: string,
  algorithm: HashAlgorithm,
): Promise<MultiPackIndexProblem[] | undefined> {
  return verifyMultiPackIndexFile(new Disk(nodeFs), resolve(objectsDirectory), algorithm);
}
