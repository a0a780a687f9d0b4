import { GitError } from '@git-kv/objects';

/** Where a remote is, read from what people write as its URL. */
export type RemoteAddress =
  | { readonly kind: 'http'; readonly url: string }
  | {
      readonly kind: 'git';
      readonly host: string;
      /** 9418 where the URL has none. */
      readonly port: number;
      readonly path: string;
      /** The host as written, with its port: what the server is told. */
      readonly hostParameter: string;
      readonly display: string;
    }
  | {
      readonly kind: 'ssh';
      readonly user: string | undefined;
      readonly host: string;
      /** Absent where the URL has none: a configuration may have another than 22. */
      readonly port: number | undefined;
      readonly path: string;
      readonly display: string;
    }
  /** A path, or a `file://` URL with its escapes taken off. */
  | { readonly kind: 'path'; readonly path: string };

/** What may stand in an argument of a program: nothing that is an option, or that a shell or a terminal reads as more than text. */
const PLAIN_WORD = /^(?!-)[^\s\x00-\x1f\x7f'"`$;&|<>(){}\\/@]+$/;

const GIT_PORT = 9418;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const HELPER = /^[a-z0-9][a-z0-9+.-]*::/i;
/** `[user@]host:path`, the colon before any slash. The host may be `[address]`, then perhaps with a port. */
const SCP = /^(?:([^@/[\]]*)@)?(?:\[([^\]/]*)\]|([^:/[\]]+)):(.*)$/s;

/**
 * Read a remote's URL as git does: `http(s)://`, `git://`, `ssh://` (and `git+ssh://`, `ssh+git://`), `file://`,
 * `[user@]host:path`, and what is neither is a path. No part of it can be taken for an option of a program.
 * @throws {GitError} INVALID_URL, which does not show the URL; UNSUPPORTED for schemes that are not known, and for
 *   `helper::address`
 * @see git-fetch(1), "GIT URLS"
 */
export function parseRemoteAddress(text: string): RemoteAddress {
  if (text === '') throw invalid('it is empty');
  if (/[\0\r\n]/.test(text)) throw invalid('it contains CR, LF or NUL');
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return { kind: 'http', url: text };
  if (scheme === 'git') return gitAddress(text);
  if (scheme === 'ssh' || scheme === 'git+ssh' || scheme === 'ssh+git') return sshAddress(text);
  if (scheme === 'file') return { kind: 'path', path: percentDecoded(text.slice('file://'.length)) };
  if (scheme !== undefined) throw new GitError('UNSUPPORTED', `Cannot connect over ${scheme}: the scheme is not known`);
  if (HELPER.test(text)) throw new GitError('UNSUPPORTED', 'Cannot use the URL: remote helpers are not run');
  const scp = isWindowsPath(text) ? null : SCP.exec(text);
  if (scp === null) return { kind: 'path', path: text };
  const [, user, bracketed, plain, path = ''] = scp;
  const { host, port } = bracketed === undefined ? { host: plain ?? '', port: undefined } : bracketedHost(bracketed);
  return ssh(user, host, port, path, `${user === undefined ? '' : `${user}@`}${scpHost(bracketed, plain)}:${path}`);
}

function gitAddress(text: string): RemoteAddress {
  const { user, host, port, path, authority } = splitUrl(text);
  if (user !== undefined) throw invalid('git:// has no user names');
  assertPath(path);
  assertHost(host);
  return {
    kind: 'git',
    host,
    port: port ?? GIT_PORT,
    path: homePath(path),
    hostParameter: authority,
    display: `git://${authority}${path}`,
  };
}

function sshAddress(text: string): RemoteAddress {
  const { user, host, port, path, authority } = splitUrl(text);
  const name = user?.split(':', 1)[0]; // a password in the URL is not used, nor shown
  return ssh(name, host, port, homePath(path), `ssh://${name === undefined ? '' : `${name}@`}${authority}${path}`);
}

function ssh(
  user: string | undefined,
  host: string,
  port: number | undefined,
  path: string,
  display: string,
): RemoteAddress {
  assertHost(host);
  assertPath(path);
  if (user !== undefined && !PLAIN_WORD.test(user)) throw invalid('its user name is not allowed');
  return { kind: 'ssh', user, host, port, path, display };
}

/** `scheme://[user@]host[:port]/path`, escapes taken off user and path. */
function splitUrl(text: string): {
  user: string | undefined;
  host: string;
  port: number | undefined;
  path: string;
  authority: string;
} {
  const rest = text.slice(text.indexOf('://') + 3);
  const slash = rest.indexOf('/');
  if (slash < 0) throw invalid('it has no path');
  const authority = rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const hostAndPort = authority.slice(at + 1);
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]*))?$/.exec(hostAndPort);
  if (match === null) throw invalid('its host or port cannot be read');
  const [, bracketed, plain, digits] = match;
  return {
    user: at < 0 ? undefined : percentDecoded(authority.slice(0, at)),
    host: bracketed ?? plain ?? '',
    port: digits === undefined || digits === '' ? undefined : portOf(digits),
    path: percentDecoded(rest.slice(slash)),
    authority: hostAndPort,
  };
}

/** `[host]` or `[host:port]`, as git takes it before the colon of a path; an address has more colons than one. */
function bracketedHost(text: string): { host: string; port: number | undefined } {
  const match = /^([^:]*):([0-9]+)$/.exec(text);
  return match === null ? { host: text, port: undefined } : { host: match[1] ?? '', port: portOf(match[2] ?? '') };
}

const scpHost = (bracketed: string | undefined, plain: string | undefined): string =>
  bracketed === undefined ? (plain ?? '') : `[${bracketed}]`;

/** `/~user/x` is `~user/x`. */
function homePath(path: string): string {
  return path.startsWith('/~') ? path.slice(1) : path;
}

function portOf(digits: string): number {
  const port = Number(digits);
  if (!(port >= 1 && port <= 65535)) throw invalid('its port is out of range');
  return port;
}

function assertHost(host: string): void {
  if (!PLAIN_WORD.test(host)) throw invalid('its host is not allowed');
}

function assertPath(path: string): void {
  if (path === '') throw invalid('it has no path');
  if (path.startsWith('-')) throw invalid('its path begins with -');
  if (/[\0\r\n]/.test(path)) throw invalid('its path contains CR, LF or NUL');
}

function isWindowsPath(text: string): boolean {
  return /^[a-z]:[\\/]/i.test(text);
}

function percentDecoded(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw invalid('it is not percent-encoded UTF-8');
  }
  if (/[\0\r\n]/.test(decoded)) throw invalid('it contains an encoded CR, LF or NUL');
  return decoded;
}

function invalid(problem: string): GitError {
  return new GitError('INVALID_URL', `Cannot use the URL: ${problem}`);
}
