import { relative } from 'node:path';
import { isGitError } from '@git-kv/objects';
import type { DeltaOptions } from '@git-kv/pack';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { parseMagnitude } from './options.js';
import { PackProgressLines } from './pack-progress.js';

/** Run upkeep with git's words for what may be in its way. */
export async function maintaining<T>(repository: FileRepository, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isGitError(error, 'REF_LOCKED')) {
      const path = /: (.+\.lock) was held/.exec(error.message)?.[1];
      if (path !== undefined) throw new CommandError(`Unable to create '${path}': File exists.`, { cause: error });
    }
    if (isGitError(error, 'UNSUPPORTED') && repository.objects.options.isPrecious === true) {
      const verb = error.message.startsWith('Cannot prune') ? 'prune' : 'delete packs';
      throw new CommandError(`cannot ${verb} in a precious-objects repo`, { cause: error });
    }
    throw error;
  }
}

/** Counts for people, where standard error is a terminal. */
export function progressOf(console: Console, isQuiet: boolean): PackProgressLines {
  return new PackProgressLines(console, !isQuiet && console.stderr.isTTY);
}

/** `--window`, `--depth` and `--window-memory`, or else pack.window, pack.depth and pack.windowMemory. */
export function deltaOptions(
  repository: FileRepository,
  values: {
    readonly window?: string | undefined;
    readonly depth?: string | undefined;
    readonly 'window-memory'?: string | undefined;
  },
): DeltaOptions | false {
  const { config } = repository.layout;
  const number = (option: 'window' | 'depth' | 'window-memory'): number | undefined => {
    const text = values[option] ?? config.get('pack', option.replace('-', ''));
    return text === undefined ? undefined : parseMagnitude(option, text);
  };
  const window = number('window');
  const depth = number('depth');
  const windowBytes = number('window-memory');
  if (window === 0 || depth === 0) return false;
  return {
    ...(window !== undefined && { window }),
    ...(depth !== undefined && { depth }),
    // In git 0 is no limit; here a window that is not stated has one.
    ...(windowBytes !== undefined && windowBytes > 0 && { windowBytes }),
  };
}

/** A path as git shows it: from where git stands. */
export function shownPath({ layout: { gitDirectory, isBare } }: FileRepository, path: string): string {
  const shown = relative(isBare ? gitDirectory : gitDirectory.replace(/\/[^/]*$/, ''), path);
  return isBare ? `./${shown}` : shown;
}
