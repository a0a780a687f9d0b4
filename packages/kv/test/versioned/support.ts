import { type HashName, hashAlgorithm } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { forkRepository } from '@git-kv/repository/overlay';
import { onTestFinished } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { jsonCodec } from '../../src/codecs/index.js';
import type { Key } from '../../src/index.js';
import { type VersionedOptions, VersionedStore } from '../../src/versioned/index.js';

export type EngineName = 'memory' | 'file' | 'overlay';

/** A fresh repository on an engine; `directory` where git can read it. */
export interface TestRepository {
  readonly repository: Repository;
  readonly directory: string | undefined;
}

export async function makeRepository(
  engine: EngineName,
  objectFormat: HashName = 'sha1',
  initialBranch = 'main',
): Promise<TestRepository> {
  const algorithm = hashAlgorithm(objectFormat);
  const memory = (): Repository => createMemoryRepository({ algorithm, initialBranch: `refs/heads/${initialBranch}` });
  if (engine === 'memory') return { repository: memory(), directory: undefined };
  if (engine === 'overlay') return { repository: forkRepository(memory(), memory()), directory: undefined };
  const directory = temporaryDirectory('git-kv-versioned');
  const repository = await initRepository(directory, { objectFormat, initialBranch, durability: 'none' });
  onTestFinished(() => repository.close());
  return { repository, directory };
}

/** A store of JSON whose clock ticks a second a commit. */
export async function openStore(
  repository: Repository,
  options: Partial<VersionedOptions<unknown>> = {},
): Promise<VersionedStore<unknown>> {
  let time = 1_700_000_000_000;
  const clock = (): number => (time += 1000);
  const author = { name: 'A U Thor', email: 'author@example.com' };
  return await VersionedStore.open(repository, { codec: jsonCodec(), author, clock, ...options });
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Keys as text, without the slash at their start. */
export async function namesOf(keys: AsyncIterable<Key>): Promise<string[]> {
  return (await allOf(keys)).map((key) => key.segments.join('/'));
}

/** What git has to say against a repository, which is nothing. */
export function fsck(directory: string): string {
  return git(['fsck', '--strict', '--no-dangling'], { cwd: directory });
}
