import { kindOfMode } from '@git-kv/objects';

const SLASH = 0x2f;

/** How a path of a tree stands to the paths that were asked for. */
export type PathMatch = 'shown' | 'above' | 'none';

/**
 * Whether a path is asked for, or lies above one that is. A pattern is a path, which means all below it too; one that ends in
 * a slash means what is inside of a tree. No patterns ask for everything.
 */
export function matchPath(path: Uint8Array, mode: number, patterns: readonly Uint8Array[]): PathMatch {
  const kind = kindOfMode(mode);
  if (patterns.length === 0) return 'shown';
  let result: 'above' | 'none' = 'none';
  for (const pattern of patterns) {
    const isInside = pattern.at(-1) === SLASH;
    const bare = isInside ? pattern.subarray(0, -1) : pattern;
    if (startsWithPath(path, bare)) {
      if (path.length > bare.length || !isInside || kind === 'commit') return 'shown';
      if (kind === 'tree') result = 'above'; // no file is meant by a name that ends in a slash
    } else if (kind === 'tree' && startsWithPath(bare, path)) result = 'above';
  }
  return result;
}

function startsWithPath(path: Uint8Array, prefix: Uint8Array): boolean {
  if (path.length < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (path[at] !== prefix[at]) return false;
  return path.length === prefix.length || path[prefix.length] === SLASH;
}
