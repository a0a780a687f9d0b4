import { CommandError, UsageError } from './console.js';

/** How a setting's value is read. */
export type ConfigType = 'bool' | 'int' | 'bool-or-int' | 'bool-or-str' | 'path';

const TYPES: readonly string[] = ['bool', 'int', 'bool-or-int', 'bool-or-str', 'path'];

/** The type that `--type` names. */
export function configTypeOf(name: string): ConfigType {
  if (TYPES.includes(name)) return name as ConfigType;
  if (name === 'color' || name === 'expiry-date') throw new CommandError(`--type=${name} is not supported`);
  throw new CommandError(`unrecognized --type argument, ${name}`);
}

/** A value and where it is from, for what is said of it. */
export interface TypedValue {
  readonly key: string;
  /** `undefined`: the name stands alone, which is true. */
  readonly value: string | undefined;
  /** ` in file x`, say, or nothing. */
  readonly where: string;
  /** What `~` stands for. */
  readonly home: string | undefined;
}

/** The value as git prints one of this type. @throws {CommandError} in git's words where it is none */
export function formatTyped({ key, value, where, home }: TypedValue, type: ConfigType): string {
  switch (type) {
    case 'bool': {
      const truth = maybeBoolean(value);
      if (truth === undefined) throw new CommandError(`bad boolean config value '${value}' for '${key}'`);
      return String(truth);
    }
    case 'bool-or-str':
      return String(maybeBoolean(value) ?? value);
    case 'int':
      return String(integerOf(key, value ?? '', where, INT64_MAX));
    case 'bool-or-int':
      return String(booleanWord(value) ?? integerOf(key, value ?? '', where, INT32_MAX));
    case 'path':
      return expandPath(value as string, home);
  }
}

/** The value as it is written: a boolean or a number in its plain form. A path stays as it is. */
export function normalizeTyped(key: string, value: string, type: ConfigType | undefined): string {
  return type === undefined || type === 'path' ? value : formatTyped({ key, value, where: '', home: undefined }, type);
}

const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2n ** 31n - 1n;

function booleanWord(value: string | undefined): boolean | undefined {
  if (value === undefined || /^(?:true|yes|on)$/i.test(value)) return true;
  return /^(?:false|no|off|)$/i.test(value) ? false : undefined;
}

function maybeBoolean(value: string | undefined): boolean | undefined {
  const word = booleanWord(value);
  if (word !== undefined) return word;
  const number = parseInteger(value as string, INT32_MAX);
  return typeof number === 'bigint' ? number !== 0n : undefined;
}

function integerOf(key: string, value: string, where: string, max: bigint): bigint {
  const number = parseInteger(value, max);
  if (typeof number === 'bigint') return number;
  throw new CommandError(`bad numeric config value '${value}' for '${key}'${where}: ${number}`);
}

/** A number in C's notation, hexadecimal and octal too, with a unit of powers of 1024. */
function parseInteger(text: string, max: bigint): bigint | 'out of range' | 'invalid unit' {
  const match = /^\s*([+-]?)(?:0x([0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*))([kmg]?)$/i.exec(text);
  if (match === null) return 'invalid unit';
  const [, sign, hexadecimal, octal, decimal = '0', unit = ''] = match;
  const digits = hexadecimal === undefined ? (octal === undefined ? decimal : `0o${octal}`) : `0x${hexadecimal}`;
  const size = BigInt(digits === '0o0' ? 0 : digits) * 1024n ** BigInt(['', 'k', 'm', 'g'].indexOf(unit.toLowerCase()));
  if (size > max) return 'out of range';
  return sign === '-' ? -size : size;
}

function expandPath(path: string, home: string | undefined): string {
  if (!path.startsWith('~') && !path.startsWith('%(prefix)')) return path;
  if (!/^~(?:\/|$)/.test(path) || home === undefined) throw new CommandError(`failed to expand user dir in: '${path}'`);
  return home + path.slice(1);
}

/** The one type that the options ask for. */
export function oneType(names: readonly string[]): ConfigType | undefined {
  const types = new Set(names.map(configTypeOf));
  if (types.size > 1) throw new UsageError('error: only one type at a time');
  return [...types][0];
}
