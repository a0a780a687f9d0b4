import { decodeUtf8, isGitError, isObjectKind, type Oid } from '@git-kv/objects';
import { findRevision, peelTo, type Repository } from '@git-kv/repository';
import { CommandError, type Console, UsageError } from '../console.js';
import { readLines } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { listTree } from './ls-tree.js';

const DEFAULT_FORMAT = '%(objectname) %(objecttype) %(objectsize)';
/** Bytes gathered before a write with --buffer, and objects asked of the store in one call. */
const BUFFER_BYTES = 1 << 16;
const BATCH_OBJECTS = 512;

/** git-cat-file(1). */
export const catFileCommand: Command = {
  usage:
    'cat-file (-t | -s | -e | -p) <object>\n' +
    'cat-file <type> <object>\n' +
    'cat-file (--batch | --batch-check)[=<format>] [--batch-all-objects] [--buffer] [--unordered]',
  async run(args, console) {
    const { format, rest, withBody } = takeBatchOption(args);
    const { values, positionals } = parseOptions(rest, {
      t: { type: 'boolean', short: 't', default: false },
      s: { type: 'boolean', short: 's', default: false },
      e: { type: 'boolean', short: 'e', default: false },
      p: { type: 'boolean', short: 'p', default: false },
      'batch-all-objects': { type: 'boolean', default: false },
      buffer: { type: 'boolean', default: false },
      unordered: { type: 'boolean', default: false },
    });
    return await using(openHere(console), async (repository) => {
      if (format !== undefined) {
        if (positionals.length > 0) throw new UsageError('error: a batch takes no arguments');
        const batch = new Batch(repository, console, { format: parseFormat(format), withBody, buffer: values.buffer });
        await (values['batch-all-objects'] ? batch.all() : batch.fromInput());
        return 0;
      }
      const modes = (['t', 's', 'e', 'p'] as const).filter((mode) => values[mode]);
      const expected = modes.length === 0 ? 2 : 1;
      if (modes.length > 1 || positionals.length !== expected)
        throw new UsageError('error: one mode and one object are needed');
      return await show(repository, console, modes[0] ?? (positionals[0] as string), positionals.at(-1) as string);
    });
  },
};

/** `--batch` and `--batch-check` take their format only after an equals sign, which parseArgs cannot say. */
function takeBatchOption(args: readonly string[]): { format?: string; withBody: boolean; rest: string[] } {
  const rest: string[] = [];
  let format: string | undefined;
  let withBody = false;
  for (const arg of args) {
    const match = /^--(batch|batch-check)(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      rest.push(arg);
      continue;
    }
    if (format !== undefined) throw new UsageError('error: only one batch option may be specified');
    format = match[2] ?? DEFAULT_FORMAT;
    withBody = match[1] === 'batch';
  }
  return { ...(format === undefined ? {} : { format }), withBody, rest };
}

async function show(repository: Repository, console: Console, mode: string, revision: string): Promise<number> {
  const oid = await findRevision(repository, revision);
  const stat = oid === undefined ? undefined : await repository.objects.stat(oid);
  // A whole object id names something even where there is no such object: `-e` says so without words.
  if (mode === 'e' && oid !== undefined) return stat === undefined ? 1 : 0;
  if (oid === undefined || stat === undefined) throw new CommandError(`Not a valid object name ${revision}`);
  if (mode === 't') await console.stdout.write(`${stat.kind}\n`);
  else if (mode === 's') await console.stdout.write(`${stat.size}\n`);
  else if (mode === 'p' && stat.kind === 'tree') await listTree(repository, oid, console);
  else if (mode === 'p') await writeBody(repository, oid, console);
  else {
    if (!isObjectKind(mode)) throw new CommandError(`invalid object type "${mode}"`);
    const peeled = await peelTo(repository, oid, mode);
    if (peeled === undefined) throw new CommandError(`git cat-file ${revision}: bad file`);
    await writeBody(repository, peeled, console);
  }
  return 0;
}

async function writeBody(repository: Repository, oid: Oid, console: Console): Promise<void> {
  const opened = await repository.objects.open(oid, { signal: console.signal });
  if (opened === undefined) throw new CommandError(`Not a valid object name ${oid}`);
  for await (const chunk of opened.body) await console.stdout.write(chunk);
}

type Field = 'objectname' | 'objecttype' | 'objectsize' | 'rest';
type Part = { readonly text: string } | { readonly field: Field };

function parseFormat(format: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of format.matchAll(/%\(([^)]*)\)|%%/g)) {
    if (match.index > at) parts.push({ text: format.slice(at, match.index) });
    const field = match[1];
    if (field === undefined) parts.push({ text: '%' });
    else if (field === 'objectname' || field === 'objecttype' || field === 'objectsize' || field === 'rest')
      parts.push({ field });
    else throw new CommandError(`unknown format element: ${field}`);
    at = match.index + match[0].length;
  }
  if (at < format.length) parts.push({ text: format.slice(at) });
  return parts;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

interface BatchOptions {
  readonly format: readonly Part[];
  readonly withBody: boolean;
  readonly buffer: boolean;
}

class Batch {
  readonly #repository: Repository;
  readonly #console: Console;
  readonly #options: BatchOptions;
  readonly #splits: boolean;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(repository: Repository, console: Console, options: BatchOptions) {
    this.#repository = repository;
    this.#console = console;
    this.#options = options;
    this.#splits = options.format.some((part) => 'field' in part && part.field === 'rest');
  }

  async fromInput(): Promise<void> {
    for await (const bytes of readLines(this.#console.stdin)) {
      const space = this.#splits ? bytes.findIndex(isBlank) : -1;
      if (space < 0) await this.#one(bytes, '');
      else {
        const rest = bytes.subarray(space).findIndex((byte) => !isBlank(byte));
        await this.#one(bytes.subarray(0, space), rest < 0 ? '' : decodeUtf8(bytes.subarray(space + rest)));
      }
      if (!this.#options.buffer) await this.#flush();
    }
    await this.#flush();
  }

  async all(): Promise<void> {
    const { signal } = this.#console;
    let oids: Oid[] = [];
    const print = async (): Promise<void> => {
      if (this.#options.withBody) await this.#bodies(oids);
      else {
        for (const oid of oids) {
          const stat = await this.#repository.objects.stat(oid, { signal });
          if (stat) await this.#head(oid, stat.kind, stat.size, '');
        }
      }
      oids = [];
    };
    for await (const oid of this.#repository.objects.oids({ signal })) {
      oids.push(oid);
      if (oids.length === BATCH_OBJECTS) await print();
    }
    await print();
    await this.#flush();
  }

  async #bodies(oids: readonly Oid[]): Promise<void> {
    const { signal } = this.#console;
    const read = new Map<Oid, { kind: string; body: Uint8Array }>();
    for await (const [oid, object] of this.#repository.objects.readMany(oids, { signal }))
      if (object) read.set(oid, object);
    for (const oid of oids) {
      const object = read.get(oid);
      if (object === undefined) continue;
      await this.#head(oid, object.kind, object.body.length, '');
      await this.#put(object.body);
      await this.#put('\n');
    }
  }

  /** @param name as it was read: names of paths need not be UTF-8 */
  async #one(name: Uint8Array, rest: string): Promise<void> {
    let oid: Oid | undefined;
    try {
      oid = await findRevision(this.#repository, decodeUtf8(name));
    } catch (error) {
      if (isGitError(error, 'AMBIGUOUS_REVISION')) return await this.#without(name, 'ambiguous');
      if (isGitError(error, 'UNSUPPORTED')) await this.#console.stderr.write(`error: ${error.message}\n`);
      else if (!isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
    }
    const { signal } = this.#console;
    if (oid !== undefined && this.#options.withBody) {
      const object = await this.#repository.objects.read(oid, { signal });
      if (object !== undefined) {
        await this.#head(oid, object.kind, object.body.length, rest);
        await this.#put(object.body);
        await this.#put('\n');
        return;
      }
    } else if (oid !== undefined) {
      const stat = await this.#repository.objects.stat(oid, { signal });
      if (stat !== undefined) {
        await this.#head(oid, stat.kind, stat.size, rest);
        return;
      }
    }
    await this.#without(name, 'missing');
  }

  async #without(name: Uint8Array, why: 'missing' | 'ambiguous'): Promise<void> {
    await this.#put(name);
    await this.#put(` ${why}\n`);
  }

  async #head(oid: Oid, kind: string, size: number, rest: string): Promise<void> {
    const values: Readonly<Record<Field, string>> = {
      objectname: oid,
      objecttype: kind,
      objectsize: String(size),
      rest,
    };
    await this.#put(
      `${this.#options.format.map((part) => ('text' in part ? part.text : values[part.field])).join('')}\n`,
    );
  }

  async #put(chunk: Uint8Array | string): Promise<void> {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= BUFFER_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const chunk =
      this.#pending.length === 1 ? (this.#pending[0] as Uint8Array) : new Uint8Array(Buffer.concat(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#console.stdout.write(chunk);
  }
}
