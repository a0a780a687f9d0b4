import { checkRefName, encodeUtf8, isSafeRefName, type Oid } from '@git-kv/objects';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { findNamed } from './find-named.js';
import { readWholeRecords } from './input.js';
import { unquotePath } from './quote.js';
import { type HeldUpdates, holdUpdates, type LogWish, type WantedUpdate } from './ref-updates.js';

/** How the commands of a script are read and carried out. */
export interface UpdateScriptOptions {
  readonly log: LogWish;
  readonly noDeref: boolean;
  /** Fields end with NUL instead of white space. */
  readonly nul: boolean;
}

/** How far a script is: git lets some commands follow only on others. */
const State = { open: 0, started: 1, prepared: 2, closed: 3 } as const;

/** The commands, with their number of arguments and what they bring about. */
const COMMANDS = [
  { name: 'update', fields: 3, state: State.open },
  { name: 'create', fields: 2, state: State.open },
  { name: 'delete', fields: 2, state: State.open },
  { name: 'verify', fields: 2, state: State.open },
  { name: 'option', fields: 1, state: State.open },
  { name: 'start', fields: 0, state: State.started },
  { name: 'prepare', fields: 0, state: State.prepared },
  { name: 'abort', fields: 0, state: State.closed },
  { name: 'commit', fields: 0, state: State.closed },
] as const;
type ScriptCommand = (typeof COMMANDS)[number];

/** The commands that `git update-ref --stdin` takes, one after the other. @see git-update-ref(1) */
export class UpdateScript {
  readonly #repository: FileRepository;
  readonly #console: Console;
  readonly #options: UpdateScriptOptions;
  #state: number = State.open;
  #wanted: WantedUpdate[] = [];
  #held: HeldUpdates | undefined;
  #noDeref: boolean;

  constructor(repository: FileRepository, console: Console, options: UpdateScriptOptions) {
    this.#repository = repository;
    this.#console = console;
    this.#options = options;
    this.#noDeref = options.noDeref;
  }

  /** Carry out standard input. What is not committed when it ends is undone, unless no transaction was started. */
  async run(): Promise<void> {
    const terminator = this.#options.nul ? 0 : LF;
    const records = readWholeRecords(this.#console.stdin, terminator);
    const next = async (): Promise<string> =>
      new TextDecoder().decode((await records.next()).value ?? new Uint8Array());
    try {
      for (let text = await next(); text !== ''; text = await next()) {
        const command = this.#commandOf(text);
        for (let more = 1; this.#options.nul && more < command.fields; more++) text += await next();
        this.#advance(command);
        await this.#perform(command, text);
      }
      if (this.#state !== State.open) return;
      await (await this.#hold()).commit();
      this.#held = undefined;
    } finally {
      await this.#held?.abort();
    }
  }

  #commandOf(text: string): ScriptCommand {
    const end = this.#options.nul ? '\0' : '\n';
    if (text[0] === end) throw new CommandError('empty command in input');
    if (isSpace(text[0])) throw new CommandError(`whitespace before command: ${upToNul(text)}`);
    const command = COMMANDS.find(
      ({ name, fields }) => text.startsWith(name) && (text[name.length] ?? '\0') === (fields > 0 ? ' ' : end),
    );
    if (command === undefined) throw new CommandError(`unknown command: ${upToNul(text)}`);
    return command;
  }

  #advance({ state }: ScriptCommand): void {
    if (this.#state === State.started && state === State.started)
      throw new CommandError('cannot restart ongoing transaction');
    if (this.#state === State.prepared && state !== State.closed)
      throw new CommandError('prepared transactions can only be closed');
    if (this.#state === State.closed) {
      if (state !== State.started) throw new CommandError('transaction is closed');
      this.#state = state;
    } else if (state > this.#state) this.#state = state;
  }

  async #perform({ name, fields }: ScriptCommand, text: string): Promise<void> {
    const reader = new FieldReader(
      this.#repository,
      this.#console,
      text,
      name.length + (fields > 0 ? 1 : 0),
      this.#options.nul,
    );
    switch (name) {
      case 'option':
        if (reader.rest() !== `no-deref${this.#options.nul ? '' : '\n'}`)
          throw new CommandError(`option unknown: ${reader.rest()}`);
        this.#noDeref = true;
        return;
      case 'update':
      case 'create':
      case 'delete':
      case 'verify':
        this.#wanted.push({ ...(await readUpdate(reader, name)), noDeref: this.#noDeref });
        this.#noDeref = this.#options.noDeref;
        return;
    }
    if (!reader.isAtEnd()) throw new CommandError(`${name}: extra input: ${reader.rest()}`);
    try {
      if (name === 'prepare') this.#held = await this.#hold();
      if (name === 'commit') await (await this.#hold()).commit();
      if (name === 'abort') await this.#held?.abort();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(`${name}: ${error.message}`, { cause: error });
    } finally {
      if (name === 'commit' || name === 'abort') {
        this.#held = undefined;
        this.#wanted = [];
      }
    }
    await this.#console.stdout.write(`${name}: ok\n`);
  }

  async #hold(): Promise<HeldUpdates> {
    return this.#held ?? (await holdUpdates(this.#repository, this.#console, this.#wanted, this.#options.log));
  }
}

async function readUpdate(
  reader: FieldReader,
  command: 'update' | 'create' | 'delete' | 'verify',
): Promise<Omit<WantedUpdate, 'noDeref'>> {
  const name = reader.refName();
  if (name === undefined) throw new CommandError(`${command}: missing <ref>`);
  const what = `${command} ${name}`;
  let newOid: Oid | null | undefined;
  let oldOid: Oid | null | undefined;
  if (command === 'update' || command === 'create') {
    const given = await reader.oid(what, 'newvalue', command === 'update');
    if (given === undefined) throw new CommandError(`${what}: missing <newvalue>`);
    if (given === null && command === 'create') throw new CommandError(`${what}: zero <newvalue>`);
    newOid = given;
    if (command === 'create') oldOid = null;
  }
  if (command !== 'create') oldOid = await reader.oid(what, 'oldvalue', false);
  if (command === 'delete') {
    if (oldOid === null) throw new CommandError(`${what}: zero <oldvalue>`);
    newOid = null;
  }
  if (command === 'verify') oldOid ??= null;
  if (!reader.isAtEnd()) throw new CommandError(`${what}: extra input: ${reader.rest()}`);
  if (!isSafeRefName(name)) throw new CommandError(`refusing to update ref with bad name '${name}'`);
  return { name, newOid, oldOid };
}

const LF = 0x0a;

/** The arguments of one command: words, maybe in C quotes, with a space between; or fields that end with NUL. */
class FieldReader {
  readonly #repository: FileRepository;
  readonly #console: Console;
  readonly #text: string;
  readonly #nul: boolean;
  #at: number;

  constructor(repository: FileRepository, console: Console, text: string, at: number, nul: boolean) {
    this.#repository = repository;
    this.#console = console;
    this.#text = text;
    this.#at = at;
    this.#nul = nul;
  }

  /** `undefined` where it is missing. */
  refName(): string | undefined {
    const name = this.#nul ? this.#toNul() : this.#word();
    if (name === '') return undefined;
    if (!checkRefName(name, { allowOneLevel: true })) throw new CommandError(`invalid ref format: ${name}`);
    return name;
  }

  /** `null` for zeros, `undefined` where it is missing. */
  async oid(what: string, field: 'newvalue' | 'oldvalue', allowEmpty: boolean): Promise<Oid | null | undefined> {
    const word = this.#nul ? await this.#oidField(what, field, allowEmpty) : this.#oidWord(what, field);
    if (word === undefined || word === null) return word;
    const oid = await findNamed(this.#repository, word);
    if (oid === undefined) throw new CommandError(`${what}: invalid <${field}>: ${word}`);
    return oid === this.#repository.algorithm.zeroOid ? null : oid;
  }

  isAtEnd(): boolean {
    return this.#char() === (this.#nul ? '\0' : '\n');
  }

  /** What was not read yet, as git shows it. */
  rest(): string {
    return upToNul(this.#text.slice(this.#at));
  }

  #oidWord(what: string, field: string): string | null | undefined {
    if (this.#at >= this.#text.length) throw this.#cutShort(what, field);
    if (this.isAtEnd() || this.#char() === '\0') return undefined;
    if (this.#char() !== ' ') throw new CommandError(`${what}: expected SP but got: ${this.rest()}`);
    this.#at++;
    return this.#word() || null;
  }

  async #oidField(what: string, field: string, allowEmpty: boolean): Promise<string | null | undefined> {
    if (this.#at >= this.#text.length) throw this.#cutShort(what, field);
    this.#at++;
    if (this.#at >= this.#text.length) throw this.#cutShort(what, field);
    const word = this.#toNul();
    if (word !== '') return word;
    if (!allowEmpty) return undefined;
    await this.#console.stderr.write(`warning: ${what}: missing <${field}>, treating as zero\n`);
    return null;
  }

  #cutShort(what: string, field: string): CommandError {
    return new CommandError(`${what}: unexpected end of input when reading <${field}>`);
  }

  #char(): string {
    return this.#text[this.#at] ?? '\0';
  }

  #toNul(): string {
    const word = this.rest();
    this.#at += word.length;
    return word;
  }

  #word(): string {
    const rest = this.rest();
    if (!rest.startsWith('"')) {
      const word = (/^\S*/.exec(rest) as RegExpExecArray)[0];
      this.#at += word.length;
      return word;
    }
    const quoted = /^"(?:[^"\\]|\\.)*"/s.exec(rest)?.[0];
    const bytes = quoted === undefined ? undefined : unquotePath(encodeUtf8(quoted));
    if (quoted === undefined || bytes === undefined) throw new CommandError(`badly quoted argument: ${rest}`);
    this.#at += quoted.length;
    if (this.rest() !== '' && !isSpace(this.#char()))
      throw new CommandError(`unexpected character after quoted argument: ${rest}`);
    return new TextDecoder().decode(bytes);
  }
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && /[ \t\n\v\f\r]/.test(char);
}

function upToNul(text: string): string {
  return text.split('\0', 1)[0] as string;
}
