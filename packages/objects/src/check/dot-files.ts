import { anyCase, type DotName, dotName } from './dot-names.js';

// The files that git reads out of trees; who writes trees asks for `.git` alone.
export const DOT_GITMODULES: DotName = /* @__PURE__ */ dotFile('gitmodules', 'gi7eba');
export const DOT_GITATTRIBUTES: DotName = /* @__PURE__ */ dotFile('gitattributes', 'gi7d29');
export const DOT_GITIGNORE: DotName = /* @__PURE__ */ dotFile('gitignore', 'gi250a');
export const DOT_MAILMAP: DotName = /* @__PURE__ */ dotFile('mailmap', 'maba30');

/**
 * @param shortPrefix what the short name begins with where many files share the first six letters: a hash of the name
 * @see git's path.c, is_ntfs_dot_generic()
 */
function dotFile(stem: string, shortPrefix: string): DotName {
  // The more digits follow the tilde, the fewer letters stand before it: eight characters in all.
  const hashed = Array.from(
    { length: 7 },
    (_, kept) => `${anyCase(shortPrefix.slice(0, kept))}~[1-9][0-9]{${6 - kept}}`,
  );
  const spellings = [`\\.${anyCase(stem)}`, `${anyCase(stem.slice(0, 6))}~[1-4]`, ...hashed];
  return dotName(stem, new RegExp(`^(?:${spellings.join('|')})[ .]*(?:$|:)`));
}
