import { buildIdentity, type Identity } from '@git-kv/objects';
import { CommandError, type Console } from './console.js';
import { parseDate } from './date.js';
import type { GitConfig } from './git-config.js';

/** Whose identity: who wrote the change, or who made the commit. */
export type IdentityRole = 'author' | 'committer';

/** What is known without being told. */
export interface IdentityOptions {
  /** Default: the clock. */
  readonly now?: Date;
  /** Who it is where nobody says so (default: an error). */
  readonly guess?: () => { readonly name: string; readonly email: string };
}

/** What git takes off both ends of a name or an address. */
const CRUD = '[\\x00-\\x20.,:;<>"\\\\\']';
const CRUD_ENDS = new RegExp(`^${CRUD}+|${CRUD}+$`, 'g');

/**
 * Who does it and when: from `GIT_AUTHOR_NAME`, `GIT_AUTHOR_EMAIL` and `GIT_AUTHOR_DATE` (or `GIT_COMMITTER_...`), else from
 * `author.name`, `user.name` and so on, else from `EMAIL` and the clock. Where git would guess a name or an address from the
 * computer's own, this does not.
 * @throws {CommandError} with git's words where something is missing or cannot be read
 * @see git-commit-tree(1), "COMMIT INFORMATION"
 */
export function identityOf(
  role: IdentityRole,
  console: Console,
  config: GitConfig,
  { now = new Date(), guess }: IdentityOptions = {},
): Identity {
  const { env } = console;
  const prefix = `GIT_${role.toUpperCase()}`;
  const setting = (name: 'name' | 'email'): string | undefined => config.get(role, name) ?? config.get('user', name);
  const email = env[`${prefix}_EMAIL`] ?? setting('email') ?? (env.EMAIL || undefined) ?? guess?.().email;
  if (email === undefined) throw unknown(role, 'no email was given and auto-detection is disabled');
  const name = env[`${prefix}_NAME`] ?? setting('name') ?? guess?.().name;
  if (name === undefined) throw unknown(role, 'no name was given and auto-detection is disabled');
  if (name === '') throw new CommandError(`empty ident name (for <${email}>) not allowed`);
  if (clean(name) === '') throw new CommandError(`name consists only of disallowed characters: ${name}`);
  const given = env[`${prefix}_DATE`];
  const date = given ? parseDate(given) : { timestamp: Math.floor(now.getTime() / 1000), timezone: zoneAt(now) };
  if (date === undefined) throw new CommandError(`invalid date format: ${given}`);
  return buildIdentity({ name: clean(name), email: clean(email), ...date });
}

function clean(text: string): string {
  return text.replace(CRUD_ENDS, '').replace(/[\n<>]/g, '');
}

function zoneAt(now: Date): string {
  const offset = -now.getTimezoneOffset();
  const digits = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${digits(Math.abs(offset) / 60)}${digits(Math.abs(offset) % 60)}`;
}

function unknown(role: IdentityRole, problem: string): CommandError {
  const who = role === 'author' ? 'GIT_AUTHOR' : 'GIT_COMMITTER';
  return new CommandError(`${problem}: set ${who}_NAME and ${who}_EMAIL, or user.name and user.email in a config file`);
}
