import type { Oid } from '@git-kv/objects';

/** What a saved store holds besides objects. */
export interface StoreState {
  /** Full name; `undefined` where the saved form does not record it. */
  readonly refName: string | undefined;
  readonly headOid: Oid | undefined;
  /** The last commit that the remote is known to have had. */
  readonly pushedOid: Oid | undefined;
  /** A commit of which it is not known whether the remote took it. */
  readonly pendingOid: Oid | undefined;
}

/** The ref of a bundle for {@link StoreState.pushedOid}. */
export const PUSHED_REF = 'refs/git-kv/pushed';
/** The ref of a bundle for {@link StoreState.pendingOid}. */
export const PENDING_REF = 'refs/git-kv/pending';
