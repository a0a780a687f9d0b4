import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CheckId, type CheckSeverity, DEFAULT_SEVERITIES, findCheckId, isOid, type Oid } from '@git-kv/objects';
import { Config } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { readGitConfig } from './git-config.js';
import { ioError } from './input.js';

/** How objects are checked, by a repository's own configuration. */
export interface FsckConfig {
  readonly severities: Partial<Record<CheckId, CheckSeverity>>;
  readonly skip: ReadonlySet<Oid>;
}

/** How fetched objects are checked, where fetch.fsckObjects or transfer.fsckObjects asks for it: by `fetch.fsck.*`. */
export async function fetchedObjectChecks(
  console: Console,
  repository: FileRepository,
): Promise<FsckConfig | undefined> {
  const config = new Config((await readGitConfig(console, repository)).entries);
  const isAsked = config.getBoolean('fetch', 'fsckobjects') ?? config.getBoolean('transfer', 'fsckobjects') ?? false;
  return isAsked ? await readFsckConfig(console, repository, 'fetch') : undefined;
}

/**
 * What `fsck.*` says, or `receive.fsck.*` for `receive`, `fetch.fsck.*` for `fetch`: a severity for an id, and a list of objects to skip.
 * @throws {CommandError} where git would die of it: of an id that there is not only for `fsck`
 */
export async function readFsckConfig(
  console: Pick<Console, 'env'>,
  repository: FileRepository,
  user: 'fsck' | 'receive' | 'fetch' = 'fsck',
): Promise<FsckConfig> {
  const severities: Partial<Record<CheckId, CheckSeverity>> = {};
  const skip = new Set<Oid>();
  for (const { section, subsection, name, value = 'true' } of (await repository.config.read()).entries) {
    if (section !== user || subsection !== (user === 'fsck' ? undefined : 'fsck')) continue;
    if (name === 'skiplist') {
      for (const oid of await readSkipList(console, repository, value)) skip.add(oid);
      continue;
    }
    const id = findCheckId(name);
    if (id === undefined) {
      if (user !== 'fsck') continue;
      throw new CommandError(`Unhandled message id: ${name}`);
    }
    if (value !== 'error' && value !== 'warn' && value !== 'ignore') {
      throw new CommandError(`Unknown fsck message type: '${value}'`);
    }
    if (value !== 'error' && DEFAULT_SEVERITIES[id] === 'fatal') {
      throw new CommandError(`Cannot demote ${name} to ${value}`);
    }
    severities[id] = value;
  }
  return { severities, skip };
}

/** Object ids, one a line; `#` begins a comment. A relative path begins where git stands: at the top of the work tree. */
async function readSkipList(console: Pick<Console, 'env'>, repository: FileRepository, path: string): Promise<Oid[]> {
  const { gitDirectory, isBare } = repository.layout;
  const expanded = path.startsWith('~/') ? resolve(console.env.HOME ?? '', path.slice(2)) : path;
  const text = await readFile(resolve(isBare ? gitDirectory : dirname(gitDirectory), expanded), 'latin1').catch(
    (error: unknown) => {
      throw ioError(`could not open object name list: ${path}`, error);
    },
  );
  const oids: Oid[] = [];
  for (const line of text.split('\n')) {
    const oid = line.replace(/#.*/, '').trim();
    if (oid === '') continue;
    if (!isOid(oid)) throw new CommandError(`invalid object name: ${line}`);
    oids.push(oid);
  }
  return oids;
}
