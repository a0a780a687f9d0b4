import { decodeUtf8, isGitError, type Oid, type RawObject } from '@git-kv/objects';
import { findRevision, type Repository } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { BufferedOutput } from './buffered-output.js';
import type { BatchField, BatchFormat } from './cat-file-format.js';
import { CommandError, type Console } from './console.js';
import { readLines, readRecords } from './input.js';

const CR = 0x0d;
const SPACE = 0x20;

/** How a batch reads and prints. */
export interface BatchOptions {
  readonly format: BatchFormat;
  /** Gather output, and with `--batch-command` wait for `flush`. */
  readonly buffer: boolean;
  /** With `--batch-all-objects`: in the order that is the cheapest. */
  readonly unordered: boolean;
  /** Input ends with NUL, not LF. */
  readonly nul: boolean;
}

/** `cat-file --batch` and its kin: names come in, what is asked of the objects goes out. */
export class Batch {
  readonly #repository: Repository;
  /** The same without what would have to be fetched. */
  readonly #files: FileRepository;
  readonly #console: Console;
  readonly #options: BatchOptions;
  readonly #output: BufferedOutput;

  constructor(repository: Repository, files: FileRepository, console: Console, options: BatchOptions) {
    this.#repository = repository;
    this.#files = files;
    this.#console = console;
    this.#options = options;
    this.#output = new BufferedOutput(console.stdout);
  }

  /** `--batch` and `--batch-check`: a name a line. */
  async names(withBody: boolean): Promise<void> {
    const splits = this.#options.format.fields.has('rest');
    for await (const line of this.#lines()) {
      const space = splits ? line.findIndex(isBlank) : -1;
      if (space < 0) await this.#one(line, '', withBody);
      else {
        const rest = line.subarray(space).findIndex((byte) => !isBlank(byte));
        await this.#one(line.subarray(0, space), rest < 0 ? '' : decodeUtf8(line.subarray(space + rest)), withBody);
      }
      if (!this.#options.buffer) await this.#output.flush();
    }
    await this.#output.flush();
  }

  /** `--batch-command`: `contents NAME`, `info NAME`, and with `buffer`, `flush`. */
  async commands(): Promise<void> {
    const { buffer } = this.#options;
    let queue: (() => Promise<void>)[] = [];
    const runQueue = async (): Promise<void> => {
      for (const run of queue) await run();
      queue = [];
      await this.#output.flush();
    };
    for await (const line of this.#lines()) {
      const command = parseCommand(line);
      if (command.name === 'flush') {
        if (!buffer) throw new CommandError('flush is only for --buffer mode');
        await runQueue();
        continue;
      }
      queue.push(async () => await this.#one(command.argument, '', command.name === 'contents'));
      if (!buffer) await runQueue();
    }
    await runQueue();
  }

  /** `--batch-all-objects`: every object in the repository, sorted by its id, or with `unordered` as they lie. */
  async all(withBody: boolean): Promise<void> {
    const { signal } = this.#console;
    const { objects } = this.#files;
    const unordered: Oid[] = [];
    for await (const oid of objects.oids({ signal })) {
      if (!withBody) await this.#info(oid);
      else if (this.#options.unordered) unordered.push(oid);
      else await this.#contents(oid, '');
    }
    for await (const [oid, object] of objects.readMany(unordered, { signal, isTransient: true })) {
      if (object !== undefined) await this.#object(oid, object, '');
    }
    await this.#output.flush();
  }

  async *#lines(): AsyncGenerator<Uint8Array> {
    if (this.#options.nul) return yield* readRecords(this.#console.stdin, 0);
    for await (const line of readLines(this.#console.stdin)) yield line.at(-1) === CR ? line.subarray(0, -1) : line;
  }

  /** @returns whether the object is there */
  async #contents(oid: Oid, rest: string): Promise<boolean> {
    const { objects } = this.#repository;
    const object = objects.readSync?.(oid) ?? (await objects.read(oid, { signal: this.#console.signal }));
    if (object !== undefined) await this.#object(oid, object, rest);
    return object !== undefined;
  }

  async #object(oid: Oid, { kind, body }: RawObject, rest: string): Promise<void> {
    const { fields } = this.#options.format;
    if (fields.has('objectsize:disk') || fields.has('deltabase')) await this.#head(oid, kind, body.length, rest);
    else this.#output.put(this.#line(oid, kind, body.length, rest, '', ''));
    this.#output.put(body);
    this.#output.put('\n');
    if (this.#output.isFull) await this.#output.flush();
  }

  async #info(oid: Oid): Promise<void> {
    const { fields } = this.#options.format;
    // A list of names alone needs no object to be looked at.
    if (fields.size === 0 || (fields.size === 1 && fields.has('objectname'))) return await this.#head(oid, '', 0, '');
    const stat = await this.#repository.objects.stat(oid, { signal: this.#console.signal });
    if (stat) await this.#head(oid, stat.kind, stat.size, '');
  }

  /** @param name as it was read: names of paths need not be UTF-8 */
  async #one(name: Uint8Array, rest: string, withBody: boolean): Promise<void> {
    let oid: Oid | undefined;
    try {
      oid = await findRevision(this.#repository, decodeUtf8(name));
    } catch (error) {
      if (isGitError(error, 'AMBIGUOUS_REVISION')) return await this.#without(name, 'ambiguous');
      if (isGitError(error, 'UNSUPPORTED')) await this.#console.stderr.write(`error: ${error.message}\n`);
      else if (!isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
    }
    if (oid !== undefined && withBody) {
      if (await this.#contents(oid, rest)) return;
    } else if (oid !== undefined) {
      const stat = await this.#repository.objects.stat(oid, { signal: this.#console.signal });
      if (stat !== undefined) return await this.#head(oid, stat.kind, stat.size, rest);
    }
    await this.#without(name, 'missing');
  }

  async #without(name: Uint8Array, why: 'missing' | 'ambiguous'): Promise<void> {
    await this.#output.write(name);
    await this.#output.write(` ${why}\n`);
  }

  async #head(oid: Oid, kind: string, size: number, rest: string): Promise<void> {
    const { fields } = this.#options.format;
    const diskSize = fields.has('objectsize:disk') ? await this.#files.objects.storedSize(oid) : undefined;
    const deltaBase = fields.has('deltabase') ? await this.#deltaBase(oid) : '';
    await this.#output.write(this.#line(oid, kind, size, rest, String(diskSize ?? 0), deltaBase));
  }

  #line(oid: Oid, kind: string, size: number, rest: string, diskSize: string, deltaBase: string): string {
    const values: Record<BatchField, string | number> = {
      objectname: oid,
      objecttype: kind,
      objectsize: size,
      'objectsize:disk': diskSize,
      deltabase: deltaBase,
      rest,
    };
    let line = '';
    for (const part of this.#options.format.parts) line += 'text' in part ? part.text : values[part.field];
    return `${line}\n`;
  }

  /** What the object is stored as a delta of; zeros where it is stored whole. */
  async #deltaBase(oid: Oid): Promise<Oid> {
    for await (const [, { baseOid }] of this.#files.objects.readEntries([oid])) {
      if (baseOid !== undefined) return baseOid;
    }
    return this.#repository.algorithm.zeroOid;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x09;
}

type BatchCommand = { readonly name: 'flush' } | { readonly name: 'contents' | 'info'; readonly argument: Uint8Array };

function parseCommand(line: Uint8Array): BatchCommand {
  const text = decodeUtf8(line);
  if (text === '') throw new CommandError('empty command in input');
  if (/^\s/.test(text)) throw new CommandError(`whitespace before command: '${text}'`);
  for (const name of ['contents', 'info', 'flush'] as const) {
    if (!text.startsWith(name)) continue;
    if (name !== 'flush') {
      if (text[name.length] !== ' ') throw new CommandError(`${name} requires arguments`);
      return { name, argument: line.subarray(name.length + 1) };
    }
    if (text !== name) throw new CommandError('flush takes no arguments');
    return { name };
  }
  throw new CommandError(`unknown command: '${text}'`);
}
