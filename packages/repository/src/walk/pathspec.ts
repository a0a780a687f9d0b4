import { decodeLatin1, encodeUtf8, GitError } from '@git-kv/objects';
import { globPattern, isGlob } from '../glob.js';

/** Which paths of a tree are meant: one path with all below it, or what a glob matches. */
export interface Pathspec {
  /** Without a slash at its end; its bytes are characters. Empty: everything. */
  readonly path: string;
  /** Whether only a directory is meant. */
  readonly isDirectory: boolean;
  /** Matches whole paths, in the same form. */
  readonly glob: RegExp | undefined;
  /** What every path that the glob matches begins with. */
  readonly fixed: string;
}

/**
 * Read a pathspec, relative to the top of the tree: a path, or a glob whose `*` matches slashes too. `:(literal)` keeps it a
 * path, `:(glob)` makes `*` stop at slashes; `:/` and `:(top)` change nothing.
 * @throws {GitError} UNSUPPORTED for other kinds (`:(exclude)`, `:(icase)`, `:(attr)`); MALFORMED for an empty text
 * @see gitglossary(7), "pathspec"
 */
export function parsePathspec(text: string): Pathspec {
  const { pattern, magic } = splitMagic(text);
  const path = decodeLatin1(encodeUtf8(pattern.replace(/\/+$/, '')));
  const isDirectory = pattern.endsWith('/');
  if (magic.has('literal') || !isGlob(pattern)) return { path, isDirectory, glob: undefined, fixed: path };
  const fixed = decodeLatin1(encodeUtf8(pattern.slice(0, pattern.search(/[*?[\\]/))));
  return { path, isDirectory, glob: globPattern(pattern, { isPathname: magic.has('glob') }), fixed };
}

/** What stands before a pathspec: `:/`, or words in parentheses. */
function splitMagic(text: string): { readonly pattern: string; readonly magic: ReadonlySet<string> } {
  if (text === '') {
    throw new GitError('UNSUPPORTED', 'Cannot limit to an empty pathspec: . means everything');
  }
  const [prefix, words, sign] = /^:(?:\(([^)]*)\)|([!^/]+):?)/.exec(text) ?? [];
  if (prefix === undefined) return { pattern: text, magic: new Set() };
  const magic = new Set(words?.split(',').filter((word) => word !== '') ?? []);
  if (sign !== undefined) for (const char of sign) magic.add(char === '/' ? 'top' : 'exclude');
  for (const word of magic) {
    if (!['top', 'literal', 'glob'].includes(word)) {
      throw new GitError('UNSUPPORTED', `Cannot limit to ${text}: pathspecs with ${word} are not supported`);
    }
  }
  return { pattern: text.slice(prefix.length), magic };
}
