import { isGitError, type MalformedError } from '@git-kv/objects';
import { type ObjectFilter, parseObjectFilter } from '@git-kv/protocol';
import type { RevisionOrder } from '@git-kv/repository';
import { CommandError, UsageError } from './console.js';
import { parseDate } from './date.js';

/** What decides which commits `rev-list` lists, and how it shows them. */
export interface RevListOptions {
  readonly order: RevisionOrder;
  readonly isFirstParentOnly: boolean;
  readonly isReversed: boolean;
  /** -1: no limit. */
  readonly maxCount: number;
  readonly skip: number;
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly minParents: number | undefined;
  readonly maxParents: number | undefined;
  readonly showObjects: boolean;
  /** Leave out objects that it does not take. */
  readonly filter: ObjectFilter | undefined;
  /** The filter is also asked about what the command line names. */
  readonly filtersGiven: boolean;
  readonly showNames: boolean;
  readonly showParents: boolean;
  readonly showTimestamp: boolean;
  readonly showCount: boolean;
  readonly isQuiet: boolean;
  /** Keep all parents of merges, where paths limit the list. */
  readonly isFullHistory: boolean;
  /** Whether `--` says that all before it are revisions. */
  readonly hasDashes: boolean;
}

/** Where revisions come from, in the order of the command line; `isNegated` after an odd number of `--not`. */
export type RevListArgument =
  | { readonly from: 'revision'; readonly text: string; readonly isNegated: boolean }
  | { readonly from: 'option'; readonly name: string; readonly isNegated: boolean }
  | { readonly from: 'stdin'; readonly isNegated: false };

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const FLAGS: Readonly<Record<string, (options: Writable<RevListOptions>) => void>> = {
  '--topo-order': (options) => (options.order = 'topological'),
  '--date-order': (options) => (options.order = 'topological-date'),
  '--first-parent': (options) => (options.isFirstParentOnly = true),
  '--reverse': (options) => (options.isReversed = !options.isReversed),
  '--full-history': (options) => (options.isFullHistory = true),
  '--objects': (options) => (options.showObjects = true),
  '--no-filter': (options) => (options.filter = undefined),
  '--filter-provided-objects': (options) => (options.filtersGiven = true),
  '--no-object-names': (options) => (options.showNames = false),
  '--object-names': (options) => (options.showNames = true),
  '--parents': (options) => (options.showParents = true),
  '--timestamp': (options) => (options.showTimestamp = true),
  '--count': (options) => (options.showCount = true),
  '--quiet': (options) => (options.isQuiet = true),
  '--merges': (options) => (options.minParents = 2),
  '--no-merges': (options) => (options.maxParents = 1),
  '--no-min-parents': (options) => (options.minParents = undefined),
  '--no-max-parents': (options) => (options.maxParents = undefined),
};

const VALUES: Readonly<Record<string, (options: Writable<RevListOptions>, value: string) => void>> = {
  '--max-count': (options, value) => (options.maxCount = count(value)),
  '--skip': (options, value) => (options.skip = Math.max(0, count(value))),
  '--max-age': (options, value) => (options.since = count(value)),
  '--min-age': (options, value) => (options.until = count(value)),
  '--since': (options, value) => (options.since = seconds(value)),
  '--after': (options, value) => (options.since = seconds(value)),
  '--until': (options, value) => (options.until = seconds(value)),
  '--before': (options, value) => (options.until = seconds(value)),
  '--min-parents': (options, value) => (options.minParents = count(value)),
  '--max-parents': (options, value) => (options.maxParents = count(value) < 0 ? undefined : count(value)),
};

const SOURCES: ReadonlySet<string> = new Set(['--all', '--branches', '--tags', '--remotes', '--not']);

/** A command line that names commits, taken apart. */
export interface RevListArguments {
  readonly options: RevListOptions;
  readonly revisions: readonly RevListArgument[];
  /** What follows `--`. */
  readonly paths: readonly string[];
}

/**
 * Take apart the command line of `rev-list` and `log`. Order matters in it (`--not`), so it is read from left to right.
 * @param takeOption is asked first about every option; it tells how many arguments it took, 0 for what it does not know
 * @throws {UsageError} for what is not known
 */
export function parseRevListArguments(
  args: readonly string[],
  takeOption: (option: string, next: string | undefined) => number = () => 0,
): RevListArguments {
  const dashes = args.indexOf('--');
  const options: Writable<RevListOptions> = {
    order: 'date',
    isFirstParentOnly: false,
    isReversed: false,
    maxCount: -1,
    skip: 0,
    since: undefined,
    until: undefined,
    minParents: undefined,
    maxParents: undefined,
    showObjects: false,
    filter: undefined,
    filtersGiven: false,
    showNames: true,
    showParents: false,
    showTimestamp: false,
    showCount: false,
    isQuiet: false,
    isFullHistory: false,
    hasDashes: dashes >= 0,
  };
  const revisions: RevListArgument[] = [];
  let isNegated = false;
  let hasStdin = false;
  const end = dashes < 0 ? args.length : dashes;
  for (let at = 0; at < end; at++) {
    const arg = args[at] as string;
    if (!arg.startsWith('-')) {
      revisions.push({ from: 'revision', text: arg, isNegated });
      continue;
    }
    const taken = takeOption(arg, at + 1 < end ? args[at + 1] : undefined);
    if (taken > 0) {
      at += taken - 1;
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const setValue = equals < 0 && name.endsWith('-parents') ? undefined : VALUES[name === '-n' ? '--max-count' : name];
    if (SOURCES.has(arg)) {
      if (arg === '--not') isNegated = !isNegated;
      revisions.push({ from: 'option', name: arg, isNegated });
    } else if (arg === '--stdin') {
      if (hasStdin) throw new CommandError('--stdin given twice?');
      hasStdin = true;
      revisions.push({ from: 'stdin', isNegated: false });
    } else if (FLAGS[arg] !== undefined) FLAGS[arg](options);
    else if (name === '--filter' && equals >= 0) options.filter = addFilter(options.filter, arg.slice(equals + 1));
    else if (/^-\d+$/.test(arg)) options.maxCount = count(arg.slice(1));
    else if (/^-n.+/.test(arg)) options.maxCount = count(arg.slice(2));
    else if (setValue !== undefined) {
      const value = equals < 0 ? args[++at] : arg.slice(equals + 1);
      if (value === undefined || at >= end) throw new CommandError(`Option '${name}' requires a value`);
      setValue(options, value);
    } else throw new UsageError(`error: unknown option \`${arg}'`);
  }
  if (options.filter !== undefined && !options.showObjects) {
    throw new CommandError('object filtering requires --objects');
  }
  return { options, revisions, paths: dashes < 0 ? [] : args.slice(dashes + 1) };
}

/** The filter that `spec` adds to those before it: all of them have to take an object. */
export function addFilter(before: ObjectFilter | undefined, spec: string): ObjectFilter {
  try {
    const filter = parseObjectFilter(spec);
    if (before === undefined) return filter;
    return { kind: 'combine', filters: [...(before.kind === 'combine' ? before.filters : [before]), filter] };
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) throw new CommandError((error as MalformedError).problem, { cause: error });
    throw error;
  }
}

/** As C's atoi(): the number that the text begins with, or 0. */
function count(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

/** Seconds since 1970 of a date that says when it is; git also knows `2.weeks.ago` and `yesterday`. */
function seconds(text: string): number {
  const date = parseDate(text);
  if (date === undefined) throw new CommandError(`cannot read the date '${text}': only absolute ones are known`);
  return date.timestamp;
}
