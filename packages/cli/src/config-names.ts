import { posixPattern } from '@git-kv/repository';
import type { Console } from './console.js';

/** git's exit codes for names that are none. */
export const INVALID_KEY_EXIT_CODE = 1;
const NO_SECTION_OR_NAME_EXIT_CODE = 2;
/** git's exit code for a pattern that is none. */
export const INVALID_PATTERN_EXIT_CODE = 6;

/**
 * A setting's name with section and name in lower case, or git's exit code where it is none, which is said on standard error.
 * @see git's config.c, git_config_parse_key()
 */
export async function canonicalKey(console: Console, key: string): Promise<string | number> {
  const refuse = async (problem: string, code: number): Promise<number> => {
    await console.stderr.write(`error: ${problem}: ${key}\n`);
    return code;
  };
  const last = key.lastIndexOf('.');
  if (last <= 0) return await refuse('key does not contain a section', NO_SECTION_OR_NAME_EXIT_CODE);
  if (last === key.length - 1) return await refuse('key does not contain variable name', NO_SECTION_OR_NAME_EXIT_CODE);
  const first = key.indexOf('.');
  const [section, between, name] = [key.slice(0, first), key.slice(first, last), key.slice(last + 1)];
  if (!/^[A-Za-z0-9-]*$/.test(section)) return await refuse('invalid key', INVALID_KEY_EXIT_CODE);
  if (between.includes('\n')) return await refuse('invalid key (newline)', INVALID_KEY_EXIT_CODE);
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) return await refuse('invalid key', INVALID_KEY_EXIT_CODE);
  return `${section.toLowerCase()}${between}.${name.toLowerCase()}`;
}

/**
 * What a value pattern lets through: an extended regular expression, after `!` what it does not match, or the text itself.
 * `undefined` where it is no expression, which is said on standard error.
 */
export async function valueTest(
  console: Console,
  pattern: string | undefined,
  isFixed: boolean,
): Promise<((value: string) => boolean) | undefined> {
  if (pattern === undefined) return () => true;
  if (isFixed) return (value) => value === pattern;
  const isOpposite = pattern.startsWith('!');
  const source = isOpposite ? pattern.slice(1) : pattern;
  const compiled = posixPattern(source, 'extended');
  if (compiled === undefined) await console.stderr.write(`error: invalid pattern: ${source}\n`);
  return compiled && ((value) => compiled.test(value) !== isOpposite);
}
