import type { RefName } from '../../../ref-store.js';
import type { Disk } from '../disk.js';
import type { RepositoryLayout } from '../layout.js';
import { joinPath } from '../path.js';
import { RefFiles } from '../ref-files.js';
import { findLockOwner } from './lock-holder.js';

/** A lock file that a dead owner left. */
export interface OwnedLockFile {
  readonly path: string;
  /** The ref that it locks, where it is one below `refs/`, and the files that have it. */
  readonly name: RefName | undefined;
  readonly files: RefFiles | undefined;
}

/** All locks that some owners hold: a walk of the directories that have loose refs, logs, and what belongs to packs. */
export async function findOwnedLocks(
  disk: Disk,
  layout: RepositoryLayout,
  journalDirectory: string,
  tokens: ReadonlySet<string>,
): Promise<OwnedLockFile[]> {
  const { commonDirectory } = layout;
  const found: OwnedLockFile[] = [];
  const look = async (
    directory: string,
    isDeep: boolean,
    refs?: { prefix: RefName; files: RefFiles },
  ): Promise<void> => {
    for (const { name, kind } of await disk.findEntries(directory)) {
      const path = joinPath(directory, name);
      if (kind === 'directory' && isDeep) {
        await look(path, true, refs && { ...refs, prefix: `${refs.prefix}${name}/` });
      } else if (kind === 'file' && name.endsWith('.lock')) {
        const owner = await findLockOwner(disk, path);
        const ref = refs && refs.prefix + name.slice(0, -'.lock'.length);
        if (owner && tokens.has(owner.token)) found.push({ path, name: ref, files: refs?.files });
      }
    }
  };
  const workTrees = await disk.findEntries(joinPath(commonDirectory, 'worktrees'));
  const directories = workTrees.map(({ name }) => joinPath(commonDirectory, `worktrees/${name}`));
  for (const gitDirectory of new Set([commonDirectory, layout.gitDirectory, ...directories])) {
    await look(gitDirectory, false);
    await look(joinPath(gitDirectory, 'logs'), true);
    const files = new RefFiles(disk, { ...layout, gitDirectory });
    await look(joinPath(gitDirectory, 'refs'), true, { prefix: 'refs/', files });
  }
  await look(joinPath(layout.objectsDirectory, 'pack'), false);
  await look(joinPath(layout.objectsDirectory, 'info'), false);
  await look(journalDirectory, false);
  return found;
}
