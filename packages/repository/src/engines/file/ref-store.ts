import { assertOid, assertRefName, GitError } from '@git-kv/objects';
import type { ObjectReader } from '../../object-store.js';
import type {
  AuditedPointer,
  RefTransaction as CommittedTransaction,
  FirstRef,
  PreparedRefUpdate,
  RefEntry,
  RefName,
  RefOutcome,
  RefRun,
  RefStore,
  RefUpdate,
  RefUpdateOptions,
  RefValue,
  TransactionId,
} from '../../ref-store.js';
import { auditPointers } from './audit-refs.js';
import { writeFirstRefs } from './first-refs.js';
import { DeferredCommits } from './journal/deferred.js';
import type { RecoveryFinding } from './journal/finding.js';
import { followJournal } from './journal/history.js';
import { RefJournal } from './journal/journal.js';
import { ownedLocks } from './journal/owned-file-lock.js';
import { OWNER_HEAD_BYTES, type Processes, parseOwner, unknownProcesses } from './journal/owner.js';
import { Recovery } from './journal/recovery.js';
import { findUnapplied } from './journal/unapplied.js';
import { type AcquireLock, Backoff } from './lock-file.js';
import { type EditLogOptions, editLog, editLogAndRef, findLog } from './log-editing.js';
import {
  findLogs,
  type LogContext,
  type LogLine,
  type LogPlace,
  readLogLines,
  removeLogLines,
} from './log-rewriting.js';
import { NameQueue } from './name-queue.js';
import type { RefFiles } from './ref-files.js';
import { compareRefNames } from './ref-order.js';
import { type PackRefsOptions, type PackRefsReport, packRefFiles } from './ref-packing.js';
import { entriesOf, mergedRuns, type PackedRun } from './ref-runs.js';
import { RefTransaction } from './ref-transaction.js';
import type { RefTransactionContext, TransactionOptions } from './ref-transaction-context.js';
import { sameValue } from './ref-value.js';
import { Reflog } from './reflog.js';

/** Stands for packed-refs among the names that writers queue for; no ref can have this name. */
const PACKED = 'packed-refs';

/** Looks at the same refs before a snapshot gives up on finding them at rest. */
const MAX_SNAPSHOT_ROUNDS = 1000;

/** How refs are written. */
export interface FileRefStoreOptions {
  /** How long to wait for a lock another process holds (default 1000). */
  readonly lockTimeoutMs?: number | undefined;
  /** Ref transactions that `transactions` can tell at least (default 1000). */
  readonly transactionHistory?: number | undefined;
  /** With durability `batch`: milliseconds after which what was acknowledged is made durable (default 50). */
  readonly syncDelayMs?: number | undefined;
  /** Tells living processes from dead ones (default: all but what ended in this one live; on Node the ones of the system). */
  readonly processes?: Processes | undefined;
  /** Milliseconds since 1970, for reflogs and the journal (default: the clock). */
  readonly now?: (() => number) | undefined;
}

/** Refs in files, as git keeps them, with git's own lock protocol: git processes may work on them at the same time. */
export class FileRefStore implements RefStore {
  /** Takes the lock of any file of the repository in the name of this opening, so that it does not outlast it. */
  readonly acquireLock: AcquireLock;
  readonly #files: RefFiles;
  readonly #context: RefTransactionContext;
  readonly #queue = new NameQueue();
  readonly #journal: RefJournal;
  readonly #recovery: Recovery;
  readonly #deferred: DeferredCommits | undefined;
  readonly #unapplied = new Map<RefName, RefValue | null>();
  readonly #locking: LogContext;

  constructor(files: RefFiles, options: FileRefStoreOptions = {}) {
    this.#files = files;
    const now = options.now ?? Date.now;
    const lockTimeoutMs = options.lockTimeoutMs ?? 1000;
    this.#journal = new RefJournal(files.disk, files.layout.commonDirectory, files.algorithm, {
      capacity: options.transactionHistory ?? 1000,
      processes: options.processes ?? unknownProcesses,
      now,
    });
    const reflog = new Reflog(files, now);
    this.#recovery = new Recovery(this.#journal, files, reflog, lockTimeoutMs);
    const clearLock = (lockPath: string): Promise<boolean> => this.#recovery.clearLock(lockPath);
    this.acquireLock = ownedLocks(this.#journal, clearLock);
    this.#locking = { acquireLock: this.acquireLock, lockTimeoutMs };
    if (files.disk.durability === 'batch') {
      const settled = (name: RefName): unknown => this.#unapplied.delete(name);
      const context = { files, reflog, journal: this.#journal, queue: this.#queue, lockTimeoutMs, clearLock, settled };
      this.#deferred = new DeferredCommits(context, options.syncDelayMs ?? 50);
    }
    this.#context = {
      files,
      reflog,
      journal: this.#journal,
      lockTimeoutMs,
      clearLock,
      deferred: this.#deferred,
      unapplied: this.#unapplied,
    };
  }

  /** What recoveries by this store could not bring to a good end. */
  get recoveryFindings(): readonly RecoveryFinding[] {
    return this.#recovery.findings;
  }

  /** Finish or undo what processes that died have left. */
  async recover(): Promise<void> {
    await this.#recovery.run();
  }

  async read(name: RefName): Promise<RefValue | undefined> {
    assertRefName(name);
    if (this.#unapplied.has(name)) return this.#read(name);
    return this.#readThroughLock(name);
  }

  async #read(name: RefName): Promise<RefValue | undefined> {
    // Committed already: readers of this store see all of a transaction from then on.
    const value = this.#unapplied.get(name);
    return value === undefined ? this.#files.read(name) : (value ?? undefined);
  }

  async *list(prefix: string): AsyncGenerator<RefEntry, void, undefined> {
    for (const run of await this.#runs([prefix])) {
      if ('name' in run) yield run;
      else for (const entry of entriesOf(run)) yield entry;
    }
  }

  async *listRuns(prefixes: readonly string[]): AsyncGenerator<RefRun, void, undefined> {
    for (const run of await this.#runs(prefixes)) {
      const lines = 'name' in run || !run.packed.isFullyPeeled ? undefined : run.packed.linesBetween(run.from, run.to);
      if (lines) yield { lines };
      else if ('name' in run) yield run;
      else for (const entry of entriesOf(run)) yield entry;
    }
  }

  async #runs(prefixes: readonly string[]): Promise<Iterable<RefEntry | PackedRun>> {
    const unapplied = new Map(this.#unapplied);
    const loose = new Map<RefName, RefValue>();
    // Loose before packed: a ref that is packed meanwhile is then found in one of the two.
    for (const prefix of prefixes) {
      for (const [name, value] of await this.#files.listLoose(prefix)) loose.set(name, value);
    }
    const packed = await this.#files.readPacked();
    // Committed already: readers of this store see all of a transaction from then on.
    const deleted = new Set<RefName>();
    for (const [name, value] of unapplied) {
      if (!name.startsWith('refs/') || !prefixes.some((prefix) => name.startsWith(prefix))) continue;
      if (value) loose.set(name, value);
      else {
        loose.delete(name);
        deleted.add(name);
      }
    }
    const names = [...loose.keys(), ...deleted].sort(compareRefNames);
    return mergedRuns(prefixes, { names, loose, packed });
  }

  async snapshot(names: readonly RefName[]): Promise<ReadonlyMap<RefName, RefValue>> {
    const wanted = [...new Set(names)];
    for (const name of wanted) assertRefName(name);
    // Writers of this process stand in the same queue; others show by their locks, or by a value that changed.
    return this.#queue.run(wanted, async () => {
      if (wanted.length < 2) return this.#readAll(wanted);
      const backoff = new Backoff({ timeoutMs: this.#context.lockTimeoutMs });
      let before = await this.#readAll(wanted);
      for (let round = 0; ; round++) {
        const isLocked = (await this.#findHolders(wanted)).size > 0;
        const seen = isLocked
          ? await this.#lookThroughLocks(wanted)
          : { values: await this.#readAll(wanted), isForeign: false };
        const same = wanted.every((name) => sameValue(before.get(name) ?? null, seen.values.get(name) ?? null));
        // A lock that is none of ours and outlasts the wait is a dead one: its transaction moves nothing any more.
        if (same && (!seen.isForeign || !(await backoff.wait()))) return seen.values;
        if (round === MAX_SNAPSHOT_ROUNDS)
          throw new GitError('REF_LOCKED', 'Cannot read refs at one instant: they never rest');
        before = seen.values;
      }
    });
  }

  async update(updates: readonly RefUpdate[], options: RefUpdateOptions = {}): Promise<RefOutcome> {
    const prepared = await this.prepare(updates, options);
    return prepared.status === 'prepared' ? prepared.commit() : prepared;
  }

  prepare(
    updates: readonly RefUpdate[],
    options: RefUpdateOptions = {},
  ): Promise<PreparedRefUpdate | Exclude<RefOutcome, { status: 'updated' }>> {
    return this.#prepare(updates, options);
  }

  async #prepare(
    updates: readonly RefUpdate[],
    options: TransactionOptions,
  ): Promise<PreparedRefUpdate | Exclude<RefOutcome, { status: 'updated' }>> {
    const sorted = this.#checkUpdates(updates);
    const { attachment } = options;
    // A copy: the caller may go on with his while this one waits.
    const own = attachment === undefined ? options : { ...options, attachment: new Uint8Array(attachment) };
    const names = sorted.map(({ name }) => name);
    if (sorted.some(({ next }) => next === null)) names.push(PACKED);
    // Whether a name may be depends on the files above and below it.
    while (this.#deferred?.isInTheWay(names)) await this.#deferred.flush();
    const leave = await this.#queue.enter(names);
    let transaction: RefTransaction | undefined;
    const end = async (): Promise<void> => {
      try {
        await transaction?.release();
      } finally {
        leave();
      }
    };
    let isOpen = true;
    /** Runs the last step, once, and gives up the locks after it. */
    const close = async <T>(step: () => Promise<T>): Promise<T> => {
      if (!isOpen) throw new Error('BUG: a prepared update is closed already');
      isOpen = false;
      try {
        return await step();
      } finally {
        await end();
      }
    };
    try {
      options.signal?.throwIfAborted();
      transaction = new RefTransaction(this.#context, await this.#journal.begin(), sorted, own);
      const conflict = await transaction.prepare();
      if (conflict) return await close(async () => conflict);
    } catch (error) {
      if (isOpen) await end();
      throw error;
    }
    const ready = transaction;
    return {
      status: 'prepared',
      commit: () => close(() => ready.commit()),
      abort: () => close(async () => undefined),
    };
  }

  async createFirst(refs: readonly FirstRef[], options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const updates = this.#checkUpdates(refs.map(({ name, oid }) => ({ name, next: { oid } })));
    const byName = new Map(refs.map((ref) => [ref.name, ref]));
    const sorted = updates.map(({ name }) => byName.get(name) as FirstRef);
    await this.sync();
    const context = { files: this.#files, ...this.#locking };
    return this.#queue.run([PACKED], () => writeFirstRefs(context, sorted, options.signal));
  }

  /** Move loose refs to packed-refs, where reading many is cheap; `reader` tells what tags peel to. As `git pack-refs` does. */
  async pack(reader: ObjectReader, options?: PackRefsOptions): Promise<PackRefsReport> {
    await this.sync();
    return this.#queue.run([PACKED], () => packRefFiles({ files: this.#files, ...this.#locking }, reader, options));
  }

  /** The logs there are, of all work trees. */
  logs(): Promise<LogPlace[]> {
    return findLogs(this.#files);
  }

  /** What one of them says, the oldest line first. */
  readLog(place: LogPlace): Promise<LogLine[]> {
    return readLogLines(this.#files, place);
  }

  /** Write one of them anew without some lines. @returns how many went; 0 where its ref is locked */
  shortenLog(place: LogPlace, isGone: (line: LogLine) => boolean): Promise<number> {
    const work = (): Promise<number> => removeLogLines(this.#files, place, isGone, this.#locking);
    return this.#queue.run([place.name], work);
  }

  /** Committed by any process; told as soon as their record is durable, which may be before all of their refs' files say so. */
  transactions(options: { since?: TransactionId; signal?: AbortSignal }): AsyncGenerator<CommittedTransaction> {
    return followJournal(this.#journal, this.#files.workTree, options);
  }

  /** The log of one ref, where it has one. */
  async findLog(name: RefName): Promise<LogPlace | undefined> {
    assertRefName(name);
    return findLog(this.#files, name);
  }

  /**
   * Write a log anew as `edit` says; lines that are none go.
   * @throws {GitError} REF_LOCKED
   */
  async editLog(
    place: LogPlace,
    edit: (lines: readonly LogLine[]) => readonly LogLine[],
    options: EditLogOptions = {},
  ): Promise<void> {
    const read = (name: RefName): Promise<RefValue | undefined> => this.#read(name);
    const prepare = async (update: RefUpdate): Promise<PreparedRefUpdate | undefined> => {
      const prepared = await this.#prepare([update], { keepsLogs: true });
      return prepared.status === 'prepared' ? prepared : undefined;
    };
    const context = { ...this.#locking, read, prepare };
    if (options.updateRef && (await editLogAndRef(this.#files, place, edit, context))) return;
    await this.#queue.run([place.name], () => editLog(this.#files, place, edit, this.#locking));
  }

  audit(options?: { readonly logs?: boolean }): AsyncGenerator<AuditedPointer> {
    return auditPointers(this.#files, options);
  }

  /** With durability `batch`: make durable what was acknowledged. */
  async sync(): Promise<void> {
    await this.#deferred?.flush();
  }

  async close(): Promise<void> {
    try {
      if (!this.#journal.isClosed) await this.sync();
    } finally {
      await this.#journal.close();
    }
  }

  #checkUpdates(updates: readonly RefUpdate[]): RefUpdate[] {
    const sorted = [...updates].sort((a, b) => compareRefNames(a.name, b.name));
    for (const [at, { name, next }] of sorted.entries()) {
      assertRefName(name);
      if (name === sorted[at - 1]?.name) {
        throw new GitError('REF_CONFLICT', `Cannot update ref ${name}: it is named twice`);
      }
      if (next) this.#checkValue(next);
    }
    return sorted;
  }

  #checkValue(value: RefValue): void {
    if ('target' in value) {
      assertRefName(value.target);
      return;
    }
    assertOid(value.oid);
    const { name, hexLength, zeroOid } = this.#files.algorithm;
    if (value.oid.length !== hexLength || value.oid === zeroOid) {
      throw new GitError('INVALID_OID', `Cannot put ${value.oid} in a ref: it is no object id of ${name}`);
    }
  }

  async #readAll(names: readonly RefName[]): Promise<Map<RefName, RefValue>> {
    const values = new Map<RefName, RefValue>();
    for (const name of names) {
      const value = await this.#read(name);
      if (value) values.set(name, value);
    }
    return values;
  }

  /** Whose locks refs have: tokens of ours, `undefined` for locks of others. */
  async #findHolders(names: readonly RefName[]): Promise<Map<RefName, string | undefined>> {
    const { disk } = this.#files;
    const holders = new Map<RefName, string | undefined>();
    for (const name of names) {
      const head = await disk.findHead(`${this.#files.path(name)}.lock`, OWNER_HEAD_BYTES);
      if (head) holders.set(name, parseOwner(head)?.token);
    }
    return holders;
  }

  /**
   * One ref as the transaction under way has left it: a snapshot of another store may have told of it before its file is written,
   * and what is read later must not be older.
   */
  async #readThroughLock(name: RefName): Promise<RefValue | undefined> {
    const holders = await this.#findHolders([name]);
    const token = holders.get(name);
    if (token !== undefined) {
      const tip = await this.#journal.refreshTip();
      const unapplied = await findUnapplied(this.#journal, this.#files, new Map([[name, token]]), tip);
      const value = unapplied.get(name);
      if (value !== undefined) return value ?? undefined;
    }
    return this.#read(name);
  }

  /** Refs as the transactions under way have left them at one instant, be their files written or not. */
  async #lookThroughLocks(
    names: readonly RefName[],
  ): Promise<{ readonly values: Map<RefName, RefValue>; readonly isForeign: boolean }> {
    for (;;) {
      const tip = await this.#journal.refreshTip();
      const holders = await this.#findHolders(names);
      const held = new Map<RefName, string>();
      for (const [name, token] of holders) if (token !== undefined) held.set(name, token);
      const unapplied = await findUnapplied(this.#journal, this.#files, held, tip);
      const values = await this.#readAll(names);
      for (const [name, value] of unapplied) {
        if (value === null) values.delete(name);
        else values.set(name, value);
      }
      // Nothing was committed meanwhile: so all of these stood together when we looked for the last time.
      if ((await this.#journal.refreshTip()) === tip) return { values, isForeign: held.size < holders.size };
    }
  }
}
