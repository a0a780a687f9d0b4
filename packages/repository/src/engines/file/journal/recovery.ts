import { isGitError } from '@git-kv/objects';
import { FileError } from '../disk.js';
import { fsCode } from '../fs.js';
import { joinPath, parentPath } from '../path.js';
import type { RefFiles } from '../ref-files.js';
import type { Reflog } from '../reflog.js';
import { findOwnedLocks } from './find-locks.js';
import type { RecoveryFinding } from './finding.js';
import { type RefJournal, transactionId } from './journal.js';
import { findLockOwner, type LockHolder, type OwnedLock } from './lock-holder.js';
import { type LockOwner, OWNER_HEAD_BYTES, parseMarks, parseOwner } from './owner.js';
import { type OpenRecord, redoRecords } from './redo.js';

const LF = 0x0a;

/** Age at which a nameless file in the journal's directory belongs to nobody. */
const SWEEP_AGE_MS = 600_000;

/**
 * Brings to an end what dead processes have left: committed transactions go on, uncommitted ones only lose their locks.
 *
 * Whoever recovers an owner holds `<token>.recovery` in the journal's directory. It is created once and never broken: where its
 * holder dies too, that one is recovered in turn, by the same means, and what he recovered with him. So no two processes ever
 * recover the same owner, and every step may be done again.
 */
export class Recovery {
  readonly findings: RecoveryFinding[] = [];
  readonly #journal: RefJournal;
  readonly #files: RefFiles;
  readonly #reflog: Reflog;
  readonly #lockTimeoutMs: number;
  #running: Promise<void> | undefined;

  constructor(journal: RefJournal, files: RefFiles, reflog: Reflog, lockTimeoutMs: number) {
    this.#reflog = reflog;
    this.#journal = journal;
    this.#files = files;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** Recover all who are dead. @param token one more owner who is known to be dead */
  async run(token?: string): Promise<void> {
    while (this.#running) await this.#running.catch(() => undefined);
    this.#running = this.#runOnce(token);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Recover the owner of a lock where he is dead. @returns whether the lock is his no more */
  async clearLock(lockPath: string): Promise<boolean> {
    const { disk } = this.#journal;
    const owner = await findLockOwner(disk, lockPath);
    if (owner === undefined || (await this.#isAlive(owner))) return false;
    await this.run(owner.token);
    return (await findLockOwner(disk, lockPath))?.token !== owner.token;
  }

  async #isAlive(owner: LockOwner): Promise<boolean> {
    return (await this.#journal.isOwn(owner.token)) || (await this.#journal.processes.isAlive(owner));
  }

  async #runOnce(token: string | undefined): Promise<void> {
    const dead = await this.#findDead();
    if (token !== undefined) dead.add(token);
    if (dead.size === 0) return;
    let begun: Awaited<ReturnType<RefJournal['begin']>>;
    try {
      begun = await this.#journal.begin();
    } catch (error) {
      if (!['EROFS', 'EACCES', 'EPERM'].includes(fsCode(error) ?? '')) throw error;
      const path = error instanceof FileError ? error.path : this.#journal.directory;
      this.findings.push({ type: 'readOnly', path, problem: 'recovery needs to write' });
      return;
    }
    const { holder, number } = begun;
    const claimed = new Set<string>();
    for (const owner of dead) await this.#claim(owner, holder, claimed);
    await this.#inherit(claimed);
    if (claimed.size > 0) await this.#recover(claimed, holder, number);
    holder.finish(number);
  }

  /** Tokens of owners that are dead. Takes note of what does not belong there. */
  async #findDead(): Promise<Set<string>> {
    const { disk } = this.#journal;
    const dead = new Set<string>();
    const all = await this.#journal.list();
    const owners = new Set(all.flatMap((file) => (file.type === 'owner' ? [file.token] : [])));
    for (const file of all) {
      if (file.type === 'temporary' && !owners.has(file.token)) await this.#sweep(file.path);
      if (file.type === 'foreign')
        this.#note({ type: 'foreignFile', path: file.path, problem: 'it is no file of the journal' });
      if (file.type !== 'owner' && file.type !== 'recovery' && file.type !== 'lock') continue;
      const owner = await findLockOwner(disk, file.path);
      if (owner === undefined) await this.#sweepNameless(file.path);
      else if (!(await this.#isAlive(owner))) dead.add(owner.token);
    }
    return dead;
  }

  /** Remove what somebody died over before his name was in it, when it is too old to be just being made. */
  async #sweep(path: string): Promise<void> {
    const { disk } = this.#journal;
    const stat = await disk.findStat(path);
    if (stat && Date.now() - stat.mtimeMs > SWEEP_AGE_MS) await disk.removeFile(path);
  }

  /** The same for a file that should say whose it is. One that says something else is no accident of its making, and stays. */
  async #sweepNameless(path: string): Promise<void> {
    const bytes = await this.#journal.disk.findFile(path);
    if (bytes?.some((byte) => byte !== 0) !== true) await this.#sweep(path);
    else this.#note({ type: 'damagedOwner', path, problem: 'it does not say whose it is' });
  }

  /** Take the sole right to recover an owner. A dead one who had it is recovered with him. */
  async #claim(token: string, holder: LockHolder, claimed: Set<string>): Promise<boolean> {
    if (claimed.has(token)) return true;
    const path = this.#claimPath(token);
    for (;;) {
      try {
        await holder.take(path);
        claimed.add(token);
        return true;
      } catch (error) {
        if (fsCode(error) !== 'EEXIST') throw error;
      }
      const other = await findLockOwner(this.#journal.disk, path);
      if (other === undefined) {
        if ((await this.#journal.disk.findStat(path)) === undefined) continue;
        this.#note({ type: 'locked', path, problem: 'it is to be recovered by nobody knows whom' });
        return false;
      }
      const isOwn = await this.#journal.isOwn(other.token);
      if (!isOwn && ((await this.#isAlive(other)) || !(await this.#claim(other.token, holder, claimed)))) return false;
      claimed.add(token);
      return true;
    }
  }

  /** Owners that the dead were recovering are recovered with them. */
  async #inherit(claimed: Set<string>): Promise<void> {
    const claims = (await this.#journal.list()).flatMap((file) => {
      return file.type === 'recovery' ? [{ token: file.token, path: file.path }] : [];
    });
    for (let size = -1; size < claimed.size; ) {
      size = claimed.size;
      for (const { token, path } of claims) {
        const holder = await findLockOwner(this.#journal.disk, path);
        if (holder && claimed.has(holder.token)) claimed.add(token);
      }
    }
  }

  async #recover(tokens: ReadonlySet<string>, holder: LockHolder, number: number): Promise<void> {
    const journal = this.#journal;
    const { disk } = journal;
    const locks = await findOwnedLocks(disk, this.#files.layout, journal.directory, tokens);
    const records = await this.#openRecords(tokens);
    // A record that is there to be seen need not be durable yet, and no ref may move before it is.
    if (records.length > 0) await journal.sync();
    const unfinished = await redoRecords(records, {
      journal,
      files: this.#files,
      reflog: this.#reflog,
      holder,
      number,
      heldLocks: new Set(locks.map(({ path }) => path)),
      lockTimeoutMs: this.#lockTimeoutMs,
      note: (finding) => this.#note(finding),
    });
    const keep = new Set(unfinished.map(({ record }) => record.token));
    for (const { path } of locks) await disk.removeFile(path);
    await this.#endCollection(tokens, holder);
    // Or a power loss would bring them back, when nothing tells any more that there is something to recover.
    for (const path of new Set(locks.map((lock) => parentPath(lock.path)))) await disk.syncDirectory(path);
    for (const { path, name, files } of locks) {
      if (name !== undefined) await (files ?? this.#files).removeEmptyParents(path, name);
    }
    for (const file of await journal.list()) {
      if (file.type === 'temporary' && tokens.has(file.token)) await disk.removeFile(file.path);
    }
    for (const token of tokens) if (!keep.has(token)) await disk.removeFile(this.#journal.ownerPath(token));
    await journal.sync();
    for (const token of tokens) await disk.removeFile(this.#claimPath(token));
  }

  /** Remove the file that says that garbage is being collected, where one of the dead wrote it. */
  async #endCollection(tokens: ReadonlySet<string>, holder: LockHolder): Promise<void> {
    const { disk } = this.#journal;
    const path = joinPath(this.#files.layout.commonDirectory, 'gc.pid');
    const isOfDead = async (): Promise<boolean> => {
      const head = await disk.findHead(path, 2 * OWNER_HEAD_BYTES);
      const owner = head && parseOwner(head.subarray(head.indexOf(LF) + 1));
      return owner !== undefined && tokens.has(owner.token);
    };
    if (!(await isOfDead())) return;
    let lock: OwnedLock;
    try {
      lock = await holder.acquire(path, { timeoutMs: this.#lockTimeoutMs, clear: async () => false });
    } catch (error) {
      // Another gc is about to begin, and finds out by itself that the one of the file has ended.
      if (isGitError(error, 'REF_LOCKED')) return;
      throw error;
    }
    try {
      if (await isOfDead()) await disk.removeFile(path);
      await disk.syncDirectory(parentPath(path));
    } finally {
      await lock.release();
    }
  }

  /** All that was committed from the first transaction on that may not be in the refs. */
  async #openRecords(tokens: ReadonlySet<string>): Promise<OpenRecord[]> {
    const journal = this.#journal;
    const marks = new Map<string, ReadonlySet<number>>();
    const unsynced = new Map<string, LockOwner>();
    for (const token of tokens) {
      const bytes = await journal.disk.findFile(journal.ownerPath(token));
      const owner = bytes && parseOwner(bytes);
      if (bytes === undefined || owner === undefined) continue;
      const { numbers, isDamaged } = parseMarks(bytes, token);
      marks.set(token, numbers);
      if (isDamaged) {
        const path = journal.ownerPath(token);
        this.#note({ type: 'damagedOwner', path, problem: 'a line in it is no mark of a transaction' });
      }
      if (owner.durability !== 'full') unsynced.set(token, owner);
    }
    const positions = (await journal.list()).flatMap((file) => (file.type === 'record' ? [file.position] : []));
    positions.sort((a, b) => a - b);
    const records: OpenRecord[] = [];
    for (const position of positions) {
      try {
        const record = await journal.read(position);
        if (record === undefined) continue;
        const marked = marks.get(record.token);
        const isOpen = marked !== undefined && !marked.has(record.number);
        if (isOpen || records.length > 0)
          records.push({ position, record, isOpen, mayBeLost: isOpen && unsynced.has(record.token) });
      } catch (error) {
        if (!isGitError(error, 'MALFORMED')) throw error;
        const path = journal.recordPath(position);
        if ([...unsynced.values()].some(({ after }) => position > after)) {
          const problem = 'a power loss tore it before it was durable';
          this.#note({ type: 'lost', path, problem, transaction: transactionId(position) });
          await journal.disk.removeFile(path);
          continue;
        }
        this.#note({ type: 'damagedRecord', path, problem: error.message, transaction: transactionId(position) });
      }
    }
    return records;
  }

  #note(finding: RecoveryFinding): void {
    const same = this.findings.some(({ type, path, name }) => {
      return type === finding.type && path === finding.path && name === finding.name;
    });
    if (!same) this.findings.push(finding);
  }

  #claimPath(token: string): string {
    return joinPath(this.#journal.directory, `${token}.recovery`);
  }
}
