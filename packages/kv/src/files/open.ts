import { defaultLimits } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import type { MergeRules } from '../merge/merge.js';
import type { ConnectOptions } from '../options.js';
import { parseRemoteUrl } from '../remote-url.js';
import type { GitKv } from '../store.js';
import { openTransport } from '../transport.js';
import type { FileOptions, GitFile } from './file.js';
import type { ContentOf, OpenMode } from './mode.js';
import { LocalPlace, type Place, RemotePlace } from './place.js';
import { FileRepo, splitArguments, type UseFile, useFile } from './repo.js';
import { RepositoryWorkspace } from './repository-workspace.js';
import { StoreWorkspace } from './store-workspace.js';
import type { Workspace } from './workspace.js';

/**
 * Where files are: `URL[#branch]` of a remote, a repository at hand, a store, or nothing for a temporary repository in memory.
 * Without a branch, that which HEAD names.
 */
export type FileSource = string | Repository | GitKv | undefined;

/** How a repository of files is set up. */
export interface RepoOptions
  extends Pick<
    ConnectOptions,
    | 'author'
    | 'authorEmail'
    | 'clock'
    | 'sign'
    | 'deterministic'
    | 'limits'
    | 'fetch'
    | 'credentials'
    | 'headers'
    | 'timeoutMs'
    | 'transport'
    | 'signal'
    | 'onProgress'
  > {
  /** Short name of the branch. Default: that of the URL, or that which HEAD names. */
  readonly branch?: string;
  /** What commits say. Default `GitKV`, of a single file `GitKV: ` and its name. */
  readonly commitMessage?: string;
  /** How a file that both sides changed is merged: `keyMerges.text()`, say, line by line as git does. Default: a conflict. */
  readonly merge?: MergeRules;
  /** How often a push that lost a race is tried again, on top of what the others pushed. Default 16. */
  readonly retries?: number;
}

/** How a single file is opened. */
export interface OpenFileOptions extends RepoOptions, FileOptions {}

/** Uses a repository of files. What it resolves to is passed on. */
export type UseRepo<R> = (repo: FileRepo) => R | Promise<R>;

/**
 * Open the files of a branch. With `use`, what was changed is one commit, pushed when that resolves; where it throws, nothing is
 * left of it. Else {@link FileRepo.close} does that.
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where the remote has branches but not this one
 * @throws {GitError} INVALID_URL, INVALID_REF_NAME, UNSUPPORTED for schemes other than http and https, and what goes wrong on the
 *   way; in the end what {@link FileRepo.sync} throws
 */
export function openRepo<R>(use: UseRepo<R>): Promise<R>;
export function openRepo<R>(source: FileSource, use: UseRepo<R>): Promise<R>;
export function openRepo<R>(source: FileSource, options: RepoOptions, use: UseRepo<R>): Promise<R>;
export function openRepo(source?: FileSource, options?: RepoOptions): Promise<FileRepo>;
export async function openRepo<R>(
  first?: FileSource | UseRepo<R>,
  ...rest: readonly (RepoOptions | UseRepo<R> | undefined)[]
): Promise<FileRepo | R> {
  const isUse = typeof first === 'function';
  const source = isUse ? undefined : first;
  const { options, use } = splitArguments<RepoOptions, UseRepo<R>>(isUse ? [first] : rest);
  const repo = new FileRepo(await openWorkspace(source, options));
  if (options.commitMessage !== undefined) repo.commitMessage = options.commitMessage;
  if (use === undefined) return repo;
  try {
    const result = await use(repo);
    await repo.close();
    return result;
  } finally {
    await repo[Symbol.asyncDispose]();
  }
}

/**
 * Open one file. With `use`, what was written is a commit, pushed when that resolves; where it throws, nothing is left of it. Else
 * {@link GitFile.close} does that, and a file that is disposed of without it is given up.
 * @throws as {@link openRepo} and {@link FileRepo.open} do
 */
export function open<M extends OpenMode, R>(source: FileSource, path: string, mode: M, use: UseFile<M, R>): Promise<R>;
export function open<M extends OpenMode, R>(
  source: FileSource,
  path: string,
  mode: M,
  options: OpenFileOptions,
  use: UseFile<M, R>,
): Promise<R>;
export function open<M extends OpenMode = 'r'>(
  source: FileSource,
  path: string,
  mode?: M,
  options?: OpenFileOptions,
): Promise<GitFile<ContentOf<M>>>;
export async function open<M extends OpenMode, R>(
  source: FileSource,
  path: string,
  mode: M = 'r' as M,
  ...rest: readonly (OpenFileOptions | UseFile<M, R> | undefined)[]
): Promise<GitFile<ContentOf<M>> | R> {
  const { options, use } = splitArguments<OpenFileOptions, UseFile<M, R>>(rest);
  const repo = await openRepo(source, options);
  let file: GitFile<ContentOf<M>>;
  try {
    file = await repo.openFile(path, mode, options, async (isClean) => {
      if (isClean) await repo.close();
      else await repo[Symbol.asyncDispose]();
    });
  } catch (error) {
    await repo[Symbol.asyncDispose]();
    throw error;
  }
  repo.commitMessage = options.commitMessage ?? `GitKV: ${file.path}`;
  return use === undefined ? file : await useFile(file, use);
}

async function openWorkspace(source: FileSource, options: RepoOptions): Promise<Workspace> {
  const { merge } = options;
  const maxBytes = options.limits?.valueBytes ?? defaultLimits.objectBytes;
  if (typeof source === 'object' && 'changeAndPush' in source) return new StoreWorkspace(source, { merge, maxBytes });
  const place = await openPlace(source, options);
  try {
    return await RepositoryWorkspace.open(place, { ...options, maxBytes });
  } catch (error) {
    await place.close();
    throw error;
  }
}

async function openPlace(source: string | Repository | undefined, options: RepoOptions): Promise<Place> {
  if (source === undefined) return await LocalPlace.open(createMemoryRepository(), options);
  if (typeof source !== 'string') return await LocalPlace.open(source, options);
  const remote = parseRemoteUrl(source);
  const transport = options.transport ?? openTransport(remote, options);
  try {
    return await RemotePlace.open(transport, { ...options, branch: remote.branch ?? options.branch });
  } catch (error) {
    await transport.close?.();
    throw error;
  }
}
