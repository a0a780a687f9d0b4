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

/** A word: quoted, or up to the next white space. */
const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))/y;

/**
 * Parse a netrc: words between white space, `"quoted"` where they hold some. Comments and macros stand where a keyword could, and are
 * passed over.
 *
 *     entry = ( "machine" name / "default" ) *( "login" name / "password" text / "account" text / "macdef" ... )
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: { machine: string | undefined; login: string | undefined; password: string | undefined }[] = [];
  let at = 0;
  const next = (): string | undefined => {
    WORD.lastIndex = at;
    const match = WORD.exec(text);
    if (match === null) return undefined;
    at = WORD.lastIndex;
    return match[1] === undefined ? match[2] : match[1].replace(/\\(.)/g, '$1');
  };
  const passTo = (end: RegExp): void => {
    end.lastIndex = at;
    at = end.exec(text) === null ? text.length : end.lastIndex;
  };
  for (;;) {
    const start = at;
    const word = next();
    const entry = entries.at(-1);
    if (word === undefined) return entries;
    if (word.startsWith('#')) {
      at = text.indexOf('#', start);
      passTo(/\n/g);
    } else if (word === 'macdef') passTo(/\n[ \t\r]*\n/g);
    else if (word === 'default') entries.push({ machine: undefined, login: undefined, password: undefined });
    else if (word === 'machine') entries.push({ machine: next() ?? '', login: undefined, password: undefined });
    else if (word === 'login' && entry !== undefined) entry.login = next();
    else if (word === 'password' && entry !== undefined) entry.password = next();
    else if (word === 'account') next();
  }
}

/**
 * Credentials from `file`: by default $NETRC, or ~/.netrc. It is read when a server asks, and never written. One that is not there is
 * empty, and so is one at home that cannot be read; one that was named and cannot be is an error.
 */
export function createNetrcCredentials(
  options: { readonly file?: string | undefined; readonly environment?: Environment | undefined } = {},
): CredentialsStore {
  const { environment = process.env } = options;
  const home = environment.HOME ?? environment.USERPROFILE;
  const named = options.file ?? environment.NETRC;
  const file = named ?? (home === undefined ? undefined : join(home, '.netrc'));
  return {
    async get({ url, username, attempt }): Promise<Credentials | undefined> {
      if (file === undefined || attempt > 1 || !URL.canParse(url)) return undefined;
      const text = await readIfThere(file).catch((error: unknown) => {
        if (named !== undefined) throw error;
        return undefined;
      });
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
