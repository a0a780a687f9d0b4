import { basename, join, resolve } from 'node:path';
import { algorithmOf, type HashAlgorithm, hashAlgorithm, isGitError, isOid, sha1 } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { type FileRepository, openRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { type GitConfig, type OwnSettings, readGitConfig } from './git-config.js';
import { dubiousOwnership, isTrusted } from './ownership.js';

/** Where the repository of a command is: GIT_DIR, or else the current directory (bare, or with a `.git`) and its parents. */
export async function openHere(console: Console): Promise<FileRepository> {
  const given = console.env.GIT_DIR;
  if (given !== undefined && given !== '') return await openAt(resolve(console.cwd, given), given);
  const found = await discover(console);
  if (typeof found === 'string') throw dubiousOwnership(found);
  if (found !== undefined) return found;
  throw new CommandError('not a git repository (or any of the parent directories): .git');
}

/** The same for commands that also work outside of a repository. One of dubious ownership is none. */
export async function findHere(console: Console): Promise<FileRepository | undefined> {
  const given = console.env.GIT_DIR;
  if (given !== undefined && given !== '') return await openAt(resolve(console.cwd, given), given);
  const found = await discover(console);
  return typeof found === 'string' ? undefined : found;
}

/** The settings that hold in the repository that a command runs in, if any; or for one that is being made, with the settings it will have. */
export async function readConfigHere(console: Console, own?: OwnSettings): Promise<GitConfig> {
  if (own !== undefined) return await readGitConfig(console, own);
  const repository = await findHere(console);
  try {
    return await readGitConfig(console, repository);
  } finally {
    await repository?.close();
  }
}

/** Look for a repository from the current directory up. A path: one is there, and may be somebody else's. */
async function discover(console: Console): Promise<FileRepository | string | undefined> {
  for (let directory = console.cwd; ; directory = resolve(directory, '..')) {
    try {
      const repository = await openRepository(directory);
      const { gitDirectory } = repository.layout;
      const paths = [directory, join(directory, '.git'), gitDirectory];
      if (await isTrusted(console, paths, directory)) return repository;
      await repository.close();
      return directory;
    } catch (error) {
      if (!isGitError(error, 'NOT_A_REPOSITORY')) throw error;
    }
    if (directory === resolve(directory, '..')) return undefined;
  }
}

/** Open exactly this directory. */
export async function openAt(directory: string, shown: string = directory): Promise<FileRepository> {
  try {
    return await openRepository(directory);
  } catch (error) {
    if (isGitError(error, 'NOT_A_REPOSITORY')) {
      throw new CommandError(`not a git repository: '${shown}'`, { cause: error });
    }
    throw error;
  }
}

/**
 * The object format of a pack file, named without its ending: as `given`, as long as the hash in its name, as the repository
 * around says, or else sha1.
 */
export async function packAlgorithm(console: Console, stem: string, given: string | undefined): Promise<HashAlgorithm> {
  if (given !== undefined) return hashAlgorithm(given);
  const named = /^pack-([0-9a-f]+)$/.exec(basename(stem))?.[1];
  if (named !== undefined && isOid(named)) return algorithmOf(named);
  return await hereAlgorithm(console);
}

/** The object format of the repository around, or else sha1. */
export async function hereAlgorithm(console: Console): Promise<HashAlgorithm> {
  const repository = await findHere(console);
  await repository?.close();
  return repository?.algorithm ?? sha1;
}

/** Run `body` with a repository that is closed after, whatever happens. */
export async function using<R extends Pick<Repository, 'close'>, T>(
  open: Promise<R>,
  body: (repository: R) => Promise<T>,
): Promise<T> {
  const repository = await open;
  try {
    return await body(repository);
  } finally {
    await repository.close();
  }
}
