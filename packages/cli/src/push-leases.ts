import { findRevision, type PushLease } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { UsageError } from './console.js';
import type { GivenOptions } from './git-options.js';

/** What `--force-with-lease` says, as often as it is given since it was taken back. @throws {CommandError} in git's words */
export async function readLeases(repository: FileRepository, options: GivenOptions): Promise<PushLease[]> {
  const given = options.options.filter(({ name }) => name === 'force-with-lease');
  const leases: PushLease[] = [];
  for (const { value } of given.slice(given.findLastIndex(({ negated }) => negated) + 1)) {
    const [name, ...rest] = value?.split(':') ?? [];
    const text = value?.includes(':') ? rest.join(':') : undefined;
    if (name === undefined || text === undefined) leases.push(name === undefined ? {} : { name });
    else leases.push({ name, expected: text === '' ? null : await expectedOid(repository, text) });
  }
  return leases;
}

async function expectedOid(repository: FileRepository, text: string): Promise<string | null> {
  const oid = await findRevision(repository, text).catch(() => undefined);
  if (oid === undefined) throw new UsageError(`error: cannot parse expected object name '${text}'`);
  return oid === repository.algorithm.zeroOid ? null : oid;
}
