import { GitError, type Oid } from '@git-kv/objects';
import type { CodedRefusal, PushedRef } from '@git-kv/protocol';
import type { RefName } from '../ref-store.js';

/** One ref to move on the remote. */
export interface PushUpdate {
  readonly name: RefName;
  /** What it is to hold; `null` deletes it. */
  readonly next: Oid | null;
  /** What it must hold now; `null` that it must not exist; absent takes whatever the remote has (a forced push). */
  readonly expected?: Oid | null;
}

/** What became of one update. */
export type PushResultStatus =
  | {
      readonly name: RefName;
      readonly status: 'updated';
      /** Every ref that the server has moved for it, where it tells: hooks there may move others. */
      readonly refs?: readonly PushedRef[];
    }
  /** The remote's ref is not what `expected` says; nothing was sent for it. */
  | { readonly name: RefName; readonly status: 'stale'; readonly actual: Oid | null }
  /** The server said no; for programs in `refusal`, where its hooks say it so. */
  | {
      readonly name: RefName;
      readonly status: 'rejected';
      readonly reason: string;
      readonly refusal?: CodedRefusal;
      /** What it said of the pack, where it could not take that. */
      readonly unpackReason?: string;
    };

/**
 * The answer to a push was lost, and the remote could not be asked what became of it, or does not hold the new values: it may
 * still be at work. `updates` may have happened or not; whoever keeps the commits can find out later.
 */
export class PushOutcomeUnknownError extends GitError {
  override readonly name: string = 'PushOutcomeUnknownError';
  readonly updates: readonly PushUpdate[];

  constructor(updates: readonly PushUpdate[], message: string, options: { cause: unknown }) {
    super('PUSH_OUTCOME_UNKNOWN', message, options);
    this.updates = updates;
  }
}

/** What became of `updates` cannot be told. */
export function unknownOutcome(
  updates: readonly PushUpdate[],
  problem: string,
  cause: unknown,
): PushOutcomeUnknownError {
  const names = updates.map(({ name }) => name).join(', ');
  return new PushOutcomeUnknownError(updates, `Cannot tell whether ${names} moved: ${problem}`, { cause });
}
