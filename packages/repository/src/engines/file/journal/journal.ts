import { GitError, type HashAlgorithm, isGitError, LimitError } from '@git-kv/objects';
import type { TransactionId } from '../../../ref-store.js';
import type { Disk } from '../disk.js';
import { joinPath } from '../path.js';
import { LockHolder } from './lock-holder.js';
import { type JournalFile, journalDirectory, journalFile } from './names.js';
import { type Processes, parseMarks } from './owner.js';
import { placeRecord, unplaceRecord } from './place.js';
import { type JournalRecord, parseJournalRecord, recordHead, serializeJournalRecord } from './record.js';

/** Bytes of marks at which an owner begins a new file. */
const MAX_MARK_BYTES = 1 << 16;

/** Bytes of an attachment that are taken. */
const MAX_ATTACHMENT_BYTES = 16 << 20;

/**
 * Records that are kept beyond those that are told: between a look at the last record and what follows from it others may commit
 * so many.
 */
const SPARE_RECORDS = 64;

/** Records kept in memory for readers who meet locks. */
const MAX_RECALLED = 1024;

const ID_DIGITS = 16;

/** How a journal is kept. */
export interface JournalOptions {
  /** Transactions that are kept at least. */
  readonly capacity: number;
  readonly processes: Processes;
  readonly now: () => number;
}

/**
 * The ref transactions of a repository, one file each, named by their position in the order: `git-kv/journal/0000000000000001` in the
 * common directory. A record is written and synchronised under another name first and takes its position by `link`, which fails where
 * the position is taken: so no two processes ever have the same, none is empty or torn, and nobody waits.
 */
export class RefJournal {
  readonly directory: string;
  readonly disk: Disk;
  readonly algorithm: HashAlgorithm;
  readonly processes: Processes;
  readonly #options: JournalOptions;
  #holder: Promise<LockHolder> | undefined;
  readonly #retired = new Set<LockHolder>();
  /** The last record that is known, and what it says of all before it. */
  #tip: Tip | undefined;
  #term = 0;
  #floor = 1;
  /** Position of the oldest record that may still have a file. */
  #oldest = 1;
  readonly #recalled = new Map<number, Omit<JournalRecord, 'attachment'>>();
  #syncing: Promise<void> | undefined;
  #syncNext: Promise<void> | undefined;
  /** Called when this opening has committed, and when it closes. */
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  constructor(disk: Disk, commonDirectory: string, algorithm: HashAlgorithm, options: JournalOptions) {
    this.disk = disk;
    this.directory = journalDirectory(commonDirectory);
    this.algorithm = algorithm;
    this.processes = options.processes;
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Position of the oldest transaction that is kept, as far as is known. */
  get floor(): number {
    return this.#floor;
  }

  /** Begin a transaction, in whose holder's name locks are taken. */
  async begin(): Promise<{ readonly holder: LockHolder; readonly number: number }> {
    for (;;) {
      if (this.#isClosed) throw new GitError('IO_FAILED', 'Cannot update refs: the repository is closed');
      const current = this.#currentHolder();
      const holder = await current;
      if (this.#holder !== current) continue;
      if (holder.markBytes < MAX_MARK_BYTES) return { holder, number: holder.begin() };
      // The file would grow without end. Whoever still works under the old name goes on with it.
      this.#holder = undefined;
      this.#retired.add(holder);
      await this.#sweepRetired();
    }
  }

  #currentHolder(): Promise<LockHolder> {
    this.#holder ??= this.#newHolder().catch((error: unknown) => {
      this.#holder = undefined;
      throw error;
    });
    return this.#holder;
  }

  async #newHolder(): Promise<LockHolder> {
    const after = this.#tip?.position ?? last(await this.#positions());
    return LockHolder.create(this.disk, this.directory, this.processes, after);
  }

  async #positions(): Promise<number[]> {
    return (await this.list()).flatMap((file) => (file.type === 'record' ? [file.position] : []));
  }

  async #sweepRetired(): Promise<void> {
    for (const holder of this.#retired) {
      if (holder.isBusy) continue;
      this.#retired.delete(holder);
      await holder.close();
    }
  }

  /** Whether the token is of this opening itself. */
  async isOwn(token: string): Promise<boolean> {
    if ([...this.#retired].some((holder) => holder.token === token)) return true;
    return (await this.#holder?.catch(() => undefined))?.token === token;
  }

  /** A path for a file that belongs to one transaction and is swept with its owner. */
  temporaryPath(holder: LockHolder, number: number, part: string): string {
    return joinPath(this.directory, `${holder.token}.${number}.${part}.tmp`);
  }

  /** The highest fencing term of all that was committed, by anybody. */
  async currentTerm(): Promise<number> {
    await this.refreshTip();
    return this.#term;
  }

  /** The last position that is taken now. */
  async refreshTip(): Promise<number> {
    for (;;) {
      let tip = await this.#loadTip();
      while (await this.#advanceTo(tip.position + 1)) tip = this.#tip ?? tip;
      if (await this.#isStill(tip)) return tip.position;
    }
  }

  /**
   * Whether the last record that was known is there: as records are dropped in order, none of those that followed it has been dropped
   * then, and one that is not there has never been. Where it is not, all is to be looked up anew.
   */
  async #isStill(tip: Tip): Promise<boolean> {
    if (tip.position === 0) {
      // Nothing to know it by; soon there will be. With so few the first of them cannot have been dropped: see `settle`.
      if (last(await this.#positions()) <= SPARE_RECORDS) return true;
    } else {
      const head = await this.disk.findHead(this.recordPath(tip.position), tip.head.length);
      if (head && new TextDecoder().decode(head) === tip.head) return true;
    }
    if (this.#tip === tip) this.#tip = undefined;
    return false;
  }

  /**
   * Write a record under a temporary name, durably unless `isSynced` is false.
   * @returns what {@link publish} takes
   * @throws {LimitError} attachmentBytes
   */
  async prepare(
    path: string,
    content: Omit<JournalRecord, 'term' | 'floor' | 'timeMs'>,
    term = 0,
    isSynced = true,
  ): Promise<PreparedRecord> {
    const attachmentBytes = content.attachment?.length ?? 0;
    if (attachmentBytes > MAX_ATTACHMENT_BYTES) {
      throw new LimitError('attachmentBytes', attachmentBytes, MAX_ATTACHMENT_BYTES);
    }
    const tip = await this.#loadTip();
    const record: JournalRecord = {
      ...content,
      timeMs: this.#options.now(),
      term: Math.max(this.#term, term),
      floor: Math.max(this.#floor, tip.position + 2 - this.#options.capacity),
    };
    const file = await this.disk.open(path, 'create');
    try {
      await file.write(serializeJournalRecord(record, this.algorithm), 0);
      if (isSynced) await file.sync();
      await file.close();
    } catch (error) {
      await this.disk.abandon(file);
      throw error;
    }
    return { path, record };
  }

  /**
   * The commit point: give the record the next position. Not yet durable when this resolves; {@link sync} makes it so.
   * @returns its position, or `undefined` where terms have risen since it was prepared
   */
  async publish({ path, record }: PreparedRecord, holder: LockHolder): Promise<number | undefined> {
    for (;;) {
      const tip = await this.#loadTip();
      if (this.#term > record.term) return undefined;
      const position = tip.position + 1;
      if (await placeRecord(this.disk, path, this.recordPath(position), holder)) {
        if (await this.#isStill(tip)) {
          this.#learn(position, record);
          return position;
        }
        // Others have been so busy that the position was taken, and its record dropped, before.
        await unplaceRecord(this.disk, path, this.recordPath(position));
      }
      // Somebody was faster. Their term may be higher.
      if ((await this.refreshTip()) < position) this.#tip = undefined;
    }
  }

  /** Make all that was published durable. Callers at the same time share a call. */
  sync(): Promise<void> {
    if (this.#syncing === undefined) {
      this.#syncing = this.disk.syncDirectory(this.directory).finally(() => {
        this.#syncing = undefined;
      });
      return this.#syncing;
    }
    // The one under way may have begun too early.
    this.#syncNext ??= this.#syncing
      .catch(() => undefined)
      .then(() => {
        this.#syncNext = undefined;
        return this.sync();
      });
    return this.#syncNext;
  }

  /** Make one record durable that was published without being so. */
  async syncRecord(position: number): Promise<void> {
    const file = await this.disk.open(this.recordPath(position), 'append');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** The transaction at a position, or `undefined` where there is none. @throws {MalformedError} that names the file */
  async read(position: number): Promise<JournalRecord | undefined> {
    const path = this.recordPath(position);
    const bytes = await this.disk.findFile(path);
    return bytes && parseJournalRecord(bytes, this.algorithm, path);
  }

  /** The same without its attachment, from memory where it was seen before. */
  async recall(position: number): Promise<Omit<JournalRecord, 'attachment'> | undefined> {
    const known = this.#recalled.get(position);
    if (known) return known;
    const record = await this.read(position);
    if (record === undefined) return undefined;
    const { attachment: _, ...rest } = record;
    this.#recalled.set(position, rest);
    const [oldest] = this.#recalled.keys();
    if (this.#recalled.size > MAX_RECALLED && oldest !== undefined) this.#recalled.delete(oldest);
    return rest;
  }

  recordPath(position: number): string {
    return joinPath(this.directory, transactionId(position));
  }

  /** The file of an owner of locks. */
  ownerPath(token: string): string {
    return joinPath(this.directory, `${token}.owner`);
  }

  /** What is in the directory, or nothing where there is none. */
  async list(): Promise<readonly (JournalFile & { readonly path: string })[]> {
    const entries = await this.disk.findEntries(this.directory);
    return entries.map(({ name }) => ({ ...journalFile(name), path: joinPath(this.directory, name) }));
  }

  /** Run `listener` whenever this opening has committed, and when it closes. @returns what ends that */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell those who follow, and drop what is older than is to be kept. */
  async settle(position: number, { record }: PreparedRecord): Promise<void> {
    for (const listener of [...this.#listeners]) listener();
    const end = Math.min(record.floor - SPARE_RECORDS, position);
    // In order, and none before those older than it: see `isStill`.
    while (this.#oldest < end) {
      const at = this.#oldest;
      if (!(await this.#drop(at))) break;
      // Another that settles meanwhile may have gone on already.
      if (this.#oldest === at) this.#oldest = at + 1;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of [...this.#listeners]) listener();
    const current = await this.#holder?.catch(() => undefined);
    if (current) this.#retired.add(current);
    for (const holder of this.#retired) await holder.close();
  }

  /** Forget a transaction, unless somebody may still need it to recover. @returns whether it is gone */
  async #drop(position: number): Promise<boolean> {
    let record: JournalRecord | undefined;
    try {
      record = await this.read(position);
      if (record === undefined) return true;
    } catch (error) {
      // Nobody can make use of it, and it has been told as long as the others.
      if (!isGitError(error, 'MALFORMED')) throw error;
    }
    if (record && (await this.#isNeeded(record))) return false;
    await this.disk.removeFile(this.recordPath(position));
    return true;
  }

  async #isNeeded({ token, number }: JournalRecord): Promise<boolean> {
    const current = await this.#holder?.catch(() => undefined);
    for (const holder of [current, ...this.#retired]) if (holder?.token === token) return holder.isOpen(number);
    const owner = await this.disk.findFile(this.ownerPath(token));
    return owner !== undefined && !parseMarks(owner, token).numbers.has(number);
  }

  /** Take in the record at `position`. @returns false where there is none */
  async #advanceTo(position: number): Promise<boolean> {
    if ((this.#tip?.position ?? 0) >= position) return true;
    const record = await this.read(position);
    if (record) this.#learn(position, record);
    return record !== undefined;
  }

  #learn(position: number, record: JournalRecord): void {
    if (this.#tip === undefined || position > this.#tip.position) this.#tip = { position, head: recordHead(record) };
    this.#term = Math.max(this.#term, record.term);
    this.#floor = Math.max(this.#floor, record.floor);
  }

  async #loadTip(): Promise<Tip> {
    if (this.#tip !== undefined) return this.#tip;
    const positions = await this.#positions();
    const tip = last(positions);
    const record = tip > 0 ? await this.read(tip) : undefined;
    this.#oldest = positions.reduce((a, b) => Math.min(a, b), tip + 1);
    if (record) this.#learn(tip, record);
    // Dropped since it was listed: the next look finds out.
    this.#tip ??= { position: tip, head: NO_HEAD };
    return this.#tip;
  }
}

/** The record at the last position that is known to be taken, and how it begins. */
interface Tip {
  readonly position: number;
  readonly head: string;
}

/** How no record begins. */
const NO_HEAD = '\n';

/** A record that waits for its position. */
export interface PreparedRecord {
  readonly path: string;
  readonly record: JournalRecord;
}

/** Positions as ids: padded, so that they sort as text too. */
export function transactionId(position: number): TransactionId {
  return String(position).padStart(ID_DIGITS, '0');
}

function last(positions: readonly number[]): number {
  return positions.reduce((a, b) => Math.max(a, b), 0);
}
