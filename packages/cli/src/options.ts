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

/** git's words for what `parseArgs` complains of; Node's own where git has none. */
function complaint(message: string): string {
  const [, dashes, name] = /^(?:Unknown option|Option) '(?:-\w, )?(--?)([^' ]+)/.exec(message) ?? [];
  if (name === undefined) return message;
  if (message.startsWith('Unknown')) return `unknown ${dashes === '--' ? 'option' : 'switch'} \`${name}'`;
  return message.includes('does not take') ? `option \`${name}' takes no value` : `option \`${name}' requires a value`;
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
