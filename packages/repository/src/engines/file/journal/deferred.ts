import { GitError } from '@git-kv/objects';
import type { RefName, RefValue } from '../../../ref-store.js';
import { Backoff } from '../lock-file.js';
import type { NameQueue } from '../name-queue.js';
import { namesAbove } from '../ref-conflict.js';
import type { RefFiles } from '../ref-files.js';
import { sameValue } from '../ref-value.js';
import type { Reflog } from '../reflog.js';
import { applyChanges, type PendingChange, writeFile, writeValue } from './apply.js';
import type { RefJournal } from './journal.js';
import type { LockHolder, OwnedLock } from './lock-holder.js';

/** Files synchronised at a time. */
const SYNC_CONCURRENCY = 8;

/** Stands for packed-refs among the names that writers queue for. */
const PACKED = 'packed-refs';

/** A ref that committed transactions have moved, and whose own file is to follow. Its lock is held until then. */
export interface DeferredRef {
  readonly lock: OwnedLock;
  /** What its file says. */
  readonly first: RefValue | null;
  readonly isLoose: boolean;
  readonly next: RefValue | null;
}

/** A transaction whose record is written, and not yet durable. */
export interface DeferredTransaction {
  readonly holder: LockHolder;
  readonly number: number;
  readonly position: number;
  readonly names: readonly RefName[];
}

/** What the refs' own files are written with. */
export interface DeferredContext {
  readonly files: RefFiles;
  readonly reflog: Reflog;
  readonly journal: RefJournal;
  readonly queue: NameQueue;
  readonly lockTimeoutMs: number;
  readonly clearLock: (lockPath: string) => Promise<boolean>;
  /** Forgets a ref whose file says what it is. */
  readonly settled: (name: RefName) => void;
}

/**
 * Transactions that were acknowledged when their records were written. Later, together, the records are made durable, and only
 * then the refs' own files are written: so a power loss takes whole transactions, from the end, and never a half of one.
 */
export class DeferredCommits {
  readonly refs: Map<RefName, DeferredRef> = new Map();
  readonly #context: DeferredContext;
  readonly #delayMs: number;
  #transactions: DeferredTransaction[] = [];
  /** New refs whose records are about to get their positions. */
  readonly #reserved = new Set<RefName>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: DeferredContext, delayMs: number) {
    this.#context = context;
    this.#delayMs = delayMs;
  }

  add(transaction: DeferredTransaction, refs: Iterable<readonly [RefName, DeferredRef]>): void {
    for (const [name, ref] of refs) this.refs.set(name, ref);
    this.#transactions.push(transaction);
    this.#schedule();
  }

  /** Whether a ref above or below one of the names waits for its file: then only files that are written tell who may be. */
  isInTheWay(names: readonly RefName[]): boolean {
    if (this.refs.size === 0) return false;
    const below = new Set([...this.refs.keys()].flatMap((name) => [...namesAbove(name)]));
    return names.some((name) => below.has(name) || [...namesAbove(name)].some((above) => this.refs.has(above)));
  }

  /**
   * Keep names for refs that a transaction is about to create: what it was prepared on may have changed since, and files do not tell
   * yet. Takes none, and says which ref is in the way, where one above or below is there or is about to be.
   */
  reserve(names: readonly RefName[]): { readonly name: RefName; readonly actual: RefValue | null } | undefined {
    const taken = new Set(this.#reserved);
    for (const [name, { next }] of this.refs) if (next !== null) taken.add(name);
    if (taken.size > 0) {
      const belowOf = new Map(
        [...taken].flatMap((name) => [...namesAbove(name)].map((above) => [above, name] as const)),
      );
      for (const name of names) {
        const inTheWay = belowOf.get(name) ?? [...namesAbove(name)].find((above) => taken.has(above));
        if (inTheWay !== undefined) return { name: inTheWay, actual: this.refs.get(inTheWay)?.next ?? null };
      }
    }
    for (const name of names) this.#reserved.add(name);
    return undefined;
  }

  /** Give names back: their refs are deferred, or are not to be. */
  unreserve(names: readonly RefName[]): void {
    for (const name of names) this.#reserved.delete(name);
  }

  /** Make everything durable that was added before. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const wanted = [...this.#transactions];
    try {
      while (wanted.some((transaction) => this.#transactions.includes(transaction))) {
        const names = new Set([PACKED, ...this.#transactions.flatMap((transaction) => transaction.names)]);
        await this.#context.queue.run(names, () => this.#flushNames(names));
      }
    } finally {
      if (this.#transactions.length > 0) this.#schedule();
    }
  }

  #schedule(): void {
    // A failure is told by `flush` when somebody asks; until then it is tried again.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch(() => undefined);
    }, this.#delayMs);
  }

  /** Nobody else is at work on the names. */
  async #flushNames(names: ReadonlySet<string>): Promise<void> {
    const covered = this.#transactions.filter((transaction) => transaction.names.every((name) => names.has(name)));
    // One that came before us in the queue may have tied one of the names to another: then that one is needed too.
    const isTied = this.#transactions.some(
      (one) => !covered.includes(one) && one.names.some((name) => names.has(name)),
    );
    if (isTied) return;
    await this.#syncRecords(covered);
    await this.#apply(new Set(covered.flatMap((transaction) => transaction.names)), covered[0]);
    for (const { holder, number } of covered) await holder.mark(number);
    for (const name of new Set(covered.flatMap((transaction) => transaction.names))) {
      this.#context.settled(name);
      await this.refs.get(name)?.lock.release();
      this.refs.delete(name);
    }
    for (const { holder, number } of covered) holder.finish(number);
    this.#transactions = this.#transactions.filter((transaction) => !covered.includes(transaction));
  }

  async #syncRecords(transactions: readonly DeferredTransaction[]): Promise<void> {
    const { journal } = this.#context;
    await inBatches(transactions, ({ position }) => journal.syncRecord(position));
    await journal.sync();
  }

  async #apply(names: ReadonlySet<RefName>, by: DeferredTransaction | undefined): Promise<void> {
    const { files, reflog, journal, lockTimeoutMs, clearLock } = this.#context;
    if (by === undefined) return;
    const paths: string[] = [];
    const newPath = (): string => {
      paths.push(journal.temporaryPath(by.holder, by.number, `flush${paths.length}`));
      return paths.at(-1) as string;
    };
    const changes: PendingChange[] = [];
    for (const name of names) {
      const ref = this.refs.get(name);
      if (ref === undefined || sameValue(ref.first, ref.next)) continue;
      const update = { name, expected: ref.first, next: ref.next };
      const temporary = ref.next === null ? undefined : newPath();
      changes.push({ update, temporary, isLoose: ref.isLoose, isDone: false });
    }
    let packedLock: OwnedLock | undefined;
    try {
      await inBatches(changes, async ({ temporary, update }) => {
        if (temporary !== undefined) await writeValue(files, temporary, update.next as RefValue);
      });
      const deleted = changes.filter(({ update }) => update.next === null).map(({ update }) => update.name);
      let packedTemporary: string | undefined;
      if (deleted.length > 0) {
        packedLock = await by.holder.acquire(files.packedPath, { timeoutMs: lockTimeoutMs, clear: clearLock });
        const packed = await files.readPacked();
        const gone = new Set(deleted.filter((name) => packed.find(name) !== undefined));
        if (gone.size > 0) packedTemporary = await writeFile(files, newPath(), packed.without(gone));
      }
      const pending = { changes, packedTemporary };
      const blocked = await applyChanges(files, pending, () => new Backoff({ timeoutMs: lockTimeoutMs }));
      if (blocked)
        throw new GitError('REF_CONFLICT', `Cannot write refs that are committed: ${blocked.name} is in the way`);
      for (const name of deleted) await reflog.remove(name);
    } finally {
      await packedLock?.release();
      for (const path of paths) await files.disk.fs.unlink(path).catch(() => undefined);
    }
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += SYNC_CONCURRENCY) {
    const results = await Promise.allSettled(items.slice(start, start + SYNC_CONCURRENCY).map(work));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}
