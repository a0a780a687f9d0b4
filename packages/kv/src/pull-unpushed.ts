import { GitError, type Oid } from '@git-kv/objects';
import { isAncestor } from '@git-kv/repository';
import type { Head } from './head.js';
import type { UnpushedPolicy } from './options.js';
import type { Plan, Position } from './position.js';
import { mergeUnpushed, rebaseUnpushed, type UnpushedTools } from './unpushed.js';

/** A store that pulls while it has commits of its own. */
export interface UnpushedStore extends Omit<UnpushedTools, 'title'> {
  readonly refName: string;
  /** Where the branch is shared, for messages. */
  readonly display: string;
  /** Bring what the remote has, and stand there. */
  readonly adopt: (what: 'tip' | 'history') => Promise<Position>;
}

/** What a pull meets: a commit of ours that may not be there, and where the branch is. */
export interface Meeting {
  readonly unpushed: Head;
  readonly tipOid: Oid;
  readonly policy: UnpushedPolicy;
}

/**
 * Where a pull leads a store that has commits which the remote is not known to have.
 * @throws {GitError} UNPUSHED_COMMIT where the two went apart, and no policy brings them together; {KvConflictError}
 */
export async function planUnpushed(
  store: UnpushedStore,
  { head, pushedOid, pending }: Position,
  { unpushed, tipOid, policy }: Meeting,
): Promise<Plan> {
  const { repository, refName, display, adopt } = store;
  const reaches = async (ancestorOid: Oid, oid: Oid): Promise<boolean> =>
    isAncestor(repository.objects, ancestorOid, oid, { shallow: await repository.shallow.read() });
  if (tipOid === unpushed.oid) return { head: unpushed, pushedOid: tipOid, pending: undefined, fate: 'pushed' };
  // Nothing new there: a pending commit never arrived, others are still to be pushed.
  if (tipOid === pushedOid || (await reaches(tipOid, unpushed.oid))) {
    const isBehind = head === undefined || !(await reaches(tipOid, head.oid));
    // A pending commit may have been made on top of what others pushed, which is there.
    const next = isBehind && tipOid !== pushedOid ? await adopt('tip') : { head, pushedOid: tipOid };
    return { ...next, pending: undefined, fate: 'rolled-back' };
  }
  // What is given up need not be told apart, but for a pending commit: others may have built on it.
  if (policy === 'theirs' && pending === undefined) return await adopt('tip');
  const next = await adopt('history');
  if (await reaches(unpushed.oid, tipOid)) return { ...next, fate: 'pushed' };
  if (policy === 'theirs') return { ...next, fate: 'abandoned' };
  if (policy === 'rebase' || policy === 'merge') {
    const together = policy === 'rebase' ? rebaseUnpushed : mergeUnpushed;
    const title = `Merge ${refName.replace(/^refs\/heads\//, '')} of ${display}`;
    const settled = await together({ ...store, title }, { unpushed, theirs: next.head as Head, pushedOid });
    return {
      head: settled,
      pushedOid: tipOid,
      pending: undefined,
      fate: policy === 'rebase' ? 'rebased' : 'merged',
    };
  }
  throw new GitError(
    'UNPUSHED_COMMIT',
    `Cannot pull ${refName} from ${display}: it went another way than the unpushed commit ${unpushed.oid}`,
  );
}
