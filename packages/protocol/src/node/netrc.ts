import { join } from 'node:path';
import type { Credentials, CredentialsStore } from '../transport/credentials.js';
import type { Environment } from './proxy.js';
import { readIfThere } from './ssh/host-keys.js';

/** What a netrc says of one machine. */
export interface NetrcEntry {
  /** `undefined` for `default`, which is for all. */
  readonly machine: string | undefined;
  readonly login: string | undefined;
  readonly password: string | undefined;
}

/**
 * Parse a netrc: words between white space, `"quoted"` where they hold some. Macros are passed over.
 *
 *     entry = ( "machine" name / "default" ) *( "login" name / "password" text / "account" text / "macdef" ... )
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: { machine: string | undefined; login: string | undefined; password: string | undefined }[] = [];
  const words = text
    .replace(/(^|\s)macdef\s[\s\S]*?(?:\n[ \t\r]*\n|$)/g, '$1')
    .matchAll(/#[^\n]*|"((?:[^"\\]|\\.)*)"|(\S+)/g);
  const values: string[] = [];
  for (const [whole, quoted, plain] of words) {
    // A comment begins a word; within one, the sign may be part of a password.
    if (whole.startsWith('#') && values.at(-1) !== 'password') continue;
    values.push(quoted === undefined ? (plain ?? whole) : quoted.replace(/\\(.)/g, '$1'));
  }
  for (let at = 0; at < values.length; at++) {
    const word = values[at];
    const entry = entries.at(-1);
    if (word === 'default') entries.push({ machine: undefined, login: undefined, password: undefined });
    else if (word === 'machine') entries.push({ machine: values[++at] ?? '', login: undefined, password: undefined });
    else if (word === 'login' && entry !== undefined) entry.login = values[++at];
    else if (word === 'password' && entry !== undefined) entry.password = values[++at];
    else if (word === 'account') at++;
  }
  return entries;
}

/** Credentials from `file`: by default $NETRC, or ~/.netrc. It is read when a server asks, and never written. */
export function createNetrcCredentials(
  options: { readonly file?: string | undefined; readonly environment?: Environment | undefined } = {},
): CredentialsStore {
  const { environment = process.env } = options;
  const home = environment.HOME ?? environment.USERPROFILE;
  const file = options.file ?? environment.NETRC ?? (home === undefined ? undefined : join(home, '.netrc'));
  return {
    async get({ url, username, attempt }): Promise<Credentials | undefined> {
      if (file === undefined || attempt > 1) return undefined;
      const text = await readIfThere(file);
      if (text === undefined) return undefined;
      const host = new URL(url).hostname.toLowerCase();
      const entry = parseNetrc(text).find(
        ({ machine, login }) =>
          (machine === undefined || machine.toLowerCase() === host) && (username === undefined || login === username),
      );
      if (entry?.login === undefined || entry.password === undefined) return undefined;
      return { username: entry.login, password: entry.password };
    },
  };
}
