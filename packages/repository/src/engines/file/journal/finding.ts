import type { RefName, RefValue, TransactionId } from '../../../ref-store.js';

/** Something that a recovery met and left alone. */
export interface RecoveryFinding {
  /**
   * `movedOn`: somebody else has moved the ref since, so it stays. `blocked`: another ref stands where it was to be. `locked`: somebody
   * holds its lock; the next recovery tries again. `unreadable`: the ref's file is damaged. `damagedRecord`: a record of the journal
   * is. `damagedOwner`: the file of an owner is; where it does not tell any more whose it is, it stays, and what he held stays locked,
   * and where a mark is broken, his transactions count as not applied. `foreignFile`: a file in the journal's directory that is none of it. `lost`: a power loss took
   * what a transaction without `full` durability built on, or tore it; it is taken out of the journal. `readOnly`: this process may not write here.
   */
  readonly type:
    | 'movedOn'
    | 'blocked'
    | 'locked'
    | 'unreadable'
    | 'damagedRecord'
    | 'damagedOwner'
    | 'foreignFile'
    | 'lost'
    | 'readOnly';
  /** The file that it is about. */
  readonly path: string;
  /** What is wrong, in words. */
  readonly problem: string;
  readonly transaction?: TransactionId;
  readonly name?: RefName;
  /** What the transaction was to put there. */
  readonly next?: RefValue | null;
  /** What stands there. */
  readonly actual?: RefValue | null;
}
