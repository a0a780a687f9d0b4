import { isGitError } from '@git-kv/objects';
import type { RefName, RefValue } from '../../../ref-store.js';
import { Backoff } from '../lock-file.js';
import { parentPath } from '../path.js';
import type { RefFiles } from '../ref-files.js';
import { sameValue } from '../ref-value.js';
import type { Reflog } from '../reflog.js';
import { applyChanges, type PendingChange, writeFile, writeValue } from './apply.js';
import type { RecoveryFinding } from './finding.js';
import { type RefJournal, transactionId } from './journal.js';
import type { LockHolder, OwnedLock } from './lock-holder.js';
import { serializeMark } from './owner.js';
import type { JournalRecord, JournalUpdate } from './record.js';

/** A transaction of the journal, and whether the refs may not have it yet. */
export interface OpenRecord {
  readonly position: number;
  readonly record: JournalRecord;
  readonly isOpen: boolean;
  /** Whether a power loss may have taken what it builds on. */
  readonly mayBeLost: boolean;
}

/** What a redo works with. */
export interface RedoContext {
  readonly journal: RefJournal;
  readonly files: RefFiles;
  readonly reflog: Reflog;
  readonly holder: LockHolder;
  readonly number: number;
  /** Paths of locks that the dead hold: what they lock nobody has moved since. */
  readonly heldLocks: ReadonlySet<string>;
  readonly lockTimeoutMs: number;
  readonly note: (finding: RecoveryFinding) => void;
}

/** What open transactions, one after the other, made of one ref. */
interface RefChain {
  readonly files: RefFiles;
  readonly name: RefName;
  readonly updates: JournalUpdate[];
  /** Of the last of them. */
  record: OpenRecord;
}

/**
 * Bring the refs to what open transactions made of them, where they still hold what those transactions knew. The others are told.
 * @param records in order; with them all that came after the first open one
 * @returns those of which a ref is locked by somebody alive; all others are marked as applied
 */
export async function redoRecords(records: readonly OpenRecord[], context: RedoContext): Promise<OpenRecord[]> {
  const redo = new Redo(context);
  try {
    return await redo.run(records);
  } finally {
    await redo.release();
  }
}

class Redo {
  readonly #context: RedoContext;
  readonly #locks: OwnedLock[] = [];
  readonly #temporaries: string[] = [];
  readonly #unfinished = new Set<OpenRecord>();
  /** Directories of refs that are what they are to be. */
  readonly #written = new Set<string>();

  constructor(context: RedoContext) {
    this.#context = context;
  }

  async run(records: readonly OpenRecord[]): Promise<OpenRecord[]> {
    const byFiles = new Map<RefFiles, PendingChange[]>();
    for (const chain of this.#chains(await this.#withoutLost(records))) {
      const change = await this.#changeOf(chain);
      if (change === undefined) continue;
      const changes = byFiles.get(chain.files) ?? [];
      byFiles.set(chain.files, changes);
      changes.push(change);
    }
    for (const [files, changes] of byFiles) await this.#apply(files, changes);
    const { files } = this.#context;
    const there: string[] = [];
    for (const path of this.#written) if (await files.disk.findStat(path)) there.push(path);
    await files.syncDirectories(there);
    // Marked before their locks go: whoever recovers after a crash of this recovery finds nothing to do twice.
    for (const open of records) if (open.isOpen && !this.#unfinished.has(open)) await this.#mark(open.record);
    return [...this.#unfinished];
  }

  async release(): Promise<void> {
    const { disk } = this.#context.files;
    for (const path of this.#temporaries) await disk.fs.unlink(path).catch(() => undefined);
    for (const lock of this.#locks) await lock.release();
  }

  /**
   * Without transactions that were not synchronised and build on one that a power loss took: what cannot be done wholly is not begun.
   * They leave the journal. One of which a ref is moved already was durable, as all before it.
   */
  async #withoutLost(records: readonly OpenRecord[]): Promise<readonly OpenRecord[]> {
    if (!records.some(({ mayBeLost }) => mayBeLost)) return records;
    const states = new Map<string, RefState>();
    for (const { record, isOpen } of records) {
      const files = this.#context.files.ofWorkTree(record.workTree);
      for (const { name, next } of isOpen ? record.updates : []) {
        const path = files.path(name);
        const state = states.get(path) ?? { value: (await readValue(files, name)) ?? null, seen: 0, applied: 0 };
        states.set(path, state);
        state.seen++;
        if (sameValue(state.value, next)) state.applied = state.seen;
      }
    }
    for (const state of states.values()) state.seen = 0;
    const lost = new Set<OpenRecord>();
    for (const open of records) {
      if (!open.isOpen) continue;
      const files = this.#context.files.ofWorkTree(open.record.workTree);
      const steps = open.record.updates.map((update) => {
        const state = states.get(files.path(update.name)) as RefState;
        const isApplied = ++state.seen <= state.applied;
        return { state, update, isApplied, fits: isApplied || sameValue(state.value, update.expected) };
      });
      const isLost = steps.every(({ isApplied }) => !isApplied) && !steps.every(({ fits }) => fits);
      if (open.mayBeLost && isLost) lost.add(open);
      else for (const { state, update, isApplied } of steps) if (!isApplied) state.value = update.next;
    }
    for (const { position } of lost) {
      const { journal, note } = this.#context;
      const path = journal.recordPath(position);
      const problem = 'a power loss took what it builds on';
      note({ type: 'lost', path, problem, transaction: transactionId(position) });
      await journal.disk.removeFile(path);
    }
    return records.filter((open) => !lost.has(open));
  }

  /** What each ref went through. A ref that a later transaction has moved is past its open ones. */
  #chains(records: readonly OpenRecord[]): RefChain[] {
    const chains = new Map<string, RefChain>();
    const filesOf = new Map<string, RefFiles>();
    // A transaction that was taken back is there twice, and moved nothing.
    const times = new Map<string, number>();
    const idOf = ({ record }: OpenRecord): string => `${record.token} ${record.number}`;
    for (const open of records) times.set(idOf(open), (times.get(idOf(open)) ?? 0) + 1);
    for (const open of records) {
      const { workTree, updates } = open.record;
      const files = filesOf.get(workTree) ?? this.#context.files.ofWorkTree(workTree);
      filesOf.set(workTree, files);
      for (const update of updates) {
        const key = files.path(update.name);
        const chain = chains.get(key);
        if (!open.isOpen) chains.delete(key);
        else if (times.get(idOf(open)) !== 1) continue;
        else if (chain === undefined) chains.set(key, { files, name: update.name, updates: [update], record: open });
        else {
          chain.updates.push(update);
          chain.record = open;
        }
      }
    }
    return [...chains.values()];
  }

  async #changeOf(chain: RefChain): Promise<PendingChange | undefined> {
    const { files, name, updates } = chain;
    const next = (updates.at(-1) as JournalUpdate).next;
    if (!(await this.#lock(chain))) return undefined;
    let loose: RefValue | undefined;
    let actual: RefValue | null;
    try {
      loose = await files.readLoose(name);
      actual = loose ?? (await files.read(name)) ?? null;
    } catch (error) {
      if (!isGitError(error, 'MALFORMED')) throw error;
      this.#tell('unreadable', chain, undefined, error.message);
      return undefined;
    }
    if (sameValue(actual, next)) {
      // Whoever wrote it may have died before it was durable.
      this.#written.add(parentPath(next === null ? files.packedPath : files.path(name)));
      if (next === null) this.#written.add(parentPath(files.path(name)));
      return undefined;
    }
    if (!updates.some(({ expected }) => sameValue(expected, actual))) {
      this.#tell('movedOn', chain, actual, 'somebody else has moved the ref since');
      return undefined;
    }
    const temporary = next === null ? undefined : await writeValue(files, this.#temporary(), next);
    return { update: { name, expected: actual, next }, temporary, isLoose: loose !== undefined, isDone: false };
  }

  async #apply(files: RefFiles, all: readonly PendingChange[]): Promise<void> {
    let changes = all;
    const deleted = changes.filter(({ update }) => update.next === null).map(({ update }) => update.name);
    let packedTemporary: string | undefined;
    if (deleted.length > 0) {
      if (!this.#context.heldLocks.has(`${files.packedPath}.lock`)) await this.#take(files.packedPath);
      const packed = await files.readPacked();
      const names = new Set(deleted.filter((name) => packed.find(name) !== undefined));
      if (names.size > 0) packedTemporary = await writeFile(files, this.#temporary(), packed.without(names));
    }
    const newBackoff = (): Backoff => new Backoff({ timeoutMs: this.#context.lockTimeoutMs });
    for (const pending = { changes, packedTemporary }; ; pending.changes = changes) {
      const blocked = await applyChanges(files, pending, newBackoff);
      if (blocked === undefined) break;
      const { update } = changes.find(({ isDone }) => !isDone) as PendingChange;
      const problem = `${blocked.name} stands in its way`;
      this.#context.note({
        type: 'blocked',
        path: files.path(update.name),
        problem,
        ...update,
        actual: blocked.actual,
      });
      changes = changes.filter((change) => change.update !== update);
    }
    for (const name of deleted) await this.#context.reflog.remove(name, files);
  }

  /** @returns false where somebody alive holds the lock */
  async #lock(chain: RefChain): Promise<boolean> {
    const path = chain.files.path(chain.name);
    if (this.#context.heldLocks.has(`${path}.lock`)) return true;
    try {
      await this.#take(path);
      return true;
    } catch (error) {
      if (!isGitError(error, 'REF_LOCKED')) throw error;
      this.#unfinished.add(chain.record);
      this.#tell('locked', chain, undefined, error.message);
      return false;
    }
  }

  async #take(path: string): Promise<void> {
    const { holder, lockTimeoutMs } = this.#context;
    this.#locks.push(await holder.acquire(path, { timeoutMs: lockTimeoutMs, clear: async () => false }));
  }

  /** Say in the file of the dead owner that the transaction needs nothing more. */
  async #mark({ token, number }: JournalRecord): Promise<void> {
    const { journal } = this.#context;
    const file = await journal.disk.open(journal.ownerPath(token), 'append');
    try {
      // Behind a torn line, if a power loss left one.
      await file.write(new TextEncoder().encode('\n'), 0);
      await file.write(serializeMark(token, number), 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  #tell(type: RecoveryFinding['type'], chain: RefChain, actual: RefValue | null | undefined, problem: string): void {
    const { files, name, updates, record } = chain;
    const finding = { type, path: files.path(name), problem, transaction: transactionId(record.position), name };
    const next = (updates.at(-1) as JournalUpdate).next;
    this.#context.note(actual === undefined ? { ...finding, next } : { ...finding, next, actual });
  }

  #temporary(): string {
    const { journal, holder, number } = this.#context;
    const path = journal.temporaryPath(holder, number, `redo${this.#temporaries.length}`);
    this.#temporaries.push(path);
    return path;
  }
}

/** Where a ref is on its way through open transactions. */
interface RefState {
  value: RefValue | null;
  /** Of them, so many have been looked at. */
  seen: number;
  /** Of them, so many are in the ref's file already. */
  applied: number;
}

async function readValue(files: RefFiles, name: RefName): Promise<RefValue | undefined> {
  try {
    return await files.read(name);
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}
