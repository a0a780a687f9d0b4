import { GitError, type Oid } from '@git-kv/objects';
import type { RefName, RefOutcome, RefUpdate, RefUpdateOptions, RefValue } from '../../ref-store.js';
import { fsCode } from './fs.js';
import { acquireLock, Backoff, type LockFile } from './lock-file.js';
import { parentPath } from './path.js';
import { findNameConflict, namesAbove } from './ref-conflict.js';
import { type RefFiles, serializeRefFile } from './ref-files.js';
import type { Reflog, RefMove } from './reflog.js';

type Conflict = Extract<RefOutcome, { status: 'conflict' }>;

/** git's own bound on symbolic refs that point to symbolic refs. */
const MAX_SYMBOLIC_DEPTH = 5;

/** One update under its lock. */
interface Step {
  readonly update: RefUpdate;
  /** Absent only for a ref that cannot exist, because another stands where its directory would be. */
  readonly lock: LockFile | undefined;
  readonly current: RefValue | null;
  readonly isLoose: boolean;
}

/** What a transaction works with. */
export interface RefTransactionContext {
  readonly files: RefFiles;
  readonly reflog: Reflog;
  readonly lockTimeoutMs: number;
}

/**
 * All or none of some ref updates, by git's protocol: all locks, then all checks, then all renames.
 *
 * `prepare` does all that may fail for good reason (locks, old values, room on the disk); it leaves the refs as they are.
 * `commit` renames. `release`, always called, drops what is still held.
 */
export class RefTransaction {
  readonly #context: RefTransactionContext;
  readonly #updates: readonly RefUpdate[];
  readonly #options: RefUpdateOptions;
  readonly #steps: Step[] = [];
  #packedLock: LockFile | undefined;
  #rewritesPacked = false;

  /** @param updates sorted by name, each name once */
  constructor(context: RefTransactionContext, updates: readonly RefUpdate[], options: RefUpdateOptions) {
    this.#context = context;
    this.#updates = updates;
    this.#options = options;
  }

  /** @returns the conflict that forbids the transaction, or `undefined` when it is ready to commit */
  async prepare(): Promise<Conflict | undefined> {
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
    for (const { update, lock, current } of this.#steps) {
      if (lock && update.next && !sameValue(update.next, current)) await lock.write(serializeRefFile(update.next));
    }
    await this.#preparePacked();
    return undefined;
  }

  /** Make the changes visible and durable. The refs change one by one; a reader in between sees some old and some new. */
  async commit(): Promise<Conflict | undefined> {
    const { files, reflog } = this.#context;
    const changes = this.#steps.filter(({ update, current }) => !sameValue(update.next, current));
    for (const move of await this.#moves()) await reflog.append(move, this.#options.reflog);
    const directories = new Set<string>();

    // New names first: only they can still fail for another writer's sake, and then nothing has changed yet.
    const writes = changes.filter(({ update }) => update.next !== null);
    writes.sort((a, b) => Number(a.current !== null) - Number(b.current !== null));
    for (const [at, step] of writes.entries()) {
      const conflict = await this.#rename(step, at === 0);
      if (conflict) return conflict;
      directories.add(parentPath(files.path(step.update.name)));
    }

    // packed-refs loses a deleted ref before its loose file goes, or the old packed value would show in between.
    if (this.#packedLock && this.#rewritesPacked) {
      await this.#packedLock.commit();
      directories.add(parentPath(files.packedPath));
      if (changes.some((step) => step.update.next === null && step.isLoose)) {
        await files.disk.syncDirectory(parentPath(files.packedPath));
      }
    }
    for (const { update, isLoose } of changes) {
      if (update.next !== null || !isLoose) continue;
      await files.disk.removeFile(files.path(update.name));
      directories.add(parentPath(files.path(update.name)));
    }
    for (const directory of directories) await files.disk.syncDirectory(directory);
    for (const { update } of changes) if (update.next === null) await reflog.remove(update.name);
    return undefined;
  }

  /** Drop the locks that are left, and directories that were made for nothing. */
  async release(): Promise<void> {
    const { files } = this.#context;
    await this.#packedLock?.release();
    for (const { update, lock } of this.#steps) {
      if (!lock) continue;
      const wasHeld = lock.isHeld;
      await lock.release();
      // A lock that did not become the ref may have been all that its directory was for.
      if (wasHeld) await files.removeEmptyParents(files.path(update.name), update.name).catch(() => undefined);
    }
  }

  async #lock(update: RefUpdate): Promise<Step | Conflict> {
    const { files } = this.#context;
    const { name } = update;
    const backoff = this.#backoff();
    for (;;) {
      try {
        const lock = await acquireLock(files.disk, files.path(name), this.#lockOptions());
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

  async #readLocked(update: RefUpdate, lock: LockFile): Promise<Step> {
    const { files } = this.#context;
    try {
      const loose = await files.readLoose(update.name);
      const current = loose ?? (await files.read(update.name)) ?? null;
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

  #findUnexpected(): Conflict | undefined {
    const step = this.#steps.find(
      ({ update, current }) => update.expected !== undefined && !sameValue(update.expected, current),
    );
    return step && { status: 'conflict', name: step.update.name, actual: step.current };
  }

  /** A ref this transaction creates above another it creates. */
  #findNested(): Conflict | undefined {
    const created = new Set(this.#steps.filter(isCreation).map(({ update }) => update.name));
    for (const name of created) {
      for (const above of namesAbove(name))
        if (created.has(above)) return { status: 'conflict', name: above, actual: null };
    }
    return undefined;
  }

  /** Whether the ref may have its name beside those that are there. */
  async #checkName(step: Step): Promise<Conflict | undefined> {
    if (!isCreation(step)) return undefined;
    const { name } = step.update;
    const backoff = this.#backoff();
    for (;;) {
      const found = await findNameConflict(this.#context.files, name);
      if (found === undefined) return undefined;
      if (found !== 'locked') return { status: 'conflict', name: found.name, actual: found.value };
      // Somebody is creating or deleting a ref below: wait how it ends.
      if (!(await backoff.wait())) throw new GitError('REF_LOCKED', `Cannot create ${name}: names below it are locked`);
    }
  }

  /** Where refs are deleted, lock packed-refs, and write it anew if one of them is packed. */
  async #preparePacked(): Promise<void> {
    const { files } = this.#context;
    const deleted = this.#steps.filter(({ update, current }) => update.next === null && current !== null);
    if (deleted.length === 0) return;
    // Locked even when nothing in it changes: nobody may pack a loose ref that is about to go.
    this.#packedLock = await acquireLock(files.disk, files.packedPath, this.#lockOptions());
    const packed = await files.readPacked();
    const names = new Set(deleted.map(({ update }) => update.name).filter((name) => packed.find(name) !== undefined));
    this.#rewritesPacked = names.size > 0;
    if (this.#rewritesPacked) await this.#packedLock.write(packed.without(names));
  }

  async #rename(step: Step, isFirst: boolean): Promise<Conflict | undefined> {
    const backoff = this.#backoff();
    for (;;) {
      try {
        await step.lock?.commit();
        return undefined;
      } catch (error) {
        if (!['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(fsCode(error) ?? '')) throw error;
        const found = await findNameConflict(this.#context.files, step.update.name);
        if (found !== undefined && found !== 'locked' && isFirst) {
          return { status: 'conflict', name: found.name, actual: found.value };
        }
        if (!(await backoff.wait())) throw error;
      }
    }
  }

  /** What the logs will say: each ref's move, and that of the symbolic refs it was reached by or that HEAD is. */
  async #moves(): Promise<RefMove[]> {
    const { files } = this.#context;
    const zero = files.algorithm.zeroOid;
    const head = await files.readLoose('HEAD');
    const moves: RefMove[] = [];
    for (const { update, current } of this.#steps) {
      const { name, expected, next, via } = update;
      const isVerified = expected !== undefined && sameValue(expected, next);
      const newOid = next === null ? zero : await this.#oidOf(next);
      // A branch that is not born yet has nothing to tell of.
      const isPointed = next !== null && 'target' in next;
      if (isVerified || newOid === undefined || (isPointed && !this.#options.reflog)) continue;
      const oldOid = (current && (await this.#oidOf(current))) ?? zero;
      if (next !== null && !sameValue(next, current)) moves.push({ name, oldOid, newOid });
      const symbolic = new Set(via);
      if (head && 'target' in head && head.target === name && !isPointed) symbolic.add('HEAD');
      for (const other of symbolic) moves.push({ name: other, oldOid, newOid });
    }
    return moves;
  }

  /** The object that a value leads to. */
  async #oidOf(value: RefValue): Promise<Oid | undefined> {
    let at: RefValue | undefined = value;
    for (let depth = 0; at !== undefined && depth <= MAX_SYMBOLIC_DEPTH; depth++) {
      if ('oid' in at) return at.oid;
      at = await this.#context.files.read(at.target);
    }
    return undefined;
  }

  #lockOptions(): { timeoutMs: number; signal: AbortSignal | undefined } {
    return { timeoutMs: this.#context.lockTimeoutMs, signal: this.#options.signal };
  }

  #backoff(): Backoff {
    return new Backoff(this.#lockOptions());
  }
}

function isCreation({ update, current }: Step): boolean {
  return update.next !== null && current === null;
}

/** Whether two ref values, or two absences, are the same. */
export function sameValue(a: RefValue | null, b: RefValue | null): boolean {
  if (a === null || b === null) return a === b;
  if ('oid' in a) return 'oid' in b && a.oid === b.oid;
  return 'target' in b && a.target === b.target;
}
