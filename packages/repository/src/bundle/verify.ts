import { GitError, type Oid } from '@git-kv/objects';
import type { BundleHeader, BundlePrerequisite } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { resolveRef } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { checkConnectivity } from '../walk/connectivity.js';

/** Whether a repository has what a bundle needs. Where both lists are empty, it has. */
export interface BundleVerdict {
  /** Prerequisites that are not in the repository, or are no commits. */
  readonly missing: readonly BundlePrerequisite[];
  /** Prerequisites that are there, while something that they reach is not. Looked for where none is missing. */
  readonly disconnected: readonly BundlePrerequisite[];
}

/**
 * See whether `repository` has the prerequisites of a bundle with all they reach. The pack is not looked at.
 * @throws {GitError} UNSUPPORTED where the two are of different object formats
 */
export async function verifyBundle(
  repository: Repository,
  header: Pick<BundleHeader, 'algorithm' | 'prerequisites'>,
  options: ReadOptions = {},
): Promise<BundleVerdict> {
  assertSameFormat(repository, header);
  const missing: BundlePrerequisite[] = [];
  for (const prerequisite of header.prerequisites) {
    const stat = await repository.objects.stat(prerequisite.oid, options);
    if (stat?.kind !== 'commit') missing.push(prerequisite);
  }
  if (missing.length > 0 || header.prerequisites.length === 0) return { missing, disconnected: [] };
  const bounds = { haves: await tipsOf(repository), shallow: await repository.shallow.read(), ...options };
  const isConnected = async (roots: readonly Oid[]): Promise<boolean> =>
    (await checkConnectivity(repository.objects, { roots, ...bounds })).connected;
  const disconnected: BundlePrerequisite[] = [];
  if (!(await isConnected(header.prerequisites.map(({ oid }) => oid)))) {
    for (const prerequisite of header.prerequisites) {
      if (!(await isConnected([prerequisite.oid]))) disconnected.push(prerequisite);
    }
  }
  return { missing, disconnected };
}

/** What all refs and HEAD point to: complete, or else the repository is broken. */
async function tipsOf(repository: Repository): Promise<Oid[]> {
  const tips: Oid[] = [];
  for await (const { value } of repository.refs.list('refs/')) if ('oid' in value) tips.push(value.oid);
  const head = await resolveRef(repository.refs, 'HEAD');
  if (head?.oid !== undefined) tips.push(head.oid);
  return tips;
}

function assertSameFormat(repository: Repository, { algorithm }: Pick<BundleHeader, 'algorithm'>): void {
  if (repository.algorithm.name !== algorithm.name) {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot use a bundle in ${algorithm.name}: the repository is in ${repository.algorithm.name}`,
    );
  }
}
