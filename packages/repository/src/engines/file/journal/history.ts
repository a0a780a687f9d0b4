import { GitError } from '@git-kv/objects';
import type { RefTransaction, RefUpdate, TransactionId } from '../../../ref-store.js';
import { isWorkTreeRef } from '../ref-files.js';
import { type RefJournal, transactionId } from './journal.js';
import type { JournalRecord } from './record.js';

/** Time between two looks for what other processes have committed. What this opening commits is told at once. */
const POLL_INTERVAL_MS = 100;

/** Where to begin, and when to end. */
export interface FollowOptions {
  readonly since?: TransactionId;
  readonly signal?: AbortSignal;
}

/**
 * The transactions of the journal after `since`, or all that are kept, and then those to come until the store closes.
 * @param workTree of the reader, who knows his own HEAD by this name
 * @throws {GitError} TRANSACTION_NOT_FOUND where what is to come next is not kept any more, or `since` never was
 */
export async function* followJournal(
  journal: RefJournal,
  workTree: string,
  { since, signal }: FollowOptions,
): AsyncGenerator<RefTransaction> {
  signal?.throwIfAborted();
  let tip = await journal.refreshTip();
  /** Up to here what is told is known to be durable. */
  let synced = 0;
  let next = since === undefined ? Math.max(journal.floor, 1) : positionOf(since, tip) + 1;
  // The first to be told needs no predecessor; who resumes must not miss any.
  const isGone = (position: number): boolean => position < journal.floor;
  for (;;) {
    signal?.throwIfAborted();
    if (isGone(next)) throw gone(transactionId(next - 1));
    const record = await journal.read(next);
    if (record !== undefined) {
      // What is told must not be forgotten by a power loss.
      if (journal.disk.durability === 'batch') await journal.syncRecord(next);
      if (next > synced) {
        const taken = await journal.refreshTip();
        await journal.sync();
        synced = Math.max(taken, next);
      }
      yield transactionOf(next++, record, workTree);
      continue;
    }
    tip = await journal.refreshTip();
    if (isGone(next)) continue;
    if (next <= tip) {
      // Taken by a power loss before it was durable, while a later one survived.
      if ((await journal.read(next)) === undefined) next++;
    } else if (journal.isClosed) {
      return;
    } else {
      await changeOf(journal, signal);
    }
  }
}

/** Resolves when something may have been committed, the store closes, or the signal is given. */
async function changeOf(journal: RefJournal, signal: AbortSignal | undefined): Promise<void> {
  let finish: () => void = () => undefined;
  const change = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const stopListening = journal.onChange(finish);
  const timer = setTimeout(finish, POLL_INTERVAL_MS);
  signal?.addEventListener('abort', finish, { once: true });
  try {
    await change;
  } finally {
    stopListening();
    clearTimeout(timer);
    signal?.removeEventListener('abort', finish);
  }
}

function transactionOf(position: number, record: JournalRecord, workTree: string): RefTransaction {
  const updates = record.updates.map((update) => ({ ...update, name: nameFor(update, record.workTree, workTree) }));
  const transaction = { id: transactionId(position), updates };
  return record.attachment ? { ...transaction, attachment: record.attachment.slice() } : transaction;
}

/** A ref that each work tree has for itself is named by its work tree, as git does, for those who look from another one. */
function nameFor({ name }: RefUpdate, owner: string, reader: string): string {
  if (owner === reader || !isWorkTreeRef(name)) return name;
  return owner === '' ? `main-worktree/${name}` : `${owner}/${name}`;
}

function positionOf(id: TransactionId, tip: number): number {
  const position = Number(id);
  if (!/^\d{16}$/.test(id) || position > tip) throw gone(id);
  return position;
}

function gone(id: TransactionId): GitError {
  return new GitError(
    'TRANSACTION_NOT_FOUND',
    `Cannot resume after transaction ${JSON.stringify(id)}: it is not kept here`,
  );
}
