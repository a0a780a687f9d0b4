import type { Head } from '../head.js';
import type { MergeRules } from '../merge/merge.js';
import type { VersionedCommit } from './commit.js';
import type { VersionedContext } from './context.js';

/**
 * The commits of `tip` made again on top of `theirs`. No branch leads to them yet.
 * @throws {KvConflictError}
 */
export async function rebasedCommit<T>(
  context: VersionedContext<T>,
  tip: VersionedCommit,
  theirs: VersionedCommit,
  rules: MergeRules | undefined,
  signal: AbortSignal | undefined,
): Promise<VersionedCommit> {
  const { rebaseUnpushed } = await context.later();
  const { oid } = await rebaseUnpushed(
    {
      repository: context.repository,
      committer: context.committer,
      retention: { wrote: () => {} }, // what is left over is the repository's to collect
      rules,
      title: '',
      ...(signal && { signal }),
    },
    { unpushed: headOf(tip), theirs: headOf(theirs), pushedOid: undefined },
  );
  return await context.commit(oid);
}

/** A version as what a merge is made of. */
export function headOf({ oid, treeOid, parentOids, committer }: VersionedCommit): Head {
  return { oid, treeOid, parentOids, timestamp: committer.timestamp };
}
