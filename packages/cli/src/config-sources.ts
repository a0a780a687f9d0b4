import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isGitError } from '@git-kv/objects';
import { type ConfigEntry, parseConfig } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { environmentSettings, globalConfigPaths, systemConfigPaths } from './git-config.js';
import type { GivenOptions } from './git-options.js';
import { ioError, readAll } from './input.js';

/** Whose settings they are. */
export type ConfigScope = 'system' | 'global' | 'local' | 'command';

/** Settings of one place, and what git calls it. */
export interface ConfigSource {
  readonly scope: ConfigScope;
  readonly type: 'file' | 'standard input' | 'command line';
  /** The file as it is shown; empty for what is none. */
  readonly name: string;
  /** Where it is; `undefined` for what is no file. */
  readonly path: string | undefined;
}

/** The options that name the place of settings. */
export const SOURCE_OPTIONS: readonly string[] = ['global', 'system', 'local', 'worktree', 'file|f=', 'blob='];

/** The one source that the options name, or `undefined`: all of them. */
export async function namedSource(
  options: GivenOptions,
  console: Console,
  repository: FileRepository | undefined,
): Promise<ConfigSource | undefined> {
  const file = options.value('file') ?? console.env.GIT_CONFIG;
  if (options.has('blob')) throw new CommandError('--blob is not supported');
  if (file === '-') return { scope: 'command', type: 'standard input', name: '', path: undefined };
  if (options.has('global')) return await globalSource(console);
  if (options.has('system')) {
    const path = console.env.GIT_CONFIG_SYSTEM ?? '/etc/gitconfig';
    return fileSource('system', path, console);
  }
  const isLocal = options.has('local') || options.has('worktree');
  if (isLocal && repository === undefined)
    throw new CommandError(`--${options.has('local') ? 'local' : 'worktree'} can only be used inside a git repository`);
  if (isLocal) return localSource(console, repository as FileRepository);
  return file === undefined ? undefined : fileSource('command', file, console);
}

/** All sources, the weakest first. */
export function allSources(console: Console, repository: FileRepository | undefined): ConfigSource[] {
  const sources = systemConfigPaths(console.env).map((path) => fileSource('system', path, console));
  for (const path of globalConfigPaths(console.env)) sources.push(fileSource('global', path, console));
  if (repository !== undefined) sources.push(localSource(console, repository));
  sources.push({ scope: 'command', type: 'command line', name: '', path: undefined });
  return sources;
}

/** The repository's own settings, named as git does from where it stands. */
export function localSource(console: Console, { layout }: FileRepository): ConfigSource {
  const path = join(layout.commonDirectory, 'config');
  const given = console.env.GIT_DIR;
  let name = path;
  if (given) name = join(given, 'config');
  else if (layout.commonDirectory === layout.gitDirectory && layout.gitDirectory.endsWith('/.git'))
    name = '.git/config';
  else if (layout.gitDirectory === resolve(console.cwd)) name = 'config';
  return { scope: 'local', type: 'file', name, path };
}

/** The settings of a source, in the order of the file; `undefined` where there is no such file. */
export async function readSource(source: ConfigSource, console: Console): Promise<readonly ConfigEntry[] | undefined> {
  if (source.type === 'command line') return environmentSettings(console.env).entries;
  const bytes = source.path === undefined ? await readAll(console.stdin) : await readIfThere(source.path);
  try {
    return bytes && parseConfig(bytes).entries;
  } catch (error) {
    if (!isGitError(error, 'MALFORMED')) throw error;
    const line = /line (\d+)/.exec(error.message)?.[1] ?? '1';
    const where = source.type === 'file' ? `file ${source.name}` : source.type;
    throw new CommandError(`bad config line ${line} in ${where}`, { cause: error });
  }
}

async function globalSource(console: Console): Promise<ConfigSource> {
  const paths = globalConfigPaths(console.env);
  const own = paths.at(-1);
  if (own === undefined) throw new CommandError('$HOME not set');
  const [shared] = paths;
  const isShared =
    shared !== undefined && (await readIfThere(own)) === undefined && (await readIfThere(shared)) !== undefined;
  return fileSource('global', isShared ? shared : own, console);
}

function fileSource(scope: ConfigScope, path: string, console: Console): ConfigSource {
  return { scope, type: 'file', name: path, path: resolve(console.cwd, path) };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw ioError(`unable to read config file '${path}'`, error);
  }
}
