import type { RefName } from '../../ref-store.js';
import type { Disk } from './disk.js';
import type { RepositoryLayout } from './layout.js';
import { joinPath } from './path.js';
import { parseRefFile } from './ref-files.js';

/** The branches that HEAD names in the work tree, where the repository has one, and in each linked work tree. */
export async function checkedOutBranches(disk: Disk, layout: RepositoryLayout): Promise<ReadonlySet<RefName>> {
  const { commonDirectory, algorithm } = layout;
  const directories = layout.isBare ? [] : [commonDirectory];
  for (const { name } of await disk.findEntries(joinPath(commonDirectory, 'worktrees'))) {
    directories.push(joinPath(commonDirectory, `worktrees/${name}`));
  }
  const branches = new Set<RefName>();
  for (const directory of directories) {
    const bytes = await disk.findFile(joinPath(directory, 'HEAD'));
    const value = bytes && parseRefFile('HEAD', bytes, algorithm);
    if (value && 'target' in value) branches.add(value.target);
  }
  return branches;
}
