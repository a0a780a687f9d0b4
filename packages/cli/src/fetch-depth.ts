import type { FetchIntoOptions } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import type { GivenOptions } from './git-options.js';

/** git's word for all of history. */
const INFINITE_DEPTH = 0x7fffffff;

/** How far history is fetched, and what of its objects. */
export type Deepening = Partial<Pick<FetchIntoOptions, 'depth'>>;

/** Read `--depth`, `--unshallow` and their like. @throws {CommandError} in git's words */
export async function deepening(
  _console: Console,
  repository: FileRepository | undefined,
  options: GivenOptions,
): Promise<Deepening> {
  const depth = options.value('depth');
  const isWhole = options.has('unshallow');
  if (options.value('deepen') !== undefined && depth !== undefined)
    throw new CommandError("options '--deepen' and '--depth' cannot be used together");
  if (isWhole && depth !== undefined)
    throw new CommandError("options '--depth' and '--unshallow' cannot be used together");
  if (isWhole && repository !== undefined && (await repository.shallow.read()).size === 0)
    throw new CommandError('--unshallow on a complete repository does not make sense');
  for (const name of ['deepen', 'shallow-since', 'shallow-exclude', 'filter']) {
    if (options.values(name).length > 0) throw new CommandError(`--${name} is not supported`);
  }
  if (isWhole) return { depth: INFINITE_DEPTH };
  if (depth === undefined) return {};
  if (!/^\d+$/.test(depth) || Number(depth) < 1) throw new CommandError(`depth ${depth} is not a positive number`);
  return { depth: Math.min(Number(depth), INFINITE_DEPTH) };
}
