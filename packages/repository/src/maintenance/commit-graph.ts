import { isGitError, type Oid } from '@git-kv/objects';
import { type CommitGraph, joinCommitGraph } from '@git-kv/pack';
import { makeCommitGraph } from '../commit-graph/write.js';
import { removeCommitGraph } from '../engines/file/prune.js';
import type { FileRepository } from '../engines/file/repository.js';
import { peelTag, resolveRef } from '../ref-resolve.js';
import type { MaintenanceOptions } from './options.js';

/** How a commit-graph is renewed. */
export interface RenewCommitGraphOptions extends MaintenanceOptions {
  /** Write one (default: as core.commitGraph and gc.writeCommitGraph say, which is true). */
  readonly commitGraph?: boolean;
}

/**
 * Write a commit-graph of what refs lead to, as git's gc does: none where history is not what commits say, and filters of changed
 * paths are kept where there are some.
 * @returns commits in it; 0 where none was written
 */
export async function renewCommitGraph(
  repository: FileRepository,
  options: RenewCommitGraphOptions = {},
): Promise<number> {
  const { config } = repository.layout;
  const configured =
    config.getBoolean('gc', 'writecommitgraph') !== false && config.getBoolean('core', 'commitgraph') !== false;
  if (!(options.commitGraph ?? configured)) return 0;
  if ((await repository.shallow.read()).size > 0 || (await repository.hasGrafts())) return 0;
  const tips = new Set<Oid>();
  for await (const { name, value, peeledOid } of repository.refs.list('refs/')) {
    if (name.startsWith('refs/replace/')) return 0;
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid === undefined) continue;
    const target = peeledOid ?? (await peelTag(repository.objects, oid)) ?? oid;
    if ((await repository.objects.stat(target))?.kind === 'commit') tips.add(target);
  }
  const existing = await findGraph(repository);
  const bytes = await makeCommitGraph(repository.objects, {
    tips,
    existing,
    changedPaths: existing?.pathFilterSettings !== undefined,
    generationVersion: config.get('commitgraph', 'generationversion') === '1' ? 1 : 2,
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  if (bytes === undefined) return 0;
  try {
    await repository.objects.writeCommitGraph(bytes);
  } catch (error) {
    // Somebody else writes one at this moment: it is an aid, and theirs is as good.
    if (isGitError(error, 'REF_LOCKED')) return 0;
    throw error;
  }
  return (await repository.objects.commitGraph())?.commitCount ?? 0;
}

async function findGraph(repository: FileRepository): Promise<CommitGraph | undefined> {
  try {
    const files = await repository.objects.commitGraphFiles();
    return files.length > 0 ? joinCommitGraph(files) : undefined;
  } catch (error) {
    if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** Remove a commit-graph that lists some of `oids`, which are about to go: it would mislead git, and can be made again. */
export async function forgetCommits(repository: FileRepository, oids: Iterable<Oid>): Promise<void> {
  let isChecked = false;
  let graph: CommitGraph | undefined;
  for (const oid of oids) {
    if (!isChecked) graph = await findGraph(repository);
    isChecked = true;
    if (graph === undefined) return;
    if (graph.findOid(oid) < 0) continue;
    await removeCommitGraph(repository.objects);
    return;
  }
}
