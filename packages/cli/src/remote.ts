import { readFileSync } from 'node:fs';
import { createHttpTransport, type Transport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { CommandError, type Console } from './console.js';
import { consoleCredentials } from './credentials.js';
import { ioError } from './input.js';

/** The certificate authorities that GIT_SSL_CAINFO names, in place of Node's own. */
export function consoleCertificates(console: Console): { ca?: string } {
  const file = console.env.GIT_SSL_CAINFO;
  if (file === undefined || file === '') return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    throw ioError(`could not read GIT_SSL_CAINFO '${file}'`, error);
  }
}

/** Refuse what no transport is there for. @throws {CommandError} without the user name and password that `url` may hold */
export function assertHttpUrl(url: string): void {
  if (/^https?:\/\//i.test(url)) return;
  throw new CommandError(`cannot reach '${withoutUserinfo(url)}': only http:// and https:// are supported for now`);
}

/** A URL that may be no URL, safe to print: what stands before the last `@` may be a password, whatever it looks like. */
export function withoutUserinfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');
}

/** Run `body` with a transport to `url`, through the proxies of the environment, that is closed after. */
export async function withRemote<T>(
  url: string,
  console: Console,
  body: (transport: Transport) => Promise<T>,
): Promise<T> {
  assertHttpUrl(url);
  const fetch = createNodeFetch({ environment: console.env, ...consoleCertificates(console) });
  try {
    return await body(createHttpTransport(url, { fetch, credentials: consoleCredentials(console) }));
  } finally {
    await fetch.close();
  }
}
