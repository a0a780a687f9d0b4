import { CommandError } from './console.js';
import type { GitConfig } from './git-config.js';
import type { PrettyFormat } from './pretty/context.js';
import type { MessagePatterns } from './pretty/message-filter.js';
import { type DateStyle, parseDateStyle } from './pretty/show-date.js';
import { parseRevListArguments, type RevListArguments } from './rev-list-arguments.js';

/** How `log` shows commits, and which of them. */
export interface LogOptions {
  readonly format: PrettyFormat;
  /** Whether each commit ends in a line feed, or only two of them are kept apart by one. */
  readonly isTerminated: boolean;
  readonly isAbbreviated: boolean;
  /** Digits of object ids at least; `undefined` for the repository's own choice, `Infinity` for whole ones. */
  readonly abbrev: number | undefined;
  readonly dateStyle: DateStyle;
  readonly decorate: 'short' | 'full' | undefined;
  readonly hasMailmap: boolean;
  readonly terminator: string;
  readonly tabSize: number;
  readonly patterns: MessagePatterns;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const NAMED: readonly string[] = ['oneline', 'short', 'medium', 'full', 'fuller', 'raw'];

/** What git knows and this does not: the changes of commits, graphs, and what needs reflogs or notes. */
const UNSUPPORTED =
  /^(?:-[puLSGWcm].*|--(?:patch|stat|shortstat|numstat|dirstat|summary|raw|name-only|name-status|check|cc|graph|follow|walk-reflogs|notes|show-notes|show-signature|source|patch-with-stat|objects|count|timestamp|left-right|cherry.*|boundary|no-walk|simplify-.*|ancestry-path|full-diff|diff-.*|find-.*|pickaxe.*|decorate-refs.*|log-size|children|merge|perl-regexp|remerge-diff)(?:=.*)?|-g|-P)$/s;

/** What is so already, or changes nothing without changes to show. */
const IGNORED = new Set([
  '-s',
  '--no-patch',
  '--no-color',
  '--color=never',
  '--color=auto',
  '--no-notes',
  '--no-renames',
]);

/** Takes apart the command line of `log`. @throws {CommandError} for what git knows and this does not */
export function parseLogArguments(
  args: readonly string[],
  config: GitConfig,
  isTerminal: boolean,
): { readonly options: LogOptions; readonly arguments: RevListArguments } {
  const reader = new LogOptionReader(config, isTerminal);
  const revisions = parseRevListArguments(args, (option, next) => reader.take(option, next));
  return { options: reader.options(), arguments: revisions };
}

class LogOptionReader {
  #format: PrettyFormat = { type: 'medium' };
  #isTerminated = false;
  #isAbbreviated: boolean | undefined;
  #abbrev: number | undefined;
  #dateStyle: DateStyle;
  #decorate: 'short' | 'full' | 'no' | undefined;
  #hasMailmap: boolean;
  #terminator = '\n';
  #tabSize: number | undefined;
  readonly #config: GitConfig;
  readonly #isTerminal: boolean;
  #isFormatGiven = false;
  readonly #authors: string[] = [];
  readonly #committers: string[] = [];
  readonly #messages: string[] = [];
  readonly #flags: Writable<Pick<MessagePatterns, 'syntax' | 'ignoreCase' | 'isAllMatch' | 'isInverted'>> = {
    syntax: 'basic',
    ignoreCase: false,
    isAllMatch: false,
    isInverted: false,
  };

  constructor(config: GitConfig, isTerminal: boolean) {
    this.#config = config;
    this.#isTerminal = isTerminal;
    const date = config.get('log', 'date');
    this.#dateStyle = date === undefined ? { type: 'default' } : parseDateStyle(date);
    this.#hasMailmap = isTrue(config.get('log', 'mailmap') ?? 'true');
    const pretty = config.get('format', 'pretty');
    if (pretty !== undefined) this.#setFormat(pretty);
    this.#isFormatGiven = false;
  }

  /** How many arguments an option of `log` takes with itself; 0 where it is none. */
  take(option: string, next: string | undefined): number {
    const equals = option.indexOf('=');
    const name = equals < 0 ? option : option.slice(0, equals);
    const value = equals < 0 ? undefined : option.slice(equals + 1);
    const list = { '--author': this.#authors, '--committer': this.#committers, '--grep': this.#messages }[name];
    if (list !== undefined) {
      const pattern = value ?? next;
      if (pattern === undefined) throw new CommandError(`Option '${name}' requires a value`);
      list.push(pattern);
      return value === undefined ? 2 : 1;
    }
    if (name === '--date') {
      const style = value ?? next;
      if (style === undefined) throw new CommandError("Option 'date' requires a value");
      this.#dateStyle = parseDateStyle(style);
      return value === undefined ? 2 : 1;
    }
    if (this.#takeFormat(name, value) || this.#takeFlag(option) || IGNORED.has(option)) return 1;
    if (UNSUPPORTED.test(option)) throw new CommandError(`cannot log with ${option}: it is not supported`);
    return 0;
  }

  #takeFormat(name: string, value: string | undefined): boolean {
    switch (name) {
      case '--oneline':
        this.#setFormat('oneline');
        this.#isAbbreviated = true;
        return value === undefined;
      case '--pretty':
      case '--format':
        this.#setFormat(value ?? 'medium');
        return true;
      case '--abbrev':
        this.#abbrev = value === undefined ? undefined : Math.max(4, Number.parseInt(value, 10) || 0);
        return true;
      case '--decorate':
        if (value === undefined || value === 'short') this.#decorate = 'short';
        else if (value === 'full' || value === 'no') this.#decorate = value;
        else if (value === 'auto') this.#decorate = this.#isTerminal ? 'short' : 'no';
        else throw new CommandError(`invalid --decorate option: ${value}`);
        return true;
      case '--expand-tabs':
        this.#tabSize = value === undefined ? 8 : Number.parseInt(value, 10) || 0;
        return true;
      case '--encoding':
        if (!/^(?:utf-?8)?$/i.test(value ?? '')) throw new CommandError(`cannot log in ${value}: only in UTF-8`);
        return true;
    }
    return false;
  }

  #takeFlag(option: string): boolean {
    if (option === '--abbrev-commit') this.#isAbbreviated = true;
    else if (option === '--no-abbrev-commit') this.#isAbbreviated = false;
    else if (option === '--no-abbrev') this.#abbrev = Number.POSITIVE_INFINITY;
    else if (option === '--no-decorate') this.#decorate = 'no';
    else if (option === '--no-expand-tabs') this.#tabSize = 0;
    else if (option === '--relative-date') this.#dateStyle = { type: 'relative' };
    else if (option === '--mailmap' || option === '--use-mailmap') this.#hasMailmap = true;
    else if (option === '--no-mailmap' || option === '--no-use-mailmap') this.#hasMailmap = false;
    else if (option === '-z') this.#terminator = '\0';
    else if (option === '-i' || option === '--regexp-ignore-case') this.#flags.ignoreCase = true;
    else if (option === '-E' || option === '--extended-regexp') this.#flags.syntax = 'extended';
    else if (option === '-F' || option === '--fixed-strings') this.#flags.syntax = 'fixed';
    else if (option === '--basic-regexp') this.#flags.syntax = 'basic';
    else if (option === '--all-match') this.#flags.isAllMatch = true;
    else if (option === '--invert-grep') this.#flags.isInverted = true;
    else return false;
    return true;
  }

  /** @see git's pretty.c, get_commit_format() */
  #setFormat(text: string): void {
    this.#isFormatGiven = true;
    const [, kind, user] = /^(t?format):(.*)$/s.exec(text) ?? [];
    if (user !== undefined || text.includes('%') || text === '') {
      const format = user ?? text;
      this.#format = { type: 'user', text: Buffer.from(format).toString('latin1') };
      this.#isTerminated = kind !== 'format';
      return;
    }
    const name = NAMED.find((known) => known.startsWith(text));
    if (name === undefined) {
      const isKnown = ['email', 'mboxrd', 'reference'].some((known) => known.startsWith(text));
      throw new CommandError(
        isKnown ? `cannot log as ${text}: it is not supported` : `invalid --pretty format: ${text}`,
      );
    }
    this.#format = { type: name } as PrettyFormat;
    this.#isTerminated = name === 'oneline';
  }

  options(): LogOptions {
    const { type } = this.#format;
    const isPlainRaw = type === 'raw' && this.#isFormatGiven;
    const abbrevConfig = this.#config.get('core', 'abbrev');
    const decorateConfig = isPlainRaw ? undefined : this.#decorateConfig();
    const decorate = this.#decorate === 'no' ? undefined : (this.#decorate ?? decorateConfig);
    const showsNames = this.#format.type === 'user' && /%[+\- ]?[dD]/.test(this.#format.text);
    const isAbbreviated =
      this.#isAbbreviated ?? (!isPlainRaw && isTrue(this.#config.get('log', 'abbrevcommit') ?? 'false'));
    return {
      format: this.#format,
      isTerminated: this.#isTerminated,
      isAbbreviated,
      abbrev: this.#abbrev ?? abbrevOf(abbrevConfig),
      dateStyle: this.#dateStyle,
      decorate: type === 'user' ? (showsNames ? (decorate ?? 'short') : undefined) : decorate,
      hasMailmap: this.#hasMailmap,
      terminator: this.#terminator,
      tabSize: this.#tabSize ?? (['medium', 'full', 'fuller'].includes(type) ? 8 : 0),
      patterns: {
        ...this.#flags,
        authors: this.#authors,
        committers: this.#committers,
        messages: this.#messages,
      },
    };
  }

  #decorateConfig(): 'short' | 'full' | undefined {
    const value = this.#config.get('log', 'decorate') ?? 'auto';
    if (value === 'full') return 'full';
    if (value === 'auto') return this.#isTerminal ? 'short' : undefined;
    return value === 'short' || isTrue(value) ? 'short' : undefined;
  }
}

function abbrevOf(config: string | undefined): number | undefined {
  if (config === undefined || config === 'auto') return undefined;
  return /^\d+$/.test(config) ? Math.max(4, Number(config)) : Number.POSITIVE_INFINITY;
}

function isTrue(value: string): boolean {
  return /^(?:true|yes|on|[1-9]\d*)$/i.test(value);
}
