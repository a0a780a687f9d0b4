import { GitError } from '@git-kv/objects';
import type { RefName, RefOutcome, RefUpdate, RefValue } from '../../ref-store.js';
import { Disk } from './disk.js';
import { fsCode } from './fs.js';
import {
  applyChanges,
  type BlockedChange,
  type PendingChange,
  revertChanges,
  writeFile,
  writeValue,
} from './journal/apply.js';
import type { DeferredCommits, DeferredRef } from './journal/deferred.js';
import { type PreparedRecord, transactionId } from './journal/journal.js';
import type { LockHolder, OwnedLock, OwnedLockOptions } from './journal/lock-holder.js';
import type { JournalUpdate } from './journal/record.js';
import { Backoff } from './lock-file.js';
import { findNameConflict, namesAbove } from './ref-conflict.js';
import { RefFiles } from './ref-files.js';
import { findMoves } from './ref-moves.js';
import type { RefTransactionContext, TransactionOptions } from './ref-transaction-context.js';
import { sameValue } from './ref-value.js';
import type { RefMove } from './reflog.js';

type Refusal = Exclude<RefOutcome, { status: 'updated' }>;

/** Files written at a time. */
const WRITE_CONCURRENCY = 8;

/** One update under its lock. */
interface Step {
  readonly update: RefUpdate;
  /** Absent only for a ref that cannot exist, because another stands where its directory would be. */
  readonly lock: OwnedLock | undefined;
  readonly current: RefValue | null;
  readonly isLoose: boolean;
}

/**
 * All or none of some ref updates: all locks, then all checks, then one record in the journal, then the refs' own files.
 *
 * `prepare` does all that may fail for good reason (locks, old values, room on the disk); it leaves the refs as they are.
 * `commit` writes the record, which decides, and then the files. `release`, always called, drops what is still held.
 */
export class RefTransaction {
  readonly #context: RefTransactionContext;
  readonly #updates: readonly RefUpdate[];
  readonly #options: TransactionOptions;
  readonly #holder: LockHolder;
  readonly #number: number;
  readonly #steps: Step[] = [];
  readonly #temporaries = new Set<string>();
  /** No refs, as was seen: what this transaction creates may stand below. */
  readonly #freeNames = new Set<RefName>();
  #pending: PendingChange[] = [];
  /** What its logs tell. */
  #moves: readonly RefMove[] = [];
  #packedLock: OwnedLock | undefined;
  #packedTemporary: string | undefined;
  #record: PreparedRecord | undefined;
  /** Committed, and its refs' own files are left to a later sync. */
  #isDeferred = false;
  /** Committed, and not brought to its end: everything stays as it is for whoever recovers it. */
  #isLeft = false;

  /** @param updates sorted by name, each name once */
  constructor(
    context: RefTransactionContext,
    { holder, number }: { readonly holder: LockHolder; readonly number: number },
    updates: readonly RefUpdate[],
    options: TransactionOptions,
  ) {
    this.#context = context;
    this.#holder = holder;
    this.#number = number;
    this.#updates = updates;
    this.#options = options;
  }

  /** @returns what forbids the transaction, or `undefined` when it is ready to commit */
  async prepare(): Promise<Refusal | undefined> {
    const fenced = await this.#findFence();
    if (fenced) return fenced;
    for (const update of this.#updates) {
      const step = await this.#lock(update);
      if ('status' in step) return step;
      this.#steps.push(step);
    }
    const conflict = this.#findUnexpected() ?? this.#findNested();
    if (conflict) return conflict;
    for (const step of this.#steps) {
      const conflict = await this.#checkName(step);
      if (conflict) return conflict;
    }
    const changes = this.#steps.filter(({ update, current }) => !sameValue(update.next, current));
    const record = this.#prepareRecord(changes);
    this.#pending = this.#pendingChanges(changes);
    const writes = this.#context.deferred ? [record] : [this.#writeValues(), record];
    const settled = await Promise.allSettled(writes);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    this.#record = await record;
    if (!this.#context.deferred) await this.#preparePacked(changes);
    return undefined;
  }

  /** Decide, and make the changes visible and durable. */
  async commit(): Promise<RefOutcome> {
    const { deferred } = this.#context;
    if (deferred === undefined) return await this.#commit();
    const created = this.#steps.filter(isCreation).map(({ update }) => update.name);
    const inTheWay = deferred.reserve(created);
    if (inTheWay) return { status: 'conflict', ...inTheWay };
    try {
      return await this.#commit();
    } finally {
      deferred.unreserve(created);
    }
  }

  async #commit(): Promise<RefOutcome> {
    const { files, journal, reflog, unapplied, deferred } = this.#context;
    const isSynced = deferred === undefined;
    if (!this.#options.keepsLogs) this.#moves = await findMoves(files, this.#steps, this.#options.reflog);
    for (const move of this.#moves) await reflog.append(move, this.#options.reflog, isSynced);
    const position = await this.#publish();
    if (position === undefined) return (await this.#findFence()) as Refusal;
    for (const { update } of this.#pending) unapplied.set(update.name, update.next);
    if (deferred) {
      this.#defer(deferred, position);
      await journal.settle(position, this.#record as PreparedRecord).catch(() => undefined);
      return { status: 'updated', transaction: transactionId(position) };
    }
    try {
      return await this.#finish(position);
    } finally {
      for (const { update } of this.#pending) unapplied.delete(update.name);
      await journal.settle(position, this.#record as PreparedRecord).catch(() => undefined);
    }
  }

  /** Drop the locks that are left, and directories that were made for nothing. */
  async release(): Promise<void> {
    const { files } = this.#context;
    if (this.#isLeft) {
      this.#holder.abandon();
      return;
    }
    for (const { isDone, temporary } of this.#pending) if (isDone && temporary) this.#temporaries.delete(temporary);
    for (const path of this.#temporaries) await files.disk.fs.unlink(path).catch(() => undefined);
    await this.#packedLock?.release();
    const { deferred } = this.#context;
    const written = new Set(this.#pending.filter(({ isDone }) => isDone).map(({ update }) => update.name));
    for (const { update, lock } of this.#steps) {
      // Some are the locks of what waits for its sync.
      if (!lock || deferred?.refs.get(update.name)?.lock === lock) continue;
      await lock.release();
      // A lock without a ref may have been all that its directory was for.
      if (written.has(update.name) && update.next !== null) continue;
      await files.removeEmptyParents(files.path(update.name), update.name).catch(() => undefined);
    }
    if (!this.#isDeferred) this.#holder.finish(this.#number);
  }

  /** Leave the refs' own files to a later sync, with the locks. */
  #defer(deferred: DeferredCommits, position: number): void {
    this.#isDeferred = true;
    const refs: [RefName, DeferredRef][] = [];
    for (const { update, lock, current, isLoose } of this.#steps) {
      if (!lock || sameValue(update.next, current)) continue;
      const before = deferred.refs.get(update.name) ?? { lock, first: current, isLoose };
      refs.push([update.name, { ...before, next: update.next }]);
    }
    const names = refs.map(([name]) => name);
    deferred.add({ holder: this.#holder, number: this.#number, position, names }, refs);
  }

  async #findFence(): Promise<Refusal | undefined> {
    const { fence } = this.#options;
    if (fence === undefined) return undefined;
    const term = await this.#context.journal.currentTerm();
    return fence.term < term ? { status: 'fenced', term } : undefined;
  }

  async #lock(update: RefUpdate): Promise<Step | Refusal> {
    const { files, deferred } = this.#context;
    const { name } = update;
    const waiting = deferred?.refs.get(name);
    if (waiting) return { update, lock: waiting.lock, current: waiting.next, isLoose: waiting.isLoose };
    const backoff = this.#backoff();
    for (;;) {
      try {
        const lock = await this.#holder.acquire(files.path(name), this.#lockOptions());
        return await this.#readLocked(update, lock);
      } catch (error) {
        // A file stands where a directory is needed: a ref above this one.
        if (fsCode(error) !== 'ENOTDIR') throw error;
      }
      const above = await this.#findAbove(name);
      if (above === undefined) {
        // Gone meanwhile, or nothing that is a ref.
        if (!(await backoff.wait())) throw new GitError('IO_FAILED', `Cannot lock ${name}: a file is in the way`);
        continue;
      }
      if (update.next !== null) return { status: 'conflict', ...above };
      return { update, lock: undefined, current: null, isLoose: false };
    }
  }

  async #readLocked(update: RefUpdate, lock: OwnedLock): Promise<Step> {
    const { files } = this.#context;
    try {
      const loose = await files.readLoose(update.name);
      const current = loose ?? (await files.readPackedValue(update.name)) ?? null;
      return { update, lock, current, isLoose: loose !== undefined };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async #findAbove(name: RefName): Promise<{ name: RefName; actual: RefValue } | undefined> {
    for (const above of namesAbove(name)) {
      const actual = await this.#context.files.read(above);
      if (actual) return { name: above, actual };
    }
    return undefined;
  }

  #findUnexpected(): Refusal | undefined {
    const step = this.#steps.find(
      ({ update, current }) => update.expected !== undefined && !sameValue(update.expected, current),
    );
    return step && { status: 'conflict', name: step.update.name, actual: step.current };
  }

  /** A ref this transaction creates above another it creates. */
  #findNested(): Refusal | undefined {
    const created = new Set(this.#steps.filter(isCreation).map(({ update }) => update.name));
    for (const name of created) {
      for (const above of namesAbove(name))
        if (created.has(above)) return { status: 'conflict', name: above, actual: null };
    }
    return undefined;
  }

  /** Whether the ref may have its name beside those that are there. */
  async #checkName(step: Step): Promise<Refusal | undefined> {
    if (!isCreation(step)) return undefined;
    const { name } = step.update;
    const backoff = this.#backoff();
    for (;;) {
      const found = await findNameConflict(this.#context.files, name, this.#freeNames);
      if (found === undefined) return undefined;
      if (found !== 'locked') return { status: 'conflict', name: found.name, actual: found.value };
      // Somebody is creating or deleting a ref below: wait how it ends.
      if (!(await backoff.wait())) throw new GitError('REF_LOCKED', `Cannot create ${name}: names below it are locked`);
    }
  }

  async #prepareRecord(changes: readonly Step[]): Promise<PreparedRecord> {
    const updates = changes.map(({ update, current }): JournalUpdate => {
      return { name: update.name, expected: current, next: update.next };
    });
    return this.#prepareJournal('record', updates, this.#options.attachment);
  }

  #prepareJournal(
    part: string,
    updates: readonly JournalUpdate[],
    attachment?: Uint8Array | undefined,
  ): Promise<PreparedRecord> {
    const { journal, files } = this.#context;
    const path = this.#temporary(part);
    const { token } = this.#holder;
    const content = { token, number: this.#number, workTree: files.workTree, updates, attachment };
    const isSynced = this.#context.deferred === undefined;
    return journal.prepare(path, content, this.#options.fence?.term, isSynced);
  }

  #pendingChanges(changes: readonly Step[]): PendingChange[] {
    return changes.map(({ update, current, isLoose }, at) => ({
      update: { name: update.name, expected: current, next: update.next },
      temporary: update.next === null ? undefined : this.#temporary(String(at)),
      isLoose,
      isDone: false,
    }));
  }

  async #writeValues(): Promise<void> {
    const { files } = this.#context;
    const writes = this.#pending.filter(({ temporary }) => temporary !== undefined);
    for (let start = 0; start < writes.length; start += WRITE_CONCURRENCY) {
      const batch = writes.slice(start, start + WRITE_CONCURRENCY);
      const write = ({ temporary, update }: PendingChange): Promise<string> =>
        writeValue(files, temporary as string, update.next as RefValue);
      // All of them end before the first failure is told, so that nothing is written behind the caller's back.
      const results = await Promise.allSettled(batch.map(write));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
  }

  /** Where refs are deleted, lock packed-refs, and write it anew if one of them is packed. */
  async #preparePacked(changes: readonly Step[]): Promise<void> {
    const { files } = this.#context;
    const deleted = changes.filter(({ update }) => update.next === null);
    if (deleted.length === 0) return;
    // Locked even when nothing in it changes: nobody may pack a loose ref that is about to go.
    this.#packedLock = await this.#holder.acquire(files.packedPath, this.#lockOptions());
    const packed = await files.readPacked();
    const names = new Set(deleted.map(({ update }) => update.name).filter((name) => packed.find(name) !== undefined));
    if (names.size === 0) return;
    this.#packedTemporary = await writeFile(files, this.#temporary('packed'), packed.without(names));
  }

  /** @returns the position of the record, or `undefined` where it came to be fenced */
  async #publish(): Promise<number | undefined> {
    const { journal } = this.#context;
    for (let round = 0; ; round++) {
      const position = await journal.publish(this.#record as PreparedRecord, this.#holder);
      if (position !== undefined) return position;
      if (await this.#findFence()) return undefined;
      // Another's term is the highest now, and goes into the record.
      const { updates, attachment } = (this.#record as PreparedRecord).record;
      this.#record = await this.#prepareJournal(`record${round}`, updates, attachment);
    }
  }

  /** Bring the committed transaction to its end; what fails is tried once more before it is given up. */
  async #finish(position: number): Promise<RefOutcome> {
    const { journal, files } = this.#context;
    let failure: unknown;
    try {
      await journal.sync();
      return await this.#apply(files, position);
    } catch (error) {
      failure = error;
    }
    // From here on it must go forward, though the store may have come to refuse writes.
    const disk = new Disk(files.disk.fs, files.disk.durability);
    disk.roots = files.disk.roots;
    try {
      // No ref moves before the record is durable, as far as can be known.
      await disk.syncDirectory(journal.directory);
      const outcome = await this.#apply(new RefFiles(disk, files.layout), position);
      if (files.disk.isWritable) return outcome;
    } catch (error) {
      this.#isLeft = true;
      files.disk.refuseWrites(error);
    }
    throw failure;
  }

  async #apply(files: RefFiles, position: number): Promise<RefOutcome> {
    const { reflog } = this.#context;
    const pending = { changes: this.#pending, packedTemporary: this.#packedTemporary };
    const blocked = await applyChanges(files, pending, () => this.#backoff()).finally(() => {
      this.#packedTemporary = pending.packedTemporary;
    });
    if (blocked) return this.#revert(files, blocked);
    for (const { update } of this.#pending) if (update.next === null) await reflog.remove(update.name, files);
    await this.#holder.mark(this.#number, files.disk);
    return { status: 'updated', transaction: transactionId(position) };
  }

  /** Another's ref stands where a new one was to be: the transaction is taken back by one that says the contrary. */
  async #revert(files: RefFiles, blocked: BlockedChange): Promise<Refusal> {
    const { journal } = this.#context;
    await revertChanges(files, this.#pending, (at) => this.#temporary(`revert${at}`));
    const updates = this.#pending.map(({ update: { name, expected, next } }) => ({
      name,
      expected: next,
      next: expected,
    }));
    for (const change of this.#pending) change.isDone = false;
    const { token } = this.#holder;
    const content = { token, number: this.#number, workTree: files.workTree, updates };
    for (let round = 0; ; round++) {
      const record = await journal.prepare(this.#temporary(`reverted${round}`), content);
      if ((await journal.publish(record, this.#holder)) !== undefined) break;
    }
    await journal.sync();
    await this.#revertLogs(files);
    await this.#holder.mark(this.#number, files.disk);
    return { status: 'conflict', ...blocked };
  }

  /** The log of a ref that is not to be would stand in the way of others; the other logs tell that the ref is back. */
  async #revertLogs(files: RefFiles): Promise<void> {
    const { reflog } = this.#context;
    const created = new Set(this.#steps.filter(isCreation).map(({ update }) => update.name));
    for (const { name, oldOid, newOid, message } of [...this.#moves].reverse()) {
      if (created.has(name)) await reflog.remove(name, files);
      else await reflog.append({ name, oldOid: newOid, newOid: oldOid, message }, this.#options.reflog);
    }
  }

  #temporary(part: string): string {
    const path = this.#context.journal.temporaryPath(this.#holder, this.#number, part);
    this.#temporaries.add(path);
    return path;
  }

  #lockOptions(): OwnedLockOptions {
    const { lockTimeoutMs, clearLock } = this.#context;
    return { timeoutMs: lockTimeoutMs, signal: this.#options.signal, clear: clearLock };
  }

  #backoff(): Backoff {
    return new Backoff({ timeoutMs: this.#context.lockTimeoutMs });
  }
}

function isCreation({ update, current }: Step): boolean {
  return update.next !== null && current === null;
}
