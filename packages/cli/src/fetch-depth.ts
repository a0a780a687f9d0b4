import { isGitError, type MalformedError } from '@git-kv/objects';
import { parseObjectFilter, serializeObjectFilter } from '@git-kv/protocol';
import type { FetchIntoOptions } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import type { GivenOptions } from './git-options.js';

/** git's word for all of history. */
const INFINITE_DEPTH = 0x7fffffff;

/** How far history is fetched, and what of its objects. */
export type Deepening = Partial<Pick<FetchIntoOptions, 'depth' | 'filter'>>;

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
  for (const name of ['deepen', 'shallow-since', 'shallow-exclude']) {
    if (options.values(name).length > 0) throw new CommandError(`--${name} is not supported`);
  }
  const filter = filterOf(options);
  if (isWhole) return { ...filter, depth: INFINITE_DEPTH };
  if (depth === undefined) return filter;
  if (!/^\d+$/.test(depth) || Number(depth) < 1) throw new CommandError(`depth ${depth} is not a positive number`);
  return { ...filter, depth: Math.min(Number(depth), INFINITE_DEPTH) };
}

/** Several filters leave out what any of them does. `--no-filter` leaves nothing out. */
function filterOf(options: GivenOptions): Deepening {
  const given = options.options.findLast(({ name }) => name === 'filter');
  if (given === undefined) return {};
  if (given.negated) return { filter: null };
  try {
    const filters = options.values('filter').map(parseObjectFilter);
    const [only] = filters;
    return { filter: serializeObjectFilter(filters.length === 1 && only ? only : { kind: 'combine', filters }) };
  } catch (error) {
    if (!isGitError(error, 'MALFORMED')) throw error;
    throw new CommandError((error as MalformedError).problem, { cause: error });
  }
}
