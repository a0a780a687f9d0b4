import type { Oid } from '@git-kv/objects';
import { alreadyPresent, keyNotFound } from '../edit-errors.js';
import { dictionaryExpected, valueExpected } from '../errors.js';
import { Key } from '../key.js';
import type { KeyConflict } from '../merge/merge.js';
import { Mutex } from '../mutex.js';
import { type FileHost, type FileOptions, GitFile } from './file.js';
import type { LogOptions } from './history.js';
import { type ContentOf, type ModeRules, type OpenMode, parseMode } from './mode.js';
import type { Workspace } from './workspace.js';
import { type Writer, Writers } from './writers.js';

const DEFAULT_MESSAGE = 'GitKV';

/** Uses an open file. What it resolves to is passed on. */
export type UseFile<M extends OpenMode, R> = (file: GitFile<ContentOf<M>>) => R | Promise<R>;

/**
 * Files of a branch: any number of them are opened, read and written, and one commit holds what was changed. To be had from
 * `openRepo`, which commits and pushes when its function ends, and gives all up where it throws.
 *
 * Reads see what was written and closed before. A file is open to write once at a time, except to append (`a`): what several append
 * is there in the order in which they close. Calls that change something run one after another.
 */
export class FileRepo implements AsyncDisposable, AsyncIterable<string> {
  /** What the next commit says. Default `GitKV`. */
  commitMessage: string = DEFAULT_MESSAGE;
  readonly #workspace: Workspace;
  /** One after the other: what changes files, and what makes, takes or gives commits of them. */
  readonly #calls = new Mutex();
  readonly #writers = new Writers();
  /** Paths that are being removed, one for each call. */
  readonly #removals = new Set<{ readonly path: string }>();
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** @internal */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Full name of the branch. */
  get refName(): string {
    return this.#workspace.refName;
  }

  /** Short name of the branch. */
  get branch(): string {
    return this.refName.replace(/^refs\/heads\//, '');
  }

  /** The newest commit here; `undefined` where there is none yet. */
  get commitOid(): Oid | undefined {
    return this.#workspace.headOid;
  }

  /** Whether there is no commit yet. */
  get isEmpty(): boolean {
    return this.commitOid === undefined;
  }

  /** Whether a file was written or removed since the last commit. */
  get hasChanges(): boolean {
    return this.#workspace.hasChanges;
  }

  /**
   * What a pull could not merge and nobody has decided since. To write or remove the file decides; the commit after the last of
   * them is the merge.
   */
  get conflicts(): readonly KeyConflict[] {
    return this.#workspace.conflicts;
  }

  /**
   * Open a file. With `use` it is closed when that resolves and discarded when it throws; else that is the caller's to do.
   * @throws {KvError} KEY_NOT_FOUND where it has to be there, ALREADY_PRESENT where it must not; VALUE_EXPECTED for a directory,
   *   DICTIONARY_EXPECTED below a file
   * @throws {GitError} UNSUPPORTED to write in another encoding than UTF-8; {RangeError} for a mode or an encoding that is none;
   *   {TypeError} to write a file that is open to write already
   */
  open<M extends OpenMode, R>(path: string, mode: M, use: UseFile<M, R>): Promise<R>;
  open<M extends OpenMode, R>(path: string, mode: M, options: FileOptions, use: UseFile<M, R>): Promise<R>;
  open<M extends OpenMode = 'r'>(path: string, mode?: M, options?: FileOptions): Promise<GitFile<ContentOf<M>>>;
  async open<M extends OpenMode, R>(
    path: string,
    mode: M = 'r' as M,
    ...rest: readonly (FileOptions | UseFile<M, R> | undefined)[]
  ): Promise<GitFile<ContentOf<M>> | R> {
    const { options, use } = splitArguments<FileOptions, UseFile<M, R>>(rest);
    const file = await this.openFile<M>(path, mode, options, async () => {});
    return use === undefined ? file : await useFile(file, use);
  }

  /** @internal */
  async openFile<M extends OpenMode>(
    path: string,
    mode: M,
    options: FileOptions,
    end: (isClean: boolean) => Promise<void>,
  ): Promise<GitFile<ContentOf<M>>> {
    this.#assertUsable();
    const key = Key.of(path);
    const rules = parseMode(mode);
    if (!rules.canWrite) return await this.#makeFile<M>(key, rules, options, undefined, end);
    this.#assertOpen();
    const writer = this.#writers.begin(key, !rules.isAppending || rules.canRead);
    try {
      const file = await this.#calls.run(() => this.#makeFile<M>(key, rules, options, writer, end));
      if (rules.isAppending) await file.seek(0, 'end');
      return file;
    } catch (error) {
      this.#writers.end(writer);
      throw error;
    }
  }

  async #makeFile<M extends OpenMode>(
    key: Key,
    rules: ModeRules,
    options: FileOptions,
    writer: Writer | undefined,
    end: (isClean: boolean) => Promise<void>,
  ): Promise<GitFile<ContentOf<M>>> {
    const workspace = this.#workspace;
    const found = key.isRoot ? ({ kind: 'dictionary' } as const) : await workspace.find(key);
    if (found !== undefined && found.kind !== 'value') throw valueExpected(key);
    if (found === undefined && rules.presence === 'required') throw keyNotFound(key);
    if (found !== undefined && rules.presence === 'forbidden') throw alreadyPresent(key);
    if (rules.canWrite) await this.#assertRoom(key);
    this.#assertUsable();
    if (writer?.isOver) throw new TypeError(`Cannot open ${key.format()}: changes were discarded in the meantime`);
    const host: FileHost = {
      maxBytes: workspace.maxBytes,
      load: async () => (await found?.load()) ?? new Uint8Array(0),
      loadPresent: () => this.#present(key),
      isolate: (verb) => writer && this.#writers.isolate(writer, verb),
      save: (make) =>
        this.#calls.run(async () => {
          const bytes = await make();
          this.#assertUsable();
          await workspace.set(key, bytes);
        }),
      end: async (isClean) => {
        if (writer !== undefined) this.#writers.end(writer);
        await end(isClean);
      },
      log: (log) => this.log(log),
      show: (commit) => workspace.history.show(key, commit),
    };
    const file = new GitFile<ContentOf<M>>(host, key, rules, { ...options, isNew: found === undefined });
    if (writer !== undefined) writer.discard = () => file.giveUp();
    return file;
  }

  /** What a file holds now. */
  async #present(key: Key): Promise<Uint8Array> {
    const found = await this.#workspace.find(key);
    return found?.kind === 'value' ? await found.load() : new Uint8Array(0);
  }

  /** The whole file as bytes. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED */
  async read(path: string): Promise<Uint8Array> {
    return await this.open(path, 'rb', (file) => file.read());
  }

  /** The whole file as text. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED; {MalformedError} where it is not UTF-8 */
  async readText(path: string): Promise<string> {
    return await this.open(path, 'r', (file) => file.read());
  }

  /** What stands at a path: `undefined` for nothing, and for a link or a submodule. */
  async exists(path: string): Promise<'file' | 'directory' | undefined> {
    this.#assertUsable();
    const found = await this.#workspace.find(Key.of(path));
    return found?.kind === 'value' ? 'file' : found?.kind === 'dictionary' ? 'directory' : undefined;
  }

  /** Take away a file, or a directory with all in it. Absence is no error. */
  async remove(path: string): Promise<void> {
    this.#assertOpen();
    const removal = { path };
    this.#removals.add(removal);
    try {
      await this.#calls.run(async () => {
        this.#assertUsable();
        await this.#workspace.remove(Key.of(path));
      });
    } finally {
      this.#removals.delete(removal);
    }
  }

  /**
   * Names in a directory, the top one by default, in git's order: directories too, without what is in them. As it is now, or as it
   * was in `commit`, any revision of git's.
   * @throws {KvError} KEY_NOT_FOUND, DICTIONARY_EXPECTED; {NotFoundError} OBJECT_NOT_FOUND for a commit that is not there
   */
  async listFiles(options: { readonly directory?: string; readonly commit?: string } = {}): Promise<string[]> {
    this.#assertUsable();
    const key = Key.of(options.directory ?? '');
    if (options.commit !== undefined) return await this.#workspace.history.list(key, options.commit);
    const names = await this.#workspace.list(key);
    if (names === undefined && !key.isRoot) throw keyNotFound(key);
    return names ?? [];
  }

  /** {@link listFiles} of the top. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    yield* await this.listFiles();
  }

  /** Commits, newest first. The first call brings the history that is not here yet. */
  log(options: LogOptions = {}): Promise<Oid[]> {
    this.#assertUsable();
    return this.#workspace.history.log(options);
  }

  /** What a commit says. @throws {NotFoundError} OBJECT_NOT_FOUND */
  async message(commit = 'HEAD'): Promise<string> {
    this.#assertUsable();
    return await this.#workspace.history.message(commit);
  }

  /** What a file held in a commit. @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED; {NotFoundError} OBJECT_NOT_FOUND */
  async show(path: string, commit = 'HEAD'): Promise<Uint8Array> {
    this.#assertUsable();
    return await this.#workspace.history.show(Key.of(path), commit);
  }

  /**
   * Make a commit of what was changed. It is not pushed, except over a store, whose commits all are.
   * @returns its id; `undefined` where nothing changed
   * @throws {KvConflictError} MERGE_CONFLICT while some of {@link conflicts} is not decided
   */
  async commit(message: string = this.commitMessage): Promise<Oid | undefined> {
    this.#assertSettled('commit');
    return await this.#calls.run(() => this.#workspace.commit(message));
  }

  /**
   * Take over what the remote has: ours is moved along, or merged with it in a commit where both went on.
   * @throws {KvConflictError} MERGE_CONFLICT with the three sides; {@link conflicts} are then to be decided, or `discard` gives the
   *   merge up
   * @throws {GitError} STORE_MODIFIED where there are changes that are not committed
   */
  async pull(): Promise<void> {
    this.#assertSettled('pull');
    await this.#calls.run(() => this.#workspace.pull());
  }

  /**
   * Push commits that the remote does not have. Where others were faster, pull and push again, as often as `retries` allows.
   * @throws {KvConflictError} as {@link pull} does
   * @throws {GitError} PUSH_REJECTED; BRANCH_CHECKED_OUT for a remote with a work tree; PUSH_OUTCOME_UNKNOWN
   */
  async push(): Promise<void> {
    this.#assertSettled('push');
    await this.#calls.run(() => this.#workspace.push());
  }

  /** {@link commit} and {@link push}. @returns the commit; `undefined` where nothing changed */
  async sync(message?: string): Promise<Oid | undefined> {
    await this.commit(message);
    await this.push();
    return this.commitOid;
  }

  /** Give up what is not committed, and a merge that is not done. */
  async discard(): Promise<void> {
    this.#assertUsable();
    await this.#writers.discard();
    await this.#calls.run(() => this.#workspace.discard());
  }

  /** Give up commits that the remote does not have, too, and take what it has. */
  async reset(): Promise<void> {
    this.#assertUsable();
    await this.#writers.discard();
    await this.#calls.run(() => this.#workspace.reset());
  }

  /** {@link sync}, and let go of connections, whether or not that worked. A second time it does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Let go of connections, without a commit: an exception cannot be told from a return here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writers.discard();
    await this.#calls.run(() => this.#workspace.close());
  }

  /** @throws {KvError} DICTIONARY_EXPECTED where a file stands on the way to `key` */
  async #assertRoom(key: Key): Promise<void> {
    for (let count = 1; count < key.segments.length; count++) {
      const above = key.prefix(count);
      const found = await this.#workspace.find(above);
      if (found === undefined) return;
      if (found.kind !== 'dictionary') throw dictionaryExpected(above);
    }
  }

  #assertUsable(): void {
    if (this.#isClosed) throw new TypeError('Cannot use the repository: it is closed');
  }

  #assertOpen(): void {
    this.#assertUsable();
    if (this.#closing !== undefined) throw new TypeError('Cannot use the repository: it is being closed');
  }

  /** What is in an open file, or has only begun, is in no commit: to go on would lose it. */
  #assertSettled(verb: string): void {
    this.#assertUsable();
    const { path } = this.#writers;
    if (path !== undefined) {
      throw new TypeError(`Cannot ${verb}: ${path} is open to write; close or discard it first, and wait for that`);
    }
    for (const removal of this.#removals) {
      throw new TypeError(`Cannot ${verb}: ${removal.path} is being removed; wait for that first`);
    }
  }
}

/** Run `use`, and close the file; discard it where that throws. */
export async function useFile<T extends string | Uint8Array, R>(
  file: GitFile<T>,
  use: (file: GitFile<T>) => R | Promise<R>,
): Promise<R> {
  let result: R;
  try {
    result = await use(file);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.close();
  return result;
}

/** Options and a function at the end, both of which may be left out. */
export function splitArguments<O extends object, U extends (...args: never[]) => unknown>(
  rest: readonly (O | U | undefined)[],
): { readonly options: O; readonly use: U | undefined } {
  const use = rest.find((argument) => typeof argument === 'function');
  const options = rest.find((argument) => typeof argument === 'object');
  return { options: (options ?? {}) as O, use: use as U | undefined };
}
