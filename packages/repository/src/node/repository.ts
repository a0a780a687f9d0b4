import { resolve } from 'node:path';
import {
  type FileRepository,
  type FileRepositoryOptions,
  type InitOptions,
  initFileRepository,
  openFileRepository,
} from '../engines/file/index.js';
import { nodeFs } from './node-fs.js';

/**
 * Open the repository at `path`: bare, a `.git` directory, or a work tree that has one. Parents of `path` are not searched.
 * @throws {NotFoundError} NOT_A_REPOSITORY
 * @throws {GitError} UNSUPPORTED for a repository format this version does not know
 */
export async function openRepository(path: string, options?: FileRepositoryOptions): Promise<FileRepository> {
  return openFileRepository(nodeFs, portable(path), options);
}

/**
 * Create an empty repository as `git init --bare` does, or as `git init` with `bare: false`: then in `.git` below `path`.
 * The directory is created if needed.
 * @throws {GitError} ALREADY_PRESENT where a repository is there already
 */
export async function initRepository(path: string, options?: InitOptions): Promise<FileRepository> {
  await initFileRepository(nodeFs, portable(options?.bare === false ? `${path}/.git` : path), options);
  return openRepository(path, { durability: options?.durability });
}

/** Absolute, so that a later change of the working directory moves nothing; with `/` on every platform. */
function portable(path: string): string {
  return resolve(path).replaceAll('\\', '/');
}
