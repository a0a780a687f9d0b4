import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isGlob, type Pathspec, parsePathspec } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { neitherRevisionNorPath, noSuchPath } from './find-named.js';
import { placeOf } from './work-tree.js';

/** Read pathspecs as git does: relative to the current directory in a work tree, and to the top in a bare repository. */
export async function pathspecsOf(
  repository: FileRepository,
  console: Console,
  texts: readonly string[],
): Promise<Pathspec[]> {
  if (texts.length === 0) return [];
  const { prefix, workTree } = await placeOf(console, repository);
  return texts.map((text) => {
    if (text === '')
      throw new CommandError(
        'empty string is not a valid pathspec. please use . instead if you meant to match all paths',
      );
    const [magic = '', path = ''] = /^(:(?:\([^)]*\)|[!^/]+:?)?)?(.*)$/s.exec(text)?.slice(1) ?? [];
    const isFromTop = /^:(?:\/|\((?:.*,)?top[,)])/.test(magic);
    const normal = normalPath(isFromTop ? '' : prefix, path);
    if (normal === undefined) {
      throw new CommandError(
        `${text}: '${path}' is outside repository at '${workTree ?? repository.layout.gitDirectory}'`,
      );
    }
    return parsePathspec(magic + normal === '' ? ':/' : magic + normal);
  });
}

/** `path` below `prefix`, without `.` and `..`; a slash at the end stays. `undefined` where it leads outside. */
function normalPath(prefix: string, path: string): string | undefined {
  const names: string[] = [];
  for (const name of `${prefix}${path}`.split('/')) {
    if (name === '..') {
      if (names.pop() === undefined) return undefined;
    } else if (name !== '.' && name !== '') names.push(name);
  }
  return names.length > 0 && path.endsWith('/') ? `${names.join('/')}/` : names.join('/');
}

/** What stands where revisions end and no `--` says so: it has to be there. @throws {CommandError} with git's words */
export function assertPaths(console: Console, texts: readonly string[]): void {
  for (const [at, text] of texts.entries()) {
    if (text.startsWith('-')) throw new CommandError(`option '${text}' must come before non-option arguments`);
    const plain = text.startsWith(':/') ? text.slice(2) : text;
    if (plain === '' || isGlob(plain) || text.startsWith(':(') || existsSync(resolve(console.cwd, plain))) continue;
    throw at === 0 ? neitherRevisionNorPath(text) : noSuchPath(text);
  }
}
