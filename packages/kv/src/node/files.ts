import type { GitFile } from '../files/file.js';
import type { ContentOf, OpenMode } from '../files/mode.js';
import {
  type FileSource,
  type OpenFileOptions,
  open as openAnywhere,
  openRepo as openRepoAnywhere,
  type RepoOptions,
  type UseRepo,
} from '../files/open.js';
import { type FileRepo, splitArguments, type UseFile } from '../files/repo.js';
import { type NodeOptions, openPlace } from './transport.js';

/**
 * `openRepo` of `@git-kv/kv/files`, with Node's connections: ssh, `git://` and paths of this machine (absolute, or with `.` at their
 * start) besides HTTP.
 */
export function openRepo<R>(use: UseRepo<R>): Promise<R>;
export function openRepo<R>(source: FileSource, use: UseRepo<R>): Promise<R>;
export function openRepo<R>(source: FileSource, options: RepoOptions & NodeOptions, use: UseRepo<R>): Promise<R>;
export function openRepo(source?: FileSource, options?: RepoOptions & NodeOptions): Promise<FileRepo>;
export async function openRepo<R>(
  first?: FileSource | UseRepo<R>,
  ...rest: readonly ((RepoOptions & NodeOptions) | UseRepo<R> | undefined)[]
): Promise<FileRepo | R> {
  if (typeof first === 'function') return await openRepoAnywhere(first);
  const { options, use } = splitArguments<RepoOptions & NodeOptions, UseRepo<R>>(rest);
  const place = onNode(first, options);
  return use === undefined
    ? await openRepoAnywhere(place.source, place.options)
    : await openRepoAnywhere(place.source, place.options, use);
}

/** `open` of `@git-kv/kv/files`, with Node's connections as {@link openRepo} has them. */
export function open<M extends OpenMode, R>(source: FileSource, path: string, mode: M, use: UseFile<M, R>): Promise<R>;
export function open<M extends OpenMode, R>(
  source: FileSource,
  path: string,
  mode: M,
  options: OpenFileOptions & NodeOptions,
  use: UseFile<M, R>,
): Promise<R>;
export function open<M extends OpenMode = 'r'>(
  source: FileSource,
  path: string,
  mode?: M,
  options?: OpenFileOptions & NodeOptions,
): Promise<GitFile<ContentOf<M>>>;
export async function open<M extends OpenMode, R>(
  source: FileSource,
  path: string,
  mode: M = 'r' as M,
  ...rest: readonly ((OpenFileOptions & NodeOptions) | UseFile<M, R> | undefined)[]
): Promise<GitFile<ContentOf<M>> | R> {
  const { options, use } = splitArguments<OpenFileOptions & NodeOptions, UseFile<M, R>>(rest);
  const place = onNode(source, options);
  return use === undefined
    ? await openAnywhere(place.source, path, mode, place.options)
    : await openAnywhere(place.source, path, mode, place.options, use);
}

/** A source that is no URL of HTTP, with a transport that leads there. */
function onNode<O extends RepoOptions & NodeOptions>(
  source: FileSource,
  options: O,
): { readonly source: FileSource; readonly options: O } {
  if (typeof source !== 'string' || options.transport !== undefined) return { source, options };
  const { url, transport } = openPlace(source, options);
  return { source: url, options: { ...options, transport } };
}
