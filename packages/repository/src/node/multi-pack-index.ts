import { resolve } from 'node:path';
import type { HashAlgorithm } from '@git-kv/objects';
import type { MultiPackIndexProblem } from '@git-kv/pack';
import { Disk } from '../engines/file/disk.js';
import {
  type MultiPackIndexReport,
  verifyMultiPackIndexFile,
  type WriteMultiPackIndexOptions,
  writeMultiPackIndexFile,
} from '../engines/file/multi-pack-index.js';
import { nodeFs } from './node-fs.js';

/**
 * Write the multi-pack-index of the packs in `<objectsDirectory>/pack`, byte for byte as git does.
 * @throws {GitError} REF_LOCKED where another process writes it; {MalformedError} where an idx is damaged; {FileError}
 */
export async function writeMultiPackIndex(
  objectsDirectory: string,
  options: WriteMultiPackIndexOptions,
): Promise<MultiPackIndexReport> {
  return writeMultiPackIndexFile(new Disk(nodeFs), resolve(objectsDirectory), options);
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
