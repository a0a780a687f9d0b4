import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { FileRepository } from '@git-kv/repository/node-fs';

/** Where each branch lies that is checked out: in the work tree of a repository, and in its linked ones. */
export async function checkedOutPlaces({ layout }: FileRepository): Promise<ReadonlyMap<string, string>> {
  const commonDirectory = resolve(layout.commonDirectory);
  const places = new Map<string, string>();
  const note = async (directory: string, gitFile: string): Promise<void> => {
    const [, branch] = /^ref: *(refs\/\S+)\s*$/.exec((await textOf(join(directory, 'HEAD'))) ?? '') ?? [];
    if (branch !== undefined && !places.has(branch)) places.set(branch, dirname(gitFile));
  };
  if (!layout.isBare) await note(commonDirectory, commonDirectory);
  const linked = join(commonDirectory, 'worktrees');
  for (const name of (await readdir(linked).catch(() => [])).sort()) {
    const directory = join(linked, name);
    await note(directory, ((await textOf(join(directory, 'gitdir'))) ?? directory).trimEnd());
  }
  return places;
}

async function textOf(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch(() => undefined); // what is not there is no work tree
}
