import { checkRefName, GitError } from '@git-kv/objects';

const DEFAULT_BRANCH = 'main';
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const SCP_STYLE = /^(?:[^@/:]+@)?(?:\[[^\]]+\]|[^/:@[\]]+):(?!\/\/)(.+)$/;
const CONTROL = /\p{Cc}/u;

/** Where a store's branch lives. */
export interface RemoteUrl {
  /** Lower case: `https`, `http`, `ssh` (also for `user@host:path`), `git`, `file`, or a scheme of the caller's own. */
  readonly scheme: string;
  /** What a transport is given: without branch, and for http without user name and password. */
  readonly transportUrl: string;
  /** The part after `#`; `undefined` where there is none and {@link RemoteUrl.refName} is the default. */
  readonly branch: string | undefined;
  /** The full name of the branch: `refs/heads/main` by default. */
  readonly refName: string;
  /** From the userinfo of an http URL, percent-decoded. Belongs in a header, never in an output. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The URL and branch, safe to print. */
  readonly display: string;
}

/**
 * Read `URL[#branch]`: `https://[user:password@]host[:port]/path`, `git://host/path`, `ssh://host/path`,
 * `user@host:path`, or any `scheme://`. With more than one `#` all of it is the URL.
 * @throws {GitError} INVALID_URL, or INVALID_REF_NAME where the branch cannot be one
 */
export function parseRemoteUrl(text: string): RemoteUrl {
  if (CONTROL.test(text)) throw invalidUrl('it holds control characters');
  const [base, branch] = splitBranch(text);
  const refName = `refs/heads/${branch ?? DEFAULT_BRANCH}`;
  if (!checkRefName(refName)) {
    throw new GitError('INVALID_REF_NAME', `Cannot use ${JSON.stringify(branch?.slice(0, 200))} as a branch name`);
  }
  const endpoint = parseEndpoint(base);
  return {
    ...endpoint,
    branch,
    refName,
    display: `${displayOf(endpoint.transportUrl)}${branch === undefined ? '' : `#${branch}`}`,
  };
}

function splitBranch(text: string): [base: string, branch: string | undefined] {
  const parts = text.split('#');
  if (parts.length === 2) return [parts[0] as string, parts[1]];
  return [text, undefined];
}

/** Without what may be secret: a password (a user name is part of where ssh leads), and a query, which may hold a token. */
function displayOf(transportUrl: string): string {
  const scheme = SCHEME.exec(transportUrl)?.[0] ?? '';
  const rest = transportUrl.slice(scheme.length).replace(/\?.*$/s, '?...');
  // Up to the last `@`, as a password may hold one; digits and a slash are a port.
  return scheme + rest.replace(/^([^/:@]*):(?![0-9]+\/).*@/s, '$1@');
}

type Endpoint = Pick<RemoteUrl, 'scheme' | 'transportUrl' | 'username' | 'password'>;

function parseEndpoint(text: string): Endpoint {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') return parseHttp(scheme, text);
  if (scheme !== undefined) return { scheme, transportUrl: text, username: undefined, password: undefined };
  if (SCP_STYLE.test(text)) return { scheme: 'ssh', transportUrl: text, username: undefined, password: undefined };
  throw invalidUrl('it is neither a URL nor user@host:path');
}

function parseHttp(scheme: 'http' | 'https', text: string): Endpoint {
  let url: URL;
  try {
    // A `#` that names no branch belongs to the path; a URL would drop what follows it.
    url = new URL(text.replaceAll('#', '%23'));
  } catch {
    throw invalidUrl('it is not a URL'); // without the cause, which quotes the URL and so its password
  }
  const username = decodeUserinfo(url.username);
  const password = decodeUserinfo(url.password);
  url.username = '';
  url.password = '';
  return {
    scheme,
    transportUrl: url.href,
    username: username === '' && password === '' ? undefined : username,
    password: username === '' && password === '' ? undefined : password,
  };
}

function decodeUserinfo(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw invalidUrl('its user name or password is not percent-encoded UTF-8');
  }
  if (CONTROL.test(decoded)) throw invalidUrl('its user name or password holds control characters');
  return decoded;
}

function invalidUrl(problem: string): GitError {
  return new GitError('INVALID_URL', `Cannot use the remote URL: ${problem}`);
}
