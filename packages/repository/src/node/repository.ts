import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigFile } from '../engines/file/config-file.js';
import { Disk } from '../engines/file/disk.js';
import {
  type FileRepository,
  type FileRepositoryOptions,
  type InitOptions,
  initFileRepository,
  openFileRepository,
} from '../engines/file/index.js';
import { nodeFs } from './node-fs.js';
import { nodeProcesses } from './processes.js';

/**
 * Open the repository at `path`: bare, a `.git` directory, or a work tree that has one. Parents of `path` are not searched.
 * @throws {NotFoundError} NOT_A_REPOSITORY
 * @throws {GitError} UNSUPPORTED for a repository format this version does not know
 */
export async function openRepository(path: string, options?: FileRepositoryOptions): Promise<FileRepository> {
  return openFileRepository(nodeFs, portable(path), { processes: nodeProcesses, ...options });
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

/** A config file by itself, such as the user's: one that is a symbolic link is changed where it leads. */
export async function openConfigFile(
  path: string,
  options: { readonly lockTimeoutMs?: number } = {},
): Promise<ConfigFile> {
  const target = await realpath(path).catch(() => path);
  return new ConfigFile(new Disk(nodeFs), portable(target), options.lockTimeoutMs ?? 1000);
}

/** Absolute, so that a later change of the working directory moves nothing; with `/` on every platform. */
function portable(path: string): string {
  return resolve(path).replaceAll('\\', '/');
}
