import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './console.js';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** `parseArgs` of Node, strict, with its complaints as usage errors (exit 129, as git's). */
export function parseOptions<T extends OptionsConfig>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>> {
  try {
    const config = {
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    } as const satisfies ParseArgsConfig;
    return parseArgs(config) as ReturnType<
      typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
    >;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`error: ${complaint(error.message)}`);
    throw error;
  }
}

/** One option of a command line where the order of options means something. */
export interface OrderedOption {
  readonly name: string;
  readonly value: string;
}

/** The options, each with a value and as often as it is given, in the order of the command line. */
export function parseOrderedOptions(
  args: readonly string[],
  shortNames: readonly string[],
): { readonly options: readonly OrderedOption[]; readonly positionals: readonly string[] } {
  const config = Object.fromEntries(
    shortNames.map((short) => [short, { type: 'string', short, multiple: true }] as const),
  );
  const joined = joinValues(args, shortNames);
  const { positionals } = parseOptions(joined, config);
  const { tokens } = parseArgs({ args: joined, options: config, allowPositionals: true, tokens: true });
  const options = tokens.flatMap((token) =>
    token.kind === 'option' ? [{ name: token.name, value: token.value ?? '' }] : [],
  );
  return { options, positionals };
}

/** `parseArgs` takes a value for an option that begins like one only where it stands in the same argument. */
function joinValues(args: readonly string[], shortNames: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    const next = args[at + 1] ?? '';
    if (arg === '--') return [...joined, ...args.slice(at)];
    const isOption = arg.length === 2 && arg.startsWith('-') && shortNames.includes(arg.slice(1));
    if (isOption && next.length > 1 && next.startsWith('-')) joined.push(`${arg}${args[++at]}`);
    else {
      joined.push(arg);
      if (isOption && at + 1 < args.length) joined.push(args[++at] as string);
    }
  }
  return joined;
}

/** git's words for what `parseArgs` complains of; Node's own where git has none. */
function complaint(message: string): string {
  const [, dashes, name] = /^(?:Unknown option|Option) '(?:-\w, )?(--?)([^' ]+)/.exec(message) ?? [];
  if (name === undefined) return message;
  if (message.startsWith('Unknown')) return `unknown ${dashes === '--' ? 'option' : 'switch'} \`${name}'`;
  if (message.includes('does not take')) return `option \`${name}' takes no value`;
  return `${name.length === 1 ? 'switch' : 'option'} \`${name}' requires a value`;
}

/** A whole number of at least `minimum` in an option's value. */
export function parseCount(option: string, text: string, minimum = 0): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
    throw new UsageError(`error: option \`${option}' expects a whole number of at least ${minimum}`);
  }
  return value;
}

/** A number as git's options and settings take it: `512`, `10k`, `256m`, `1g`. */
export function parseMagnitude(option: string, text: string): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const value = Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  if (digits === undefined || !Number.isSafeInteger(value)) {
    throw new UsageError(
      `error: option \`${option}' expects a non-negative integer value with an optional k/m/g suffix`,
    );
  }
  return value;
}
