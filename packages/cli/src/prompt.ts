import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type GitKv, Key, type KvBatch, type KvReader, keyNotFound } from '@git-kv/kv';
import { decodeUtf8, encodeUtf8, isGitError } from '@git-kv/objects';
import { ClosedPipeError, type Console } from './console.js';
import { hexdump } from './hexdump.js';
import { ioError, readLines } from './input.js';
import { plain } from './program.js';

/** What a line may change: the store itself, or, between `fold` and `quit`, the batch. */
type Target = GitKv | KvBatch;

/** A line's command, its arguments, and the line after the command as it was typed. */
interface Line {
  readonly words: readonly string[];
  readonly text: string;
}

/** Commands of the original that this version does not have yet. */
const NOT_YET = new Set(['get-with-permissions', 'set-with-permissions', 'set_partial', 'allocate', 'rename']);

const HELP = `get KEY                the value, as a hex dump
exists KEY             whether there is a value or a dictionary
set KEY VALUE          one commit, pushed; VALUE may be "quoted", with \\n and the like
remove KEY             a value, or a dictionary with all in it
list KEY               what is directly in a dictionary
mtime KEY              time of the last commit
digest KEY             the git object id, in base64
size KEY               bytes of the value
pull                   take over what others pushed, and show it: + added, - removed, * changed
fold ... quit          fold the changes in between into one commit
save FILE              write the store to a file that mgit starts from again
quit                   end
`;

/**
 * The prompt on a store: a line is a command, errors are told and the next line is read, until `quit` or the end of the input.
 * Commands and their output are those of the original mgit.
 */
export class Prompt {
  readonly #console: Console;
  readonly #store: GitKv;
  readonly #lines: AsyncIterator<Uint8Array>;
  readonly #isTerminal: boolean;
  #isAtEnd = false;

  constructor(console: Console, store: GitKv) {
    this.#console = console;
    this.#store = store;
    this.#lines = readLines(console.stdin)[Symbol.asyncIterator]();
    this.#isTerminal = console.stdin.isTTY === true;
  }

  async run(): Promise<void> {
    await this.#loop(this.#store);
  }

  async #loop(target: Target): Promise<void> {
    for (;;) {
      this.#console.signal.throwIfAborted();
      if (this.#isTerminal) await this.#console.stdout.write('# ');
      const line = await this.#read();
      if (line === undefined || (line.words.length === 1 && line.words[0] === 'quit')) return;
      if (line.words.length === 0) continue;
      try {
        await this.#execute(target, line);
      } catch (error) {
        if (error instanceof ClosedPipeError || this.#console.signal.aborted) throw error;
        await this.#tell(error);
      }
    }
  }

  async #read(): Promise<Line | undefined> {
    const { done, value } = await this.#lines.next();
    if (done) {
      // Ctrl-D leaves the cursor behind the prompt.
      if (this.#isTerminal && !this.#isAtEnd) await this.#print('\n');
      this.#isAtEnd = true;
      return undefined;
    }
    const text = decodeUtf8(value).replace(/\r$/, '');
    return { words: text.split(' ').filter((word) => word !== ''), text };
  }

  async #execute(target: Target, line: Line): Promise<void> {
    const [command, ...args] = line.words as [string, ...string[]];
    const [first] = args;
    // Without a value: an empty one, as the original takes it.
    if (command === 'set' && first !== undefined) return await this.#set(target, key(first), setValue(line));
    if (args.length === 0) {
      if (command === 'pull') return await this.#pull();
      if (command === 'fold') return await this.#fold(target);
      if (command === 'help') return await this.#print(HELP);
    }
    if (args.length === 1 && first !== undefined) {
      if (command === 'save') return await this.#save(first);
      if (command === 'remove') return await this.#remove(target, key(first));
      const read = READERS[command];
      if (read !== undefined) return await this.#print(await read(target, key(first)));
    }
    if (NOT_YET.has(command)) await this.#complain(`Not available yet: ${command}.`);
    else await this.#complain('Invalid command.');
  }

  /** Everything up to the next `quit` goes into one commit. */
  async #fold(target: Target): Promise<void> {
    const { signal } = this.#console;
    await target.changeAndPush((batch: KvBatch) => this.#loop(batch), { signal });
  }

  /** A batch has nothing to wait for; the store pushes, which Ctrl-C ends. */
  async #set(target: Target, key: Key, value: Uint8Array): Promise<void> {
    if (target !== this.#store) await target.set(key, value);
    else await this.#store.set(key, value, { signal: this.#console.signal });
  }

  async #remove(target: Target, key: Key): Promise<void> {
    if (target !== this.#store) await target.remove(key);
    else await this.#store.remove(key, { signal: this.#console.signal });
  }

  async #pull(): Promise<void> {
    if (this.#isTerminal) await this.#print('\n');
    const signs = { add: '+', remove: '-', change: '*' } as const;
    const changes = await this.#store.pull({ directories: true, signal: this.#console.signal });
    for (const { kind, key } of changes) await this.#print(`${signs[kind]} ${key.format()}\n`);
  }

  async #save(name: string): Promise<void> {
    const state = this.#store.toOctets({ format: 'pack' });
    try {
      await writeWhole(resolve(this.#console.cwd, name), state);
    } catch (error) {
      throw isGitError(error) ? error : ioError(`could not write '${name}'`, error);
    }
    if (this.#isTerminal) await this.#print('\n');
  }

  async #print(text: string): Promise<void> {
    await this.#console.stdout.write(text);
  }

  async #complain(text: string): Promise<void> {
    await this.#console.stderr.write(`${text}\n`);
  }

  async #tell(error: unknown): Promise<void> {
    if (!(error instanceof Error)) throw error;
    if (!isGitError(error) && error.name !== 'CommandError') throw error;
    const code = isGitError(error) ? ` [${error.code}]` : '';
    await this.#complain(`${plain(error.message)}.${code}`);
  }
}

/** Under a temporary name first: what stood in the file stays until the new content is whole. Links are followed. */
async function writeWhole(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const existing = await stat(target).catch(() => undefined);
  // A pipe or a device is written to; nothing may take its place.
  const isSpecial = existing !== undefined && !existing.isFile() && !existing.isDirectory();
  const temporary = isSpecial ? undefined : `${target}.tmp-${process.pid}`;
  try {
    const file = await open(temporary ?? target, temporary === undefined ? 'w' : 'wx');
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      if (temporary !== undefined) await file.sync();
    } finally {
      await file.close();
    }
    if (temporary !== undefined) await rename(temporary, target);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw error;
  }
}

/** The commands that read one key and print. */
const READERS: Readonly<Record<string, (store: KvReader, key: Key) => Promise<string>>> = {
  async get(store, key) {
    return hexdump(found(key, await store.get(key))) || '\n';
  },
  async exists(store, key) {
    const kind = await store.exists(key);
    return kind === undefined ? `${key.format()} does not exists\n` : `${key.format()} exists as a ${kind}\n`;
  },
  async list(store, key) {
    const entries = found(key, await store.list(key));
    return entries.map((entry) => `${entry.kind === 'dictionary' ? 'd' : '-'} ${entry.key.format()}\n`).join('');
  },
  async mtime(store, key) {
    const seconds = found(key, await store.lastModified(key));
    return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} +00:00\n`;
  },
  async digest(store, key) {
    return `${Buffer.from(found(key, await store.digest(key))).toString('base64')}\n`;
  },
  async size(store, key) {
    return `${found(key, await store.size(key))}\n`;
  },
};

/** The prompt takes absence for an error, as the original does. */
function found<T>(key: Key, value: T | undefined): T {
  if (value === undefined) throw keyNotFound(key);
  return value;
}

function key(text: string): Key {
  return Key.of(text);
}

/** The value of a `set` line: a quoted string with escapes, or else the rest of the line as typed. */
function setValue(line: Line): Uint8Array {
  const text = /^ *\S+ +\S+ +(.*?) *$/s.exec(line.text)?.[1] ?? '';
  return parseQuoted(text) ?? encodeUtf8(text);
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  b: 8,
  '"': 34,
  "'": 39,
  '\\': 92,
  ' ': 32,
};

/**
 * A string in double quotes, with the escapes of OCaml: `\n \t \r \b \" \' \\ \ddd \xhh \oddd`. `undefined` where `text` is not
 * one whole string of that form.
 */
export function parseQuoted(text: string): Uint8Array | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  const bytes: number[] = [];
  const pattern = /\\(?:([ntrb"'\\ ])|(\d{3})|x([0-9a-fA-F]{2})|o([0-3][0-7]{2}))|([^"\\]+)/suy;
  for (pattern.lastIndex = 1; pattern.lastIndex < text.length - 1; ) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const [, simple, decimal, hex, octal, plain] = match;
    if (plain !== undefined) bytes.push(...encodeUtf8(plain));
    else if (simple !== undefined) bytes.push(SIMPLE_ESCAPES[simple] as number);
    else {
      const byte = Number.parseInt(
        (decimal ?? hex ?? octal) as string,
        decimal !== undefined ? 10 : hex !== undefined ? 16 : 8,
      );
      if (byte > 255) return undefined;
      bytes.push(byte);
    }
  }
  return pattern.lastIndex === text.length - 1 ? Uint8Array.from(bytes) : undefined;
}
