import { UsageError } from './console.js';

/** What one option of a command line said. `negated`: it was given as `--no-<name>`. */
export interface GivenOption {
  readonly name: string;
  readonly value: string | undefined;
  readonly negated: boolean;
}

/** The options of a command line in their order, and what is left. */
export class GivenOptions {
  readonly options: readonly GivenOption[];
  readonly positionals: readonly string[];

  constructor(options: readonly GivenOption[], positionals: readonly string[]) {
    this.options = options;
    this.positionals = positionals;
  }

  /** Whether a flag is on: the last word of several counts. */
  has(name: string): boolean {
    return this.last(name) !== undefined;
  }

  /** The last occurrence, unless that takes the option back. */
  last(name: string): GivenOption | undefined {
    const option = this.options.findLast((given) => given.name === name);
    return option?.negated ? undefined : option;
  }

  /** The value of the last occurrence. */
  value(name: string): string | undefined {
    return this.last(name)?.value;
  }

  /** Every value since the option was last taken back. */
  values(name: string): string[] {
    const given = this.options.filter((option) => option.name === name);
    return given.slice(given.findLastIndex(({ negated }) => negated) + 1).map(({ value }) => value ?? '');
  }
}

interface Spec {
  readonly name: string;
  readonly long: string | undefined;
  readonly short: string | undefined;
  readonly takes: '' | '=' | '?' | '~';
}

/**
 * Parse options as git's own commands do, where `parseArgs` cannot: values that may be left out, `--no-...`, long names cut
 * short, and an order that matters.
 *
 * Each spec is `long`, `long|s` or `|s` for a flag; `=` after it says that it takes a value, `?` that it may take one, in the
 * same argument, `~` that it takes one and means `HEAD` at the end. An option goes by its long name where it has one.
 * @param options `stopEarly`: nothing after the first argument that is no option is one
 * @throws {UsageError} in git's words
 * @see gitcli(7), "ENHANCED OPTION PARSER"
 */
export function parseGitOptions(
  args: readonly string[],
  specs: readonly string[],
  { stopEarly = false }: { readonly stopEarly?: boolean } = {},
): GivenOptions {
  const known = specs.map(parseSpec);
  const options: GivenOption[] = [];
  const positionals: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--' || arg === '--end-of-options') {
      positionals.push(...args.slice(at + 1));
      break;
    }
    const next = (): string | undefined => args[++at];
    if (arg.startsWith('--')) options.push(readLong(arg.slice(2), known, next));
    else if (arg.startsWith('-') && arg !== '-') readShort(arg, known, next, options);
    else if (stopEarly) {
      positionals.push(...args.slice(at));
      break;
    } else positionals.push(arg);
  }
  return new GivenOptions(options, positionals);
}

function parseSpec(text: string): Spec {
  const [, long, short, takes] = /^([a-z0-9-]*)(?:\|(\w))?([=?~]?)$/.exec(text) ?? [];
  const name = long || short;
  if (name === undefined) throw new Error(`BUG: option spec ${text}`);
  return { name, long: long || undefined, short, takes: takes as Spec['takes'] };
}

function readLong(text: string, known: readonly Spec[], next: () => string | undefined): GivenOption {
  const equals = text.indexOf('=');
  const word = equals < 0 ? text : text.slice(0, equals);
  const given = equals < 0 ? undefined : text.slice(equals + 1);
  const { spec, negated } = findLong(word, known);
  if (given !== undefined && (spec.takes === '' || negated))
    throw new UsageError(`error: option \`${negated ? `no-${spec.name}` : spec.name}' takes no value`);
  const value = given ?? (negated ? undefined : valueAfter(spec, `option \`${spec.name}'`, next));
  return { name: spec.name, value, negated };
}

/** The value of an option in the argument behind it. */
function valueAfter({ takes }: Spec, shown: string, next: () => string | undefined): string | undefined {
  if (takes === '' || takes === '?') return undefined;
  const value = next() ?? (takes === '~' ? 'HEAD' : undefined);
  if (value === undefined) throw new UsageError(`error: ${shown} requires a value`);
  return value;
}

function findLong(word: string, known: readonly Spec[]): { spec: Spec; negated: boolean } {
  const names = known.flatMap((spec) => {
    if (spec.long === undefined) return [];
    const opposite = spec.long.startsWith('no-') ? spec.long.slice(3) : `no-${spec.long}`;
    return [
      { name: spec.long, spec, negated: false },
      { name: opposite, spec, negated: true },
    ];
  });
  const exact = known.some(({ long }) => long === word)
    ? names.find(({ name, negated }) => name === word && !negated)
    : names.find(({ name }) => name === word);
  if (exact) return exact;
  const begun = names.filter(({ name }) => name.startsWith(word) && word !== 'no' && word !== 'no-');
  const plain = begun.filter(({ negated }) => !negated);
  const candidates = plain.length > 0 ? plain : begun;
  const [first, second] = candidates;
  if (first === undefined) throw new UsageError(`error: unknown option \`${word}'`);
  if (second !== undefined)
    throw new UsageError(`error: ambiguous option: ${word} (could be --${first.name} or --${second.name})`);
  return first;
}

function readShort(arg: string, known: readonly Spec[], next: () => string | undefined, options: GivenOption[]): void {
  for (let at = 1; at < arg.length; at++) {
    const short = arg[at] as string;
    const spec = known.find((one) => one.short === short);
    if (spec === undefined) throw new UsageError(`error: unknown switch \`${short}'`);
    if (spec.takes === '') {
      options.push({ name: spec.name, value: undefined, negated: false });
      continue;
    }
    const rest = arg.slice(at + 1);
    const value = rest !== '' ? rest : valueAfter(spec, `switch \`${short}'`, next);
    options.push({ name: spec.name, value, negated: false });
    return;
  }
}
