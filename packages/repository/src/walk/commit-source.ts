import type { RawObject } from '@git-kv/objects';
import type { CommitGraph } from '@git-kv/pack';

/**
 * What a walk over history reads from while it runs: the parts of a store that answer without waiting. Oids are bytes, at
 * an offset, because a walk has them so.
 */
export interface CommitSource {
  /** git's commit-graph, where there is one and nothing (shallow boundary, grafts, replacements) contradicts it. */
  readonly graph?: CommitGraph | undefined;
  /**
   * The object, or `undefined` where it cannot be had at once: `read` of the store knows more. Where `headBytes` is given
   * and the body is larger, the body may end after so many bytes and is valid until the next call.
   */
  readSync(oidBytes: Uint8Array, offset: number, headBytes?: number): RawObject | undefined;
  /** Whether the object is there; false where `stat` of the store knows more. */
  hasSync(oidBytes: Uint8Array, offset: number): boolean;
  /** Release what the walk held open. */
  close(): Promise<void>;
}
