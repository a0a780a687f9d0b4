import type { Oid } from '@git-kv/objects';
import type { RefName } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { peelTo } from '../revision/peel.js';
import { isAncestor } from '../walk/index.js';

/** What a fetch means for one ref here. */
export type RefJudgement =
  | { readonly status: 'up-to-date' | 'new' | 'fast-forward' | 'forced' | 'tag-updated' }
  | { readonly status: 'rejected'; readonly reason: RejectionReason };

/** Why a fetch leaves a ref here as it was. */
export type RejectionReason =
  /** It would lose commits, and nothing says that it may. */
  | 'non-fast-forward'
  /** Tags do not move, unless they are forced to. */
  | 'clobbers-tag'
  /** The branch is checked out: its files would no longer fit. */
  | 'checked-out'
  /** It moved meanwhile, or another ref leaves no room for its name. */
  | 'conflict'
  /** It is a branch, and what was fetched is no commit. */
  | 'no-commit';

/** A ref here that may move. */
export interface MovingRef {
  readonly localName: RefName;
  readonly oldOid: Oid | undefined;
  readonly newOid: Oid;
  readonly isForced: boolean;
}

/** What git would make of it. */
export async function judgeMove(
  repository: Repository,
  { localName, oldOid, newOid, isForced }: MovingRef,
  options: { readonly checkedOut?: ReadonlySet<RefName> | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<RefJudgement> {
  if (oldOid === newOid) return { status: 'up-to-date' };
  if (oldOid !== undefined && options.checkedOut?.has(localName)) return { status: 'rejected', reason: 'checked-out' };
  if (oldOid !== undefined && localName.startsWith('refs/tags/')) {
    return isForced ? { status: 'tag-updated' } : { status: 'rejected', reason: 'clobbers-tag' };
  }
  const isBranch = localName.startsWith('refs/heads/');
  if (isBranch && (await repository.objects.stat(newOid))?.kind !== 'commit')
    return { status: 'rejected', reason: 'no-commit' };
  const isForward = oldOid === undefined ? undefined : await isFastForward(repository, oldOid, newOid, options.signal);
  if (isForward === undefined) return { status: 'new' };
  if (isForward) return { status: 'fast-forward' };
  return isForced ? { status: 'forced' } : { status: 'rejected', reason: 'non-fast-forward' };
}

/** Whether the new value has the old one in its history; `undefined` where one of them is no commit, or is not here. */
export async function isFastForward(
  repository: Repository,
  oldOid: Oid,
  newOid: Oid,
  signal?: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const before = await peelTo(repository, oldOid, 'commit');
  const after = await peelTo(repository, newOid, 'commit');
  if (before === undefined || after === undefined) return undefined;
  const shallow = await repository.shallow.read();
  return await isAncestor(repository.objects, before, after, { shallow, ...(signal && { signal }) });
}
