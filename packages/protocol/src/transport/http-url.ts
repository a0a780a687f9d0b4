import { GitError } from '@git-kv/objects';

/** An address taken apart: what may be printed and sent, and what may not. */
export interface HttpAddress {
  /** Without credentials and without a slash at its end. Paths of the protocol are put after it. */
  readonly base: string;
  readonly origin: string;
  /** For messages: without credentials, and without the query, which may hold secrets too. */
  readonly display: string;
  /** The URL's userinfo, decoded. */
  readonly username?: string;
  readonly password?: string;
}

/**
 * Take apart the URL of a repository.
 * @throws {GitError} INVALID_URL for what is no http or https URL, has a fragment, or CR, LF or NUL in any part. The message
 *   never shows the URL, which may hold a password
 */
export function parseHttpUrl(text: string): HttpAddress {
  // Before parsing: the URL parser drops line feeds and tabs without a word.
  if (/[\x00-\x20\x7f]/.test(text)) throw invalid('it contains white space or control characters');
  if (/%0[0ad]/i.test(text)) throw invalid('it contains an encoded CR, LF or NUL');
  if (!URL.canParse(text)) throw invalid('it is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(`${url.protocol.slice(0, -1)} is neither http nor https`);
  }
  if (url.hash !== '') throw invalid('it has a fragment');
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}${url.search}`,
    origin: url.origin,
    display: `${url.origin}${url.pathname}${url.search === '' ? '' : '?...'}`,
    ...(url.username === '' ? {} : { username: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
  };
}

/** What git puts after `base` to ask what a service has. A base may have a query of its own. */
export function advertisementTail(base: string, service: string): string {
  return `/info/refs${base.includes('?') ? '&' : '?'}service=${service}`;
}

/** `url` without credentials and query, for messages. */
export function displayUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : 'an invalid URL';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('its credentials are not percent-encoded UTF-8');
  }
}

function invalid(problem: string): GitError {
  return new GitError('INVALID_URL', `Cannot use the URL: ${problem}`);
}
