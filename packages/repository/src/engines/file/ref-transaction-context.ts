import type { RefName, RefUpdateOptions, RefValue } from '../../ref-store.js';
import type { DeferredCommits } from './journal/deferred.js';
import type { RefJournal } from './journal/journal.js';
import type { RefFiles } from './ref-files.js';
import type { Reflog } from './reflog.js';

/** How refs are moved. */
export interface TransactionOptions extends RefUpdateOptions {
  /** Logs are the caller's business. */
  readonly keepsLogs?: boolean;
}

/** What a transaction works with. */
export interface RefTransactionContext {
  readonly files: RefFiles;
  readonly reflog: Reflog;
  readonly journal: RefJournal;
  readonly lockTimeoutMs: number;
  /** Clears a lock away where its owner is dead. @returns whether it did */
  readonly clearLock: (lockPath: string) => Promise<boolean>;
  /** Where commits wait for a common sync, or `undefined` where each has its own. */
  readonly deferred: DeferredCommits | undefined;
  /** Refs of this opening that are committed, and whose files may not say so yet. */
  readonly unapplied: Map<RefName, RefValue | null>;
}
