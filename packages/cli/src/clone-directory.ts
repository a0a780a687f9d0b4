import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError } from './console.js';

/** What a clone is made of. */
export interface CloneSource {
  /** What the settings keep: of something on this computer, its whole path. */
  readonly url: string;
  readonly isBundle: boolean;
}

/**
 * Find what `text` names: a repository or a bundle on this computer, or else a URL.
 * @throws {CommandError} in git's words
 */
export async function findCloneSource(cwd: string, text: string): Promise<CloneSource> {
  const path = resolve(cwd, text);
  for (const suffix of ['/.git', '', '.git/.git', '.git']) {
    if (await isRepository(`${path}${suffix}`)) return { url: path, isBundle: false };
  }
  for (const suffix of ['', '.bundle']) {
    if ((await kindOf(`${path}${suffix}`)) === 'file') return { url: path, isBundle: true };
  }
  if (text.includes(':')) return { url: text, isBundle: false };
  throw new CommandError(`repository '${text}' does not exist`);
}

async function isRepository(path: string): Promise<boolean> {
  if ((await kindOf(path)) === 'directory') return (await kindOf(`${path}/HEAD`)) === 'file';
  // The `.git` file of a linked work tree.
  return path.endsWith('/.git') && (await kindOf(path)) === 'file';
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? 'directory' : found?.isFile() ? 'file' : undefined;
}

/** git's "humanish" part of a URL. @throws {CommandError} where there is none */
export function guessDirectory(text: string, { isBare, isBundle }: { isBare: boolean; isBundle: boolean }): string {
  let rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/^[^/]*@/, '');
  rest = rest
    .replace(/[/\s]+$/, '')
    .replace(/\/\.git$/, '')
    .replace(/\/+$/, '');
  // A host alone is a name; its port is none of it.
  if (!rest.includes('/')) rest = rest.replace(/:\d*$/, '');
  const last = rest.split(/[/:]/).at(-1) as string;
  const name = last
    .replace(isBundle ? /\.bundle$/ : /\.git$/, '')
    .replace(/[\x00-\x20\x7f]+/g, ' ')
    .trim();
  if (name === '' || name === '/')
    throw new CommandError('No directory name could be guessed.\nPlease specify a directory on the command line');
  return isBare ? `${name}.git` : name;
}
