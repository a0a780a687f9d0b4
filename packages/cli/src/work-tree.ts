import { realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { openRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';

/** Where a command stands, seen from the repository. */
export interface Place {
  /** The directory whose `.git` leads to the repository, and which the current one is in; `undefined` in a bare one and within `.git`. */
  readonly workTree: string | undefined;
  /** The current directory below the work tree, with a slash at its end; empty at the top and where there is none. */
  readonly prefix: string;
  readonly isInsideGitDirectory: boolean;
  /** The current directory, without symbolic links. */
  readonly cwd: string;
}

/** Find out where the current directory is. What core.worktree and GIT_WORK_TREE say does not count. */
export async function placeOf(console: Console, { layout }: FileRepository): Promise<Place> {
  const cwd = realpathSync(console.cwd);
  const gitDirectory = realpathSync(layout.gitDirectory);
  const isInsideGitDirectory = cwd === gitDirectory || cwd.startsWith(`${gitDirectory}/`);
  const none = { workTree: undefined, prefix: '', isInsideGitDirectory, cwd };
  if (layout.isBare || isInsideGitDirectory) return none;
  const given = console.env.GIT_DIR;
  if (given !== undefined && given !== '') return { ...none, workTree: cwd };
  for (let directory = cwd; ; directory = dirname(directory)) {
    if ((await gitDirectoryAt(directory)) === gitDirectory) {
      const below = relative(directory, cwd);
      return { ...none, workTree: directory, prefix: below === '' ? '' : `${below}/` };
    }
    if (directory === dirname(directory)) return none;
  }
}

async function gitDirectoryAt(directory: string): Promise<string | undefined> {
  try {
    const repository = await openRepository(resolve(directory, '.git'));
    await repository.close();
    return realpathSync(repository.layout.gitDirectory);
  } catch {
    return undefined;
  }
}
