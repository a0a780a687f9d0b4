import type { ObjectKind } from '../kind.js';

/** The modes that git writes into trees. */
export const FileMode = {
  tree: 0o40000,
  regular: 0o100644,
  executable: 0o100755,
  symlink: 0o120000,
  /** A commit of another repository: a submodule. Its object is not here. */
  gitlink: 0o160000,
} as const;

const TYPE_MASK = 0o170000;

/** Whether an entry of this mode is a tree. */
export function isTreeMode(mode: number): boolean {
  return (mode & TYPE_MASK) === FileMode.tree;
}

/** Whether an entry of this mode is a submodule, whose object is in another repository. */
export function isGitlinkMode(mode: number): boolean {
  return (mode & TYPE_MASK) === FileMode.gitlink;
}

/** What an entry of this mode points to. */
export function kindOfMode(mode: number): ObjectKind {
  if (isTreeMode(mode)) return 'tree';
  return isGitlinkMode(mode) ? 'commit' : 'blob';
}

/**
 * The mode that git takes an odd one for: `100664` of old trees is `100644`.
 * @see git's cache.h, canon_mode()
 */
export function canonicalMode(mode: number): number {
  switch (mode & TYPE_MASK) {
    case 0o100000:
      return mode & 0o100 ? FileMode.executable : FileMode.regular;
    case FileMode.symlink:
      return FileMode.symlink;
    case FileMode.tree:
      return FileMode.tree;
    default:
      return FileMode.gitlink;
  }
}
