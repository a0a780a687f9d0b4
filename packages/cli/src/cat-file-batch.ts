import { decodeUtf8, isGitError, type Oid } from '@git-kv/objects';
import { findRevision } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { BufferedOutput } from './buffered-output.js';
import type { BatchField, BatchFormat } from './cat-file-format.js';
import { CommandError, type Console } from './console.js';
import { readLines, readRecords } from './input.js';

/** Objects asked of the store in one call. */
const BATCH_OBJECTS = 512;
const CR = 0x0d;
const SPACE = 0x20;

/** How a batch reads and prints. */
export interface BatchOptions {
  readonly format: BatchFormat;
  /** Gather output, and with `--batch-command` wait for `flush`. */
  readonly buffer: boolean;
  /** Input ends with NUL, not LF. */
  readonly nul: boolean;
}

/** `cat-file --batch` and its kin: names come in, what is asked of the objects goes out. */
export class Batch {
  readonly #repository: FileRepository;
  readonly #console: Console;
  readonly #options: BatchOptions;
  readonly #output: BufferedOutput;

  constructor(repository: FileRepository, console: Console, options: BatchOptions) {
    this.#repository = repository;
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

  /** `--batch-all-objects`: every object in the repository, sorted by its id. */
  async all(withBody: boolean): Promise<void> {
    const { signal } = this.#console;
    let oids: Oid[] = [];
    const print = async (): Promise<void> => {
      if (withBody) await this.#bodies(oids);
      else for (const oid of oids) await this.#info(oid);
      oids = [];
    };
    for await (const oid of this.#repository.objects.oids({ signal })) {
      oids.push(oid);
      if (oids.length === BATCH_OBJECTS) await print();
    }
    await print();
    await this.#output.flush();
  }

  async *#lines(): AsyncGenerator<Uint8Array> {
    if (this.#options.nul) return yield* readRecords(this.#console.stdin, 0);
    for await (const line of readLines(this.#console.stdin)) yield line.at(-1) === CR ? line.subarray(0, -1) : line;
  }

  async #bodies(oids: readonly Oid[]): Promise<void> {
    const { signal } = this.#console;
    const read = new Map<Oid, { kind: string; body: Uint8Array }>();
    for await (const [oid, object] of this.#repository.objects.readMany(oids, { signal })) {
      if (object) read.set(oid, object);
    }
    for (const oid of oids) {
      const object = read.get(oid);
      if (object === undefined) continue;
      await this.#head(oid, object.kind, object.body.length, '');
      await this.#output.write(object.body);
      await this.#output.write('\n');
    }
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
    const { signal } = this.#console;
    if (oid !== undefined && withBody) {
      const object = await this.#repository.objects.read(oid, { signal });
      if (object !== undefined) {
        await this.#head(oid, object.kind, object.body.length, rest);
        await this.#output.write(object.body);
        await this.#output.write('\n');
        return;
      }
    } else if (oid !== undefined) {
      const stat = await this.#repository.objects.stat(oid, { signal });
      if (stat !== undefined) return await this.#head(oid, stat.kind, stat.size, rest);
    }
    await this.#without(name, 'missing');
  }

  async #without(name: Uint8Array, why: 'missing' | 'ambiguous'): Promise<void> {
    await this.#output.write(name);
    await this.#output.write(` ${why}\n`);
  }

  async #head(oid: Oid, kind: string, size: number, rest: string): Promise<void> {
    const { fields, parts } = this.#options.format;
    const values: Record<BatchField, string> = {
      objectname: oid,
      objecttype: kind,
      objectsize: String(size),
      'objectsize:disk': fields.has('objectsize:disk')
        ? String((await this.#repository.objects.storedSize(oid)) ?? 0)
        : '',
      deltabase: fields.has('deltabase') ? await this.#deltaBase(oid) : '',
      rest,
    };
    await this.#output.write(`${parts.map((part) => ('text' in part ? part.text : values[part.field])).join('')}\n`);
  }

  /** What the object is stored as a delta of; zeros where it is stored whole. */
  async #deltaBase(oid: Oid): Promise<Oid> {
    for await (const [, { baseOid }] of this.#repository.objects.readEntries([oid])) {
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
