import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { isGlob, peelTo, readTreePath } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';

/** Whether something is there by that name. */
export function isFile(console: Console, arg: string): boolean {
  return existsSync(resolve(console.cwd, arg));
}

/** Insist that an argument names a file, or is a pattern for some. @param complain what to throw where it is neither */
export function assertFile(console: Console, arg: string, complain: (arg: string) => CommandError): void {
  if (arg.startsWith('-')) throw new CommandError(`option '${arg}' must come before non-option arguments`);
  if (isGlob(arg) || arg.startsWith(':(') || isFile(console, arg)) return;
  throw complain(arg);
}

/**
 * Of `REVISION:PATH`, which was found to name nothing, tell why; other arguments pass.
 * @param find the object of a revision that leads to a tree
 */
export async function assertNoRevisionPath(
  repository: FileRepository,
  arg: string,
  find: (name: string) => Promise<Oid | undefined>,
): Promise<void> {
  const [, revision, path] = /^([^:]+):(.+)$/s.exec(arg) ?? [];
  if (revision === undefined || path === undefined) return;
  const oid = await find(revision);
  const tree = oid && (await peelTo(repository, oid, 'tree'));
  if (!tree) throw new CommandError(`invalid object name '${revision}'.`);
  const segments = path.split('/').filter((segment) => segment !== '');
  if ((await readTreePath(repository.objects, tree, segments)) === undefined) {
    throw new CommandError(`path '${path}' does not exist in '${revision}'`);
  }
}
