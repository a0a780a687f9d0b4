import { GitError } from '@git-kv/objects';
import type { RefTransaction, RefUpdate, TransactionId } from '../../ref-store.js';

/** Ids are counters, padded so that they sort as text too. */
const ID_DIGITS = 16;

/** The last transactions of a store, and whoever waits for the next one. */
export class RefHistory {
  private readonly capacity: number;
  private readonly kept: RefTransaction[] = [];
  private committed = 0;
  private closed = false;
  private waiting: (() => void)[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  append(updates: readonly RefUpdate[], attachment: Uint8Array | undefined): TransactionId {
    const id = String(++this.committed).padStart(ID_DIGITS, '0');
    this.kept.push(
      attachment === undefined ? { id, updates } : { id, updates, attachment: new Uint8Array(attachment) },
    );
    if (this.kept.length > this.capacity) this.kept.shift();
    this.wake();
    return id;
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  /** Transactions after `since`, or all that are kept, and then those to come until the store closes. */
  async *follow(since: TransactionId | undefined, signal: AbortSignal | undefined): AsyncGenerator<RefTransaction> {
    const oldest = (): number => this.committed - this.kept.length + 1;
    let next = since === undefined ? oldest() : this.positionOf(since) + 1;
    for (;;) {
      signal?.throwIfAborted();
      if (next < oldest()) throw gone(String(next - 1));
      const transaction = this.kept[next - oldest()];
      if (transaction !== undefined) {
        next++;
        yield transaction;
      } else if (this.closed) {
        return;
      } else {
        await this.changed(signal);
      }
    }
  }

  private positionOf(id: TransactionId): number {
    const position = Number(id);
    if (!/^\d{16}$/.test(id) || position > this.committed) throw gone(id);
    return position;
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }

  private async changed(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = withResolver();
    this.waiting.push(resolve);
    signal?.addEventListener('abort', resolve, { once: true });
    await promise;
    signal?.removeEventListener('abort', resolve);
    this.waiting = this.waiting.filter((other) => other !== resolve);
  }
}

function gone(id: TransactionId): GitError {
  return new GitError(
    'TRANSACTION_NOT_FOUND',
    `Cannot resume after transaction ${JSON.stringify(id)}: it is not kept here`,
  );
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
