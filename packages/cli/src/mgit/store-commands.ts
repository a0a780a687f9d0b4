import { Key, keyNotFound, type Permissions } from '@git-kv/kv';
import { type Answer, base64, LineError, showTime, valueJson } from './answer.js';
import { type Call, type PromptCommand, silent } from './command.js';
import { hexdump } from './hexdump.js';
import { parseInteger } from './line.js';

/** What is said of permissions, as the original has it. */
const PERMISSIONS: Readonly<Record<Permissions, string>> = {
  normal: 'normal file',
  exec: 'executable file',
  everybody: 'world-readable file',
  link: 'symbolic link',
};

/** How they are typed. */
export const PERMISSION_LETTERS: ReadonlyMap<string, Permissions> = new Map([
  ['n', 'normal'],
  ['x', 'exec'],
  ['a', 'everybody'],
  ['l', 'link'],
]);

/** The commands that read and write keys. */
export const STORE_COMMANDS: Readonly<Record<string, PromptCommand>> = {
  get: {
    synopsis: 'KEY',
    summary: 'the value, as a hex dump',
    takes: ['key'],
    async run({ target, line, signal }) {
      const key = keyAt(line.words, 1);
      const value = found(key, await target.get(key, { signal }));
      return { text: dump(value), json: { key, ...valueJson(value) } };
    },
  },
  'get-with-permissions': {
    synopsis: 'KEY',
    summary: 'the same, and what kind of file it is; of a link, where it leads',
    takes: ['key'],
    async run({ target, line, signal }) {
      const key = keyAt(line.words, 1);
      const { permissions, value } = found(key, await target.getWithPermissions(key, { signal }));
      return { text: dump(value, `${PERMISSIONS[permissions]}\n`), json: { key, permissions, ...valueJson(value) } };
    },
  },
  exists: {
    synopsis: 'KEY',
    summary: 'whether there is a value or a dictionary',
    takes: ['key'],
    async run({ target, line }) {
      const key = keyAt(line.words, 1);
      const kind = await target.exists(key);
      const text = kind === undefined ? 'does not exists' : `exists as a ${kind}`; // as the original spells it
      return { text: `${key.format()} ${text}\n`, json: { key, kind: kind ?? null } };
    },
  },
  set: {
    synopsis: 'KEY VALUE',
    summary: 'one commit, pushed; VALUE may be "quoted", with \\n and the like',
    takes: ['key', 'other'],
    least: 1,
    isOpen: true,
    async run(call) {
      const key = keyAt(call.line.words, 1);
      const value = call.line.valueFrom(2);
      await call.target.set(key, value, { signal: call.signal });
      return written(call, { key });
    },
  },
  set_partial: {
    synopsis: 'KEY OFFSET VALUE',
    summary: 'write into a value from a byte on',
    takes: ['key', 'other', 'other'],
    least: 2,
    isOpen: true,
    async run(call) {
      const key = keyAt(call.line.words, 1);
      const at = { offset: bytesOf(call.line.words[2] as string, 'offset') };
      const value = call.line.valueFrom(3);
      await call.target.setPartial(key, at, value, { signal: call.signal });
      return written(call, { key });
    },
  },
  'set-with-permissions': {
    synopsis: 'KEY n|x|a|l VALUE',
    summary: 'set a normal file, an executable, one that everybody may read, or a link',
    takes: ['key', 'permissions', 'other'],
    least: 2,
    isOpen: true,
    async run(call) {
      const key = keyAt(call.line.words, 1);
      const letter = call.line.words[2] as string;
      const permissions = PERMISSION_LETTERS.get(letter);
      if (permissions === undefined) {
        const message = `Unknown permission ${JSON.stringify(letter)}, assuming "n" (normal).\n`;
        await call.console.stderr.write(message);
      }
      const value = call.line.valueFrom(3);
      const how = { permissions: permissions ?? 'normal' };
      await call.target.set(key, value, { ...how, signal: call.signal });
      return written(call, { key, ...how });
    },
  },
  allocate: {
    synopsis: 'KEY SIZE',
    summary: 'a new value of so many zero bytes',
    takes: ['key', 'other'],
    async run(call) {
      const key = keyAt(call.line.words, 1);
      const size = bytesOf(call.line.words[2] as string, 'size');
      await call.target.allocate(key, size, { signal: call.signal });
      return written(call, { key, size });
    },
  },
  remove: {
    synopsis: 'KEY',
    summary: 'a value, or a dictionary with all in it',
    takes: ['key'],
    async run(call) {
      const key = keyAt(call.line.words, 1);
      await call.target.remove(key, { signal: call.signal });
      return written(call, { key });
    },
  },
  rename: {
    synopsis: 'KEY KEY',
    summary: 'move a value or a dictionary; into a dictionary that is there',
    takes: ['key', 'key'],
    async run(call) {
      const source = keyAt(call.line.words, 1);
      const destination = keyAt(call.line.words, 2);
      await call.target.rename(source, destination, { signal: call.signal });
      return written(call, { source, destination });
    },
  },
  list: {
    synopsis: 'KEY',
    summary: 'what is directly in a dictionary',
    takes: ['key'],
    async run({ target, line }) {
      const key = keyAt(line.words, 1);
      const entries = found(key, await target.list(key));
      const rows = entries.map((entry) => `${entry.kind === 'dictionary' ? 'd' : '-'} ${entry.key.format()}\n`);
      return { text: rows, json: { key, entries } };
    },
  },
  mtime: {
    synopsis: 'KEY',
    summary: 'time of the last commit',
    takes: ['key'],
    async run({ target, line }) {
      const key = keyAt(line.words, 1);
      const seconds = found(key, await target.lastModified(key));
      return { text: `${showTime(seconds)}\n`, json: { key, seconds } };
    },
  },
  digest: {
    synopsis: 'KEY',
    summary: 'the git object id, in base64',
    takes: ['key'],
    async run({ target, line }) {
      const key = keyAt(line.words, 1);
      const digest = base64(found(key, await target.digest(key)));
      return { text: `${digest}\n`, json: { key, digest } };
    },
  },
  size: {
    synopsis: 'KEY',
    summary: 'bytes of the value',
    takes: ['key'],
    async run({ target, line }) {
      const key = keyAt(line.words, 1);
      const size = found(key, await target.size(key));
      return { text: `${size}\n`, json: { key, size } };
    },
  },
};

function keyAt(words: readonly string[], index: number): Key {
  return Key.of(words[index] as string);
}

/** The prompt takes absence for an error, as the original does. */
function found<T>(key: Key, value: T | undefined): T {
  if (value === undefined) throw keyNotFound(key);
  return value;
}

/** A row for every sixteen bytes, and an empty one where there are none. */
function* dump(value: Uint8Array, head = ''): Generator<string> {
  if (head !== '') yield head;
  if (value.length === 0) yield '\n';
  else yield* hexdump(value);
}

/** @throws {LineError} in the original's words */
function bytesOf(text: string, what: 'offset' | 'size'): number {
  const value = parseInteger(text);
  if (value === undefined) throw new LineError('INVALID_ARGUMENT', `Bad ${what} ${JSON.stringify(text)}`);
  if (value < 0) throw new LineError('INVALID_ARGUMENT', `Negative ${what} ${value}`);
  return value;
}

/** Nothing to say to a person; a program is told the commit that the store is at, inside of a batch `null`. */
function written({ store, target }: Call, json: Answer['json']): Answer {
  return silent({ ...json, commit: target === store ? (store.commit?.oid ?? null) : null });
}
