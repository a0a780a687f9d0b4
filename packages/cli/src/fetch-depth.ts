import { isGitError, type MalformedError } from '@git-kv/objects';
import { parseObjectFilter, serializeObjectFilter } from '@git-kv/protocol';
import type { FetchIntoOptions } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import { parseExpiry } from './expiry.js';
import type { GivenOptions } from './git-options.js';

/** How far history is fetched, and what of its objects. */
export type Deepening = Partial<
  Pick<FetchIntoOptions, 'depth' | 'relative' | 'unshallow' | 'since' | 'not' | 'filter'>
>;

/**
 * Read `--depth`, `--unshallow`, `--filter` and their like.
 * @param repository where it is fetched to; absent for a clone
 * @throws {CommandError} in git's words
 */
export async function deepening(repository: FileRepository | undefined, options: GivenOptions): Promise<Deepening> {
  const depth = options.value('depth');
  const deepen = options.value('deepen');
  const isWhole = options.has('unshallow');
  const since = options.value('shallow-since');
  const not = options.values('shallow-exclude');
  if (deepen !== undefined && depth !== undefined)
    throw new CommandError("options '--deepen' and '--depth' cannot be used together");
  if (isWhole && depth !== undefined)
    throw new CommandError("options '--depth' and '--unshallow' cannot be used together");
  if (isWhole && repository !== undefined && (await repository.shallow.read()).size === 0)
    throw new CommandError('--unshallow on a complete repository does not make sense');
  return {
    ...(isWhole && { unshallow: true }),
    ...(depth !== undefined && { depth: readDepth(depth) }),
    ...(deepen !== undefined && { depth: readDeepening(deepen), relative: true }),
    ...(since !== undefined && { since: readSince(since) }),
    ...(not.length > 0 && { not }),
    ...readFilter(options),
  };
}

function readDepth(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new CommandError(`depth ${text} is not a positive number`);
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

function readDeepening(text: string): number {
  if (/^-\d+$/.test(text)) throw new CommandError('negative depth in --deepen is not supported');
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new CommandError(`depth ${text} is not a positive number`);
  return Number(text);
}

/** Seconds since 1970. */
function readSince(text: string): number {
  const moment = parseExpiry(text);
  if (moment === undefined || moment === null || !Number.isFinite(moment))
    throw new CommandError(`cannot read the date '${text}'`);
  return Math.floor(moment / 1000);
}

/** Several filters leave out what any of them does. `--no-filter` leaves nothing out. */
function readFilter(options: GivenOptions): Pick<Deepening, 'filter'> {
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
