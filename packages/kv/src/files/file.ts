import { decodeUtf8Exact, encodeUtf8, GitError, LimitError, MalformedError, type Oid } from '@git-kv/objects';
import type { AsyncCodec } from '../codecs/codec.js';
import type { Key } from '../key.js';
import { Mutex } from '../mutex.js';
import { isWellFormed } from '../well-formed.js';
import { Content } from './content.js';
import type { LogOptions } from './history.js';
import type { ModeRules, OpenMode } from './mode.js';

/** How one file is opened. */
export interface FileOptions {
  /**
   * What text is encoded in: any name that `TextDecoder` knows, for reading; text is written in UTF-8 only. Positions are then those
   * of the text in UTF-8. Default `utf-8`.
   */
  readonly encoding?: string;
}

/** How lines are read. */
export interface LineOptions {
  /** Bytes of one line, its end not counted. A longer one is LIMIT_EXCEEDED. Default 1 MiB. */
  readonly maxBytes?: number;
}

/** What a file needs of where it was opened. @internal */
export interface FileHost {
  readonly maxBytes: number;
  /** What was there when it was opened. */
  load(): Promise<Uint8Array>;
  /** What is there by now, which others may have written since. */
  loadPresent(): Promise<Uint8Array>;
  /** Take over what `make` gives; nobody else does in between. */
  save(make: () => Promise<Uint8Array>): Promise<void>;
  /** Have nobody else write it from here on. @throws {TypeError} while somebody does */
  isolate(verb: string): void;
  /** It is closed: `isClean` or given up. */
  end(isClean: boolean): Promise<void>;
  log(options: LogOptions): Promise<Oid[]>;
  show(commit: string): Promise<Uint8Array>;
}

const MAX_LINE_BYTES = 2 ** 20;
const LF = 0x0a;
const CR = 0x0d;

/**
 * An open file of a repository. What is written stays in memory until {@link close}; without it, or after {@link discard}, nothing
 * has happened. Calls take effect in the order they are made.
 *
 * Positions are bytes from the start. Text is read and written in whole characters.
 */
export class GitFile<T extends string | Uint8Array> implements AsyncIterable<T>, AsyncDisposable {
  readonly path: string;
  readonly #host: FileHost;
  readonly #rules: ModeRules;
  readonly #encoding: string;
  /** One call after the other, in the order they are made. */
  readonly #calls = new Mutex();
  #content: Content | undefined;
  #position = 0;
  #isClosed = false;
  #isChanged: boolean;
  /** Others may append to the file at the same time: what is appended here goes behind theirs. */
  #isSharing: boolean;
  /** Bytes before what is appended here. */
  #appendedFrom = 0;
  /** Half of a character, with which the last write ended. */
  #half = '';
  #isGivenUp = false;

  /** @internal */
  constructor(host: FileHost, key: Key, rules: ModeRules, options: FileOptions & { readonly isNew: boolean }) {
    this.path = key.toString().replace(/^\//, '');
    this.#host = host;
    this.#rules = rules;
    this.#encoding = rules.isBinary ? 'utf-8' : encodingName(options.encoding ?? 'utf-8');
    if (rules.canWrite && this.#encoding !== 'utf-8') {
      const problem = `text is written in utf-8 only, not in ${this.#encoding}`;
      throw new GitError('UNSUPPORTED', `Cannot open ${this.path} to write: ${problem}`);
    }
    this.#isChanged = rules.startsEmpty || options.isNew;
    if (this.#isChanged) this.#content = new Content(new Uint8Array(0), host.maxBytes);
    this.#isSharing = rules.isAppending && !rules.canRead;
  }

  get mode(): OpenMode {
    return this.#rules.mode;
  }

  /** Whether it was closed or discarded. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The next `count` characters (bytes of a binary file), fewer at the end; all that is left without `count`.
   * @throws {MalformedError} where text is not in the file's encoding
   */
  read(count: number = Number.POSITIVE_INFINITY): Promise<T> {
    return this.#reading((content) => {
      if (!(count >= 0 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY)))
        throw new RangeError(`Cannot read from ${this.path}: ${count} is no count`);
      const start = this.#position;
      const end = this.#rules.isBinary ? start + count : start + endOfCharacters(content.view(start), count);
      const bytes = content.view(start, end);
      const value = this.#valueOf(bytes, start);
      this.#position = start + bytes.length;
      return value;
    });
  }

  /** All that is left as text, of a binary file too. @throws {MalformedError} where it is not UTF-8 */
  readText(): Promise<string> {
    return this.#reading((content) => {
      const start = this.#position;
      const text = this.#textOf(content.view(start), start);
      this.#position = Math.max(start, content.size);
      return text;
    });
  }

  /** All that is left, by a codec. */
  decode<V>(codec: AsyncCodec<V>): Promise<V> {
    return this.#reading((content) => {
      const bytes = content.view(this.#position).slice();
      this.#position = Math.max(this.#position, content.size);
      return codec.decode(bytes);
    });
  }

  /**
   * The lines from here on, without their ends (LF, of text CR LF too), one at a time.
   * @throws {LimitError} lineBytes; {MalformedError} as {@link read} does
   */
  async *lines(options: LineOptions = {}): AsyncGenerator<T, void, undefined> {
    const { maxBytes = MAX_LINE_BYTES } = options;
    for (;;) {
      const line = await this.#reading((content) => this.#nextLine(content, maxBytes));
      if (line === undefined) return;
      yield line;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.lines();
  }

  /**
   * Write at the position, or at the end of a file that was opened to append. Text may end within a character (of two UTF-16 code
   * units) if the next write goes on with it.
   * @returns how many characters (bytes of a binary file) that is
   * @throws {LimitError} valueBytes; {GitError} INVALID_VALUE for half a character, also by what is called before its other half is there
   */
  async write(data: T): Promise<number> {
    const isText = typeof data === 'string';
    if (isText === this.#rules.isBinary || !(isText || data instanceof Uint8Array)) {
      const wanted = this.#rules.isBinary ? 'a Uint8Array' : 'text';
      throw new TypeError(`Cannot write to ${this.path}: it was opened with mode ${this.mode}, which takes ${wanted}`);
    }
    if (typeof data === 'string') return await this.#writeText(data);
    const bytes = new Uint8Array(data); // now: the caller may go on with it
    await this.#writing((content) => this.#place(content, bytes));
    return bytes.length;
  }

  /** Write a value by a codec. @returns its bytes */
  async encode<V>(value: V, codec: AsyncCodec<V>): Promise<number> {
    let count = 0;
    await this.#writing(async (content) => {
      const bytes = await codec.encode(value);
      this.#place(content, bytes);
      count = bytes.length;
    });
    return count;
  }

  /** Where the next read or write begins, in bytes, once the calls before have ended. */
  get position(): number {
    return this.#position;
  }

  /** Bytes it holds now. */
  size(): Promise<number> {
    return this.#call((content) => content.size);
  }

  /**
   * Go to another position.
   * @returns the new one
   * @throws {RangeError} before the start
   */
  seek(offset: number, from: 'start' | 'current' | 'end' = 'start'): Promise<number> {
    return this.#call((content) => {
      const position = { start: 0, current: this.#position, end: content.size }[from] + offset;
      if (!Number.isSafeInteger(position) || position < 0) {
        throw new RangeError(`Cannot seek in ${this.path}: ${position} is no position`);
      }
      this.#position = position;
      return position;
    });
  }

  /** Cut or lengthen with zeros, by default at the position, which stays. @throws {LimitError} valueBytes */
  truncate(size?: number): Promise<void> {
    return this.#writing(async (content) => {
      if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
        throw new RangeError(`Cannot truncate ${this.path}: ${size} is no size`);
      }
      const whole = this.#isSharing ? await this.#isolated(content) : content;
      whole.resize(size ?? this.#position);
    });
  }

  /** Commits that changed this file, newest first. */
  log(options: Omit<LogOptions, 'path'> = {}): Promise<Oid[]> {
    return this.#host.log({ ...options, path: this.path });
  }

  /** What the file held in `commit`, any revision of git's. @throws {KvError} KEY_NOT_FOUND; {NotFoundError} OBJECT_NOT_FOUND */
  async show(commit = 'HEAD'): Promise<T> {
    const bytes = await this.#host.show(commit);
    return this.#rules.isBinary ? (bytes as T) : (this.#textOf(this.#asUtf8(bytes), 0) as T);
  }

  /**
   * Hand over what was written: to the repository it was opened in, or, of a file opened by itself, in a commit that is pushed.
   * A second time it does nothing. Where it fails, what was written is given up.
   * @throws {TypeError} where its repository was closed or has discarded its changes in the meantime
   */
  close(): Promise<void> {
    return this.#calls.run(async () => {
      if (this.#isGivenUp) throw new TypeError(`Cannot close ${this.path}: changes were discarded in the meantime`);
      if (this.#isClosed) return;
      let isClean = false;
      try {
        if (this.#isChanged) {
          const content = await this.#opened();
          this.#assertWhole();
          await this.#host.save(async () => (this.#isSharing ? await this.#appended(content) : content).view().slice());
        }
        isClean = true;
      } finally {
        await this.#end(isClean);
      }
    });
  }

  /** Give up what was written. */
  discard(): Promise<void> {
    return this.#calls.run(() => this.#end(false));
  }

  /** {@link discard}, unless it was closed: an exception cannot be told from a return here. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  /** {@link discard}, by its repository: whoever closes it then is told. @internal */
  giveUp(): Promise<void> {
    return this.#calls.run(async () => {
      this.#isGivenUp ||= !this.#isClosed;
      await this.#end(false);
    });
  }

  async #end(isClean: boolean): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#content = undefined;
    await this.#host.end(isClean);
  }

  async #writeText(data: string): Promise<number> {
    let count = 0;
    const write = (content: Content): void => {
      const text = this.#half + data;
      const half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? '';
      const whole = text.slice(0, text.length - half.length);
      if (!isWellFormed(whole)) throw this.#halfCharacter();
      const bytes = encodeUtf8(whole);
      this.#place(content, bytes);
      this.#half = half;
      count = characterCount(bytes);
    };
    await this.#writing(write, { isText: true });
    return count;
  }

  /** What is there by now, and what was appended here. */
  async #appended(content: Content): Promise<Content> {
    const whole = new Content(await this.#host.loadPresent(), this.#host.maxBytes);
    whole.write(whole.size, content.view(this.#appendedFrom));
    return whole;
  }

  /** Go on with the whole file, which nobody else may append to any more. */
  async #isolated(content: Content): Promise<Content> {
    this.#host.isolate('truncate');
    const whole = await this.#appended(content);
    if (this.#position >= this.#appendedFrom) this.#position += whole.size - content.size;
    this.#isSharing = false;
    this.#content = whole;
    return whole;
  }

  #place(content: Content, bytes: Uint8Array): void {
    const position = this.#rules.isAppending ? content.size : this.#position;
    content.write(position, bytes);
    this.#position = position + bytes.length;
  }

  #nextLine(content: Content, maxBytes: number): T | undefined {
    const start = this.#position;
    if (start >= content.size) return undefined;
    const found = content.indexOf(LF, start, start + maxBytes + 2);
    let end = found < 0 ? content.size : found;
    if (!this.#rules.isBinary && end > start && found >= 0 && content.view(end - 1, end)[0] === CR) end--;
    if (end - start > maxBytes) throw new LimitError('lineBytes', end - start, maxBytes);
    const line = this.#valueOf(content.view(start, end), start);
    this.#position = found < 0 ? content.size : found + 1;
    return line;
  }

  async #reading<R>(task: (content: Content) => R | Promise<R>): Promise<R> {
    if (!this.#rules.canRead) throw this.#misuse('read from');
    return await this.#call(task);
  }

  async #writing(
    task: (content: Content) => void | Promise<void>,
    options: { readonly isText?: boolean } = {},
  ): Promise<void> {
    if (!this.#rules.canWrite) throw this.#misuse('write to');
    const write = async (content: Content): Promise<void> => {
      await task(content);
      this.#isChanged = true;
    };
    await this.#call(write, options);
  }

  #call<R>(task: (content: Content) => R | Promise<R>, options: { readonly isText?: boolean } = {}): Promise<R> {
    return this.#calls.run(async () => {
      const content = await this.#opened();
      if (options.isText !== true) this.#assertWhole();
      return await task(content);
    });
  }

  /** Read once, when it is first asked for. */
  async #opened(): Promise<Content> {
    if (this.#isClosed) throw new TypeError(`Cannot use ${this.path}: it is closed`);
    if (this.#content === undefined) {
      this.#content = new Content(this.#asUtf8(await this.#host.load()), this.#host.maxBytes);
      this.#appendedFrom = this.#content.size;
    }
    return this.#content;
  }

  #assertWhole(): void {
    if (this.#half !== '') throw this.#halfCharacter();
  }

  #halfCharacter(): GitError {
    const problem = 'it has half a character (a lone surrogate)';
    return new GitError('INVALID_VALUE', `Cannot write text to ${this.path}: ${problem}`);
  }

  #misuse(verb: string): TypeError {
    return new TypeError(`Cannot ${verb} ${this.path}: it was opened with mode ${this.mode}`);
  }

  #asUtf8(bytes: Uint8Array): Uint8Array {
    if (this.#encoding === 'utf-8') return bytes;
    try {
      return encodeUtf8(new TextDecoder(this.#encoding, { fatal: true, ignoreBOM: false }).decode(bytes));
    } catch (cause) {
      throw new MalformedError(`file ${this.path}`, 0, `it is not ${this.#encoding}`, { cause });
    }
  }

  #valueOf(bytes: Uint8Array, offset: number): T {
    return (this.#rules.isBinary ? bytes.slice() : this.#textOf(bytes, offset)) as T;
  }

  #textOf(bytes: Uint8Array, offset: number): string {
    const text = decodeUtf8Exact(bytes);
    if (text === undefined) throw new MalformedError(`file ${this.path}`, offset, 'it is not UTF-8');
    return text;
  }
}

/** As TextDecoder calls it. @throws {RangeError} for one it does not know */
function encodingName(label: string): string {
  return new TextDecoder(label).encoding;
}

/** Bytes of the first `count` characters. */
function endOfCharacters(bytes: Uint8Array, count: number): number {
  if (count >= bytes.length) return bytes.length;
  let at = 0;
  for (let seen = 0; at < bytes.length; at++) {
    if (isLead(bytes[at] as number) && seen++ === count) break;
  }
  return at;
}

function characterCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (isLead(byte)) count++;
  return count;
}

/** Whether a character begins with this byte. */
function isLead(byte: number): boolean {
  return (byte & 0xc0) !== 0x80;
}
