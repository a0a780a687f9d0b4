import { isSafeRefName } from '@git-kv/objects';
import { REF_PATTERNS, resolveRef } from './ref-resolve.js';
import type { RefName, RefStore } from './ref-store.js';

/** What a short name may leave out, the longest first, each with the place of its pattern among those of look-ups. */
const PREFIXES: readonly (readonly [prefix: string, pattern: number])[] = [
  ['refs/remotes/', 5],
  ['refs/remotes/', 4],
  ['refs/heads/', 3],
  ['refs/tags/', 2],
  ['refs/', 1],
];

/**
 * The shortest name that still means this ref: `main` for `refs/heads/main`, and `heads/main` where a tag has that name. With
 * `isStrict` no other ref at all may have the short name, and not only none that is looked for earlier.
 * @see git's refs.c, refs_shorten_unambiguous_ref()
 */
export async function shortenRefName(refs: RefStore, name: RefName, isStrict: boolean): Promise<string> {
  for (const [prefix, own] of PREFIXES) {
    if (!name.startsWith(prefix) || name.length === prefix.length) continue;
    const short = name.slice(prefix.length);
    let isTaken = false;
    for (const [index, pattern] of REF_PATTERNS.entries()) {
      if (isTaken || (!isStrict && index >= own)) break;
      const other = pattern(short);
      if (index === own || !isSafeRefName(other)) continue;
      isTaken = (await resolveRef(refs, other))?.oid !== undefined;
    }
    if (!isTaken) return short;
  }
  return name;
}
