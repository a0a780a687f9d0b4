import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm, type Oid } from '@git-kv/objects';
import type { RefValue, Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { git, type ObjectFormat } from '../../../../test/support/git.js';
import { collect } from './objects.js';

export type Engine = 'memory' | 'files';

/** Both engines in both object formats. */
export const MATRIX: readonly { readonly engine: Engine; readonly format: ObjectFormat }[] = (
  ['memory', 'files'] as const
).flatMap((engine) => (['sha1', 'sha256'] as const).map((format) => ({ engine, format })));

/** A fresh repository; the file engine's lies in `directory`. */
export async function openEngine(engine: Engine, format: ObjectFormat, directory: string): Promise<Repository> {
  if (engine === 'files') {
    // What survives a power loss is for the engine's own tests; here it would only cost time.
    return await initRepository(directory, { objectFormat: format, initialBranch: 'main', durability: 'none' });
  }
  return createMemoryRepository({ algorithm: hashAlgorithm(format) });
}

/** What {@link stateOf} tells. */
export interface RepositoryState {
  readonly head: RefValue | undefined;
  readonly refs: Readonly<Record<string, RefValue>>;
  readonly oids: readonly Oid[];
  readonly shallow: readonly Oid[];
  readonly files: readonly string[];
}

/** Everything a repository holds, to compare before with after. With its directory, every file in it too. */
export async function stateOf(repository: Repository, directory?: string): Promise<RepositoryState> {
  const refs: Record<string, RefValue> = {};
  for await (const { name, value } of repository.refs.list('refs/')) refs[name] = value;
  return {
    head: await repository.refs.read('HEAD'),
    refs,
    oids: await collect(repository.objects.oids()),
    shallow: [...(await repository.shallow.read())].sort(),
    files: directory === undefined ? [] : filesBelow(directory),
  };
}

/** Paths of the files below a directory, sorted. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Let `git fsck --strict --full` look at a repository; one in memory is written to `directory` first. */
export async function fsck(repository: Repository, engine: Engine, directory: string): Promise<void> {
  if (engine === 'memory') await exportToFiles(repository, directory);
  git(['fsck', '--strict', '--full', '--no-dangling'], { cwd: directory });
}

async function exportToFiles(repository: Repository, directory: string): Promise<void> {
  const copy = await initRepository(directory, {
    objectFormat: repository.algorithm.name as ObjectFormat,
    durability: 'none',
  });
  const oids: Oid[] = await collect(repository.objects.oids());
  const objects = [];
  for await (const [oid, object] of repository.objects.readMany(oids)) {
    if (object === undefined) throw new Error(`${oid} is listed and cannot be read`);
    objects.push(object);
  }
  await copy.objects.writeMany(objects);
  await copy.shallow.update({ add: await repository.shallow.read(), remove: [] });
  const updates = [];
  for await (const { name, value } of repository.refs.list('refs/')) updates.push({ name, next: value });
  const head = await repository.refs.read('HEAD');
  if (head !== undefined) updates.push({ name: 'HEAD', next: head });
  await copy.refs.update(updates);
  await copy.close();
}
