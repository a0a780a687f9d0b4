import { decodeLatin1, encodeUtf8 } from '../bytes/text.js';
import { DOT_GIT } from '../check/dot-names.js';

/** Why a name must not stand in a tree; all but `hasNul` are the ids under which git-fsck(1) reports it. */
export type TreeNameProblem = 'emptyName' | 'hasDot' | 'hasDotdot' | 'hasDotgit' | 'fullPathname' | 'hasNul';

// Code points that HFS+ ignores in a name, as UTF-8 read one character a byte:
// U+200C-200F, U+202A-202E, U+206A-206F, U+FEFF.
const HFS_IGNORED = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g;

// `.git` or a short name for it, then what NTFS drops: dots and spaces, a stream name after a colon.
const DOT_GIT_MIXED = /^(?:\.git|git~[0-9]+)[. ]*(?::|$)/i;

/**
 * What is wrong with a path component that is to stand in a tree, or `undefined`. Whoever checks out the tree, on any
 * file system, must get neither out of its folder nor into a repository's own: so `.git` is refused in every spelling
 * that some file system takes for it.
 * @see git's fsck.c, fsck_tree(); path.c, is_ntfs_dotgit(); utf8.c, is_hfs_dotgit()
 */
export function checkTreeEntryName(name: Uint8Array): TreeNameProblem | undefined {
  if (name.length === 0) return 'emptyName';
  const text = decodeLatin1(name);
  if (text === '.') return 'hasDot';
  if (text === '..') return 'hasDotdot';
  if (text.includes('\0')) return 'hasNul';
  if (text.includes('/')) return 'fullPathname';
  if (DOT_GIT.isSpelledBy(text)) return 'hasDotgit';
  // Stricter than git: any short name, and spellings that mix what several file systems do. On Windows a backslash
  // begins another component.
  return text
    .replace(HFS_IGNORED, '')
    .split('\\')
    .some((part) => DOT_GIT_MIXED.test(part))
    ? 'hasDotgit'
    : undefined;
}

/** Whether `name` may stand in a tree, as {@link checkTreeEntryName} says. Text that is not well-formed is not safe. */
export function isSafeTreeName(name: Uint8Array | string): boolean {
  if (typeof name !== 'string') return checkTreeEntryName(name) === undefined;
  return !/\p{Surrogate}/u.test(name) && checkTreeEntryName(encodeUtf8(name)) === undefined;
}
