import { GitError } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import {
  type Config,
  type ConfigDocument,
  type FileRepository,
  type Fs,
  fsFromPromises,
  openFileRepository,
  type PromisedFs,
} from '@git-kv/repository/file';
import { assertParameter, CompatError } from './errors.js';
import type { CompatFs, RepositoryArguments } from './types.js';

/** A repository with its settings, which only one in files has. */
export interface OpenedRepository {
  readonly repository: Repository;
  readConfig(): Promise<Config | undefined>;
  updateConfig(edit: (document: ConfigDocument) => void): Promise<void>;
}

/** Where a repository in files is. */
export interface FilePlace {
  readonly fs: Fs;
  readonly gitdir: string;
}

/** Locks hold among the users of one adapter, so that there is one for each file system. */
const adapters = new WeakMap<object, Fs>();

/** @throws {CompatError} MissingParameterError */
export function filePlace(args: RepositoryArguments): FilePlace {
  const { fs, dir } = args;
  assertParameter('fs', fs);
  const gitdir = args.gitdir ?? (dir === undefined ? undefined : `${dir.replace(/\/+$/, '')}/.git`);
  assertParameter('gitdir', gitdir);
  if (isRepository(fs)) throw new TypeError('Cannot use a repository as a file system');
  return { fs: fsOf(fs), gitdir: gitdir as string };
}

export function isRepository(fs: CompatFs | undefined): fs is Repository {
  return fs !== undefined && 'refs' in fs && 'objects' in fs;
}

/**
 * Run `use` on the repository that is meant. What was opened for it is closed.
 * @throws {CompatError} MissingParameterError, also for one of `needed`
 */
export async function withRepository<T>(
  args: RepositoryArguments,
  use: (opened: OpenedRepository) => Promise<T>,
  needed: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const place = isRepository(args.fs) ? undefined : filePlace(args);
  for (const [name, value] of Object.entries(needed)) assertParameter(name, value);
  if (place === undefined) return await use(withSettings(args.fs as Repository));
  const { fs, gitdir } = place;
  const repository = await openFileRepository(fs, gitdir);
  try {
    return await use(withSettings(repository));
  } finally {
    await repository.close();
  }
}

export function withSettings(repository: Repository): OpenedRepository {
  const { config } = repository as Partial<FileRepository>;
  return {
    repository,
    readConfig: async () => await config?.read(),
    updateConfig: async (edit) => await config?.update(edit),
  };
}

function fsOf(fs: Exclude<CompatFs, Repository>): Fs {
  // Of ours: `syncDirectory` is in no other.
  if ('syncDirectory' in fs) return fs;
  const promises: PromisedFs = 'promises' in fs ? fs.promises : fs;
  if (typeof promises.readFile !== 'function') {
    throw new CompatError('MissingParameterError', 'Cannot use the file system: it has no promises', {
      parameter: 'fs',
    });
  }
  let adapter = adapters.get(promises);
  if (adapter === undefined) adapters.set(promises, (adapter = fsFromPromises(promises)));
  return adapter;
}

/** What needs an index or files of a work tree, which are not here. */
export function bare(verb: string, instead: string): GitError {
  return new GitError('UNSUPPORTED', `Cannot ${verb}: there is no index and no work tree here; ${instead}`);
}
