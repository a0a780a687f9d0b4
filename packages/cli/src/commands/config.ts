import { posixPattern } from '@git-kv/repository';
import type { ConfigEntry } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { editConfig } from '../config-edit.js';
import { canonicalKey, INVALID_KEY_EXIT_CODE, INVALID_PATTERN_EXIT_CODE, valueTest } from '../config-names.js';
import {
  allSources,
  type ConfigSource,
  localSource,
  namedSource,
  readSource,
  SOURCE_OPTIONS,
} from '../config-sources.js';
import { type ConfigType, formatTyped, oneType } from '../config-values.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import { ioError } from '../input.js';
import type { Command } from '../program.js';
import { quotePath } from '../quote.js';
import { findHere } from '../repository.js';

/** What can be asked for, with the least and the most arguments. */
const ACTIONS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  get: [1, 2],
  'get-all': [1, 2],
  'get-regexp': [1, 2],
  list: [0, 0],
  set: [2, 2],
  'set-all': [2, 3],
  add: [2, 2],
  'replace-all': [2, 3],
  unset: [1, 2],
  'unset-all': [1, 2],
  'rename-section': [2, 2],
  'remove-section': [1, 1],
};
const READS: readonly string[] = ['get', 'get-all', 'get-regexp', 'list'];
const TYPE_FLAGS = ['bool', 'int', 'bool-or-int', 'bool-or-str', 'path', 'expiry-date'];
const REFUSED = ['get-urlmatch', 'edit', 'get-color', 'get-colorbool'];

/** git-config(1). Files are read and changed one by one: includes are not followed. */
export const configCommand: Command = {
  usage:
    'config [<file-option>] [--type=<type>] [--fixed-value] [--show-origin] [--show-scope] [-z|--null] <name> [<value> [<value-pattern>]]\n' +
    'config [<file-option>] [--type=<type>] --add <name> <value>\n' +
    'config [<file-option>] [--type=<type>] [--fixed-value] --replace-all <name> <value> [<value-pattern>]\n' +
    'config [<file-option>] [--type=<type>] [--show-origin] [--show-scope] [-z|--null] [--fixed-value]\n' +
    ' (--get [--default=<value>] | --get-all | --get-regexp [--name-only]) <name> [<value-pattern>]\n' +
    'config [<file-option>] [--fixed-value] (--unset | --unset-all) <name> [<value-pattern>]\n' +
    'config [<file-option>] --rename-section <old-name> <new-name>\n' +
    'config [<file-option>] --remove-section <name>\n' +
    'config [<file-option>] [--show-origin] [--show-scope] [-z|--null] [--name-only] -l | --list',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS, { stopEarly: true });
    const action = actionOf(options);
    const type = typeOf(options);
    assertCombination(options, action);
    const repository = await findHere(console);
    try {
      const source = await namedSource(options, console, repository);
      if (READS.includes(action)) {
        const sources = source === undefined ? allSources(console, repository) : [source];
        return await new ConfigReading(console, options, {
          action,
          type,
          sources,
          isNamed: source !== undefined,
        }).run();
      }
      return await editConfig(console, writable(console, source, repository), {
        action,
        type,
        args: options.positionals,
        isFixed: options.has('fixed-value'),
      });
    } finally {
      await repository?.close();
    }
  },
};

const OPTIONS: readonly string[] = [
  ...SOURCE_OPTIONS,
  ...Object.keys(ACTIONS).filter((name) => name !== 'list' && !name.startsWith('set')),
  'list|l',
  ...TYPE_FLAGS,
  'type|t=',
  'null|z',
  'name-only',
  'includes',
  'show-origin',
  'show-scope',
  'fixed-value',
  'default=',
  'edit|e',
  ...REFUSED.filter((name) => name !== 'edit'),
];

function actionOf(options: GivenOptions): string {
  for (const name of REFUSED) if (options.has(name)) throw new CommandError(`--${name} is not supported`);
  if (options.has('includes')) throw new CommandError('--includes is not supported: each file stands for itself');
  const places = ['global', 'system', 'local', 'worktree', 'file', 'blob'].filter((name) => options.has(name));
  if (places.length > 1) throw new UsageError('error: only one config file at a time');
  const given = Object.keys(ACTIONS).filter((name) => options.has(name));
  if (given.length > 1) throw new UsageError('error: only one action at a time');
  const count = options.positionals.length;
  const action = given[0] ?? ['get', 'set', 'set-all'][count - 1];
  if (action === undefined) throw new UsageError('error: nothing to do');
  const [least, most] = ACTIONS[action] as readonly [number, number];
  if (count >= least && count <= most) return action;
  const right = least === most ? `${least}` : `from ${least} to ${most}`;
  throw new UsageError(`error: wrong number of arguments, should be ${right}`);
}

function typeOf(options: GivenOptions): ConfigType | undefined {
  const names: string[] = [];
  for (const { name, value, negated } of options.options) {
    if (name === 'type' && negated) names.length = 0;
    else if (name === 'type') names.push(value as string);
    else if (TYPE_FLAGS.includes(name) && !negated) names.push(name);
  }
  return oneType(names);
}

function assertCombination(options: GivenOptions, action: string): void {
  if (options.has('name-only') && action !== 'list' && action !== 'get-regexp')
    throw new UsageError('error: --name-only is only applicable to --list or --get-regexp');
  if (options.has('show-origin') && !READS.includes(action))
    throw new UsageError('error: --show-origin is only applicable to --get, --get-all, --get-regexp, and --list');
  if (options.has('default') && action !== 'get') throw new UsageError('error: --default is only applicable to --get');
  const takesPattern = action !== 'list' && action !== 'set' && action !== 'add' && !action.endsWith('-section');
  const hasPattern = takesPattern && options.positionals.length === ACTIONS[action]?.[1];
  if (options.has('fixed-value') && !hasPattern)
    throw new UsageError("error: --fixed-value only applies with 'value-pattern'");
}

function writable(
  console: Console,
  source: ConfigSource | undefined,
  repository: FileRepository | undefined,
): ConfigSource & { readonly path: string } {
  if (source?.type === 'standard input') throw new CommandError('writing to stdin is not supported');
  if (source === undefined && repository === undefined) throw new CommandError('not in a git directory');
  return (source ?? localSource(console, repository as FileRepository)) as ConfigSource & { readonly path: string };
}

interface Reading {
  readonly action: string;
  readonly type: ConfigType | undefined;
  readonly sources: readonly ConfigSource[];
  /** Whether the options say which source. */
  readonly isNamed: boolean;
}

/** Prints settings. */
class ConfigReading {
  readonly #console: Console;
  readonly #options: GivenOptions;
  readonly #reading: Reading;
  readonly #end: string;

  constructor(console: Console, options: GivenOptions, reading: Reading) {
    this.#console = console;
    this.#options = options;
    this.#reading = reading;
    this.#end = options.has('null') ? '\0' : '\n';
  }

  async run(): Promise<number> {
    const { action } = this.#reading;
    if (action === 'list') return await this.#list();
    const [name = '', pattern] = this.#options.positionals;
    const isWanted = await this.#keyTest(name);
    const isValue = isWanted && (await this.#valueTest(pattern));
    if (!isWanted) return action === 'get-regexp' ? INVALID_PATTERN_EXIT_CODE : INVALID_KEY_EXIT_CODE;
    if (!isValue) return INVALID_PATTERN_EXIT_CODE;
    const lines: string[] = [];
    for (const source of this.#reading.sources) {
      for (const entry of (await readSource(source, this.#console)) ?? []) {
        if (!isWanted(keyOf(entry)) || !isValue(entry.value ?? '')) continue;
        lines.push(await this.#format(source, keyOf(entry), entry.value));
      }
    }
    const fallback = this.#options.value('default');
    if (lines.length === 0 && fallback !== undefined) lines.push(this.#formatValue('', name, fallback));
    await this.#console.stdout.write(action === 'get' ? (lines.at(-1) ?? '') : lines.join(''));
    return lines.length > 0 ? 0 : 1;
  }

  async #list(): Promise<number> {
    for (const source of this.#reading.sources) {
      const entries = await readSource(source, this.#console);
      if (entries === undefined && this.#reading.isNamed)
        throw ioError(`unable to read config file '${source.name}'`, { code: 'ENOENT' });
      for (const entry of entries ?? []) {
        const { value } = entry;
        const isShown = !this.#options.has('name-only') && value !== undefined;
        const text = isShown ? `${keyOf(entry)}${this.#options.has('null') ? '\n' : '='}${value}` : keyOf(entry);
        await this.#console.stdout.write(`${this.#origin(source)}${text}${this.#end}`);
      }
    }
    return 0;
  }

  /** `undefined`, with a word about it, for what is no name or no pattern. */
  async #keyTest(name: string): Promise<((key: string) => boolean) | undefined> {
    if (this.#reading.action !== 'get-regexp') {
      const key = await canonicalKey(this.#console, name);
      return typeof key === 'string' ? (other) => other === key : undefined;
    }
    const [, head, middle, tail] = /^([^.]*)(.*?)([^.]*)$/s.exec(name) as unknown as [string, string, string, string];
    const pattern = posixPattern(head.toLowerCase() + middle + tail.toLowerCase(), 'extended');
    if (pattern === undefined) await this.#console.stderr.write(`error: invalid key pattern: ${name}\n`);
    return pattern && ((key) => pattern.test(key));
  }

  async #valueTest(pattern: string | undefined): Promise<((value: string) => boolean) | undefined> {
    return await valueTest(this.#console, pattern, this.#options.has('fixed-value'));
  }

  async #format(source: ConfigSource, key: string, value: string | undefined): Promise<string> {
    const { type } = this.#reading;
    if (type === 'path' && value === undefined) {
      await this.#console.stderr.write(`error: missing value for '${key}'\n`);
      throw new CommandError(`bad config variable '${key}'`);
    }
    const where = { file: ` in file ${source.name}`, 'standard input': ' in standard input', 'command line': '' };
    return this.#origin(source) + this.#formatValue(where[source.type], key, value);
  }

  #formatValue(where: string, key: string, value: string | undefined): string {
    const { action, type } = this.#reading;
    const withKey = action === 'get-regexp';
    if (this.#options.has('name-only')) return `${key}${this.#end}`;
    const { HOME: home } = this.#console.env;
    const text = type === undefined ? value : formatTyped({ key, value, where, home }, type);
    if (!withKey) return `${text ?? ''}${this.#end}`;
    return `${key}${text === undefined ? '' : `${this.#options.has('null') ? '\n' : ' '}${text}`}${this.#end}`;
  }

  #origin({ scope, type, name }: ConfigSource): string {
    const end = this.#options.has('null') ? '\0' : '\t';
    const shown = this.#options.has('null') ? name : quotePath(new TextEncoder().encode(name));
    const parts: string[] = [];
    if (this.#options.has('show-scope')) parts.push(`${scope}${end}`);
    if (this.#options.has('show-origin')) parts.push(`${type}:${shown}${end}`);
    return parts.join('');
  }
}

function keyOf({ section, subsection, name }: ConfigEntry): string {
  return subsection === undefined ? `${section}.${name}` : `${section}.${subsection}.${name}`;
}
